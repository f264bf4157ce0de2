//! What the gateway is told: what changes did, and nothing else.

use super::https::Https;
use crate::exit::Failure;
use crate::secret::Secrets;
use net_alb_diag::codes::read::LISTENER_NOT_SERVED;
use net_alb_diag::{Diagnostic, Place};
use net_alb_gateway::{Change, Gateway, ListenerKey, Table};
use net_alb_model::{AddressType, Alb, Backend, Fragment, Listener, ListenerId, ObjectKey, Protocol};
use net_alb_pipeline::Delta;
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

/// What came of a change.
#[derive(Debug, Default)]
pub(super) struct Applied {
    /// What each Ingress is now, with what `--https` adds.
    pub(super) fragments: Fragments,
    /// What the gateway has to say.
    pub(super) said: Vec<Diagnostic>,
}

/// By Ingress; `None` for one that is gone.
pub(super) type Fragments = BTreeMap<ObjectKey, Option<Arc<Fragment>>>;

/// The gateway, and where it listens.
pub(super) struct Serving {
    gateway: Gateway,
    listen: Listen,
    pub(super) https: Https,
    bound: BTreeMap<ListenerKey, SocketAddr>,
    /// Load balancers without their rules, with what `--https` adds.
    frames: BTreeMap<String, Alb>,
}

impl Serving {
    pub(super) fn new(gateway: Gateway, listen: Listen, https: Https) -> Self {
        let (bound, frames) = (BTreeMap::new(), BTreeMap::new());
        Serving { gateway, listen, https, bound, frames }
    }

    /// What there is to say about what is served.
    pub(super) fn set_diagnostics(&self, said: &[Diagnostic]) {
        self.gateway.metrics().set_diagnostics(said);
    }

    /// Ends as [`Gateway::drain`] does.
    pub(super) fn drain(self, grace: std::time::Duration) {
        self.gateway.drain(grace);
    }

    /// Where a listener of a load balancer is to be found.
    pub(super) fn address(&self, alb: &str, id: ListenerId) -> Option<SocketAddr> {
        self.bound.get(&ListenerKey { alb: alb.to_owned(), id }).copied()
    }

    /// Who can reach a load balancer.
    pub(super) fn reach(&self, alb: &str) -> Option<AddressType> {
        self.frames.get(alb).map(|frame| frame.address_type)
    }

    /// The rules that a listener serves.
    pub(super) fn table(&self, alb: &str, id: ListenerId) -> Option<Arc<Table>> {
        self.gateway.table(&ListenerKey { alb: alb.to_owned(), id })
    }

    /// Puts changes into effect. New backends have their servers before a rule leads to them, and old ones keep theirs
    /// until no rule does.
    pub(super) fn apply(
        &mut self,
        delta: &Delta,
        servers: BTreeMap<Backend, Vec<SocketAddr>>,
        secrets: &Secrets,
    ) -> Result<Applied, Failure> {
        for (backend, addresses) in servers {
            self.gateway.set_endpoints(&backend, addresses);
        }
        let fragments = self.extended(delta);
        let touched = self.take_frames(delta, &fragments)?;
        let mut said = self.https.set_secrets(&self.gateway, &self.frames, secrets);
        for alb in touched.iter().filter_map(|name| self.frames.get(name)) {
            self.gateway.configure(alb);
        }
        let changes = fragments.iter().map(|(ingress, fragment)| match fragment {
            Some(fragment) => Change::Put { ingress: ingress.clone(), fragment: Arc::clone(fragment) },
            None => Change::Remove { ingress: ingress.clone() },
        });
        said.extend(self.gateway.apply(changes.collect()).diagnostics);
        for (backend, _) in delta.backends.iter().filter(|(_, servers)| servers.is_none()) {
            self.gateway.set_endpoints(backend, Vec::new());
        }
        Ok(Applied { fragments, said })
    }

    /// The fragments with what `--https` adds to them.
    fn extended(&self, delta: &Delta) -> Fragments {
        let reach = |alb: &str| {
            let new = delta.frames.get(alb).and_then(Option::as_ref);
            new.map(|frame| frame.address_type).or_else(|| self.reach(alb))
        };
        let extend = |fragment: &Arc<Fragment>| match reach(&fragment.alb) {
            Some(AddressType::Internet) => self.https.extend(fragment),
            _ => Arc::clone(fragment),
        };
        let all = delta.fragments.iter();
        all.map(|(ingress, fragment)| (ingress.clone(), fragment.as_ref().map(extend))).collect()
    }

