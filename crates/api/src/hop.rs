//! The hop: what ALB can't say of a KIngress goes from ALB to net-alb's gateway in the cluster, which evaluates the same KIngress.
//!
//! A rule's Ingress can only forward to Services of its own namespace, so each namespace that needs it has a Service [`SERVICE`]
//! without a selector, whose Endpoints are the gateway's pods.

use crate::config::AddressType;

/// The name of the Service.
pub const SERVICE: &str = "net-alb-hop";
/// The Service's port for public hosts: it leads to the gateway's public listener for plain HTTP.
pub const INTERNET_PORT: u16 = 80;
/// The Service's port for cluster-local hosts: it leads to the gateway's cluster-local listener for plain HTTP.
pub const INTRANET_PORT: u16 = 81;

/// The port that Ingresses of a load balancer forward to.
pub fn port(address_type: AddressType) -> u16 {
    match address_type {
        AddressType::Internet => INTERNET_PORT,
        AddressType::Intranet => INTRANET_PORT,
    }
}
