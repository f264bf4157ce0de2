//! What the gateway is told: only what differs from what it was told last.

use super::https::Https;
use crate::exit::Failure;
use net_alb_api::Snapshot;
use net_alb_diag::codes::read::LISTENER_NOT_SERVED;
use net_alb_diag::{Diagnostic, Place};
use net_alb_gateway::{Change, Gateway, ListenerKey, Table};
use net_alb_model::{
    Action, AddressType, Alb, Backend, Fragment, Listener, ListenerId, ObjectKey, Protocol, Rule,
    ServerGroupId,
};
use std::collections::{BTreeMap, BTreeSet};
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::sync::Arc;

/// Where listeners go.
#[derive(Debug, Clone, Copy)]
pub(super) struct Listen {
    pub(super) public: SocketAddr,
    pub(super) local: SocketAddr,
    pub(super) https: SocketAddr,
    /// Another process may listen there too.
    pub(super) shared: bool,
}

/// The gateway, and what it serves.
pub(super) struct Serving {
    gateway: Gateway,
    listen: Listen,
    pub(super) https: Https,
    bound: BTreeMap<ListenerKey, SocketAddr>,
    /// Load balancers without their rules.
    frames: BTreeMap<String, Alb>,
    fragments: BTreeMap<ObjectKey, Arc<Fragment>>,
    endpoints: BTreeMap<Backend, Vec<SocketAddr>>,
}

impl Serving {
    pub(super) fn new(gateway: Gateway, listen: Listen, https: Https) -> Self {
        let (bound, frames) = (BTreeMap::new(), BTreeMap::new());
        let (fragments, endpoints) = (BTreeMap::new(), BTreeMap::new());
        Serving { gateway, listen, https, bound, frames, fragments, endpoints }
    }

    /// What there is to say about what is served.
    pub(super) fn set_diagnostics(&self, said: &[Diagnostic]) {
        self.gateway.metrics().set_diagnostics(said);
    }

    /// Ends as [`Gateway::drain`] does.
    pub(super) fn drain(self, grace: std::time::Duration) {
        self.gateway.drain(grace);
    }

    /// Where a listener is to be found.
    pub(super) fn address(&self, alb: &Alb, listener: &Listener) -> Option<SocketAddr> {
        self.bound.get(&key(alb, listener)).copied()
    }

    /// The rules that a listener serves.
    pub(super) fn table(&self, alb: &Alb, listener: &Listener) -> Option<Arc<Table>> {
        self.gateway.table(&key(alb, listener))
    }

    /// Serves these load balancers in place of those before. New backends have their servers before a rule leads to
    /// them, and old ones keep theirs until no rule does.
    pub(super) fn update(
        &mut self,
        albs: &[Alb],
        endpoints: BTreeMap<Backend, Vec<SocketAddr>>,
        snapshot: &Snapshot,
    ) -> Result<Vec<Diagnostic>, Failure> {
        let certificates = self.https.update(&self.gateway, albs, snapshot);
        let mut said = certificates.map_err(Failure::system("making a certificate"))?;
        for (backend, addresses) in &endpoints {
            if self.endpoints.get(backend) != Some(addresses) {
                self.gateway.set_endpoints(backend, addresses.clone());
            }
        }
        self.configure(albs);
        let changes = self.changes(albs);
        let applied = self.gateway.apply(changes);
        self.listen(albs)?;
        for gone in self.endpoints.keys().filter(|backend| !endpoints.contains_key(backend)) {
            self.gateway.set_endpoints(gone, Vec::new());
        }
        self.endpoints = endpoints;
        said.extend(applied.diagnostics);
        Ok(said)
    }

    fn configure(&mut self, albs: &[Alb]) {
        for alb in albs {
            let frame = without_rules(alb);
            if self.frames.get(&alb.name) != Some(&frame) {
                self.gateway.configure(&frame);
                self.frames.insert(alb.name.clone(), frame);
            }
        }
    }

    fn changes(&mut self, albs: &[Alb]) -> Vec<Change> {
        let mut before = std::mem::take(&mut self.fragments);
        let mut changes = Vec::new();
        for (ingress, fragment) in albs.iter().flat_map(net_alb_gateway::fragments) {
            let fragment = match before.remove(&ingress) {
                Some(same) if *same == fragment => same,
                _ => {
                    let fragment = Arc::new(fragment);
                    changes.push(Change::Put { ingress: ingress.clone(), fragment: Arc::clone(&fragment) });
                    fragment
                }
            };
            self.fragments.insert(ingress, fragment);
        }
        changes.extend(before.into_keys().map(|ingress| Change::Remove { ingress }));
        changes
    }

    /// Binds listeners that are new, and lets go of those that are gone.
    fn listen(&mut self, albs: &[Alb]) -> Result<(), Failure> {
        let wanted: BTreeSet<_> = served_listeners(albs).map(|(alb, listener)| key(alb, listener)).collect();
        let gone: Vec<_> = self.bound.keys().filter(|key| !wanted.contains(key)).cloned().collect();
        for key in gone {
            if let Some(address) = self.bound.remove(&key) {
                self.gateway.unbind(&key, address);
            }
        }
        for (alb, listener) in served_listeners(albs) {
            let key = key(alb, listener);
            if !self.bound.contains_key(&key) {
                let address = self.bind(&key, alb.address_type)?;
                self.bound.insert(key, address);
            }
        }
        Ok(())
    }

