//! One round: what changes concern, the work for it, and what comes of it.

use crate::change::Change;
use crate::delta::Delta;
use crate::evaluate::{Said, Stage, made_and_given};
use crate::hosts::Naming;
use crate::inputs::{Made, Touched};
use crate::pipeline::Pipeline;
use crate::places::Places;
use crate::root::{Dependency, Key, Root};
use net_alb_api::config::{AddressType, KnativeConfig, Settings, Target};
use net_alb_api::{KIngress, Object, ObjectKey};
use net_alb_diag::ObjectRef;
use net_alb_model::{Backend, service_annotations};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What a round gathers.
#[derive(Default)]
pub(crate) struct Round {
    pub(crate) delta: Delta,
    /// What the changed roots named before.
    named: BTreeMap<Root, Naming>,
    /// To be worked on.
    pub(crate) roots: BTreeSet<Root>,
    /// Knative Services to be expanded.
    kservices: BTreeSet<Key>,
    /// AlbConfigs that have changed.
    alb_configs: BTreeSet<String>,
    /// Backends that are new.
    pub(crate) backends: BTreeSet<Arc<Backend>>,
    /// Services that have changed, and those whose servers have.
    services: BTreeSet<Key>,
    moved: BTreeSet<ObjectKey>,
    config_maps: bool,
    everything: bool,
    /// Load balancers to be put together again.
    pub(crate) balancers: BTreeSet<Arc<str>>,
    /// Claims that came or went.
    pub(crate) claims: BTreeSet<u64>,
    /// Objects about which something else may have to be said.
    pub(crate) subjects: BTreeSet<ObjectRef>,
}

impl Pipeline {
    /// Takes changes in, and says what they did. The order of the changes of one batch matters only where several are about one object.
    pub fn apply(&mut self, changes: impl IntoIterator<Item = Change>) -> Delta {
        let mut round = Round::default();
        for change in changes {
            if let Change::Held { kingress, classes } = change {
                self.hold(&Arc::new(kingress), &classes);
                continue;
            }
            let named = changed_root(&change).map(|root| (self.naming(&root), root));
            let touched = self.inputs.take(change);
            if let Some((naming, root)) = named.filter(|_| !touched.is_empty()) {
                round.named.entry(self.inputs.shared(root)).or_insert(naming);
            }
            self.touch(touched, &mut round);
        }
        if round.config_maps {
            self.configure(&mut round);
        }
        for key in std::mem::take(&mut round.kservices) {
            self.expand(&key, &mut round);
        }
        self.set_frames(&mut round);
        self.follow_services(&mut round);
        self.find_roots(&mut round);
        self.work_on_roots(&mut round);
        self.merge_balancers(&mut round);
        self.set_shadowed(&mut round);
        self.locate_backends(&mut round);
        self.find_hops(&mut round);
        for object in round.subjects {
            let said = self.diagnostics_of(&object);
            round.delta.diagnostics.insert(object, said);
        }
        round.delta
    }

    fn remember(&self, root: Root, round: &mut Round) {
        let naming = self.naming(&root);
        round.named.entry(root).or_insert(naming);
    }

    fn naming(&self, root: &Root) -> Naming {
        match root {
            Root::KIngress(key) => Naming::of_kingress(self.inputs.kingress(key).as_ref()),
            Root::Ingress(key) => Naming::of_ingress(self.inputs.ingresses.get(key).as_ref()),
        }
    }

    fn touch(&self, touched: Vec<Touched>, round: &mut Round) {
        for touched in touched {
            match touched {
                Touched::KService(key) => {
                    round.kservices.insert(key);
                }
                Touched::KIngress(key) => {
                    // Its Knative Service says that it isn't made, or no longer says so.
                    round.kservices.extend(self.inputs.maker(&Made::KIngress(key.clone())).cloned());
                    round.roots.insert(Root::KIngress(key));
                }
                Touched::Ingress(key) => {
                    let kingress = self.made.get(&key).cloned();
                    round.roots.extend(kingress.map(Root::KIngress));
                    round.roots.insert(Root::Ingress(key));
                }
                Touched::Classes => round.everything = true,
                Touched::AlbConfig(name) => {
                    round.alb_configs.insert(name);
                }
                Touched::Service(key) => {
                    let service = Dependency::Service(key.clone());
                    round.roots.extend(self.dependents.of(&service).cloned());
                    round.services.insert(key);
                }
                Touched::Servers(key) => {
                    round.moved.insert(key);
                }
                Touched::Secret(key) => {
                    let secret = Dependency::Secret(Arc::new(key));
                    round.roots.extend(self.dependents.of(&secret).cloned());
                }
                Touched::ConfigMaps => round.config_maps = true,
            }
        }
    }

    /// Reads the ConfigMaps again.
    fn configure(&mut self, round: &mut Round) {
        let mut diagnostics = Vec::new();
        let given = &self.inputs.given;
        let settings = Settings::from_snapshot(given, self.base.clone()).drain_into(&mut diagnostics);
        let settings = (self.adjust)(settings);
        let knative = KnativeConfig::from_snapshot(given).drain_into(&mut diagnostics);
        let objects = self.set_said_of_config_maps(diagnostics);
        round.subjects.extend(objects);
        if knative != self.knative {
            self.knative = knative;
            round.kservices.extend(self.inputs.kservices.keys().cloned());
        }
        if settings != self.settings {
            let before = std::mem::replace(&mut self.settings, settings);
            if self.settings.target != Target::Alb {
                self.places = Places::default();
            }
            round.delta.settings = Some(self.settings.clone());
            round.everything = true;
            let names = |settings: &Settings| AddressType::ALL.map(|a| settings.alb_config_name(a, 1));
            round.alb_configs.extend(names(&before).into_iter().chain(names(&self.settings)));
            round.alb_configs.extend(self.frames.keys().cloned());
            round.services.extend(self.inputs.service_keys());
        }
    }

