//! The live gateway replicas, and what each of them says.

mod slices;
mod subscription;

pub use slices::Slices;
pub use subscription::{Heard, subscribe};
