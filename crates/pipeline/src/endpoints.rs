//! Where backends are, from EndpointSlices.

use net_alb_api::{EndpointSlice, ObjectKey, Service};
use net_alb_model::Backend;
use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};

/// The label by which an EndpointSlice names its Service. Source: Kubernetes, "EndpointSlices", ownership.
const SERVICE_NAME: &str = "kubernetes.io/service-name";

/// Where the servers of a backend are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Servers {
    /// No EndpointSlice of the Service is known.
    Unknown,
    /// The ready addresses of its EndpointSlices, in the order of these; none while no pod is ready.
    Addresses(Vec<SocketAddr>),
    /// A Service of type `ExternalName`: this name, at the port that was asked for.
    Name {
        /// `spec.externalName`.
        host: String,
        /// 1–65535.
        port: u16,
    },
}

/// What is kept of an EndpointSlice.
#[derive(Debug, PartialEq, Eq)]
struct Slice {
    service: ObjectKey,
    ports: Vec<(String, u16)>,
    ready: Vec<IpAddr>,
    /// Ready or not, as quotas count them.
    addresses: usize,
}

/// Every EndpointSlice.
#[derive(Debug, Default)]
pub(crate) struct Slices {
    by_key: BTreeMap<ObjectKey, Slice>,
    by_service: BTreeSet<(ObjectKey, ObjectKey)>,
}

impl Slices {
    /// Puts a slice, or with `None` takes it out. Returns the Services whose servers are otherwise now.
    pub(crate) fn replace(&mut self, key: ObjectKey, slice: Option<&EndpointSlice>) -> Vec<ObjectKey> {
        let after = slice.and_then(|slice| Slice::read(&key, slice));
        let before = self.by_key.remove(&key);
        let is_same = before == after;
        let services: Vec<_> = before.iter().chain(&after).map(|slice| slice.service.clone()).collect();
        if let Some(before) = before {
            self.by_service.remove(&(before.service, key.clone()));
        }
        if let Some(after) = after {
            self.by_service.insert((after.service.clone(), key.clone()));
            self.by_key.insert(key, after);
        }
        if is_same { Vec::new() } else { services }
    }

    /// How many addresses a Service has, ready or not.
    pub(crate) fn count(&self, service: &ObjectKey) -> usize {
        self.of(service).map(|slice| slice.addresses).sum()
    }

    /// Where a backend's servers are.
    pub(crate) fn servers(&self, backend: &Backend, service: Option<&Service>) -> Servers {
        if let Some(name) = external_name(backend, service) {
            return name;
        }
        let mut slices = self.of(&backend.service).peekable();
        if slices.peek().is_none() {
            return Servers::Unknown;
        }
        let name = service.and_then(|service| port_name(service, &backend.port)).unwrap_or_default();
        let at = |slice: &Slice| {
            let port = slice.ports.iter().find(|(known, _)| *known == name).map(|(_, port)| *port);
            let address = |port| slice.ready.iter().map(move |ip| SocketAddr::new(*ip, port)).collect();
            port.map_or(Vec::new(), address)
        };
        Servers::Addresses(slices.flat_map(at).collect())
    }

    fn of(&self, service: &ObjectKey) -> impl Iterator<Item = &Slice> {
        let from = (service.clone(), ObjectKey::default());
        let own = self.by_service.range(from..).take_while(move |(other, _)| other == service);
        own.filter_map(|(_, key)| self.by_key.get(key))
    }
}

impl Slice {
    fn read(key: &ObjectKey, slice: &EndpointSlice) -> Option<Slice> {
        let name = slice.metadata.labels.as_ref()?.get(SERVICE_NAME)?;
        let ports = slice.ports.iter().flatten();
        let port = |port: &k8s_openapi::api::discovery::v1::EndpointPort| {
            Some((port.name.clone().unwrap_or_default(), u16::try_from(port.port?).ok()?))
        };
        let is_ready = |endpoint: &&k8s_openapi::api::discovery::v1::Endpoint| {
            endpoint.conditions.as_ref().and_then(|conditions| conditions.ready).unwrap_or(true)
        };
        let ready = slice.endpoints.iter().filter(is_ready).flat_map(|endpoint| &endpoint.addresses);
        Some(Slice {
            service: ObjectKey::new(key.namespace.clone(), name.clone()),
            ports: ports.filter_map(port).collect(),
            ready: ready.filter_map(|address| address.parse().ok()).collect(),
            addresses: slice.endpoints.iter().map(|endpoint| endpoint.addresses.len()).sum(),
        })
    }
}

/// Source: Kubernetes, "Service", type ExternalName. It needs no ports of its own, so the port is the one that was asked for.
fn external_name(backend: &Backend, service: Option<&Service>) -> Option<Servers> {
    let spec = service?.spec.as_ref()?;
    if spec.type_.as_deref() != Some("ExternalName") {
        return None;
    }
    let host = spec.external_name.clone().filter(|name| !name.is_empty())?;
    let named = || {
        let known = spec.ports.iter().flatten().find(|port| port.name.as_deref() == Some(&backend.port))?;
        u16::try_from(known.port).ok()
    };
    let port = backend.port.parse().ok().or_else(named)?;
    Some(Servers::Name { host, port })
}

/// The name of the Service's port with this number or name: EndpointSlices know ports by it.
fn port_name(service: &Service, port: &str) -> Option<String> {
    let ports = service.spec.as_ref()?.ports.as_ref()?;
    let found = ports.iter().find(|p| p.port.to_string() == port || p.name.as_deref() == Some(port))?;
    Some(found.name.clone().unwrap_or_default())
}
