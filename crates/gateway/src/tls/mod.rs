//! TLS: certificates by host, what listeners accept, and connections.

mod certificate;
mod client_ca;
mod config;
mod facts;
mod names;
mod policy;
mod session;
mod store;

pub(crate) use certificate::Certificate;
pub use certificate::Pem;
pub(crate) use client_ca::ClientCas;
pub(crate) use config::ListenerTls;
pub use facts::{ClientCertificate, TlsFacts};
pub(crate) use session::Session;
pub use store::CertificateInfo;
pub(crate) use store::{Certificates, Share};