    /// Stage 0.
    fn expand(&mut self, key: &Key, round: &mut Round) {
        let object = key.to_ref("serving.knative.dev", "Service");
        let mut said = Vec::new();
        let made = self.inputs.kservices.get(key).and_then(|kservice| {
            let mut work = self.work.get();
            work.expansions += 1;
            self.work.set(work);
            let mut diagnostics = Vec::new();
            let expansion = net_alb_convert::expand(&kservice, &self.knative).drain_into(&mut diagnostics);
            said.extend(diagnostics.into_iter().map(|d| Said::of_object(Stage::Expand, d)));
            expansion.map(|expansion| (expansion.kingress, expansion.services))
        });
        let before = self.inputs.kingress_made_of(key).cloned();
        let now = made.as_ref().map(|(kingress, _)| Arc::new(kingress.key()));
        for kingress in before.into_iter().chain(now).collect::<Vec<_>>() {
            if self.inputs.kingresses.contains(&kingress) && made.is_some() {
                let made = kingress.to_ref("networking.internal.knative.dev", KIngress::KIND);
                said.push(Said::of_object(Stage::Expand, made_and_given(made, &object)));
            }
            self.remember(Root::KIngress(kingress), round);
        }
        said.dedup();
        self.set_said(object.clone(), said);
        round.subjects.insert(object);
        for touched in self.inputs.set_expanded(key, made) {
            match touched {
                Touched::KIngress(key) => {
                    round.roots.insert(Root::KIngress(key));
                }
                other => self.touch(vec![other], round),
            }
        }
    }

    fn set_frames(&mut self, round: &mut Round) {
        for name in std::mem::take(&mut round.alb_configs) {
            let is_new = self.set_frame(&name);
            if is_new && let Some(balancer) = self.balancers.get(name.as_str()) {
                round.roots.extend(balancer.members.keys().cloned());
            }
            round.subjects.insert(ObjectKey::new("", name.as_str()).to_ref("alibabacloud.com", "AlbConfig"));
            round.balancers.insert(name.as_str().into());
        }
    }

    /// What is said about Services, and how many servers they have.
    fn follow_services(&mut self, round: &mut Round) {
        for key in &round.services {
            let object = key.to_ref("", "Service");
            let service = self.inputs.service(key);
            let diagnostics = service.map(|service| service_annotations(key, &service, &self.settings));
            let said = diagnostics.into_iter().flatten();
            let said = said.map(|d| Said::of_object(Stage::ServiceAnnotations, d)).collect();
            self.set_said(object.clone(), said);
            round.subjects.insert(object);
        }
        for key in &round.moved {
            let (before, after) = (self.servers_of(key), self.inputs.slices.count(key));
            for usage in self.backends.of(key).flat_map(|(_, uses)| uses) {
                if let Some(balancer) = self.balancers.get_mut(&usage.alb) {
                    balancer.add_servers(usage.listener, before * usage.targets, after * usage.targets);
                    round.balancers.insert(usage.alb.clone());
                }
            }
            match after {
                0 => self.servers.remove(key),
                _ => self.servers.insert(key.clone(), after),
            };
        }
    }

    pub(crate) fn servers_of(&self, service: &ObjectKey) -> usize {
        self.servers.get(service).copied().unwrap_or_default()
    }

    /// Adds the roots that have to do with those that are known already: through a host, through a canary, through everything.
    fn find_roots(&mut self, round: &mut Round) {
        let mut namings: Vec<Naming> = Vec::new();
        for (root, before) in std::mem::take(&mut round.named) {
            let after = self.naming(&root);
            round.roots.extend(self.hosts.replace(&root, &before, &after));
            namings.push(before);
        }
        if self.hosts.has_canaries() {
            namings.extend(round.roots.iter().map(|root| self.naming(root)));
            round.roots.extend(self.hosts.canaries_beside(namings.iter()));
        }
        if round.everything {
            round.roots.extend(self.served.keys().cloned());
        }
    }

    /// Says where the servers are of backends that are new, or whose servers have moved.
    fn locate_backends(&mut self, round: &mut Round) {
        for backend in &round.backends {
            let object = self.inputs.service(&backend.service);
            let servers = self.inputs.slices.servers(backend, object.as_ref());
            round.delta.backends.insert((**backend).clone(), Some(servers));
        }
        let changed: BTreeSet<&ObjectKey> = round.services.iter().map(|key| &**key).collect();
        for service in changed.into_iter().chain(&round.moved) {
            let object = self.inputs.service(service);
            for (backend, _) in self.backends.of(service) {
                let servers = self.inputs.slices.servers(backend, object.as_ref());
                round.delta.backends.insert((**backend).clone(), Some(servers));
            }
        }
    }
}

/// The root that a change is about, if it is about one.
fn changed_root(change: &Change) -> Option<Root> {
    match change {
        Change::Put(Object::KIngress(kingress)) => Some(Root::KIngress(Arc::new(kingress.key()))),
        Change::Put(Object::Ingress(ingress)) => {
            Some(Root::Ingress(Arc::new(ObjectKey::of(&ingress.metadata))))
        }
        Change::Put(_) | Change::Held { .. } => None,
        Change::Delete(object) => {
            let key = Arc::new(ObjectKey::new(object.namespace.as_str(), object.name.as_str()));
            match (object.group.as_str(), object.kind.as_str()) {
                ("networking.internal.knative.dev", "Ingress") => Some(Root::KIngress(key)),
                ("networking.k8s.io", "Ingress") => Some(Root::Ingress(key)),
                _ => None,
            }
        }
    }
}
