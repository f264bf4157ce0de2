//! One Ingress becomes its share of a load balancer.

mod action;
mod assembly;
mod canary;
mod certificate;
mod clause;
pub(crate) mod condition;
mod everywhere;
mod forward;
mod listening;
mod path;
mod peers;
pub(crate) mod rule;
mod server_group;

pub use peers::{Peers, is_canary};

use crate::site::Site;
use crate::{Alb, Fragment, FragmentListener, ListenerId, Protocol, Rule, lint};
use canary::Role;
use listening::Listening;
use net_alb_api::annotation::registry;
use net_alb_api::config::Settings;
use net_alb_api::{Ingress, ObjectKey, Objects};
use net_alb_diag::Outcome;
use rule::Rules;
use std::sync::Arc;

/// What a fragment depends on beside its own Ingress.
#[derive(Debug)]
pub struct Context<'a, O> {
    /// The AlbConfig's own part, from [`frame`](crate::frame()).
    pub frame: &'a Alb,
    /// The other Ingresses of this load balancer that have to do with this one through a canary, from [`Peers::of`].
    pub peers: &'a [Arc<Ingress>],
    /// Where Services and Secrets are looked up.
    pub objects: &'a O,
    /// For whom it is built.
    pub settings: &'a Settings,
}

/// One Ingress' share of the load balancer that [`alb_config_name`](crate::alb_config_name) names; `None` if it has none: a canary
/// by weight, an Ingress that is being deleted, or one of which nothing could be honoured.
///
/// It costs what this Ingress and its peers are, whatever else there is. A rule whose conditions can't be honoured is left
/// out; one whose actions can't be honoured answers 503, since leaving it out would hand its requests to rules that were not meant for
/// them. Both have an error.
///
/// Source: alibaba-load-balancer-controller, `buildListenerRules`; ACK, Customize the routing rules of an ALB Ingress.
pub fn fragment<O: Objects>(ingress: &Ingress, context: &Context<'_, O>) -> Outcome<Option<Fragment>> {
    if ingress.metadata.deletion_timestamp.is_some() {
        return Outcome::clean(None);
    }
    let mut site = Site::ingress(ingress, context.settings);
    lint::ingress(&mut site, ingress);
    let mut listening = Listening::read(&mut site, ingress);
    listening.fit_into(&mut site, context.frame);
    let value = match canary::role(&mut site, ingress) {
        Role::Refused => None,
        Role::Weighted(_) => {
            canary::check_weighted(&mut site, ingress, context, &listening);
            None
        }
        Role::Main => share(&mut site, ingress, context, &listening, None),
        Role::Matched(conditions) => share(&mut site, ingress, context, &listening, Some(&conditions)),
    };
    Outcome { value, diagnostics: site.diagnostics }
}

/// When an Ingress' rules are tried: `order`, 10 without one.
pub fn order_of(ingress: &Ingress, settings: &Settings) -> u16 {
    order(&mut Site::ingress(ingress, settings))
}

/// The same for an Ingress that is being read.
pub(crate) fn order(site: &mut Site<'_>) -> u16 {
    let annotation = site.either(&registry::ALBCONFIG_ORDER, &registry::ORDER);
    site.count(annotation).unwrap_or(10)
}

fn share<O: Objects>(
    site: &mut Site<'_>,
    ingress: &Ingress,
    context: &Context<'_, O>,
    listening: &Listening,
    canary: Option<&[crate::Condition]>,
) -> Option<Fragment> {
    listening::check_redirect(site, listening);
    let is_tls = |id: &ListenerId| id.protocol != Protocol::Http;
    let secrets = if listening.ids.iter().any(is_tls) {
        certificate::secrets(site, ingress, context.frame, context.objects)
    } else {
        Vec::new()
    };
    let mut rules = Rules::new(site, ingress, context, listening, canary);
    let drafts = rules.drafts(site);
    let mut listeners = Vec::new();
    for id in &listening.ids {
        let on_listener: Vec<Rule> = drafts.iter().filter_map(|draft| rules.on(draft, *id)).collect();
        if !on_listener.is_empty() {
            let certificate_secrets = if is_tls(id) { secrets.clone() } else { Vec::new() };
            listeners.push(FragmentListener { id: *id, rules: on_listener, certificate_secrets });
        }
    }
    let server_groups = rules.server_groups(&listeners);
    let mut fragment = Fragment {
        ingress: ObjectKey::of(&ingress.metadata),
        alb: context.frame.name.clone(),
        listeners,
        server_groups,
    };
    fit(&mut fragment);
    (!fragment.listeners.is_empty()).then_some(fragment)
}

/// Gives back what lists have been given to grow: a fragment is kept for as long as its Ingress, and there are thousands.
fn fit(fragment: &mut Fragment) {
    fragment.listeners.shrink_to_fit();
    fragment.server_groups.shrink_to_fit();
    for share in &mut fragment.listeners {
        share.rules.shrink_to_fit();
        for rule in &mut share.rules {
            rule.id.0.shrink_to_fit();
            rule.conditions.shrink_to_fit();
            rule.actions.shrink_to_fit();
        }
    }
}
