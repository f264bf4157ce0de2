//! What whoever operates a process needs: metrics, health and readiness, a dump of what is served, the level of its log.
//!
//! [`Admin`] is an HTTP/1.1 server on a thread of its own, off the way of any request. It knows no gateway and no controller:
//! who counts is a [`net_alb_diag::metrics::Source`], who has more to say adds a path ([`Admin::get`]), and an answer
//! may be a stream that goes on ([`Body::receiver`]).

mod body;
mod log;
mod page;
mod process;
mod readiness;
mod server;
mod zap;

pub use body::Body;
pub use log::{LogControl, LogFormat};
pub use page::{CONTENT_TYPE, encode};
pub use process::Process;
pub use readiness::Readiness;
pub use server::{Admin, Request, Response, Scope, Serving};
