//! The whole stage: every load balancer of a snapshot.

use crate::class::{alb_config_name, implicit_alb_config};
use crate::fragment::{Context, Peers, fragment};
use crate::paths::paths;
use crate::shadow::{Shadow, shadows};
use crate::site::Site;
use crate::{Alb, Backend, ListenerId, ObjectKey, Priority, Protocol, frame, lint, merge, quota};
use net_alb_api::annotation::{knative, registry};
use net_alb_api::config::{Settings, Target};
use net_alb_api::{AlbConfig, Ingress, Snapshot};
use net_alb_diag::codes::build as codes;
use net_alb_diag::{Diagnostic, FieldPath, Outcome, Place};
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// All load balancers of a snapshot, by name: every AlbConfig, and net-alb's two Knative classes where an Ingress uses them.
///
/// It is [`frame`], [`fragment`] of every Ingress, [`merge`], and the checks that need the whole: quotas, and rules of several
/// Ingresses that get in each other's way. A data plane does the same piece by piece.
pub fn build(snapshot: &Snapshot, settings: &Settings) -> Outcome<Vec<Alb>> {
    let mut diagnostics = service_annotations(snapshot, settings);
    let mut by_alb: BTreeMap<String, Vec<&Arc<Ingress>>> = BTreeMap::new();
    for ingress in snapshot.ingresses.values() {
        let name = alb_config_name(ingress, &snapshot.ingress_classes, settings).drain_into(&mut diagnostics);
        by_alb.entry(name.unwrap_or_default()).or_default().push(ingress);
    }
    by_alb.remove("");
    for name in snapshot.alb_configs.keys() {
        by_alb.entry(name.clone()).or_default();
    }
    let mut albs = Vec::new();
    for (name, ingresses) in by_alb {
        let Some(alb_config) = alb_config(snapshot, &name, settings) else {
            diagnostics
                .extend(ingresses.into_iter().map(|ingress| missing_alb_config(ingress, &name, settings)));
            continue;
        };
        albs.push(load_balancer(&alb_config, &ingresses, snapshot, settings).drain_into(&mut diagnostics));
    }
    Outcome { value: albs, diagnostics }
}

fn alb_config(snapshot: &Snapshot, name: &str, settings: &Settings) -> Option<Arc<AlbConfig>> {
    let declared = snapshot.alb_configs.get(name).cloned();
    declared.or_else(|| implicit_alb_config(name, settings).map(Arc::new))
}

fn missing_alb_config(ingress: &Ingress, name: &str, settings: &Settings) -> Diagnostic {
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
fn service_annotations(snapshot: &Snapshot, settings: &Settings) -> Vec<Diagnostic> {
    let mut diagnostics = Vec::new();
    for (key, service) in &snapshot.services {
        let mut site = Site::new(key.to_ref("", "Service"), &service.metadata, settings);
        lint::object(&mut site, registry::On::Service);
        diagnostics.extend(site.diagnostics);
    }
    diagnostics
}

fn load_balancer(
    alb_config: &AlbConfig,
    ingresses: &[&Arc<Ingress>],
    snapshot: &Snapshot,
    settings: &Settings,
) -> Outcome<Alb> {
    let mut diagnostics = Vec::new();
    let frame = frame(alb_config, settings).drain_into(&mut diagnostics);
    let mut peers = Peers::default();
    for ingress in ingresses {
        peers.insert(ingress);
    }
    let mut fragments = Vec::new();
    for ingress in ingresses {
        let peers = peers.of(ingress);
        let context = Context { frame: &frame, peers: &peers, objects: snapshot, settings };
        fragments.extend(fragment(ingress, &context).drain_into(&mut diagnostics));
    }
    let declared: BTreeSet<ListenerId> = frame.listeners.iter().map(|listener| listener.id).collect();
    let alb = merge(frame, fragments).drain_into(&mut diagnostics);
    let whole = Whole { alb: &alb, alb_config, snapshot, settings };
    diagnostics.extend(whole.undeclared(&declared));
    diagnostics.extend(whole.without_certificate());
    diagnostics.extend(whole.same_order(ingresses));
    diagnostics.extend(whole.shadowed());
    let servers = servers_by_service(snapshot);
    let count = |backend: &Backend| servers.get(&backend.service).copied().unwrap_or_default();
    diagnostics.extend(quota::check(&alb, &whole.place(), settings, count));
    Outcome { value: alb, diagnostics }
}

/// A load balancer and where it comes from.
struct Whole<'a> {
    alb: &'a Alb,
    alb_config: &'a AlbConfig,
    snapshot: &'a Snapshot,
    settings: &'a Settings,
}

