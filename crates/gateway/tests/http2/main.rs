//! The gateway over HTTP/2, on either side or both: `h2`, tonic and tungstenite are the peers.

#![allow(clippy::unwrap_used, reason = "a test stops where something isn't as it should be")]

mod backends;
mod client;
mod flow;
mod grpc;
mod heads;
mod lifetime;
#[path = "../gateway/notation.rs"]
mod notation;
mod peers;
mod secured;
mod server;
#[path = "../gateway/stream.rs"]
mod stream;
#[path = "../gateway/support.rs"]
mod support;
#[path = "../gateway/tls_client.rs"]
mod tls_client;
mod websocket;

use std::future::Future;
use std::time::Duration;

/// Runs a test. None takes so long.
fn run<T>(test: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime
        .block_on(async { tokio::time::timeout(Duration::from_mins(1), test).await.expect("the test ends") })
}