    /// The first listener of each reach gets the address that was asked for, every other one a free port beside it.
    fn bind(&self, key: &ListenerKey, reach: AddressType) -> Result<SocketAddr, Failure> {
        let (flag, asked) = match (reach, key.id.protocol) {
            (AddressType::Internet, Protocol::Http) => ("--listen", self.listen.public),
            (AddressType::Internet, _) => ("--listen-https", self.listen.https),
            (AddressType::Intranet, _) => ("--listen-local", self.listen.local),
        };
        let beside = self.beside(key);
        let is_taken = self.bound.values().any(|address| *address == asked);
        let is_alike = |other: &ListenerKey| {
            let reached = self.frames.get(&other.alb).is_some_and(|frame| frame.address_type == reach);
            reached && (other.id.protocol == key.id.protocol || reach == AddressType::Intranet)
        };
        let first = !self.bound.keys().any(is_alike);
        let free = || SocketAddr::new(asked.ip(), 0);
        let address = beside.unwrap_or_else(|| if first && !is_taken { asked } else { free() });
        let tried = || format!("listening on {address}; choose another address with {flag}");
        if address.port() != 0 && !self.listen.shared {
            // The gateway's sockets share their port, also with another process. On a laptop that is a second `dev` whose
            // requests would be answered by either of the two.
            let taken = match key.id.protocol {
                Protocol::Quic => UdpSocket::bind(address).map(drop),
                _ => TcpListener::bind(address).map(drop),
            };
            taken.map_err(Failure::system(tried()))?;
        }
        self.gateway.bind(key, address).map_err(Failure::system(tried()))
    }

    /// Where QUIC goes: to the port of HTTPS, on UDP, so that `Alt-Svc` holds.
    fn beside(&self, key: &ListenerKey) -> Option<SocketAddr> {
        let https = ListenerId { protocol: Protocol::Https, ..key.id };
        let sibling = ListenerKey { id: https, ..key.clone() };
        self.bound.get(&sibling).filter(|_| key.id.protocol == Protocol::Quic).copied()
    }
}

fn key(alb: &Alb, listener: &Listener) -> ListenerKey {
    ListenerKey { alb: alb.name.clone(), id: listener.id }
}

/// Whether a listener is opened: one that speaks TLS needs a certificate for that.
fn is_served(listener: &Listener) -> bool {
    match listener.id.protocol {
        Protocol::Http => true,
        Protocol::Https | Protocol::Quic => !listener.certificate_secrets.is_empty(),
    }
}

/// Listeners that are opened, port 80 of each load balancer before its others.
pub(super) fn served_listeners(albs: &[Alb]) -> impl Iterator<Item = (&Alb, &Listener)> {
    let served = |alb: &'_ Alb| {
        let mut listeners: Vec<usize> = (0..alb.listeners.len()).collect();
        listeners.retain(|index| is_served(&alb.listeners[*index]));
        listeners.sort_by_key(|index| alb.listeners[*index].id.port != 80);
        listeners
    };
    albs.iter().flat_map(move |alb| served(alb).into_iter().map(move |index| (alb, &alb.listeners[index])))
}

/// What to say of listeners that aren't opened and have rules.
pub(super) fn unserved(albs: &[Alb]) -> Vec<Diagnostic> {
    let listeners = albs.iter().flat_map(|alb| alb.listeners.iter().map(move |listener| (alb, listener)));
    let idle = listeners.filter(|(_, listener)| !is_served(listener) && !listener.rules.is_empty());
    let say = |(alb, listener): (&Alb, &Listener)| {
        let rules = listener.rules.len();
        let message =
            format!("listener {} isn't served: it has no certificate; rules that wait: {rules}", listener.id);
        let place = Place::Whole(format!("load balancer {}", alb.name));
        Diagnostic::at(&LISTENER_NOT_SERVED, place, message).help(LISTENER_NOT_SERVED.fix)
    };
    idle.map(say).collect()
}

/// Every backend that a rule forwards to.
pub(super) fn backends(albs: &[Alb]) -> BTreeSet<Backend> {
    let rules = albs.iter().flat_map(|alb| &alb.listeners).flat_map(|listener| &listener.rules);
    let groups = rules.flat_map(groups);
    groups
        .filter_map(|group| match group {
            ServerGroupId::Service { backend, .. } => Some(backend.clone()),
            ServerGroupId::External(_) => None,
        })
        .collect()
}

fn groups(rule: &Rule) -> impl Iterator<Item = &ServerGroupId> {
    let targets = rule.actions.iter().flat_map(|action| match action {
        Action::ForwardGroup { targets, .. } => targets.as_slice(),
        _ => &[],
    });
    targets.map(|target| &target.server_group)
}

fn without_rules(alb: &Alb) -> Alb {
    let listeners = alb.listeners.iter().map(|listener| Listener { rules: Vec::new(), ..listener.clone() });
    Alb { listeners: listeners.collect(), server_groups: Vec::new(), ..alb.clone() }
}
