use rustls::Connection;
use rustls::HandshakeKind;
use rustls::crypto::aws_lc_rs::cipher_suite::TLS13_AES_128_GCM_SHA256;
use rustls::pki_types::CertificateDer;
use std::fmt::Write;
use x509_parser::prelude::{FromDer, X509Certificate};

/// What a TLS handshake has shown, for headers and the access log.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TlsFacts {
    /// The host that the client asked for (SNI), in lower case.
    pub server_name: Option<String>,
    /// `TLSv1.2` or `TLSv1.3`.
    pub version: &'static str,
    /// The cipher suite, by its IANA name.
    pub cipher: String,
    /// Whether an earlier session went on.
    pub resumed: bool,
    /// The client's certificate, where one is asked for; it has been verified.
    pub client: Option<ClientCertificate>,
}

/// What ALB tells backends of a client's certificate.
///
/// Source: ALB API, `XForwardedForConfig`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ClientCertificate {
    /// Distinguished name of the owner, `CN=client,O=example`.
    pub subject: String,
    /// Distinguished name of the issuer.
    pub issuer: String,
    /// SHA-256 of the certificate, in lower-case hexadecimal.
    pub fingerprint: String,
}

impl TlsFacts {
    pub(crate) fn of(connection: &Connection) -> TlsFacts {
        let server_name = match connection {
            Connection::Server(server) => server.server_name().map(str::to_ascii_lowercase),
            Connection::Client(_) => None,
        };
        let version = match connection.protocol_version() {
            Some(rustls::ProtocolVersion::TLSv1_3) => "TLSv1.3",
            Some(rustls::ProtocolVersion::TLSv1_2) => "TLSv1.2",
            _ => "",
        };
        let suite = connection.negotiated_cipher_suite();
        TlsFacts {
            server_name,
            version,
            cipher: suite
                .and_then(|suite| suite.suite().as_str())
                .unwrap_or_default()
                .replace("TLS13_", "TLS_"),
            resumed: connection.handshake_kind() == Some(HandshakeKind::Resumed),
            client: connection.peer_certificates().and_then(|chain| ClientCertificate::of(chain.first()?)),
        }
    }
}

impl ClientCertificate {
    fn of(certificate: &CertificateDer<'_>) -> Option<ClientCertificate> {
        let (_, parsed) = X509Certificate::from_der(certificate).ok()?;
        let sha256 = TLS13_AES_128_GCM_SHA256.tls13()?.common.hash_provider;
        let digest = sha256.hash(certificate);
        let fingerprint = digest.as_ref().iter().fold(String::new(), |mut text, byte| {
            // Writing into memory can't fail.
            let _ = write!(text, "{byte:02x}");
            text
        });
        let (subject, issuer) = (parsed.subject().to_string(), parsed.issuer().to_string());
        Some(ClientCertificate { subject, issuer, fingerprint })
    }
}
