//! The objects that the stages start from: those that were given, and those that stage 0 made.

use crate::change::Change;
use crate::endpoints::Slices;
use crate::hosts::Hosts;
use crate::root::{Dependency, Key, Root};
use crate::store::Store;
use crate::trim;
use net_alb_api::{
    Ingress, KIngress, KService, Object, ObjectKey, Objects, Packed, Secret, Service, Snapshot,
};
use net_alb_diag::ObjectRef;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Every object, by kind and key.
#[derive(Debug, Default)]
pub(crate) struct Inputs {
    /// What was given of the kinds of which there are few.
    pub(crate) given: Snapshot,
    pub(crate) kservices: Store<KService>,
    pub(crate) kingresses: Store<KIngress>,
    pub(crate) ingresses: Store<Ingress>,
    pub(crate) services: Store<Service>,
    pub(crate) slices: Slices,
    /// What stage 0 made of each Knative Service.
    expanded: BTreeMap<Key, Expanded>,
    /// Which Knative Services make an object; the first one's is used.
    makers: BTreeSet<(Made, Key)>,
}

#[derive(Debug, PartialEq)]
struct Expanded {
    kingress: (Key, Packed<KIngress>),
    services: Vec<(Key, Packed<Service>)>,
}

/// An object that stage 0 makes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Made {
    KIngress(Key),
    Service(Key),
}

