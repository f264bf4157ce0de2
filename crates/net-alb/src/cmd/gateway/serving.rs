//! One round: changes through the stages, into the gateway, and onto the board. It costs what has changed.

use super::certificates::Certificates;
use super::hold::{Holds, Wanted};
use super::internal_tls::{InternalTls, NO_AUTHORITY};
use super::listeners::Listeners;
use super::names::{Name, Names};
use super::report::{NO_ENDPOINT, Report, Route};
use super::reporter::Reporter;
use net_alb_api::config::{Settings, Target};
use net_alb_api::{ConfigMap, KIngress, ObjectKey, Secret, Service};
use net_alb_controller::acknowledgement::{Board, Problem};
use net_alb_controller::{config, version};
use net_alb_diag::{Diagnostic, ObjectRef, Place};
use net_alb_gateway::{Change as Rules, Gateway};
use net_alb_model::{Action, Backend, Fragment, ServerGroupId};
use net_alb_pipeline::{Change, Delta, Pipeline, Servers};
use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::time::Instant;

/// The stages and what they feed.
pub(super) struct Serving {
    gateway: Arc<Gateway>,
    listeners: Listeners,
    pipeline: Pipeline,
    report: Report,
    names: Names,
    certificates: Certificates,
    internal_tls: InternalTls,
    /// Secrets that are followed.
    followed: BTreeSet<ObjectKey>,
    holds: Holds,
    /// The KIngress that each Ingress with rules was made of.
    owners: BTreeMap<ObjectKey, ObjectKey>,
    /// Who writes what is served, where this is the embedded ALB.
    reporter: Option<Reporter>,
    /// The KIngresses that changes are about, with their versions; `None` for one that is gone.
    asked: BTreeMap<ObjectKey, Option<String>>,
}

impl Serving {
    pub(super) fn new(
        gateway: Arc<Gateway>,
        listeners: Listeners,
        board: Arc<Board>,
        names: Names,
        system_namespace: &str,
    ) -> Serving {
        let settings = Settings { target: Target::Gateway, network_hash: true, ..Settings::default() };
        Serving {
            gateway,
            listeners,
            pipeline: Pipeline::new(settings, as_gateway),
            report: Report::new(board),
            names,
            certificates: Certificates::default(),
            internal_tls: InternalTls::new(system_namespace),
            followed: BTreeSet::new(),
            holds: Holds::default(),
            owners: BTreeMap::new(),
            reporter: None,
            asked: BTreeMap::new(),
        }
    }

    /// What is served is told to this one from now on.
    pub(super) fn report_to(self, reporter: Reporter) -> Serving {
        Serving { reporter: Some(reporter), ..self }
    }

    /// A Service is so now.
    pub(super) fn service(&mut self, service: &Service) {
        self.listeners.place(&self.gateway, service);
    }

    /// The next round has this KIngress.
    pub(super) fn asked(&mut self, kingress: &KIngress) {
        self.asked.insert(kingress.key(), Some(version(&kingress.metadata)));
    }

    /// The next round has this KIngress no more.
    pub(super) fn gone(&mut self, kingress: &ObjectKey) {
        self.asked.insert(kingress.clone(), None);
    }

    /// The next round has this Secret.
    pub(super) fn certificate(&mut self, secret: &Secret) {
        self.internal_tls.see_secret(&ObjectKey::of(&secret.metadata), Some(secret));
        self.certificates.put(secret);
    }

    /// The next round has this Secret no more.
    pub(super) fn certificate_gone(&mut self, secret: &ObjectKey) {
        self.internal_tls.see_secret(secret, None);
        self.certificates.remove(secret);
    }

    /// The next round has this ConfigMap, or with `None` has it no more.
    pub(super) fn config_map(&mut self, key: &ObjectKey, config_map: Option<&ConfigMap>) {
        self.internal_tls.see_config_map(key, config_map);
        if key.name == config::NETWORK {
            self.internal_tls.switch(config_map.is_some_and(config::system_internal_tls));
        }
    }

    /// Listens where clients expect it, whether there is anything to serve or not.
    pub(super) fn listen(&mut self) {
        if self.reporter.is_some() {
            // Only where an AlbConfig says so.
            return;
        }
        let settings = self.pipeline.settings();
        for name in [&settings.internet_class, &settings.intranet_class] {
            if let Some(alb) = self.pipeline.frame(name) {
                self.gateway.configure(alb);
                self.listeners.bind(&self.gateway, alb, settings);
            }
        }
    }

    /// A name has these addresses now; the next round puts into effect what waited for them.
    pub(super) fn resolved(&mut self, name: &Name, addresses: &[SocketAddr]) {
        for backend in self.names.answered(name, addresses) {
            self.place(&backend, addresses.to_vec());
        }
    }

    /// When a round is due though nothing has changed.
    pub(super) fn due(&self) -> Option<Instant> {
        self.holds.until()
    }

