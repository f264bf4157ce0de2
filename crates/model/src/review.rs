//! What only the whole load balancer shows: listeners that nobody declared, and Ingresses that get in each other's way. Each
//! check takes what it needs and nothing more, so that whoever follows changes asks again for what they touched.

use crate::paths::paths;
use crate::quota::{self, Used};
use crate::shadow::{Shadow, shadows};
use crate::site::Site;
use crate::{Alb, ListenerId, ObjectKey, Priority, Protocol, lint};
use net_alb_api::annotation::{knative, registry};
use net_alb_api::config::{Settings, Target};
use net_alb_api::{AlbConfig, Ingress, KIngress, Service, Snapshot};
use net_alb_diag::codes::build as codes;
use net_alb_diag::{Code, Diagnostic, FieldPath, Place};
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::Arc;

/// A load balancer, looked at as a whole. Its rules aren't looked at: a frame will do.
#[derive(Debug, Clone, Copy)]
pub struct Review<'a> {
    /// With every listener that it has.
    pub alb: &'a Alb,
    /// With the listeners that its AlbConfig declares.
    pub declared: &'a Alb,
    /// Whether there is an AlbConfig to point at.
    pub is_given: bool,
    /// For whom it is built.
    pub settings: &'a Settings,
}

impl Review<'_> {
    /// Listeners that Alibaba's managed controller would not add by itself, and those without a certificate. `first` names the
    /// first Ingress, by priority, on a listener.
    pub fn listeners(&self, first: impl Fn(ListenerId) -> Option<ObjectKey>) -> Vec<Diagnostic> {
        let is_declared = |id| self.declared.listeners.iter().any(|listener| listener.id == id);
        let added = self.alb.listeners.iter().filter(|listener| !is_declared(listener.id));
        let added = added.filter(|_| self.settings.target == Target::Alb);
        let undeclared = |listener: &crate::Listener| {
            let asking = first(listener.id).map(|key| key.to_string()).unwrap_or_default();
            let message = format!(
                "Ingress `{asking}` asks for `{}`, which AlbConfig `{}` doesn't declare",
                listener.id, self.alb.name
            );
            let help = format!(
                "add `{{port: {}, protocol: {}}}` to its `spec.listeners`",
                listener.id.port, listener.id.protocol
            );
            Diagnostic::at(&codes::UNDECLARED_LISTENER, self.place(), message).help(help)
        };
        let bare = self.alb.listeners.iter().filter(|listener| {
            let tls = listener.id.protocol != Protocol::Http;
            tls && listener.certificate_secrets.is_empty() && listener.certificate_ids.is_empty()
        });
        let without_certificate = |listener: &crate::Listener| {
            let message = format!("listener `{}` has no certificate", listener.id);
            let help =
                "add `spec.tls` with a Secret to an Ingress, or `certificates` to the AlbConfig's listener";
            Diagnostic::at(&codes::NO_CERTIFICATE, self.place(), message).help(help)
        };
        added.map(undeclared).chain(bare.map(without_certificate)).collect()
    }

    /// Names every quota that is exceeded.
    pub fn quotas(&self, used: Used) -> Vec<Diagnostic> {
        quota::check(self.alb, used, &self.place(), self.settings)
    }

    fn place(&self) -> Place {
        let name = &self.alb.name;
        if !self.is_given {
            return Place::Whole(format!("load balancer {name}"));
        }
        let object = ObjectKey::new("", name.clone()).to_ref("alibabacloud.com", AlbConfig::KIND);
        Place::Field { object, path: FieldPath::root() }
    }
}

/// What to say of an Ingress whose load balancer, by name, isn't there.
pub fn missing_alb_config(ingress: &Ingress, name: &str, settings: &Settings) -> Diagnostic {
    let site = Site::ingress(ingress, settings);
    let by_name = site.text(&registry::ALBCONFIG_NAME).is_some();
    let at = match (by_name, ingress.spec.as_ref().and_then(|spec| spec.ingress_class_name.as_ref())) {
        (true, _) => FieldPath::annotation(registry::ALBCONFIG_NAME.key),
        (false, Some(_)) => FieldPath::of("spec.ingressClassName"),
        (false, None) => FieldPath::root(),
    };
    let message = format!("the AlbConfig `{name}` of this Ingress isn't there");
    site.at(&codes::MISSING_ALB_CONFIG, at, message)
        .help(format!("add the AlbConfig `{name}`, or correct the name"))
}

/// Services are not read, but a mistyped annotation on one of them would do nothing in silence.
pub fn service_annotations(key: &ObjectKey, service: &Service, settings: &Settings) -> Vec<Diagnostic> {
    let mut site = Site::new(key.to_ref("", "Service"), &service.metadata, settings);
    lint::object(&mut site, registry::On::Service);
    site.diagnostics
}

/// The order that an Ingress names, if that has to be its own: only controllers before 2.18 mind two of the same.
pub fn explicit_order(ingress: &Ingress, settings: &Settings) -> Option<u16> {
    if settings.target == Target::Gateway {
        return None;
    }
    let mut site = Site::ingress(ingress, settings);
    let annotation = site.either(&registry::ALBCONFIG_ORDER, &registry::ORDER);
    site.text(annotation).filter(|text| !text.is_empty())?;
    site.count(annotation)
}

