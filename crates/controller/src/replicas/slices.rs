use net_alb_api::{EndpointSlice, ObjectKey};
use std::collections::BTreeMap;
use std::net::IpAddr;

/// The EndpointSlices of the gateway's Service.
#[derive(Debug, Default)]
pub struct Slices(BTreeMap<ObjectKey, EndpointSlice>);

impl Slices {
    /// A slice is so now.
    pub fn put(&mut self, slice: EndpointSlice) {
        self.0.insert(ObjectKey::of(&slice.metadata), slice);
    }

    /// A slice is gone.
    pub fn remove(&mut self, key: &ObjectKey) {
        self.0.remove(key);
    }

    /// The replicas that get traffic, by their pods' names, and where they are. One that isn't ready has no full table yet, or is on its
    /// way out.
    pub fn replicas(&self) -> BTreeMap<String, IpAddr> {
        let endpoints = self.0.values().flat_map(|slice| &slice.endpoints);
        let live = endpoints.filter(|endpoint| {
            endpoint.conditions.as_ref().and_then(|conditions| conditions.ready).unwrap_or(true)
        });
        live.filter_map(|endpoint| {
            let address = endpoint.addresses.first()?;
            let pod = endpoint.target_ref.as_ref().and_then(|pod| pod.name.clone());
            Some((pod.unwrap_or_else(|| address.clone()), address.parse().ok()?))
        })
        .collect()
    }
}
