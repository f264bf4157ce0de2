//! The objects that the stages start from: those that were given, and those that stage 0 made.

use crate::change::Change;
use crate::endpoints::Slices;
use crate::hosts::Hosts;
use crate::root::Dependency;
use crate::trim;
use net_alb_api::{Ingress, KIngress, KService, Object, ObjectKey, Objects, Secret, Service, Snapshot};
use net_alb_diag::ObjectRef;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Every object, by kind and key.
#[derive(Debug, Default)]
pub(crate) struct Inputs {
    /// What was given, without EndpointSlices.
    pub(crate) given: Snapshot,
    pub(crate) slices: Slices,
    /// What stage 0 made of each Knative Service.
    expanded: BTreeMap<ObjectKey, Expanded>,
    /// Which Knative Services make an object; the first one's is used.
    makers: BTreeSet<(Made, ObjectKey)>,
}

#[derive(Debug, PartialEq)]
struct Expanded {
    kingress: Arc<KIngress>,
    services: Vec<Arc<Service>>,
}

/// An object that stage 0 makes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Made {
    KIngress(ObjectKey),
    Service(ObjectKey),
}

/// What a change of the inputs concerns.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Touched {
    KService(ObjectKey),
    KIngress(ObjectKey),
    Ingress(ObjectKey),
    Classes,
    AlbConfig(String),
    Service(ObjectKey),
    /// The servers of a Service.
    Servers(ObjectKey),
    Secret(ObjectKey),
    ConfigMaps,
}

impl Inputs {
    /// Takes a change in. What is as it was concerns nobody.
    pub(crate) fn take(&mut self, change: Change) -> Vec<Touched> {
        match change {
            Change::Put(object) => self.put(object),
            Change::Delete(object) => self.delete(&object),
            // Its place matters once the KIngress is worked on.
            Change::Held { .. } => Vec::new(),
        }
    }

    fn put(&mut self, object: Object) -> Vec<Touched> {
        fn put<K: Ord, V: PartialEq>(map: &mut BTreeMap<K, Arc<V>>, key: K, value: V) -> bool {
            if map.get(&key).is_some_and(|known| **known == value) {
                return false;
            }
            map.insert(key, Arc::new(value));
            true
        }
        macro_rules! put_trimmed {
            ($map:ident, $object:ident, $key:expr, $touched:expr) => {{
                trim::metadata(&mut $object.metadata);
                let key = $key;
                let is_new = put(&mut self.given.$map, key.clone(), $object);
                if is_new { vec![$touched(key)] } else { Vec::new() }
            }};
        }
        match object {
            Object::KService(mut o) => {
                put_trimmed!(kservices, o, o.key(), Touched::KService)
            }
            Object::KIngress(mut o) => {
                trim::kingress(&mut o);
                put_trimmed!(kingresses, o, o.key(), Touched::KIngress)
            }
            Object::Ingress(mut o) => {
                o.status = None;
                put_trimmed!(ingresses, o, ObjectKey::of(&o.metadata), Touched::Ingress)
            }
            Object::IngressClass(mut o) => {
                put_trimmed!(ingress_classes, o, o.metadata.name.clone().unwrap_or_default(), |_| {
                    Touched::Classes
                })
            }
            Object::AlbConfig(mut o) => {
                put_trimmed!(alb_configs, o, o.name().to_owned(), Touched::AlbConfig)
            }
            Object::Service(mut o) => {
                o.status = None;
                put_trimmed!(services, o, ObjectKey::of(&o.metadata), Touched::Service)
            }
            Object::EndpointSlice(o) => {
                let services = self.slices.replace(ObjectKey::of(&o.metadata), Some(&o));
                services.into_iter().map(Touched::Servers).collect()
            }
            Object::Secret(mut o) => {
                trim::secret(&mut o);
                put_trimmed!(secrets, o, ObjectKey::of(&o.metadata), Touched::Secret)
            }
            Object::ConfigMap(mut o) => {
                put_trimmed!(config_maps, o, ObjectKey::of(&o.metadata), |_| Touched::ConfigMaps)
            }
        }
    }

    fn delete(&mut self, object: &ObjectRef) -> Vec<Touched> {
        let key = ObjectKey::new(object.namespace.as_str(), object.name.as_str());
        let given = &mut self.given;
        let (was_there, touched) = match (object.group.as_str(), object.kind.as_str()) {
            ("serving.knative.dev", "Service") => {
                (given.kservices.remove(&key).is_some(), Touched::KService(key))
            }
            ("networking.internal.knative.dev", "Ingress") => {
                (given.kingresses.remove(&key).is_some(), Touched::KIngress(key))
            }
            ("networking.k8s.io", "Ingress") => {
                (given.ingresses.remove(&key).is_some(), Touched::Ingress(key))
            }
            (_, "IngressClass") => (given.ingress_classes.remove(&object.name).is_some(), Touched::Classes),
            (_, "AlbConfig") => {
                (given.alb_configs.remove(&object.name).is_some(), Touched::AlbConfig(object.name.clone()))
            }
            ("", "Service") => (given.services.remove(&key).is_some(), Touched::Service(key)),
            ("", "Secret") => (given.secrets.remove(&key).is_some(), Touched::Secret(key)),
            ("", "ConfigMap") => (given.config_maps.remove(&key).is_some(), Touched::ConfigMaps),
            (_, "EndpointSlice") => {
                let services = self.slices.replace(key, None);
                return services.into_iter().map(Touched::Servers).collect();
            }
            _ => return Vec::new(),
        };
        if was_there { vec![touched] } else { Vec::new() }
    }

