//! TLS in tests: an HTTPS listener, and clients that trust one CA.

#![allow(dead_code, reason = "no test file uses all of it")]

use crate::notation::fragments;
use crate::support::{Client, PATIENCE, Stream, alb, listener, options};
use net_alb_gateway::{Change, Gateway, ListenerKey, ObjectKey, Options, Pem};
use net_alb_model::{Fragment, Listener, ListenerId, Protocol};
use net_alb_testkit::{Authority, Issued};
use rustls::client::Resumption;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, SupportedProtocolVersion};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::sync::Arc;

const HTTPS: ListenerId = ListenerId { port: 443, protocol: Protocol::Https };

/// A gateway with one HTTPS listener.
pub(crate) struct Secured {
    pub(crate) gateway: Gateway,
    pub(crate) address: SocketAddr,
}

impl Secured {
    /// Serves these rules; each Ingress names the Secret of its own name. TLS 1.2 and 1.3.
    pub(crate) fn new(rules: &str) -> Secured {
        Secured::with(rules, |_| {})
    }

    pub(crate) fn with(rules: &str, adjust: impl FnOnce(&mut Listener)) -> Secured {
        Secured::with_options(rules, options(), adjust)
    }

    pub(crate) fn with_options(rules: &str, options: Options, adjust: impl FnOnce(&mut Listener)) -> Secured {
        let gateway = Gateway::start(options).unwrap();
        configure(&gateway, adjust);
        let address = gateway.bind(&key(), (Ipv4Addr::LOCALHOST, 0).into()).unwrap();
        let secured = Secured { gateway, address };
        secured.apply(rules);
        secured
    }

    /// Sets the listener up in another way.
    pub(crate) fn configure(&self, adjust: impl FnOnce(&mut Listener)) {
        configure(&self.gateway, adjust);
    }

    pub(crate) fn apply(&self, rules: &str) {
        let applied =
            self.gateway.apply(fragments(rules).into_iter().map(|fragment| put(&fragment)).collect());
        assert_eq!(applied.diagnostics, []);
    }

    /// Puts a certificate into a Secret; what there is to say about it.
    pub(crate) fn set(&self, secret: &str, issued: &Issued) -> Vec<String> {
        let pem = Pem { chain: issued.chain.as_bytes(), key: issued.key.as_bytes() };
        let outcome = self.gateway.set_certificate(&secret_key(secret), Some(pem));
        outcome.diagnostics.iter().map(|diagnostic| diagnostic.code.id.to_owned()).collect()
    }

    /// A connection that asks for this host.
    pub(crate) fn connect(&self, trust: &Arc<ClientConfig>, host: &str) -> Result<Client, rustls::Error> {
        connect(self.address, trust, host)
    }

    /// The names in the certificate that is shown for a host.
    pub(crate) fn shown(&self, host: &str) -> String {
        let mut client = connect(self.address, &net_alb_testkit::anybody(), host).unwrap();
        let tls = client.stream.tls.as_mut().unwrap();
        let (_, leaf) = x509_parser::parse_x509_certificate(&tls.peer_certificates().unwrap()[0]).unwrap();
        let names = leaf.subject_alternative_name().unwrap().unwrap();
        names
            .value
            .general_names
            .iter()
            .map(|name| name.to_string().replace("DNSName(", "").replace(')', ""))
            .collect::<Vec<_>>()
            .join(" ")
    }
}

fn configure(gateway: &Gateway, adjust: impl FnOnce(&mut Listener)) {
    let policy = Some("tls_cipher_policy_1_2_strict_with_1_3".to_owned());
    let mut listener = Listener { id: HTTPS, http2: true, security_policy: policy, ..listener() };
    adjust(&mut listener);
    gateway.configure(&alb(listener));
}

fn put(fragment: &Fragment) -> Change {
    let mut fragment = fragment.clone();
    for listener in &mut fragment.listeners {
        listener.id = HTTPS;
        listener.certificate_secrets = vec![fragment.ingress.clone()];
    }
    Change::Put { ingress: fragment.ingress.clone(), fragment: Arc::new(fragment) }
}

pub(crate) fn key() -> ListenerKey {
    ListenerKey { alb: "test".to_owned(), id: HTTPS }
}

pub(crate) fn secret_key(name: &str) -> ObjectKey {
    ObjectKey::new("default", name)
}

/// A handshake with this host, to its end.
pub(crate) fn connect(
    address: SocketAddr,
    config: &Arc<ClientConfig>,
    host: &str,
) -> Result<Client, rustls::Error> {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let name = ServerName::try_from(host.to_owned()).unwrap();
    let mut tls = ClientConnection::new(Arc::clone(config), name).unwrap();
    while tls.is_handshaking() || tls.wants_write() {
        if let Err(error) = tls.complete_io(&mut stream) {
            let error = error.downcast::<rustls::Error>();
            return Err(error.unwrap_or_else(|error| rustls::Error::General(error.to_string())));
        }
    }
    let mut stream = Stream::new(stream);
    stream.tls = Some(tls.into());
    Ok(Client { stream })
}

/// A client that trusts this CA.
pub(crate) fn trusting(authority: &Authority) -> Arc<ClientConfig> {
    Arc::new(config(authority, &[&rustls::version::TLS13, &rustls::version::TLS12], None))
}

/// A client with certain versions and perhaps a certificate of its own.
pub(crate) fn config(
    authority: &Authority,
    versions: &[&'static SupportedProtocolVersion],
    own: Option<&Issued>,
) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(authority.pem.as_bytes()).unwrap()).unwrap();
    let builder = ClientConfig::builder_with_protocol_versions(versions).with_root_certificates(roots);
    let mut config = match own {
        None => builder.with_no_client_auth(),
        Some(own) => {
            let chain = CertificateDer::pem_slice_iter(own.chain.as_bytes()).map(Result::unwrap).collect();
            builder
                .with_client_auth_cert(chain, PrivateKeyDer::from_pem_slice(own.key.as_bytes()).unwrap())
                .unwrap()
        }
    };
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    config.resumption = Resumption::disabled();
    config
}