    /// Puts changes into effect. Returns the Secrets that are needed from now on, and those that aren't any more.
    pub(super) fn apply(&mut self, changes: Vec<Change>) -> BTreeMap<ObjectKey, bool> {
        let delta = self.pipeline.apply(changes);
        self.reach(&delta);
        self.certificates.need(&delta.secrets);
        let mut secrets: BTreeSet<_> = delta.secrets.keys().cloned().collect();
        for (name, alb) in &delta.frames {
            secrets.extend(self.certificates.need_client_cas(name, alb.as_ref()));
            if let Some(alb) = alb {
                self.gateway.configure(alb);
            }
        }
        secrets.insert(self.internal_tls.secret().clone());
        for (secret, problems) in self.certificates.show(&self.gateway) {
            self.report.certificate(&secret, problems);
        }
        let gone = self.route(&delta);
        for alb in delta.frames.values().flatten() {
            self.listeners.bind(&self.gateway, alb, self.pipeline.settings());
        }
        self.forget_backends(&delta);
        self.say(&delta);
        for kingress in gone {
            self.report.remove(&kingress);
        }
        self.report.tell();
        if let Some(reporter) = &self.reporter {
            reporter.tell(&delta);
        }
        self.follow(secrets)
    }

    /// A backend keeps its servers until no rule leads to it.
    fn forget_backends(&mut self, delta: &Delta) {
        let mut gone = self.holds.released();
        for (backend, servers) in &delta.backends {
            if servers.is_none() && self.holds.release(backend) {
                gone.push(backend.clone());
            }
        }
        for backend in gone {
            self.names.set(&backend, None);
            if self.internal_tls.forget(&backend) {
                // Taking it away can't go wrong.
                let _ = self.gateway.set_backend_tls(&backend, None);
            }
            self.report.servers(&backend, Some(NO_ENDPOINT));
            self.gateway.set_endpoints(&backend, Vec::new());
        }
    }

    /// Of these Secrets, those to be followed from now on, and those not any more.
    fn follow(&mut self, secrets: BTreeSet<ObjectKey>) -> BTreeMap<ObjectKey, bool> {
        let mut changes = BTreeMap::new();
        for secret in secrets {
            let internal = self.internal_tls.is_on() && *self.internal_tls.secret() == secret;
            let is_needed = internal || self.certificates.needs(&secret);
            let differs =
                if is_needed { self.followed.insert(secret.clone()) } else { self.followed.remove(&secret) };
            if differs {
                changes.insert(secret, is_needed);
            }
        }
        changes
    }

    /// A backend's servers are there now.
    fn place(&mut self, backend: &Backend, servers: Vec<SocketAddr>) {
        let is_known = !servers.is_empty();
        let servers = self.internal_tls.locate(backend, servers);
        let absent = servers.is_empty().then_some(if is_known { NO_AUTHORITY } else { NO_ENDPOINT });
        self.report.servers(backend, absent);
        self.gateway.set_endpoints(backend, servers);
    }

    /// Servers of Knative's own must prove who they are before a rule leads to them.
    fn secure(&mut self) {
        for reached in self.internal_tls.changes() {
            let backend = &reached.backend;
            for wrong in self.gateway.set_backend_tls(backend, reached.tls.as_ref()).diagnostics {
                tracing::warn!("{wrong}");
            }
            let absent = if reached.is_withheld { NO_AUTHORITY } else { NO_ENDPOINT };
            self.report.servers(backend, reached.servers.is_empty().then_some(absent));
            self.gateway.set_endpoints(backend, reached.servers);
        }
    }

    /// Backends have their servers before a rule leads to them.
    fn reach(&mut self, delta: &Delta) {
        for (backend, servers) in &delta.backends {
            let Some(servers) = servers else { continue };
            self.holds.keep(backend);
            let addresses = match servers {
                Servers::Name { host, port } => self.names.set(backend, Some((host.clone(), *port))),
                Servers::Addresses(addresses) => {
                    self.names.set(backend, None);
                    addresses.clone()
                }
                Servers::Unknown => self.names.set(backend, None),
            };
            self.place(backend, addresses);
        }
    }

    /// Changes the rules. Returns the KIngresses that are gone.
    fn route(&mut self, delta: &Delta) -> Vec<ObjectKey> {
        let mut gone = Vec::new();
        for (kingress, version) in std::mem::take(&mut self.asked) {
            match version {
                Some(version) => self.report.put(kingress, version),
                None => gone.push(kingress),
            }
        }
        self.lead(delta);
        self.secure();
        let admitted = self.admit(delta);
        let changes = admitted.iter().map(|(ingress, fragment)| match fragment {
            Some(fragment) => Rules::Put { ingress: ingress.clone(), fragment: Arc::clone(fragment) },
            None => Rules::Remove { ingress: ingress.clone() },
        });
        let applied = self.gateway.apply(changes.collect());
        let mut compiled = by_ingress(applied.diagnostics);
        for (ingress, fragment) in admitted.iter().map(|(ingress, fragment)| (ingress, fragment.as_deref())) {
            self.routed(ingress, fragment, compiled.remove(ingress).unwrap_or_default());
        }
        gone
    }

