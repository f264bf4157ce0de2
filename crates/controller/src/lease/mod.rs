//! Which controller writes: the one that holds the Lease. The others are as warm, and silent.

mod election;
mod run;

pub use election::{Election, Record, Step, Timing};
pub use run::{Leadership, run};
