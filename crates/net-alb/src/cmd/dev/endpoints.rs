//! Where a backend's requests go: what `--backend` says, else its EndpointSlices, else a built-in server.

use super::backend::Backends;
use net_alb_api::{KService, ObjectKey};
use net_alb_diag::codes::read::UNKNOWN_BACKEND;
use net_alb_diag::{Diagnostic, Place, nearest};
use net_alb_model::Backend;
use net_alb_pipeline::{Pipeline, Servers};
use std::io;
use std::net::{SocketAddr, ToSocketAddrs};

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

/// The addresses of one backend whose servers the files put there.
pub(super) fn addresses(
    backend: &Backend,
    servers: &Servers,
    pipeline: &Pipeline,
    overrides: &[Override],
    builtin: &mut Backends,
) -> io::Result<Vec<SocketAddr>> {
    if let Some(found) = overrides.iter().find(|candidate| candidate.is_for(&backend.service)) {
        return Ok(found.addresses.clone());
    }
    if let Servers::Addresses(addresses) = servers {
        return Ok(addresses.clone());
    }
    let target = kservice(&backend.service, pipeline).and_then(|kservice| target(&kservice));
    let target = target.unwrap_or("World".to_owned());
    builtin.address(&backend.service, &target).map(|address| vec![address])
}

/// Lets the built-in servers of a Knative Service's revisions say what it says now.
pub(super) fn retarget(kservice: &KService, builtin: &mut Backends, pipeline: &Pipeline) {
    let target = target(kservice).unwrap_or("World".to_owned());
    for service in pipeline.services_of(&kservice.key()) {
        builtin.retarget(&service, &target);
    }
}

/// What to say of `--backend`s that no rule forwards to.
pub(super) fn unused(overrides: &[Override], pipeline: &Pipeline) -> Vec<Diagnostic> {
    let names = || pipeline.backends().map(|backend| &backend.service);
    let idle = overrides.iter().filter(|o| !names().any(|service| o.is_for(service)));
    let say = |found: &Override| {
        let message = format!("no rule forwards to a revision or Service `{}`", found.name);
        let place = Place::Whole(format!("--backend {}", found.text));
        let diagnostic = Diagnostic::at(&UNKNOWN_BACKEND, place, message);
        match nearest(&found.name, names().map(|service| service.name.as_str())) {
            Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
            None => diagnostic.help("the names are in the list that `dev` prints"),
        }
    };
    idle.map(say).collect()
}

/// The Knative Service whose revision a Service is.
fn kservice(service: &ObjectKey, pipeline: &Pipeline) -> Option<KService> {
    let of = pipeline.origin_of(&service.to_ref("", "Service"))?;
    pipeline.kservice(&ObjectKey::new(of.namespace, of.name))
}

/// `$TARGET` of the container.
fn target(kservice: &KService) -> Option<String> {
    let containers = kservice.spec.template.spec.containers.iter();
    let variables = containers.flat_map(|container| container.env.iter().flatten());
    variables.filter(|variable| variable.name == "TARGET").find_map(|variable| variable.value.clone())
}
