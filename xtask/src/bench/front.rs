//! What a proxy speaks at its second port, beside HTTP/1.1 in clear at its first.

use anyhow::Result;
use std::fs;
use std::path::Path;

/// A second way in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Front {
    /// HTTP/1.1 by TLS.
    Tls,
    /// HTTP/2 in clear, with prior knowledge.
    Http2,
    /// HTTP/3.
    Quic,
}

/// What the peers show by TLS: for a key on P-256, signed by itself, in PEM.
#[derive(Debug, Clone)]
pub(super) struct Certificate {
    pub chain: String,
    pub key: String,
}

impl Certificate {
    /// A new one.
    pub(super) fn new(host: &str) -> Result<Self> {
        let made = rcgen::generate_simple_self_signed([host.to_owned()])?;
        Ok(Certificate { chain: made.cert.pem(), key: made.signing_key.serialize_pem() })
    }

    /// As `cert.pem`, `key.pem`, and both in `both.pem`, which is HAProxy's way.
    pub(super) fn write(&self, folder: &Path) -> Result<()> {
        fs::write(folder.join("cert.pem"), &self.chain)?;
        fs::write(folder.join("key.pem"), &self.key)?;
        Ok(fs::write(folder.join("both.pem"), format!("{}{}", self.chain, self.key))?)
    }
}
