//! ALB's security policies, as far as rustls has what they name.

use rustls::crypto::CryptoProvider;
use rustls::crypto::aws_lc_rs::{self, cipher_suite as suite};
use rustls::version::{TLS12, TLS13};
use rustls::{SupportedCipherSuite, SupportedProtocolVersion};
use std::sync::{Arc, OnceLock};

/// Versions and cipher suites that a listener accepts.
///
/// rustls has no TLS 1.0 and 1.1, no CBC, no static RSA and no CCM suites, so a policy never accepts more than its name
/// says, and may accept less. Source: ALB, "TLS security policies".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Policy {
    /// `tls_cipher_policy_1_0`, `_1_1`, `_1_2`, `_1_2_strict`: TLS 1.2, with forward secrecy.
    Tls12,
    /// `tls_cipher_policy_1_2_strict_with_1_3`, and policies made by hand at Alibaba, which the gateway can't look up: TLS 1.2
    /// and 1.3.
    Tls12And13,
    /// QUIC has TLS 1.3 only (RFC 9001 §4.2).
    Tls13,
}

/// The policies' order of suites: 128 bits before 256, as ALB lists them.
const TLS12_SUITES: [SupportedCipherSuite; 4] = [
    suite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
    suite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
    suite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
    suite::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
];

const TLS13_SUITES: [SupportedCipherSuite; 3] =
    [suite::TLS13_AES_128_GCM_SHA256, suite::TLS13_AES_256_GCM_SHA384, suite::TLS13_CHACHA20_POLY1305_SHA256];

impl Policy {
    /// The policy of this name.
    pub(crate) fn named(name: &str) -> Policy {
        match name {
            "tls_cipher_policy_1_0"
            | "tls_cipher_policy_1_1"
            | "tls_cipher_policy_1_2"
            | "tls_cipher_policy_1_2_strict" => Policy::Tls12,
            _ => Policy::Tls12And13,
        }
    }

    pub(crate) fn versions(self) -> &'static [&'static SupportedProtocolVersion] {
        static TLS12_ONLY: [&SupportedProtocolVersion; 1] = [&TLS12];
        static TLS13_ONLY: [&SupportedProtocolVersion; 1] = [&TLS13];
        static BOTH: [&SupportedProtocolVersion; 2] = [&TLS13, &TLS12];
        match self {
            Policy::Tls12 => &TLS12_ONLY,
            Policy::Tls12And13 => &BOTH,
            Policy::Tls13 => &TLS13_ONLY,
        }
    }

    /// Cryptography with this policy's suites, made once.
    pub(crate) fn provider(self) -> Arc<CryptoProvider> {
        static PROVIDERS: [OnceLock<Arc<CryptoProvider>>; 3] = [const { OnceLock::new() }; 3];
        let make = || {
            let cipher_suites = match self {
                Policy::Tls12 => TLS12_SUITES.to_vec(),
                Policy::Tls12And13 => [&TLS13_SUITES[..], &TLS12_SUITES[..]].concat(),
                Policy::Tls13 => TLS13_SUITES.to_vec(),
            };
            Arc::new(CryptoProvider { cipher_suites, ..aws_lc_rs::default_provider() })
        };
        Arc::clone(PROVIDERS[self as usize].get_or_init(make))
    }
}