impl Whole<'_> {
    fn place(&self) -> Place {
        if self.snapshot.alb_configs.contains_key(&self.alb.name) {
            Place::Field { object: self.alb_config.to_ref(), path: FieldPath::root() }
        } else {
            Place::Whole(format!("load balancer {}", self.alb.name))
        }
    }

    /// What Alibaba's managed controller would not add by itself.
    fn undeclared(&self, declared: &BTreeSet<ListenerId>) -> Vec<Diagnostic> {
        let added = self.alb.listeners.iter().filter(|listener| !declared.contains(&listener.id));
        let added = added.filter(|_| self.settings.target == Target::Alb);
        let diagnostic = |listener: &crate::Listener| {
            let asking =
                listener.rules.first().map(|rule| rule.priority.ingress.to_string()).unwrap_or_default();
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
        added.map(diagnostic).collect()
    }

    fn without_certificate(&self) -> Vec<Diagnostic> {
        let bare = self.alb.listeners.iter().filter(|listener| {
            let tls = listener.id.protocol != Protocol::Http;
            tls && listener.certificate_secrets.is_empty() && listener.certificate_ids.is_empty()
        });
        let diagnostic = |listener: &crate::Listener| {
            let message = format!("listener `{}` has no certificate", listener.id);
            let help =
                "add `spec.tls` with a Secret to an Ingress, or `certificates` to the AlbConfig's listener";
            Diagnostic::at(&codes::NO_CERTIFICATE, self.place(), message).help(help)
        };
        bare.map(diagnostic).collect()
    }

    /// Only old controllers mind.
    fn same_order(&self, ingresses: &[&Arc<Ingress>]) -> Vec<Diagnostic> {
        if self.settings.target == Target::Gateway {
            return Vec::new();
        }
        let mut first: BTreeMap<u16, &Ingress> = BTreeMap::new();
        let mut diagnostics = Vec::new();
        for ingress in ingresses {
            let mut site = Site::ingress(ingress, self.settings);
            let annotation = site.either(&registry::ALBCONFIG_ORDER, &registry::ORDER);
            if site.text(annotation).is_none_or(str::is_empty) {
                continue;
            }
            let Some(order) = site.count::<u16>(annotation) else { continue };
            let other = *first.entry(order).or_insert(ingress);
            if std::ptr::eq(other, ingress.as_ref()) {
                continue;
            }
            let key = ObjectKey::of(&other.metadata);
            let message =
                format!("Ingress `{key}` has the order {order} too, which controllers before 2.18 refuse");
            let help = "give each a number of its own";
            diagnostics
                .push(site.at(&codes::SAME_ORDER, FieldPath::annotation(annotation.key), message).help(help));
        }
        diagnostics
    }

    /// One diagnostic for each two Ingresses, whatever the number of rules.
    fn shadowed(&self) -> Vec<Diagnostic> {
        let mut pairs: BTreeMap<(ObjectKey, ObjectKey, u32), Shadow> = BTreeMap::new();
        for shadow in shadows(self.alb) {
            let (first, second) = (&shadow.first, &shadow.second);
            let index = if first.ingress == second.ingress { second.index } else { 0 };
            match pairs.entry((second.ingress.clone(), first.ingress.clone(), index)) {
                Entry::Vacant(entry) => {
                    entry.insert(shadow);
                }
                Entry::Occupied(mut entry) => entry.get_mut().urls.extend(shadow.urls),
            }
        }
        pairs.values().map(|shadow| self.shadow(shadow)).collect()
    }

    fn shadow(&self, shadow: &Shadow) -> Diagnostic {
        let (first, second) = (&shadow.first.ingress, &shadow.second.ingress);
        let urls = listed(&shadow.urls);
        if first == second {
            let message = format!("{urls} stands in this Ingress before, so this rule gets no request");
            let diagnostic = self.at_rule(&codes::REPEATED_RULE, &shadow.second, message);
            return diagnostic.related(self.rule_place(&shadow.first), "the first one").help("take one out");
        }
        if let (Some(winner), Some(loser)) = (self.owner(first), self.owner(second))
            && winner != loser
        {
            let message = format!(
                "{urls} belongs to KIngress `{winner}` already, so this one doesn't get its requests"
            );
            return Diagnostic::at(&codes::HOST_TAKEN, self.host_place(&loser, &shadow.urls), message)
                .related(
                    self.host_place(&winner, &shadow.urls),
                    "the one that keeps it: it is first by order, then by namespace/name",
                )
                .help("rename one of the two, or give it another domain");
        }
        let message = format!(
            "Ingress `{first}` (order {}) has {urls} too and is before this one (order {}), so this one gets no request for it",
            shadow.first.order, shadow.second.order
        );
        let diagnostic = self.at_rule(&codes::SHADOWED_RULE, &shadow.second, message);
        diagnostic
            .related(self.rule_place(&shadow.first), "the one that is taken")
            .help("change host, path or `order`")
    }

    fn at_rule(&self, code: &'static net_alb_diag::Code, priority: &Priority, message: String) -> Diagnostic {
        Diagnostic::at(code, self.rule_place(priority), message)
    }

    fn rule_place(&self, priority: &Priority) -> Place {
        let object = priority.ingress.to_ref("networking.k8s.io", "Ingress");
        let ingress = self.snapshot.ingresses.get(&priority.ingress);
        let path =
            ingress.and_then(|ingress| paths(ingress).nth(priority.index as usize)).map(|path| path.at());
        Place::Field { object, path: path.unwrap_or_default() }
    }

    /// Where a KIngress has the host of one of these URLs; without its text, the KIngress.
    fn host_place(&self, kingress: &ObjectKey, urls: &[String]) -> Place {
        let object = kingress.to_ref("networking.internal.knative.dev", "Ingress");
        let rules =
            self.snapshot.kingresses.get(kingress).into_iter().flat_map(|kingress| &kingress.spec.rules);
        let hosts = rules.enumerate().flat_map(|(i, rule)| {
            let hosts = rule.hosts.iter().enumerate();
            hosts.map(move |(j, host)| (i, j, host.to_ascii_lowercase()))
        });
        let is_wanted = |host: &str| urls.iter().any(|url| url.split('/').next() == Some(host));
        let path = hosts
            .into_iter()
            .find(|(_, _, host)| is_wanted(host))
            .map(|(i, j, _)| FieldPath::of("spec.rules").index(i).key("hosts").index(j));
        Place::Field { object, path: path.unwrap_or_default() }
    }

    /// The KIngress that an Ingress was made of.
    fn owner(&self, ingress: &ObjectKey) -> Option<ObjectKey> {
        let labels = self.snapshot.ingresses.get(ingress)?.metadata.labels.as_ref()?;
        Some(ObjectKey::new(ingress.namespace.clone(), labels.get(knative::INGRESS_LABEL)?))
    }
}

/// The addresses that the snapshot has for each Service.
fn servers_by_service(snapshot: &Snapshot) -> BTreeMap<ObjectKey, usize> {
    let mut servers = BTreeMap::new();
    for (key, slice) in &snapshot.endpoint_slices {
        let labels = slice.metadata.labels.as_ref();
        let Some(name) = labels.and_then(|labels| labels.get("kubernetes.io/service-name")) else { continue };
        let addresses = slice.endpoints.iter().map(|endpoint| endpoint.addresses.len());
        *servers.entry(ObjectKey::new(key.namespace.clone(), name)).or_default() += addresses.sum::<usize>();
    }
    servers
}

/// At most three, and how many more.
fn listed(urls: &[String]) -> String {
    let shown = urls.iter().take(3).cloned().collect::<Vec<_>>().join("`, `");
    match urls.len().checked_sub(3) {
        Some(more) if more > 0 => format!("`{shown}` and {more} more"),
        _ => format!("`{shown}`"),
    }
}
