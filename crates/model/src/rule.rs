use crate::{Action, Condition};
use net_alb_api::ObjectKey;
use serde::Serialize;
use std::fmt;

/// One forwarding rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Rule {
    /// What it is, by meaning.
    pub id: RuleId,
    /// When it is tried; not printed, since the list is in this order.
    #[serde(skip)]
    pub priority: Priority,
    /// Requests, or answers on their way back.
    #[serde(skip_serializing_if = "Direction::is_request")]
    pub direction: Direction,
    /// Why somebody wants it: `header`, `cookie`, `tag header`, `weight`, …; from our annotation, else from its conditions.
    pub reason: String,
    /// All must hold; none means every request.
    pub conditions: Vec<Condition>,
    /// In the order of execution; a request rule ends in its final action.
    pub actions: Vec<Action>,
}

/// A rule's identity: `namespace/ingress/backend:port http://host/path`, without the port where the forward is in the annotation;
/// `*` for any host, `https` and `quic` for such listeners, ` #2` for the second of its like. It is unique in a load balancer, and
/// inserting another rule doesn't change it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct RuleId(pub String);

impl fmt::Display for RuleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// When a rule is tried: smaller first. It holds across Ingresses without numbering them, so that adding one
/// renumbers nothing; ALB's 1, 2, 3 … are the positions in [`crate::Listener::rules`].
///
/// Source: Alibaba's open controller, `sortGroupMembers`: `order`, then the string `namespace/name`, then position.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Priority {
    /// The annotation `order`, 1–1000, default 10.
    pub order: u16,
    /// The Ingress.
    pub ingress: ObjectKey,
    /// Position of the path in the Ingress, over all of its rules.
    pub index: u32,
}

/// Which way a rule looks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Direction {
    /// Requests.
    #[default]
    Request,
    /// Answers: conditions may look at status and headers, actions are `InsertHeader` and `RemoveHeader` or a
    /// `FixedResponse`.
    Response,
}

impl Direction {
    #[allow(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
    fn is_request(&self) -> bool {
        *self == Direction::Request
    }
}
