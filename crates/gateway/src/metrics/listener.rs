use super::counter::{Counter, Durations, Level};
use crate::http1::request::Version;
use std::time::Duration;

/// Counts by class of status: 2xx is 2, what is no status is 0.
pub(crate) type ByCode = [Counter; 6];

/// Names of the classes.
pub(crate) const CODES: [&str; 6] = ["none", "1xx", "2xx", "3xx", "4xx", "5xx"];

/// A status' place in [`ByCode`].
pub(crate) fn class(status: u16) -> usize {
    let class = usize::from(status / 100);
    if class < CODES.len() { class } else { 0 }
}

/// What one thread has seen of one listener. A block of its own, so that no two threads write into one cache line.
#[derive(Debug, Default)]
#[repr(align(128))]
pub(crate) struct ListenerMetrics {
    by_protocol: [ProtocolMetrics; Version::ALL.len()],
    pub(crate) durations: Durations,
    pub(crate) received: Counter,
    pub(crate) sent: Counter,
    pub(crate) tunnels: Level,
    pub(crate) tls_handshakes: Counter,
    pub(crate) tls_failures: Counter,
}

/// A listener's part that speaks one protocol.
#[derive(Debug, Default)]
pub(crate) struct ProtocolMetrics {
    pub(crate) requests: ByCode,
    pub(crate) active: Level,
    pub(crate) connections: Counter,
    pub(crate) open: Level,
}

/// What is counted of a request that is over.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Finished {
    pub(crate) status: u16,
    pub(crate) received: u64,
    pub(crate) sent: u64,
    /// `None`: it was upgraded, and took as long as both sides wished.
    pub(crate) duration: Option<Duration>,
}

impl ListenerMetrics {
    pub(crate) fn of(&self, version: Version) -> &ProtocolMetrics {
        &self.by_protocol[version as usize]
    }

    /// A request is over.
    pub(crate) fn finish(&self, version: Version, request: &Finished) {
        self.of(version).requests[class(request.status)].add(1);
        self.received.add(request.received);
        self.sent.add(request.sent);
        if let Some(duration) = request.duration {
            self.durations.record(duration);
        }
    }
}
