mod convert;

pub use convert::convert;
//! Stages 0 and 1, pure: a Knative Service to its KIngress ([`expand`]), and a KIngress to Ingresses with ALB annotations.

mod expand;

pub use expand::{Expansion, Revision, expand};
