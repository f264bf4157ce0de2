//! TLS: certificates by host, what listeners accept, and connections.

mod certificate;
mod check;
mod client_ca;
mod config;
mod facts;
mod names;
mod policy;
#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test stops where something isn't as it should be")]
mod props;
mod session;
mod store;
mod upstream;

pub(crate) use certificate::Certificate;
pub use certificate::Pem;
pub use check::{check_certificate, check_client_ca};
pub(crate) use client_ca::ClientCas;
pub(crate) use config::ListenerTls;
pub use facts::{ClientCertificate, TlsFacts};
pub(crate) use session::Session;
pub use store::CertificateInfo;
pub(crate) use store::{Certificates, Share};
pub use upstream::BackendTls;
pub(crate) use upstream::{BackendTlsCache, UpstreamTls};
