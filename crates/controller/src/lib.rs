//! net-alb in a cluster: it watches objects, hears what the gateways serve, and writes KIngress status.
//!
//! * The gateway's side: [`watch`] turns the API server's events into changes, and [`acknowledgement`] is how a replica tells
//!   which KIngress it serves in which [`version()`].
//! * Target `alb`: [`deliver`] keeps the objects in the cluster that ALB Ingress Controller reads.
//! * The controller's side: [`status`] is a pure function of what was asked and what replicas say; `lease` decides who writes.

pub mod access;
pub mod acknowledgement;
pub mod config;
pub mod control;
pub mod deliver;
pub mod embedded;
mod events;
pub mod lease;
pub mod ledger;
pub mod replicas;
pub mod status;
mod version;
pub mod watch;

pub use events::Events;
pub use version::{is_ours, version};
