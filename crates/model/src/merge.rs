//! Fragments to one load balancer.

use crate::fragment::rule::forwarded_to;
use crate::{Alb, Fragment, Listener, ListenerId, ObjectKey, Priority, ServerGroup, ServerGroupId};
use net_alb_api::annotation::registry;
use net_alb_diag::codes::build;
use net_alb_diag::{Diagnostic, FieldPath, Outcome};
use std::collections::{BTreeMap, BTreeSet};

/// The load balancer: the AlbConfig's own part with the fragments' rules, in order of priority, on its listeners.
///
/// A listener that an Ingress asks for and the AlbConfig doesn't declare is added with its defaults, as Alibaba's open controller
/// does. Of two such listeners that can't share a port the one of the first rule stays; the rules of the other one get an error. In
/// whatever order the fragments come, the result is the same.
pub fn merge(frame: Alb, fragments: impl IntoIterator<Item = Fragment>) -> Outcome<Alb> {
    let mut fragments: Vec<Fragment> = fragments.into_iter().collect();
    fragments.sort_by(|a, b| priority(a).cmp(&priority(b)));
    let mut alb = frame;
    let mut diagnostics = Vec::new();
    let mut groups: BTreeMap<ServerGroupId, ServerGroup> = BTreeMap::new();
    let mut listeners: BTreeMap<ListenerId, Listener> =
        std::mem::take(&mut alb.listeners).into_iter().map(|listener| (listener.id, listener)).collect();
    for fragment in fragments {
        for part in fragment.listeners {
            if let Some(other) = listeners.keys().find(|other| other.conflicts_with(part.id)) {
                diagnostics.push(listener_conflict(&fragment.ingress, part.id, *other));
                continue;
            }
            let listener =
                listeners.entry(part.id).or_insert_with(|| Listener::plain(part.id, alb.undeclared));
            listener.rules.extend(part.rules);
            listener.certificate_secrets.extend(part.certificate_secrets);
        }
        groups.extend(fragment.server_groups.into_iter().map(|group| (group.id.clone(), group)));
    }
    alb.listeners = listeners.into_values().map(once_each).collect();
    let rules = alb.listeners.iter().flat_map(|listener| &listener.rules);
    let used: BTreeSet<ServerGroupId> = rules.flat_map(|rule| &rule.actions).flat_map(forwarded_to).collect();
    alb.server_groups = groups.into_values().filter(|group| used.contains(&group.id)).collect();
    Outcome { value: alb, diagnostics }
}

/// A Secret that several Ingresses name is one certificate; the first of all is the default one.
fn once_each(mut listener: Listener) -> Listener {
    let mut seen = BTreeSet::new();
    listener.certificate_secrets.retain(|secret| seen.insert(secret.clone()));
    listener
}

/// An Ingress' rules stand together, so that the first one's priority is the fragment's.
fn priority(fragment: &Fragment) -> Option<&Priority> {
    fragment.listeners.first()?.rules.first().map(|rule| &rule.priority)
}

/// What to say of an Ingress whose listener isn't there, since another one has its port.
pub fn listener_conflict(ingress: &ObjectKey, id: ListenerId, other: ListenerId) -> Diagnostic {
    let message = format!(
        "`{id}` and `{other}` can't share a port; an Ingress before this one has the other, and this Ingress' rules are not on `{id}`"
    );
    let at = FieldPath::annotation(registry::LISTEN_PORTS.key);
    let object = ingress.to_ref("networking.k8s.io", "Ingress");
    Diagnostic::new(&build::LISTENER_CONFLICT, object, at, message).help("choose another port")
}
