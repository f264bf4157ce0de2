//! The gateway over real sockets: raw clients on one side, little servers on the other.

#![allow(clippy::unwrap_used, reason = "a test stops where something isn't as it should be")]

mod actions;
mod bodies;
mod changes;
mod corpus;
mod floods;
mod headers;
mod http3;
mod lifetime;
mod messages;
mod metrics;
mod mutual_tls;
mod notation;
mod refused;
mod routing;
mod stream;
mod support;
mod tls;
mod tls_client;
mod tls_sessions;
mod tracing;
mod upgrade;
mod upstream;
mod upstream_tls;
