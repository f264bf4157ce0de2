use crate::{
    AlbConfig, ConfigMap, EndpointSlice, Ingress, IngressClass, KIngress, KService, Object, ObjectKey,
    Secret, Service,
};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Every object that a run looks at, by key, in order. Objects are shared, never copied: a snapshot of 10,000 objects
/// is cheap to clone and to change.
#[derive(Debug, Clone, Default)]
#[allow(missing_docs, reason = "each field holds the kind it is named after")]
pub struct Snapshot {
    pub kservices: BTreeMap<ObjectKey, Arc<KService>>,
    pub kingresses: BTreeMap<ObjectKey, Arc<KIngress>>,
    pub ingresses: BTreeMap<ObjectKey, Arc<Ingress>>,
    pub ingress_classes: BTreeMap<String, Arc<IngressClass>>,
    pub alb_configs: BTreeMap<String, Arc<AlbConfig>>,
    pub services: BTreeMap<ObjectKey, Arc<Service>>,
    pub endpoint_slices: BTreeMap<ObjectKey, Arc<EndpointSlice>>,
    pub secrets: BTreeMap<ObjectKey, Arc<Secret>>,
    pub config_maps: BTreeMap<ObjectKey, Arc<ConfigMap>>,
}

impl Snapshot {
    /// Adds an object. Returns `false`, and changes nothing, if one of that kind and key is already there.
    pub fn insert(&mut self, object: Object) -> bool {
        fn put<K: Ord, V>(map: &mut BTreeMap<K, Arc<V>>, key: K, value: V) -> bool {
            if map.contains_key(&key) {
                return false;
            }
            map.insert(key, Arc::new(value));
            true
        }
        match object {
            Object::KService(o) => put(&mut self.kservices, o.key(), o),
            Object::KIngress(o) => put(&mut self.kingresses, o.key(), o),
            Object::Ingress(o) => put(&mut self.ingresses, ObjectKey::of(&o.metadata), o),
            Object::IngressClass(o) => {
                put(&mut self.ingress_classes, o.metadata.name.clone().unwrap_or_default(), o)
            }
            Object::AlbConfig(o) => put(&mut self.alb_configs, o.name().to_owned(), o),
            Object::Service(o) => put(&mut self.services, ObjectKey::of(&o.metadata), o),
            Object::EndpointSlice(o) => put(&mut self.endpoint_slices, ObjectKey::of(&o.metadata), o),
            Object::Secret(o) => put(&mut self.secrets, ObjectKey::of(&o.metadata), o),
            Object::ConfigMap(o) => put(&mut self.config_maps, ObjectKey::of(&o.metadata), o),
        }
    }
}

/// What a stage may look up by key: the objects that its input refers to. The same for files ([`Snapshot`]) and for a
/// cluster's caches, so that the work for one KIngress never walks through all objects.
pub trait Objects {
    /// A Kubernetes Service.
    fn service(&self, key: &ObjectKey) -> Option<Arc<Service>>;
    /// A Secret.
    fn secret(&self, key: &ObjectKey) -> Option<Arc<Secret>>;
    /// The KIngress that a host, in lower case, belongs to where several claim it; `None` where nobody contests it.
    fn host_owner(&self, _host: &str) -> Option<ObjectKey> {
        None
    }
}

impl Objects for Snapshot {
    fn service(&self, key: &ObjectKey) -> Option<Arc<Service>> {
        self.services.get(key).cloned()
    }

    fn secret(&self, key: &ObjectKey) -> Option<Arc<Secret>> {
        self.secrets.get(key).cloned()
    }
}