    /// The rules that take effect now. Those that wait are on the board as what isn't served yet.
    fn admit(&mut self, delta: &Delta) -> Vec<Wanted> {
        let Serving { holds, report, owners, .. } = self;
        let before = |ingress: &ObjectKey| {
            let owner = owners.get(ingress);
            owner.and_then(|owner| report.leads(owner, ingress)).unwrap_or_default().to_vec()
        };
        let wanted = delta.fragments.iter().map(|(ingress, fragment)| (ingress.clone(), fragment.clone()));
        let admitted = holds.admit(wanted, before, |backend| report.is_served(backend), Instant::now());
        for (ingress, fragment) in &delta.fragments {
            if self.holds.holds(ingress) {
                self.routed(ingress, fragment.as_deref(), Vec::new());
            }
        }
        admitted
    }

    /// An Ingress has these rules now, or soon.
    fn routed(&mut self, ingress: &ObjectKey, fragment: Option<&Fragment>, problems: Vec<Problem>) {
        let Some(owner) = self.owner(ingress, fragment.is_some()) else { return };
        let route = fragment.map(|fragment| Route {
            backends: backends(fragment),
            secrets: secrets(fragment),
            problems,
        });
        self.report.routed(&owner, ingress, route);
    }

    /// Notes the backends that KIngresses lead to.
    fn lead(&mut self, delta: &Delta) {
        for (ingress, fragment) in &delta.fragments {
            let Some(fragment) = fragment else { continue };
            if self.pipeline.origin_of(&ingress.to_ref("networking.k8s.io", "Ingress")).is_some() {
                for backend in backends(fragment) {
                    self.internal_tls.lead(&backend);
                }
            }
        }
    }

    /// The KIngress that an Ingress is or was made of.
    fn owner(&mut self, ingress: &ObjectKey, is_there: bool) -> Option<ObjectKey> {
        let known = self.owners.remove(ingress);
        if !is_there {
            return known;
        }
        let origin = self.pipeline.origin_of(&ingress.to_ref("networking.k8s.io", "Ingress"))?;
        let owner = ObjectKey::new(origin.namespace, origin.name);
        self.owners.insert(ingress.clone(), owner.clone());
        Some(owner)
    }

    fn say(&mut self, delta: &Delta) {
        for (object, diagnostics) in &delta.diagnostics {
            if is_kingress(object) {
                let key = ObjectKey::new(object.namespace.as_str(), object.name.as_str());
                self.report.said(&key, diagnostics.iter().filter_map(Problem::of).collect());
            } else {
                for diagnostic in diagnostics {
                    tracing::warn!("{object}: {diagnostic}");
                }
            }
        }
    }
}

/// The gateway serves whatever the target is: behind an ALB it is where the hop leads.
fn as_gateway(settings: Settings) -> Settings {
    Settings { behind_alb: settings.target == Target::Alb, target: Target::Gateway, ..settings }
}

fn is_kingress(object: &ObjectRef) -> bool {
    object.group == "networking.internal.knative.dev" && object.kind == KIngress::KIND
}

/// What the compiler says, by the Ingress that it is about.
fn by_ingress(diagnostics: Vec<Diagnostic>) -> BTreeMap<ObjectKey, Vec<Problem>> {
    let mut found: BTreeMap<ObjectKey, Vec<Problem>> = BTreeMap::new();
    for diagnostic in diagnostics {
        let Place::Field { object, .. } = &diagnostic.place else { continue };
        let key = ObjectKey::new(object.namespace.as_str(), object.name.as_str());
        found.entry(key).or_default().extend(Problem::of(&diagnostic));
    }
    found
}

/// Where rules send requests: every backend with a share.
pub(super) fn backends(fragment: &Fragment) -> Vec<Backend> {
    let rules = fragment.listeners.iter().flat_map(|listener| &listener.rules);
    let targets = rules.flat_map(|rule| &rule.actions).flat_map(|action| match action {
        Action::ForwardGroup { targets, .. } => targets.as_slice(),
        _ => &[],
    });
    let shared = targets.filter(|target| target.weight > 0);
    let backends: BTreeSet<&Backend> = shared
        .filter_map(|target| match &target.server_group {
            ServerGroupId::Service { backend, .. } => Some(&**backend),
            ServerGroupId::External(_) => None,
        })
        .collect();
    backends.into_iter().cloned().collect()
}

/// The certificates that it needs.
fn secrets(fragment: &Fragment) -> Vec<ObjectKey> {
    let secrets = fragment.listeners.iter().flat_map(|listener| &listener.certificate_secrets);
    secrets.collect::<BTreeSet<_>>().into_iter().cloned().collect()
}
