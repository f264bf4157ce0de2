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

/// How many letters must change to make `typed` into `known`; `None` if that is too many for a slip of the hand.
fn distance(typed: &str, known: &str) -> Option<usize> {
    let limit = (known.chars().count() / 3).clamp(1, 4);
    // The distance is at least the difference in length, and `typed` may be long.
    if typed.len().abs_diff(known.len()) > 4 * limit {
        return None;
    }
    let distance = strsim::osa_distance(&typed.to_lowercase(), &known.to_lowercase());
    (distance <= limit).then_some(distance)
}

/// The candidate that `typed` was probably meant to be, for a message: at most a third of its letters differ.
pub fn nearest<'a>(typed: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let near = candidates.into_iter().filter_map(|known| Some((distance(typed, known)?, known)));
    near.min_by_key(|(distance, _)| *distance).map(|(_, known)| known)
}
