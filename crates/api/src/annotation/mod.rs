//! The annotations that net-alb reads and writes, typed.
//!
//! `convert` encodes, `model` decodes; a property test holds `decode ∘ encode = identity`. Which keys exist, what they
//! mean and who honours them is in one registry, from which `docs/reference/annotations.md` is generated.

mod action;
pub mod article;
mod condition;
pub mod decode;
pub mod extension;
pub mod gray;
pub mod header;
pub mod knative;
pub mod registry;

pub use action::{
    Action, FixedResponse, ForwardConfig, InsertHeader, KeyConfig, Redirect, Rewrite, ServerGroup,
    StickySession, TrafficLimit, TrafficMirror,
};
pub use condition::{Condition, KeyValue, KeyValues, KeyedValues, Values};

/// The prefix of Alibaba's keys.
pub const ALB: &str = "alb.ingress.kubernetes.io/";

/// `alb.ingress.kubernetes.io/actions.NAME`: what a rule does whose backend is the Service `NAME`.
pub fn actions_key(backend: &str) -> String {
    format!("{ALB}actions.{backend}")
}

/// `alb.ingress.kubernetes.io/conditions.NAME`: what a request must also have for such a rule.
pub fn conditions_key(backend: &str) -> String {
    format!("{ALB}conditions.{backend}")
}

/// The port name that says "the final action is in the annotation".
pub const USE_ANNOTATION: &str = "use-annotation";
