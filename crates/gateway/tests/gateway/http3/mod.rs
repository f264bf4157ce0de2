//! HTTP/3 over real sockets. The clients are the `h3` crate's, and packets written by hand where no library would send them.

mod announced;
mod bodies;
pub(crate) mod client;
mod lifetime;
mod migration;
mod refused;
mod retry;
mod routing;
mod uploads;
mod websocket;
