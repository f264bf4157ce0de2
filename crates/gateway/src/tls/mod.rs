//! TLS: certificates by host, what listeners accept, and connections.

mod certificate;
mod config;
mod facts;
mod names;
mod policy;
mod session;
mod store;

pub(crate) use certificate::Certificate;
pub use certificate::Pem;
pub(crate) use config::ListenerTls;
pub use facts::{ClientCertificate, TlsFacts};
pub(crate) use session::Session;
pub(crate) use store::{Certificates, Share};