    /// Keeps what stage 0 made of a Knative Service. Returns what that concerns.
    pub(crate) fn set_expanded(
        &mut self,
        of: &ObjectKey,
        made: Option<(KIngress, Vec<Service>)>,
    ) -> Vec<Touched> {
        let after = made.map(|(kingress, services)| Expanded {
            kingress: Arc::new(kingress),
            services: services.into_iter().map(Arc::new).collect(),
        });
        if self.expanded.get(of) == after.as_ref() {
            return Vec::new();
        }
        let before = self.expanded.remove(of);
        let (before, new) = (before.iter().flat_map(Expanded::made), after.iter().flat_map(Expanded::made));
        let (before, new): (BTreeSet<Made>, BTreeSet<Made>) = (before.collect(), new.collect());
        for gone in before.difference(&new) {
            self.makers.remove(&(gone.clone(), of.clone()));
        }
        self.makers.extend(new.iter().map(|made| (made.clone(), of.clone())));
        if let Some(after) = after {
            self.expanded.insert(of.clone(), after);
        }
        let touched = |made: &Made| match made {
            Made::KIngress(key) => Touched::KIngress(key.clone()),
            Made::Service(key) => Touched::Service(key.clone()),
        };
        before.union(&new).map(touched).collect()
    }

    /// The Knative Service that makes an object.
    pub(crate) fn maker(&self, made: &Made) -> Option<&ObjectKey> {
        let from = (made.clone(), ObjectKey::default());
        let (found, maker) = self.makers.range(from..).next()?;
        (found == made).then_some(maker)
    }

    /// The KIngress that counts: a given one, else one that stage 0 made.
    pub(crate) fn kingress(&self, key: &ObjectKey) -> Option<Arc<KIngress>> {
        let made = || {
            let maker = self.maker(&Made::KIngress(key.clone()))?;
            Some(self.expanded.get(maker)?.kingress.clone())
        };
        self.given.kingresses.get(key).cloned().or_else(made)
    }

    /// The KIngress that stage 0 makes of a Knative Service.
    pub(crate) fn kingress_made_of(&self, of: &ObjectKey) -> Option<&Arc<KIngress>> {
        self.expanded.get(of).map(|expanded| &expanded.kingress)
    }

    /// The Services that stage 0 makes of a Knative Service.
    pub(crate) fn services_made_of(&self, of: &ObjectKey) -> Vec<ObjectKey> {
        let services = self.expanded.get(of).into_iter().flat_map(|expanded| &expanded.services);
        services.map(|service| ObjectKey::of(&service.metadata)).collect()
    }

    /// The Service that counts.
    pub(crate) fn service(&self, key: &ObjectKey) -> Option<Arc<Service>> {
        let made = || {
            let maker = self.maker(&Made::Service(key.clone()))?;
            let services = &self.expanded.get(maker)?.services;
            services.iter().find(|service| ObjectKey::of(&service.metadata) == *key).cloned()
        };
        self.given.services.get(key).cloned().or_else(made)
    }

    /// Every Service that counts, for what is said about each.
    pub(crate) fn service_keys(&self) -> BTreeSet<ObjectKey> {
        let made = self.makers.iter().filter_map(|(made, _)| match made {
            Made::Service(key) => Some(key),
            Made::KIngress(_) => None,
        });
        self.given.services.keys().chain(made).cloned().collect()
    }

    /// A given Ingress.
    pub(crate) fn ingress(&self, key: &ObjectKey) -> Option<&Arc<Ingress>> {
        self.given.ingresses.get(key)
    }

    /// A Knative Service.
    pub(crate) fn kservice(&self, key: &ObjectKey) -> Option<&Arc<KService>> {
        self.given.kservices.get(key)
    }
}

impl Expanded {
    fn made(&self) -> impl Iterator<Item = Made> {
        let services = self.services.iter().map(|service| Made::Service(ObjectKey::of(&service.metadata)));
        services.chain([Made::KIngress(self.kingress.key())])
    }
}

/// The inputs, and what was looked up in them.
pub(crate) struct Looking<'a> {
    inputs: &'a Inputs,
    hosts: &'a Hosts,
    seen: RefCell<BTreeSet<Dependency>>,
}

impl<'a> Looking<'a> {
    pub(crate) fn new(inputs: &'a Inputs, hosts: &'a Hosts) -> Self {
        Looking { inputs, hosts, seen: RefCell::default() }
    }

    /// Everything that was looked up.
    pub(crate) fn seen(self) -> BTreeSet<Dependency> {
        self.seen.into_inner()
    }
}

impl Objects for Looking<'_> {
    fn service(&self, key: &ObjectKey) -> Option<Arc<Service>> {
        self.seen.borrow_mut().insert(Dependency::Service(Arc::new(key.clone())));
        self.inputs.service(key)
    }

    fn secret(&self, key: &ObjectKey) -> Option<Arc<Secret>> {
        self.seen.borrow_mut().insert(Dependency::Secret(Arc::new(key.clone())));
        self.inputs.given.secrets.get(key).cloned()
    }

    fn host_owner(&self, host: &str) -> Option<ObjectKey> {
        self.hosts.owner(&host.into()).map(|key| (*key).clone())
    }
}