/// What to say of an Ingress whose [`explicit_order`] another one has too.
pub fn same_order(ingress: &Ingress, order: u16, other: &ObjectKey, settings: &Settings) -> Diagnostic {
    let site = Site::ingress(ingress, settings);
    let annotation = site.either(&registry::ALBCONFIG_ORDER, &registry::ORDER);
    let message =
        format!("Ingress `{other}` has the order {order} too, which controllers before 2.18 refuse");
    site.at(&codes::SAME_ORDER, FieldPath::annotation(annotation.key), message)
        .help("give each a number of its own")
}

/// Where the objects are that rules were made of.
pub trait Origins {
    /// An Ingress of the load balancer.
    fn ingress(&self, key: &ObjectKey) -> Option<Arc<Ingress>>;
    /// A KIngress.
    fn kingress(&self, key: &ObjectKey) -> Option<Arc<KIngress>>;
}

impl Origins for Snapshot {
    fn ingress(&self, key: &ObjectKey) -> Option<Arc<Ingress>> {
        self.ingresses.get(key).cloned()
    }

    fn kingress(&self, key: &ObjectKey) -> Option<Arc<KIngress>> {
        self.kingresses.get(key).cloned()
    }
}

/// What to say of rules that get no request since an earlier one has the same conditions, with the Ingress that loses: one
/// diagnostic for each two Ingresses, whatever the number of rules.
pub fn shadowed(alb: &Alb, origins: &impl Origins) -> Vec<(ObjectKey, Diagnostic)> {
    let mut pairs: BTreeMap<(ObjectKey, ObjectKey, u32), Shadow> = BTreeMap::new();
    for shadow in shadows(alb) {
        let (first, second) = (&shadow.first, &shadow.second);
        let index = if first.ingress == second.ingress { second.index } else { 0 };
        match pairs.entry((second.ingress.clone(), first.ingress.clone(), index)) {
            Entry::Vacant(entry) => {
                entry.insert(shadow);
            }
            Entry::Occupied(mut entry) => entry.get_mut().urls.extend(shadow.urls),
        }
    }
    pairs.into_iter().map(|((loser, ..), shadow)| (loser, say(&shadow, origins))).collect()
}

fn say(shadow: &Shadow, origins: &impl Origins) -> Diagnostic {
    let (first, second) = (&shadow.first.ingress, &shadow.second.ingress);
    let urls = listed(&shadow.urls);
    let at_rule = |code: &'static Code, message: String| {
        Diagnostic::at(code, rule_place(&shadow.second, origins), message)
    };
    if first == second {
        let message = format!("{urls} stands in this Ingress before, so this rule gets no request");
        let diagnostic = at_rule(&codes::REPEATED_RULE, message);
        return diagnostic.related(rule_place(&shadow.first, origins), "the first one").help("take one out");
    }
    if let (Some(winner), Some(loser)) = (owner(first, origins), owner(second, origins))
        && winner != loser
    {
        let message =
            format!("{urls} belongs to KIngress `{winner}` already, so this one doesn't get its requests");
        let place = |kingress| host_place(kingress, &shadow.urls, origins);
        return Diagnostic::at(&codes::HOST_TAKEN, place(&loser), message)
            .related(place(&winner), "the one that keeps it: it is first by order, then by namespace/name")
            .help("rename one of the two, or give it another domain");
    }
    let message = format!(
        "Ingress `{first}` (order {}) has {urls} too and is before this one (order {}), so this one gets no request for it",
        shadow.first.order, shadow.second.order
    );
    at_rule(&codes::SHADOWED_RULE, message)
        .related(rule_place(&shadow.first, origins), "the one that is taken")
        .help("change host, path or `order`")
}

fn rule_place(priority: &Priority, origins: &impl Origins) -> Place {
    let object = priority.ingress.to_ref("networking.k8s.io", "Ingress");
    let ingress = origins.ingress(&priority.ingress);
    let path = ingress.and_then(|ingress| paths(&ingress).nth(priority.index as usize).map(|path| path.at()));
    Place::Field { object, path: path.unwrap_or_default() }
}

/// Where a KIngress has the host of one of these URLs; without its text, the KIngress.
fn host_place(kingress: &ObjectKey, urls: &[String], origins: &impl Origins) -> Place {
    let object = kingress.to_ref("networking.internal.knative.dev", "Ingress");
    let is_wanted = |host: &str| urls.iter().any(|url| url.split('/').next() == Some(host));
    let found = origins.kingress(kingress).and_then(|kingress| {
        let rules = kingress.spec.rules.iter().enumerate();
        let mut hosts = rules.flat_map(|(i, rule)| rule.hosts.iter().enumerate().map(move |h| (i, h)));
        let (i, (j, _)) = hosts.find(|(_, (_, host))| is_wanted(&host.to_ascii_lowercase()))?;
        Some(FieldPath::of("spec.rules").index(i).key("hosts").index(j))
    });
    Place::Field { object, path: found.unwrap_or_default() }
}

/// The KIngress that an Ingress was made of.
fn owner(ingress: &ObjectKey, origins: &impl Origins) -> Option<ObjectKey> {
    let object = origins.ingress(ingress)?;
    let name = object.metadata.labels.as_ref()?.get(knative::INGRESS_LABEL)?;
    Some(ObjectKey::new(ingress.namespace.clone(), name))
}

/// At most three, and how many more.
fn listed(urls: &[String]) -> String {
    let shown = urls.iter().take(3).cloned().collect::<Vec<_>>().join("`, `");
    match urls.len().checked_sub(3) {
        Some(more) if more > 0 => format!("`{shown}` and {more} more"),
        _ => format!("`{shown}`"),
    }
}
