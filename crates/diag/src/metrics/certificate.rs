//! What is known of certificates.

use super::{Kind, Metric};

/// All about certificates, in the order of the page.
pub(super) const ALL: &[&Metric] =
    &[&CERTIFICATES, &CERTIFICATE_NOT_AFTER, &CERTIFICATE_SOONEST_NOT_AFTER, &SECRETS_REFUSED];

/// How many there are.
pub static CERTIFICATES: Metric = Metric {
    name: "net_alb_certificates",
    kind: Kind::Gauge,
    help: "Certificates that are served",
    labels: &[],
};

/// When they expire, for those that expire first.
pub static CERTIFICATE_NOT_AFTER: Metric = Metric {
    name: "net_alb_certificate_not_after_timestamp_seconds",
    kind: Kind::Gauge,
    help: "When a certificate expires, in seconds since 1970; only the 100 that expire first",
    labels: &["secret"],
};

/// When the first one expires.
pub static CERTIFICATE_SOONEST_NOT_AFTER: Metric = Metric {
    name: "net_alb_certificate_soonest_not_after_timestamp_seconds",
    kind: Kind::Gauge,
    help: "When the first of all certificates expires, in seconds since 1970",
    labels: &[],
};

/// Secrets that held no certificate that could be served.
pub static SECRETS_REFUSED: Metric = Metric {
    name: "net_alb_secrets_refused",
    kind: Kind::Counter,
    help: "Secrets that were set to no certificate that can be served, or to an expired one; hosts keep the last good one",
    labels: &[],
};
