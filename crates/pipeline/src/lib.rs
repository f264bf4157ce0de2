//! Stages 0 to 2, change by change.
//!
//! A [`Pipeline`] holds the objects that it was told of. It is told of [`Change`]s, any number at once, and answers with a
//! [`Delta`]: which Ingresses' fragments are otherwise now, which load balancers, which backends and where their servers are,
//! which Secrets are needed, and what there is to say about each object. A pipeline that is fed once is the same stages for a
//! batch: it doesn't matter in which order and in how many pieces the changes come, only what the last word about each object was.
//!
//! # What a change costs
//!
//! The unit of work is one KIngress, or one Ingress that somebody wrote. What it looked up while it was worked on (Services,
//! Secrets) is noted, so a change of these works on exactly those that looked. Hosts and canaries are indexed: KIngresses that
//! claim one host, and Ingresses that are canaries of each other, are worked on together. An AlbConfig, an IngressClass and a
//! ConfigMap concern everything of theirs. [`Pipeline::work`] counts.
//!
//! # Whose host it is
//!
//! A host belongs to one KIngress: the oldest by `creationTimestamp`, then the first by `namespace/name`. The others are converted
//! without that host and are told; when the owner goes, the next one has it. Kourier refuses the later KIngress as a whole
//! (`DomainConflict`, net-kourier `pkg/reconciler/ingress`); here its other hosts are served.
//!
//! # What it keeps
//!
//! The objects that were given, packed and without what no stage reads (`status`, `managedFields`, a Secret's bytes), and of what was made
//! only digests and numbers: Ingresses and fragments go out with the delta and are made again where they are needed again.

mod apply;
mod backends;
mod balancer;
mod bootstrap;
mod change;
mod claims;
mod delta;
mod diagnostics;
mod endpoints;
mod evaluate;
mod hosts;
mod inputs;
mod install;
mod part;
mod pipeline;
mod places;
mod placing;
mod root;
mod store;
mod trim;
mod whole;

pub use change::Change;
pub use delta::Delta;
pub use endpoints::Servers;
pub use pipeline::{Pipeline, Work};
