use crate::access_log::AccessLog;
use crate::trace::Tracing;
use std::sync::Arc;
use std::time::Duration;

/// How a gateway runs.
#[derive(Debug, Clone)]
pub struct Options {
    /// Threads that serve requests, each with its own sockets and connections. Default: the number of processors.
    pub threads: usize,
    /// Bounds on what clients and backends may ask for.
    pub limits: Limits,
    /// Where finished requests are recorded. Default: nowhere, which costs nothing.
    pub access_log: Option<Arc<dyn AccessLog>>,
    /// The share of requests without an error that is recorded, 0 to 1; those with one always are. Default 1.
    pub access_log_share: f64,
    /// How requests are traced. Default: not at all, which costs nothing.
    pub tracing: Option<Tracing>,
    /// Combinations of Ingress, revision and reason with a number of their own in the metrics; only Ingresses with a gray
    /// release get any, and requests beyond them are summed up. Default 400.
    pub tracked_revisions: usize,
}

impl Default for Options {
    fn default() -> Self {
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        Options {
            threads,
            limits: Limits::default(),
            access_log: None,
            access_log_share: 1.0,
            tracing: None,
            tracked_revisions: 400,
        }
    }
}

/// Bounds on what clients and backends may ask for. How long a client may be idle and a backend may think is in the
/// listener ([`net_alb_model::Listener`]).
#[derive(Debug, Clone)]
pub struct Limits {
    /// Bytes of all header fields of a request together, beyond which it gets 400. Default 32 KiB.
    ///
    /// Source: ALB, "ALB status codes".
    pub header_bytes: usize,
    /// Bytes of a request's URL, beyond which it gets 414. Default 32 KiB.
    ///
    /// Source: ALB, "ALB status codes".
    pub uri_bytes: usize,
    /// From the first byte of a request to the end of its header fields, beyond which it gets 408. Default 10 s.
    pub head_timeout: Duration,
    /// To connect to a backend. Default 5 s, as ALB has it.
    pub connect_timeout: Duration,
    /// How long an unused connection to a backend is kept. Default 4 s: some servers close theirs after 5.
    pub upstream_idle_timeout: Duration,
    /// Unused connections kept for one endpoint by one thread. Default 1024.
    pub upstream_idle: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            header_bytes: 32 * 1024,
            uri_bytes: 32 * 1024,
            head_timeout: Duration::from_secs(10),
            connect_timeout: Duration::from_secs(5),
            upstream_idle_timeout: Duration::from_secs(4),
            upstream_idle: 1024,
        }
    }
}
