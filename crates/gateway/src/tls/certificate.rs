//! A certificate with its key, as a Secret holds it.

use net_alb_model::ObjectKey;
use rustls::RootCertStore;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use x509_parser::prelude::{FromDer, GeneralName, X509Certificate};

/// What a Secret of type `kubernetes.io/tls` holds. It prints without the key.
#[derive(Clone, Copy)]
pub struct Pem<'a> {
    /// `tls.crt`: the certificate, then its issuers.
    pub chain: &'a [u8],
    /// `tls.key`: PKCS#8, SEC1 or PKCS#1.
    pub key: &'a [u8],
}

impl fmt::Debug for Pem<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pem").field("chain", &self.chain.len()).field("key", &"[redacted]").finish()
    }
}

/// A certificate that can be served.
#[derive(Debug)]
pub(crate) struct Certificate {
    pub(crate) certified: Arc<CertifiedKey>,
    /// The hosts it's for, in lower case and sorted; `*.` stands for one label.
    pub(crate) names: Vec<String>,
    pub(crate) not_after: SystemTime,
}

impl Certificate {
    /// Reads one; the error says what is wrong with it, without the key.
    pub(crate) fn parse(pem: Pem<'_>) -> Result<Certificate, String> {
        let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_slice_iter(pem.chain)
            .collect::<Result<_, _>>()
            .map_err(|_| "`tls.crt` is no PEM".to_owned())?;
        let leaf = chain.first().ok_or("`tls.crt` has no certificate")?;
        let (_, parsed) =
            X509Certificate::from_der(leaf).map_err(|_| "the certificate in `tls.crt` is broken")?;
        let names = names(&parsed);
        let not_after = u64::try_from(parsed.validity().not_after.timestamp()).unwrap_or(0);
        let key = PrivateKeyDer::from_pem_slice(pem.key)
            .map_err(|_| "`tls.key` is no private key in PEM".to_owned())?;
        let certified = CertifiedKey::from_der(chain, key, &aws_lc_rs::default_provider())
            .map_err(|error| describe(&error))?;
        Ok(Certificate {
            certified: Arc::new(certified),
            names,
            not_after: SystemTime::UNIX_EPOCH + Duration::from_secs(not_after),
        })
    }

    /// Whether it's for this host; `wildcard` is the host with its first label as `*`.
    pub(crate) fn covers(&self, host: &str, wildcard: &str) -> bool {
        let has = |name: &str| self.names.binary_search_by(|own| own.as_str().cmp(name)).is_ok();
        has(host) || has(wildcard)
    }

    /// The end of its time, `Sun, 22 Nov 2026 10:00:00 GMT`.
    pub(crate) fn last_moment(&self) -> String {
        httpdate::fmt_http_date(self.not_after)
    }

    pub(crate) fn is_expired(&self) -> bool {
        self.not_after < SystemTime::now()
    }
}

fn describe(error: &rustls::Error) -> String {
    match error {
        rustls::Error::InconsistentKeys(_) => "`tls.key` is not the key of `tls.crt`".to_owned(),
        rustls::Error::InvalidCertificate(_) => "the certificate in `tls.crt` is broken".to_owned(),
        _ => "the key in `tls.key` is of a kind or size that can't be used".to_owned(),
    }
}

/// The hosts of a certificate: its DNS names, or where it has none its common name (RFC 6125 §6.4.4).
fn names(certificate: &X509Certificate<'_>) -> Vec<String> {
    let extension = certificate.subject_alternative_name().ok().flatten();
    let general = extension.iter().flat_map(|extension| &extension.value.general_names);
    let mut names: Vec<String> = general
        .filter_map(|name| match name {
            GeneralName::DNSName(name) => Some(name.to_ascii_lowercase()),
            _ => None,
        })
        .collect();
    if names.is_empty() {
        let common = certificate.subject().iter_common_name().filter_map(|name| name.as_str().ok());
        names.extend(common.filter(|name| !name.contains(' ')).map(str::to_ascii_lowercase));
    }
    names.sort_unstable();
    names.dedup();
    names
}

/// The certificate of one Secret, swappable while handshakes read it.
#[derive(Debug)]
pub(crate) struct Cell {
    pub(crate) secret: Arc<ObjectKey>,
    pub(crate) current: arc_swap::ArcSwapOption<Certificate>,
}

/// The certificates of a bundle of CAs, in PEM; the error says what is wrong with it.
pub(crate) fn roots(pem: &[u8]) -> Result<RootCertStore, String> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(pem) {
        let certificate = certificate.map_err(|_| "the bundle of CAs is no PEM".to_owned())?;
        roots.add(certificate).map_err(|_| "a certificate in the bundle of CAs is broken".to_owned())?;
    }
    if roots.is_empty() { Err("the bundle of CAs has no certificate".to_owned()) } else { Ok(roots) }
}
