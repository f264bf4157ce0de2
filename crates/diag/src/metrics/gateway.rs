//! What the gateway counts.

use super::{Kind, Metric};

/// All of the gateway's, in the order of the page.
pub(super) const ALL: &[&Metric] = &[
    &REQUESTS,
    &REQUEST_DURATION,
    &REQUESTS_ACTIVE,
    &REQUEST_ERRORS,
    &REQUEST_BYTES,
    &RESPONSE_BYTES,
    &CONNECTIONS,
    &CONNECTIONS_ACTIVE,
    &TUNNELS_ACTIVE,
    &REVISION_REQUESTS,
    &REVISIONS_TRACKED,
    &UPSTREAM_CONNECTS,
    &UPSTREAM_CONNECT_FAILURES,
    &UPSTREAM_REUSES,
    &UPSTREAM_RETRIES,
    &TLS_HANDSHAKES,
    &TLS_HANDSHAKE_FAILURES,
    &CONFIG_GENERATION,
    &CONFIG_APPLY_DURATION,
    &RULES,
    &CONFIG_DIAGNOSTICS,
    &ACCESS_LOG_DROPPED,
    &SPANS_EXPORTED,
    &SPANS_DROPPED,
];

/// Requests that are over.
pub static REQUESTS: Metric = Metric {
    name: "net_alb_requests",
    kind: Kind::Counter,
    help: "Requests that are over, by the client's protocol and the class of the answer's status",
    labels: &["listener", "protocol", "code"],
};

/// How long requests took.
pub static REQUEST_DURATION: Metric = Metric {
    name: "net_alb_request_duration_seconds",
    kind: Kind::Histogram,
    help: "From a request's head to the end of its answer; upgraded connections aren't counted",
    labels: &["listener"],
};

/// Requests that are going on.
pub static REQUESTS_ACTIVE: Metric = Metric {
    name: "net_alb_requests_active",
    kind: Kind::Gauge,
    help: "Requests that are going on; with h2 and h3 these are the open streams",
    labels: &["listener", "protocol"],
};

/// Requests that the gateway answered by itself or gave up, by `x-net-alb-error`.
pub static REQUEST_ERRORS: Metric = Metric {
    name: "net_alb_request_errors",
    kind: Kind::Counter,
    help: "Requests that the gateway answered by itself or gave up, by the reason that is in the header x-net-alb-error",
    labels: &["reason"],
};

/// Bytes of requests.
pub static REQUEST_BYTES: Metric = Metric {
    name: "net_alb_request_bytes",
    kind: Kind::Counter,
    help: "Bytes of requests, heads and bodies",
    labels: &["listener"],
};

/// Bytes of answers.
pub static RESPONSE_BYTES: Metric = Metric {
    name: "net_alb_response_bytes",
    kind: Kind::Counter,
    help: "Bytes of answers, heads and bodies",
    labels: &["listener"],
};

/// Connections of clients.
pub static CONNECTIONS: Metric = Metric {
    name: "net_alb_connections",
    kind: Kind::Counter,
    help: "Connections that clients have made",
    labels: &["listener", "protocol"],
};

/// Connections of clients that are open.
pub static CONNECTIONS_ACTIVE: Metric = Metric {
    name: "net_alb_connections_active",
    kind: Kind::Gauge,
    help: "Connections of clients that are open",
    labels: &["listener", "protocol"],
};

/// Upgraded connections.
pub static TUNNELS_ACTIVE: Metric = Metric {
    name: "net_alb_tunnels_active",
    kind: Kind::Gauge,
    help: "Requests that were upgraded, to WebSocket for example, and are still open",
    labels: &["listener"],
};

/// Requests by the revision that they were sent to: the weight as it is observed.
pub static REVISION_REQUESTS: Metric = Metric {
    name: "net_alb_revision_requests",
    kind: Kind::Counter,
    help: "Requests by the revision (the Service) that was chosen and why; only Ingresses with a gray release, the \
           others' requests are summed in `other`",
    labels: &["namespace", "ingress", "revision", "reason", "tag", "code"],
};

