//! Which listener of which load balancer is bound to which port of the pod.

use clap::Args;
use net_alb_api::config::Settings;
use net_alb_gateway::{Gateway, ListenerKey};
use net_alb_model::{Alb, Protocol};
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::net::{Ipv4Addr, SocketAddr};

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
    addresses: Addresses,
    bound: BTreeMap<ListenerKey, SocketAddr>,
    unserved: BTreeSet<ListenerKey>,
}

impl Listeners {
    pub(super) fn new(addresses: Addresses) -> Listeners {
        Listeners { addresses, bound: BTreeMap::new(), unserved: BTreeSet::new() }
    }

    /// Binds the listeners of a load balancer that are new.
    pub(super) fn bind(&mut self, gateway: &Gateway, alb: &Alb, settings: &Settings) {
        for listener in &alb.listeners {
            let key = ListenerKey { alb: alb.name.clone(), id: listener.id };
            if self.bound.contains_key(&key) {
                continue;
            }
            let addresses = &self.addresses;
            let asked = match (listener.id.protocol, listener.id.port) {
                (Protocol::Http, 80) if alb.name == settings.internet_class => Some(addresses.listen),
                (Protocol::Http, 80) if alb.name == settings.intranet_class => Some(addresses.listen_local),
                (Protocol::Https | Protocol::Quic, 443) if alb.name == settings.internet_class => {
                    Some(addresses.listen_tls)
                }
                (Protocol::Https, 443) if alb.name == settings.intranet_class => {
                    Some(addresses.listen_local_tls)
                }
                _ => None,
            };
            match asked.map(|address| bind(gateway, &key, address)) {
                Some(Ok(address)) => {
                    tracing::info!("listener {} of {} is at {address}", key.id, key.alb);
                    self.bound.insert(key, address);
                }
                Some(Err(error)) => {
                    tracing::error!("listener {} of {} can't be bound: {error}", key.id, key.alb);
                }
                None => {
                    if self.unserved.insert(key.clone()) {
                        tracing::warn!(
                            "listener {} of {} isn't served: it has no port here",
                            key.id,
                            key.alb
                        );
                    }
                }
            }
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
