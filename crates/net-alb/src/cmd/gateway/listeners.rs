//! Which listener of which load balancer is bound to which port of the pod.

use clap::Args;
use net_alb_api::Service;
use net_alb_api::config::Settings;
use net_alb_controller::embedded::target_ports;
use net_alb_gateway::{Gateway, ListenerKey};
use net_alb_model::{Alb, ListenerId, Protocol};
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

/// The ports of the pod.
#[derive(Debug, Clone, Copy, Args)]
pub(super) struct Addresses {
    /// Where public hosts are served by HTTP
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "[::]:8080")]
    listen: SocketAddr,
    /// Where public hosts are served by HTTPS, and by HTTP/3 on the same UDP port
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "[::]:8443")]
    listen_tls: SocketAddr,
    /// Where cluster-local hosts are served by HTTP
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "[::]:8081")]
    listen_local: SocketAddr,
    /// Where cluster-local hosts are served by HTTPS
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "[::]:8444")]
    listen_local_tls: SocketAddr,
}

/// The two load balancers of Knative at their ports. Others are not this gateway's: their Services would have to lead elsewhere.
#[derive(Debug)]
pub(super) struct Listeners {
    places: Places,
    bound: BTreeMap<ListenerKey, SocketAddr>,
    unserved: BTreeSet<ListenerKey>,
}

/// Where listeners are.
#[derive(Debug)]
enum Places {
    /// Those of Knative's two load balancers at these addresses, others nowhere.
    Knative(Addresses),
    /// Those of every AlbConfig, each at the port that its Service leads to.
    Services(Services),
}

/// What is known of load balancers' Services, and which listeners wait for theirs.
#[derive(Debug, Default)]
struct Services {
    ports: BTreeMap<String, BTreeMap<u16, u16>>,
    listeners: BTreeMap<String, Vec<ListenerId>>,
}

impl Listeners {
    pub(super) fn new(addresses: Addresses) -> Listeners {
        Listeners::at(Places::Knative(addresses))
    }

    /// The listeners of every AlbConfig.
    pub(super) fn of_every_alb() -> Listeners {
        Listeners::at(Places::Services(Services::default()))
    }

    fn at(places: Places) -> Listeners {
        Listeners { places, bound: BTreeMap::new(), unserved: BTreeSet::new() }
    }

    /// A load balancer's Service is so now: its listeners that wait for it are bound.
    pub(super) fn place(&mut self, gateway: &Gateway, service: &Service) {
        let Places::Services(services) = &mut self.places else { return };
        let Some((alb, ports)) = target_ports(service) else { return };
        services.ports.insert(alb.clone(), ports);
        for id in services.listeners.get(&alb).cloned().unwrap_or_default() {
            self.bind_one(gateway, ListenerKey { alb: alb.clone(), id }, &Settings::default());
        }
    }

    /// Binds the listeners of a load balancer that are new.
    pub(super) fn bind(&mut self, gateway: &Gateway, alb: &Alb, settings: &Settings) {
        if let Places::Services(services) = &mut self.places {
            let ids = alb.listeners.iter().map(|listener| listener.id);
            services.listeners.insert(alb.name.clone(), ids.collect());
        }
        for listener in &alb.listeners {
            let key = ListenerKey { alb: alb.name.clone(), id: listener.id };
            self.bind_one(gateway, key, settings);
        }
    }

    fn bind_one(&mut self, gateway: &Gateway, key: ListenerKey, settings: &Settings) {
        let place = self.places.of(&key, settings);
        if self.bound.get(&key).is_some_and(|at| place.is_none_or(|place| at.port() == place.port())) {
            return;
        }
        match place.map(|address| bind(gateway, &key, address)) {
            Some(Ok(address)) => {
                tracing::info!("listener {} of {} is at {address}", key.id, key.alb);
                self.bound.insert(key, address);
            }
            Some(Err(error)) => {
                tracing::error!("listener {} of {} can't be bound: {error}", key.id, key.alb);
            }
            // Its Service comes later.
            None if matches!(self.places, Places::Services(_)) => {}
            None => {
                if self.unserved.insert(key.clone()) {
                    tracing::warn!("listener {} of {} isn't served: it has no port here", key.id, key.alb);
                }
            }
        }
    }
}

impl Places {
    fn of(&self, key: &ListenerKey, settings: &Settings) -> Option<SocketAddr> {
        let addresses = match self {
            Places::Knative(addresses) => addresses,
            Places::Services(services) => {
                let port = *services.ports.get(&key.alb)?.get(&key.id.port)?;
                return Some((Ipv6Addr::UNSPECIFIED, port).into());
            }
        };
        match (key.id.protocol, key.id.port) {
            (Protocol::Http, 80) if key.alb == settings.internet_class => Some(addresses.listen),
            (Protocol::Http, 80) if key.alb == settings.intranet_class => Some(addresses.listen_local),
            (Protocol::Https | Protocol::Quic, 443) if key.alb == settings.internet_class => {
                Some(addresses.listen_tls)
            }
            (Protocol::Https, 443) if key.alb == settings.intranet_class => Some(addresses.listen_local_tls),
            _ => None,
        }
    }
}

/// Binds; on a node without IPv6 to all IPv4 addresses in place of all.
fn bind(gateway: &Gateway, key: &ListenerKey, address: SocketAddr) -> io::Result<SocketAddr> {
    match gateway.bind(key, address) {
        Err(_) if address.is_ipv6() && address.ip().is_unspecified() => {
            gateway.bind(key, (Ipv4Addr::UNSPECIFIED, address.port()).into())
        }
        other => other,
    }
}