/// Revisions with numbers of their own.
pub static REVISIONS_TRACKED: Metric = Metric {
    name: "net_alb_revisions_tracked",
    kind: Kind::Gauge,
    help: "Combinations of Ingress, revision, reason and tag that have a number of their own in net_alb_revision_requests",
    labels: &[],
};

/// Connections to servers.
pub static UPSTREAM_CONNECTS: Metric = Metric {
    name: "net_alb_upstream_connects",
    kind: Kind::Counter,
    help: "Connections to servers that were opened",
    labels: &[],
};

/// Connections to servers that failed.
pub static UPSTREAM_CONNECT_FAILURES: Metric = Metric {
    name: "net_alb_upstream_connect_failures",
    kind: Kind::Counter,
    help: "Connections to servers that couldn't be opened: connect-failed or connect-timeout",
    labels: &["reason"],
};

/// Requests on connections to servers that were there already.
pub static UPSTREAM_REUSES: Metric = Metric {
    name: "net_alb_upstream_reuses",
    kind: Kind::Counter,
    help: "Requests that were sent on a connection that was open already",
    labels: &[],
};

/// Requests that were sent again.
pub static UPSTREAM_RETRIES: Metric = Metric {
    name: "net_alb_upstream_retries",
    kind: Kind::Counter,
    help: "Requests that were sent again, or to another server, because the first one couldn't be reached or had gone",
    labels: &[],
};

/// TLS handshakes that succeeded.
pub static TLS_HANDSHAKES: Metric = Metric {
    name: "net_alb_tls_handshakes",
    kind: Kind::Counter,
    help: "TLS handshakes with clients that succeeded",
    labels: &["listener"],
};

/// TLS handshakes that failed.
pub static TLS_HANDSHAKE_FAILURES: Metric = Metric {
    name: "net_alb_tls_handshake_failures",
    kind: Kind::Counter,
    help: "TLS handshakes with clients that failed or took too long",
    labels: &["listener"],
};

/// Which rules are in effect.
pub static CONFIG_GENERATION: Metric = Metric {
    name: "net_alb_config_generation",
    kind: Kind::Gauge,
    help: "Counts the changes of rules; the last one is in effect",
    labels: &[],
};

/// How long changes take.
pub static CONFIG_APPLY_DURATION: Metric = Metric {
    name: "net_alb_config_apply_seconds",
    kind: Kind::Histogram,
    help: "How long it took to compile a change of rules and to put it into effect",
    labels: &[],
};

/// Rules of a listener.
pub static RULES: Metric =
    Metric { name: "net_alb_rules", kind: Kind::Gauge, help: "Rules of a listener", labels: &["listener"] };

/// What there was to say about the configuration.
pub static CONFIG_DIAGNOSTICS: Metric = Metric {
    name: "net_alb_config_diagnostics",
    kind: Kind::Gauge,
    help: "Diagnostics about the configuration as it was read last",
    labels: &["severity"],
};

/// Lines of the access log that nobody will read.
pub static ACCESS_LOG_DROPPED: Metric = Metric {
    name: "net_alb_access_log_dropped",
    kind: Kind::Counter,
    help: "Lines of the access log that were left out because its reader is too slow",
    labels: &[],
};

/// Spans that a collector has taken.
pub static SPANS_EXPORTED: Metric = Metric {
    name: "net_alb_spans_exported",
    kind: Kind::Counter,
    help: "Spans of traces that the collector has taken",
    labels: &[],
};

/// Spans that are lost.
pub static SPANS_DROPPED: Metric = Metric {
    name: "net_alb_spans_dropped",
    kind: Kind::Counter,
    help: "Spans of traces that are lost: the queue was full, or the collector didn't take them",
    labels: &[],
};
