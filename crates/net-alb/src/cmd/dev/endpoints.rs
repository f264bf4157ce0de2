//! Where a backend's requests go: what `--backend` says, else its EndpointSlices, else a built-in server.

use super::backend::Backends;
use crate::pipeline::Stages;
use net_alb_api::{EndpointSlice, KService, ObjectKey, Service};
use net_alb_diag::codes::read::UNKNOWN_BACKEND;
use net_alb_diag::{Diagnostic, Place, nearest};
use net_alb_model::Backend;
use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};

/// The label by which an EndpointSlice names its Service. Source: Kubernetes, "EndpointSlices", ownership.
const SERVICE_NAME: &str = "kubernetes.io/service-name";

/// One `--backend NAME=HOST:PORT`.
#[derive(Debug, Clone)]
pub(super) struct Override {
    /// A revision or Service, with its namespace in front or without.
    name: String,
    /// As it was typed.
    text: String,
    addresses: Vec<SocketAddr>,
}

impl std::str::FromStr for Override {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, server) = text.split_once('=').ok_or("it is NAME=HOST:PORT")?;
        let addresses: Vec<_> =
            server.to_socket_addrs().map_err(|error| format!("`{server}`: {error}"))?.collect();
        // `localhost` is often two addresses, and a server listens on one of them, usually the IPv4 one.
        let first = addresses.iter().find(|address| address.is_ipv4()).or(addresses.first()).copied();
        let addresses = first.into_iter().collect();
        Ok(Override { name: name.to_owned(), text: text.to_owned(), addresses })
    }
}

impl Override {
    fn is_for(&self, service: &ObjectKey) -> bool {
        self.name == service.name || self.name == service.to_string()
    }
}

/// The addresses of one backend.
pub(super) fn addresses(
    backend: &Backend,
    stages: &Stages,
    overrides: &[Override],
    builtin: &mut Backends,
) -> io::Result<Vec<SocketAddr>> {
    if let Some(found) = overrides.iter().find(|candidate| candidate.is_for(&backend.service)) {
        return Ok(found.addresses.clone());
    }
    let slices = &stages.snapshot.endpoint_slices;
    let service = stages.snapshot.services.get(&backend.service);
    let mut own = slices.iter().filter(|(key, slice)| belongs(slice, key, &backend.service)).peekable();
    if own.peek().is_some() {
        let port = service.and_then(|service| port_name(service, &backend.port));
        return Ok(own.flat_map(|(_, slice)| ready(slice, port.as_deref().unwrap_or_default())).collect());
    }
    let target =
        kservice(backend, stages).and_then(|kservice| target(&kservice)).unwrap_or("World".to_owned());
    builtin.address(&backend.service, &target).map(|address| vec![address])
}

/// What to say of `--backend`s that no rule forwards to.
pub(super) fn unused(
    overrides: &[Override],
    backends: &BTreeMap<Backend, Vec<SocketAddr>>,
) -> Vec<Diagnostic> {
    let idle = overrides.iter().filter(|o| !backends.keys().any(|backend| o.is_for(&backend.service)));
    let say = |found: &Override| {
        let message = format!("no rule forwards to a revision or Service `{}`", found.name);
        let place = Place::Whole(format!("--backend {}", found.text));
        let diagnostic = Diagnostic::at(&UNKNOWN_BACKEND, place, message);
        match nearest(&found.name, backends.keys().map(|backend| backend.service.name.as_str())) {
            Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
            None => diagnostic.help("the names are in the list that `dev` prints"),
        }
    };
    idle.map(say).collect()
}

fn belongs(slice: &EndpointSlice, key: &ObjectKey, service: &ObjectKey) -> bool {
    let name = slice.metadata.labels.as_ref().and_then(|labels| labels.get(SERVICE_NAME));
    key.namespace == service.namespace && name == Some(&service.name)
}

/// The name of the Service's port with this number or name: EndpointSlices know ports by it.
fn port_name(service: &Service, port: &str) -> Option<String> {
    let ports = service.spec.as_ref()?.ports.as_ref()?;
    let found = ports.iter().find(|p| p.port.to_string() == port || p.name.as_deref() == Some(port))?;
    Some(found.name.clone().unwrap_or_default())
}

fn ready(slice: &EndpointSlice, port_name: &str) -> Vec<SocketAddr> {
    let ports = slice.ports.as_deref().unwrap_or_default();
    let port = ports.iter().find(|port| port.name.as_deref().unwrap_or_default() == port_name);
    let Some(port) = port.and_then(|port| u16::try_from(port.port?).ok()) else { return Vec::new() };
    let endpoints = slice.endpoints.iter().filter(|endpoint| {
        endpoint.conditions.as_ref().and_then(|conditions| conditions.ready).unwrap_or(true)
    });
    let addresses = endpoints.flat_map(|endpoint| &endpoint.addresses);
    addresses.filter_map(|address| Some(SocketAddr::new(address.parse::<IpAddr>().ok()?, port))).collect()
}

/// The Knative Service whose revision a backend is.
fn kservice(backend: &Backend, stages: &Stages) -> Option<std::sync::Arc<KService>> {
    let service = backend.service.to_ref("", "Service");
    let root = stages.sources.root_of(&service);
    if root == &service {
        return None;
    }
    stages.snapshot.kservices.get(&ObjectKey::new(&*root.namespace, &*root.name)).cloned()
}

/// `$TARGET` of the container.
fn target(kservice: &KService) -> Option<String> {
    let containers = kservice.spec.template.spec.containers.iter();
    let variables = containers.flat_map(|container| container.env.iter().flatten());
    variables.filter(|variable| variable.name == "TARGET").find_map(|variable| variable.value.clone())
}