    /// A fragment as it is served.
    pub(super) fn extend(&self, fragment: Fragment) -> Arc<Fragment> {
        let fragment = Arc::new(fragment);
        match self.reach(&fragment.alb) {
            Some(AddressType::Internet) => self.https.extend(&fragment),
            _ => fragment,
        }
    }

    /// Takes new frames in. Returns the load balancers whose frames are otherwise now.
    fn take_frames(&mut self, delta: &Delta, fragments: &Fragments) -> Result<BTreeSet<String>, Failure> {
        let mut touched: BTreeSet<String> = delta.frames.keys().cloned().collect();
        for (name, frame) in &delta.frames {
            match frame {
                Some(frame) => drop(self.frames.insert(name.clone(), frame.clone())),
                None => drop(self.frames.remove(name)),
            }
        }
        let made = self.https.make(&self.gateway, fragments);
        if made.map_err(Failure::system("making a certificate"))? {
            touched.extend(self.frames.keys().cloned());
        }
        for name in &touched {
            if let Some(frame) = self.frames.get_mut(name) {
                self.https.extend_frame(frame);
            }
        }
        Ok(touched)
    }

    /// Binds listeners that are new, and lets go of those that are gone.
    pub(super) fn listen(&mut self) -> Result<(), Failure> {
        let frames: Vec<Alb> = self.frames.values().cloned().collect();
        let wanted: Vec<_> = served_listeners(&frames).collect();
        let is_wanted = |key: &ListenerKey| wanted.iter().any(|(wanted, _)| wanted == key);
        let gone: Vec<_> = self.bound.keys().filter(|key| !is_wanted(key)).cloned().collect();
        for key in gone {
            if let Some(address) = self.bound.remove(&key) {
                self.gateway.unbind(&key, address);
            }
        }
        for (key, reach) in wanted {
            if !self.bound.contains_key(&key) {
                let address = self.bind(&key, reach)?;
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

    /// The port on which a listener says that HTTP/3 is spoken.
    pub(super) fn quic_port(&self, alb: &str, id: ListenerId) -> Option<u16> {
        let listeners = &self.frames.get(alb)?.listeners;
        listeners.iter().find(|listener| listener.id == id)?.quic_port
    }

    /// Whether a listener is open and shown by itself.
    pub(super) fn is_shown(&self, alb: &str, id: ListenerId) -> bool {
        self.address(alb, id).is_some() && !self.is_announced(alb, id)
    }

    /// Whether a listener is one of QUIC that another one leads to.
    pub(super) fn is_announced(&self, alb: &str, id: ListenerId) -> bool {
        let listeners = self.frames.get(alb).into_iter().flat_map(|frame| &frame.listeners);
        id.protocol == Protocol::Quic && listeners.into_iter().any(|other| other.quic_port == Some(id.port))
    }

    /// What to say of listeners that aren't opened and have rules, of which `rules` knows the number.
    pub(super) fn unserved(&self, rules: impl Fn(&str, ListenerId) -> usize) -> Vec<Diagnostic> {
        let listeners =
            self.frames.values().flat_map(|alb| alb.listeners.iter().map(move |listener| (alb, listener)));
        let idle =
            listeners.filter(|(alb, listener)| !is_served(listener) && rules(&alb.name, listener.id) > 0);
        let say = |(alb, listener): (&Alb, &Listener)| {
            let waiting = rules(&alb.name, listener.id);
            let id = listener.id;
            let message =
                format!("listener {id} isn't served: it has no certificate; rules that wait: {waiting}");
            let place = Place::Whole(format!("load balancer {}", alb.name));
            Diagnostic::at(&LISTENER_NOT_SERVED, place, message).help(LISTENER_NOT_SERVED.fix)
        };
        idle.map(say).collect()
    }
}

/// Whether a listener is opened: one that speaks TLS needs a certificate for that.
fn is_served(listener: &Listener) -> bool {
    match listener.id.protocol {
        Protocol::Http => true,
        Protocol::Https | Protocol::Quic => !listener.certificate_secrets.is_empty(),
    }
}

/// Listeners that are opened, port 80 of each load balancer before its others.
fn served_listeners(albs: &[Alb]) -> impl Iterator<Item = (ListenerKey, AddressType)> {
    albs.iter().flat_map(|alb| {
        let served = alb.listeners.iter().filter(|listener| is_served(listener));
        let mut ids: Vec<_> = served.map(|listener| listener.id).collect();
        ids.sort_by_key(|id| (id.port != 80, id.protocol == Protocol::Quic));
        ids.into_iter().map(|id| (ListenerKey { alb: alb.name.clone(), id }, alb.address_type))
    })
}
