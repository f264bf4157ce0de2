//! TLS to backends.

use super::certificate::roots;
use super::policy::Policy;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{WebPkiServerVerifier, verify_server_name};
use rustls::crypto::{verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{
    CertificateError, ClientConfig, ClientConnection, DigitallySignedStruct, Error, SignatureScheme,
};
use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, Weak};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// Who the servers of a backend must prove to be.
///
/// Source: Knative, `system-internal-tls`: activator and queue-proxy have certificates by Serving's own CA, for `kn-routing` and
/// `kn-user-NAMESPACE` (networking `pkg/certificates/constants.go`); Kourier speaks TLS 1.3 only to them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct BackendTls {
    /// CAs, in PEM.
    pub authorities: Vec<u8>,
    /// One of these names must be in the certificate.
    pub names: Vec<String>,
}

/// How to speak TLS to a server. Connections are shared among backends with the same one.
#[derive(Debug)]
pub(crate) struct UpstreamTls {
    pub(crate) id: u64,
    config: Arc<ClientConfig>,
    /// Where HTTP/2 is spoken.
    http2: Arc<ClientConfig>,
    /// What the server is asked for; without, nothing is (no SNI).
    name: Option<ServerName<'static>>,
}

/// 0 is no TLS.
static NEXT_ID: AtomicU64 = AtomicU64::new(1);

impl UpstreamTls {
    /// Encrypted, and no more: as ALB does, whose HTTPS server groups have no CA to verify servers by.
    pub(crate) fn unverified() -> Option<&'static Arc<UpstreamTls>> {
        static UNVERIFIED: LazyLock<Option<Arc<UpstreamTls>>> =
            LazyLock::new(|| UpstreamTls::new(Policy::Tls12And13, Arc::new(AnyServer), None).map(Arc::new));
        UNVERIFIED.as_ref()
    }

    /// With servers that must prove who they are, by TLS 1.3; the error says what is wrong with the CAs or names.
    pub(crate) fn verified(tls: &BackendTls) -> Result<UpstreamTls, String> {
        let bad_name = |name: &String| format!("`{name}` can't be the name of a server");
        let name = |name: &String| ServerName::try_from(name.clone()).map_err(|_| bad_name(name));
        let names = tls.names.iter().map(name).collect::<Result<Vec<_>, _>>()?;
        let first = names.first().cloned().ok_or("no name is given that servers must prove")?;
        let roots = Arc::new(roots(&tls.authorities)?);
        let by_chain = WebPkiServerVerifier::builder_with_provider(roots, Policy::Tls13.provider()).build();
        let by_chain = by_chain.map_err(|_| "the bundle of CAs can't be used".to_owned())?;
        let verifier = Arc::new(NamedServer { by_chain, names });
        UpstreamTls::new(Policy::Tls13, verifier, Some(first)).ok_or("TLS 1.3 isn't there".to_owned())
    }

    fn new(
        policy: Policy,
        verifier: Arc<dyn ServerCertVerifier>,
        name: Option<ServerName<'static>>,
    ) -> Option<UpstreamTls> {
        let builder = ClientConfig::builder_with_provider(policy.provider());
        let builder = builder.with_protocol_versions(policy.versions()).ok()?;
        let mut config = builder.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        config.enable_sni = name.is_some();
        let mut http2 = config.clone();
        http2.alpn_protocols = vec![b"h2".to_vec()];
        let id = NEXT_ID.fetch_add(1, Ordering::Relaxed);
        Some(UpstreamTls { id, config: Arc::new(config), http2: Arc::new(http2), name })
    }

    /// The client's side of a handshake with this server.
    pub(crate) fn connection(&self, server: SocketAddr) -> Result<ClientConnection, Error> {
        ClientConnection::new(Arc::clone(&self.config), self.name(server))
    }

    /// A connection for HTTP/2, after its handshake; `InvalidData` if the server isn't who it should be, or doesn't speak HTTP/2.
    pub(crate) async fn connect_http2(
        &self,
        stream: TcpStream,
        server: SocketAddr,
    ) -> io::Result<TlsStream<TcpStream>> {
        let stream = TlsConnector::from(Arc::clone(&self.http2)).connect(self.name(server), stream).await?;
        match stream.get_ref().1.alpn_protocol() {
            Some(b"h2") => Ok(stream),
            _ => Err(io::ErrorKind::InvalidData.into()),
        }
    }

    fn name(&self, server: SocketAddr) -> ServerName<'static> {
        self.name.clone().unwrap_or_else(|| ServerName::IpAddress(server.ip().into()))
    }
}

/// Backends with the same CAs and names share connections, and what is needed to make them.
#[derive(Debug, Default)]
pub(crate) struct BackendTlsCache(BTreeMap<BackendTls, Weak<UpstreamTls>>);

impl BackendTlsCache {
    pub(crate) fn get(&mut self, tls: &BackendTls) -> Result<Arc<UpstreamTls>, String> {
        if let Some(known) = self.0.get(tls).and_then(Weak::upgrade) {
            return Ok(known);
        }
        let made = Arc::new(UpstreamTls::verified(tls)?);
        self.0.retain(|_, known| known.strong_count() > 0);
        self.0.insert(tls.clone(), Arc::downgrade(&made));
        Ok(made)
    }
}

/// Believes every server; only the handshake itself must be right.
#[derive(Debug)]
struct AnyServer;

impl ServerCertVerifier for AnyServer {
    fn verify_server_cert(
        &self,
        _certificate: &CertificateDer<'_>,
        _issuers: &[CertificateDer<'_>],
        _name: &ServerName<'_>,
        _ocsp: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &Policy::Tls12And13.provider().signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signed, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &Policy::Tls12And13.provider().signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        Policy::Tls12And13.provider().signature_verification_algorithms.supported_schemes()
    }
}

/// A server with a certificate of a known CA, for one of several names.
#[derive(Debug)]
struct NamedServer {
    by_chain: Arc<WebPkiServerVerifier>,
    names: Vec<ServerName<'static>>,
}

impl ServerCertVerifier for NamedServer {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        issuers: &[CertificateDer<'_>],
        _name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let parsed = ParsedCertificate::try_from(certificate)?;
        let fits = |name: &&ServerName<'_>| verify_server_name(&parsed, name).is_ok();
        let name = self.names.iter().find(fits).ok_or(CertificateError::NotValidForName)?;
        self.by_chain.verify_server_cert(certificate, issuers, name, ocsp, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.by_chain.verify_tls12_signature(message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.by_chain.verify_tls13_signature(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.by_chain.supported_verify_schemes()
    }
}
