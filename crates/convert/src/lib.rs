//! Stages 0 and 1, pure: a Knative Service to its KIngress ([`expand()`]), and a KIngress to Ingresses with ALB
//! annotations ([`convert()`]).

mod convert;
mod expand;

pub use convert::convert;
pub use expand::{Expansion, Revision, expand};
