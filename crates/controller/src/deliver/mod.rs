//! Target `alb`: the objects that ALB Ingress Controller makes a load balancer of are kept in the cluster as the stages want them.
//!
//! * [`objects`] is what is wanted and what is found of every object, and what has to be written: pure.
//! * [`routes`] is how far each KIngress is with its Ingresses: applied, taken by the Ingress Controller, in effect: pure.
//! * [`hop`] makes the Service by which an ALB reaches net-alb's gateway.
//! * [`run`] hears the API server, asks the load balancers and writes.
//!
//! What a round costs is in proportion to the objects that have changed. Nothing is written that is right already, so a controller
//! that begins anew writes nothing.

mod clear;
mod difference;
pub mod hop;
mod made;
pub mod objects;
mod probe;
mod role;
pub mod routes;
mod watched;
mod writer;

pub use clear::clear;
pub use role::{Options, Round, Stages, WantedIngress, run};

use crate::acknowledgement::Problem;
use crate::status::Addresses;
use net_alb_api::ObjectKey;

/// What the one who writes status hears of target `alb`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Delivery {
    /// The target is `gateway`: only the gateways count.
    Off,
    /// The target is `alb`: a KIngress is ready once it is delivered, too.
    On,
    /// How far a KIngress is; `None` if nothing of it is delivered any more.
    Kingress(ObjectKey, Option<Delivered>),
}

/// How far a KIngress is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivered {
    /// Which state of it: what [`crate::version()`] says.
    pub version: String,
    /// What is wrong, and what it waits for.
    pub problems: Vec<Problem>,
    /// Where its load balancers are, once it is in effect there.
    pub addresses: Option<Addresses>,
}
