//! What net-alb says to the person who wrote the YAML.
//!
//! Every stage is a function `In × Config → Outcome<Out>`: it never fails as a whole. A part that can't be
//! honoured is left out of the value and named by a [`Diagnostic`], so that one bad rule never stops its
//! neighbours. A diagnostic points into an object by [`FieldPath`], not by line: the same one is printed with
//! an excerpt of the file in a terminal and becomes a condition or an Event in a cluster.
//!
//! This crate knows nothing: no serde, no Kubernetes, no terminal.

mod code;
pub mod codes;
mod diagnostic;
pub mod metrics;
mod nearest;
mod outcome;
mod path;

pub use code::{Code, Severity};
pub use diagnostic::{Diagnostic, ObjectRef, Place, Related};
pub use nearest::{by_nearness, nearest, resemblance};
pub use outcome::Outcome;
pub use path::{FieldPath, Segment};
