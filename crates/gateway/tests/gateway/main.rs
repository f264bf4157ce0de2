//! The gateway over real sockets: raw clients on one side, little servers on the other.

#![allow(clippy::unwrap_used, reason = "a test stops where something isn't as it should be")]

mod notation;
mod routing;
mod support;
