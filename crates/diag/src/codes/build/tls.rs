//! NA2095–NA2099: TLS settings of AlbConfigs.

use crate::{Code, Severity};

/// The gateway accepts less than a TLS policy names.
pub static UNSERVED_TLS_POLICY: Code = Code {
    id: "NA2095",
    reason: "UnservedTlsPolicy",
    severity: Severity::Warning,
    title: "the gateway accepts less than a TLS policy names",
    explanation: "The gateway's TLS (rustls) has TLS 1.2 and 1.3 with forward secrecy and authenticated encryption, and nothing older. A policy never accepts more here than at ALB. A policy made by hand at Alibaba can't be looked up. Source: ALB, \"TLS security policies\".",
    example: "kind: AlbConfig\nspec:\n  listeners:\n  - {port: 443, protocol: HTTPS, securityPolicyId: tls-bp1}\n",
    fix: "name `tls_cipher_policy_1_2_strict_with_1_3`, which has everything that is still safe",
};
