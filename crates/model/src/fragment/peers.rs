use crate::ObjectKey;
use crate::paths::{HostPath, paths};
use net_alb_api::Ingress;
use net_alb_api::annotation::registry;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The Ingresses of one load balancer by host and path: it knows which ones have to do with each other through a canary, so that a
/// change of one Ingress costs its own fragment and those of its peers.
#[derive(Debug, Clone, Default)]
pub struct Peers {
    by_path: BTreeMap<HostPath, BTreeMap<ObjectKey, Arc<Ingress>>>,
}

impl Peers {
    /// Adds an Ingress, or replaces the one of that name with the same hosts and paths: first [`Peers::remove`] the one
    /// that was there.
    pub fn insert(&mut self, ingress: &Arc<Ingress>) {
        let key = ObjectKey::of(&ingress.metadata);
        for path in paths(ingress) {
            self.by_path.entry(path.host_path()).or_default().insert(key.clone(), Arc::clone(ingress));
        }
    }

    /// Removes an Ingress.
    pub fn remove(&mut self, ingress: &Ingress) {
        let key = ObjectKey::of(&ingress.metadata);
        for path in paths(ingress) {
            let host_path = path.host_path();
            let Some(there) = self.by_path.get_mut(&host_path) else { continue };
            there.remove(&key);
            if there.is_empty() {
                self.by_path.remove(&host_path);
            }
        }
    }

    /// The other Ingresses with a host and path in common, where either is a canary, by key. They are what
    /// [`Context::peers`](crate::Context::peers) needs, and whose fragments change with this Ingress.
    pub fn of(&self, ingress: &Ingress) -> Vec<Arc<Ingress>> {
        let key = ObjectKey::of(&ingress.metadata);
        let canary = is_canary(ingress);
        let mut peers = BTreeMap::new();
        for path in paths(ingress) {
            let there = self.by_path.get(&path.host_path()).into_iter().flatten();
            let others = there.filter(|(other, peer)| **other != key && (canary || is_canary(peer)));
            peers.extend(others.map(|(key, peer)| (key.clone(), Arc::clone(peer))));
        }
        peers.into_values().collect()
    }
}

/// Whether an Ingress says that it is a canary; one that says it wrongly is no canary.
pub fn is_canary(ingress: &Ingress) -> bool {
    let annotations = ingress.metadata.annotations.as_ref();
    let text = |key: &str| annotations.and_then(|annotations| annotations.get(key));
    text(registry::NGINX_CANARY.key).or_else(|| text(registry::CANARY.key)).is_some_and(|text| text == "true")
}