/// What a change of the inputs concerns.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Touched {
    KService(Key),
    KIngress(Key),
    Ingress(Key),
    Classes,
    AlbConfig(String),
    Service(Key),
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
        macro_rules! pack_trimmed {
            ($store:ident, $object:ident, $touched:expr) => {{
                trim::metadata(&mut $object.metadata);
                let key = self.$store.put(ObjectKey::of(&$object.metadata), &$object);
                key.map($touched).into_iter().collect()
            }};
        }
        match object {
            Object::KService(mut o) => pack_trimmed!(kservices, o, Touched::KService),
            Object::KIngress(mut o) => {
                trim::kingress(&mut o);
                pack_trimmed!(kingresses, o, Touched::KIngress)
            }
            Object::Ingress(mut o) => {
                o.status = None;
                pack_trimmed!(ingresses, o, Touched::Ingress)
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
                pack_trimmed!(services, o, Touched::Service)
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
        let touched = match (object.group.as_str(), object.kind.as_str()) {
            ("serving.knative.dev", "Service") => self.kservices.remove(&key).map(Touched::KService),
            ("networking.internal.knative.dev", "Ingress") => {
                self.kingresses.remove(&key).map(Touched::KIngress)
            }
            ("networking.k8s.io", "Ingress") => self.ingresses.remove(&key).map(Touched::Ingress),
            (_, "IngressClass") => given.ingress_classes.remove(&object.name).map(|_| Touched::Classes),
            (_, "AlbConfig") => {
                given.alb_configs.remove(&object.name).map(|_| Touched::AlbConfig(object.name.clone()))
            }
            ("", "Service") => self.services.remove(&key).map(Touched::Service),
            ("", "Secret") => given.secrets.remove(&key).map(|_| Touched::Secret(key)),
            ("", "ConfigMap") => given.config_maps.remove(&key).map(|_| Touched::ConfigMaps),
            (_, "EndpointSlice") => {
                let services = self.slices.replace(key, None);
                return services.into_iter().map(Touched::Servers).collect();
            }
            _ => None,
        };
        touched.into_iter().collect()
    }

    /// Keeps what stage 0 made of a Knative Service. Returns what that concerns.
    pub(crate) fn set_expanded(&mut self, of: &Key, made: Option<(KIngress, Vec<Service>)>) -> Vec<Touched> {
        let service = |service: &Service| (Arc::new(ObjectKey::of(&service.metadata)), Packed::new(service));
        let after = made.map(|(kingress, services)| Expanded {
            kingress: (Arc::new(kingress.key()), Packed::new(&kingress)),
            services: services.iter().map(service).collect(),
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
    pub(crate) fn maker(&self, made: &Made) -> Option<&Key> {
        let from = (made.clone(), Key::default());
        let (found, maker) = self.makers.range(from..).next()?;
        (found == made).then_some(maker)
    }

    /// The KIngress that counts: a given one, else one that stage 0 made.
    pub(crate) fn kingress(&self, key: &Key) -> Option<KIngress> {
        if self.kingresses.contains(key) {
            return self.kingresses.get(key);
        }
        let maker = self.maker(&Made::KIngress(key.clone()))?;
        self.expanded.get(maker)?.kingress.1.get()
    }

    /// Whether there is such a KIngress, given or made.
    pub(crate) fn has_kingress(&self, key: &Key) -> bool {
        self.kingresses.contains(key) || self.maker(&Made::KIngress(key.clone())).is_some()
    }

    /// The KIngress that stage 0 makes of a Knative Service.
    pub(crate) fn kingress_made_of(&self, of: &ObjectKey) -> Option<&Key> {
        self.expanded.get(of).map(|expanded| &expanded.kingress.0)
    }

    /// The Services that stage 0 makes of a Knative Service.
    pub(crate) fn services_made_of(&self, of: &ObjectKey) -> Vec<ObjectKey> {
        let services = self.expanded.get(of).into_iter().flat_map(|expanded| &expanded.services);
        services.map(|(key, _)| (**key).clone()).collect()
    }

    /// The Service that counts.
    pub(crate) fn service(&self, key: &ObjectKey) -> Option<Service> {
        if self.services.contains(key) {
            return self.services.get(key);
        }
        let maker = self.maker(&Made::Service(Arc::new(key.clone())))?;
        let services = &self.expanded.get(maker)?.services;
        services.iter().find(|(made, _)| **made == *key)?.1.get()
    }

    /// Every Service that counts, for what is said about each.
    pub(crate) fn service_keys(&self) -> BTreeSet<Key> {
        let made = self.makers.iter().filter_map(|(made, _)| match made {
            Made::Service(key) => Some(key),
            Made::KIngress(_) => None,
        });
        self.services.keys().chain(made).cloned().collect()
    }

    /// The same root by the key that is kept already, so that the key is there once.
    pub(crate) fn shared(&self, root: Root) -> Root {
        match &root {
            Root::KIngress(key) => self.kingresses.key(key).cloned().map(Root::KIngress),
            Root::Ingress(key) => self.ingresses.key(key).cloned().map(Root::Ingress),
        }
        .unwrap_or(root)
    }
}

impl Expanded {
    fn made(&self) -> impl Iterator<Item = Made> {
        let services = self.services.iter().map(|(key, _)| Made::Service(key.clone()));
        services.chain([Made::KIngress(self.kingress.0.clone())])
    }
}

/// The inputs, and what was looked up in them.
pub(crate) struct Looking<'a> {
    inputs: &'a Inputs,
    hosts: &'a Hosts,
    /// Each unpacked once, however often it is looked up.
    services: RefCell<BTreeMap<Key, Option<Arc<Service>>>>,
    secrets: RefCell<BTreeSet<Key>>,
}

impl<'a> Looking<'a> {
    pub(crate) fn new(inputs: &'a Inputs, hosts: &'a Hosts) -> Self {
        Looking { inputs, hosts, services: RefCell::default(), secrets: RefCell::default() }
    }

    /// Everything that was looked up.
    pub(crate) fn seen(self) -> Vec<Dependency> {
        let services = self.services.into_inner().into_keys().map(Dependency::Service);
        services.chain(self.secrets.into_inner().into_iter().map(Dependency::Secret)).collect()
    }
}

impl Objects for Looking<'_> {
    fn service(&self, key: &ObjectKey) -> Option<Arc<Service>> {
        if let Some(known) = self.services.borrow().get(key) {
            return known.clone();
        }
        let service = self.inputs.service(key).map(Arc::new);
        self.services.borrow_mut().insert(Arc::new(key.clone()), service.clone());
        service
    }

    fn secret(&self, key: &ObjectKey) -> Option<Arc<Secret>> {
        self.secrets.borrow_mut().insert(Arc::new(key.clone()));
        self.inputs.given.secrets.get(key).cloned()
    }

    fn host_owner(&self, host: &str) -> Option<ObjectKey> {
        self.hosts.owner(&host.into()).map(|key| (*key).clone())
    }
}
