//! Certificates for tests, made anew in every run.

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose};

/// A CA that tests trust.
#[derive(Debug)]
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    /// Its certificate.
    pub pem: String,
}

/// A certificate with its key, in PEM.
#[derive(Debug, Clone)]
pub struct Issued {
    /// The certificate.
    pub chain: String,
    /// Its key, PKCS#8.
    pub key: String,
}

impl Authority {
    /// A new one.
    pub fn new(name: &str) -> Authority {
        let mut params = params(&[]);
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::DigitalSignature];
        let key = KeyPair::generate().expect("randomness");
        let certificate = params.self_signed(&key).expect("valid parameters");
        Authority { pem: certificate.pem(), issuer: Issuer::new(params, key) }
    }

    /// A certificate for these hosts.
    pub fn issue(&self, hosts: &[&str]) -> Issued {
        self.issue_with(hosts, |_| {})
    }

    /// A certificate of some other shape.
    pub fn issue_with(&self, hosts: &[&str], adjust: impl FnOnce(&mut CertificateParams)) -> Issued {
        let mut params = params(hosts);
        adjust(&mut params);
        let key = KeyPair::generate().expect("randomness");
        let certificate = params.signed_by(&key, &self.issuer).expect("valid parameters");
        Issued { chain: certificate.pem(), key: key.serialize_pem() }
    }

    /// A certificate for these hosts whose time was over in 2001.
    pub fn issue_expired(&self, hosts: &[&str]) -> Issued {
        self.issue_with(hosts, |params| params.not_after = rcgen::date_time_ymd(2001, 1, 1))
    }

    /// A certificate that only has a common name, as clients of mutual TLS have.
    pub fn issue_to(&self, name: &str) -> Issued {
        self.issue_with(&[], |params| params.distinguished_name.push(DnType::CommonName, name))
    }
}

fn params(hosts: &[&str]) -> CertificateParams {
    let hosts: Vec<String> = hosts.iter().map(|host| (*host).to_owned()).collect();
    let mut params = CertificateParams::new(hosts).expect("valid hosts");
    params.distinguished_name = rcgen::DistinguishedName::new();
    params
}
