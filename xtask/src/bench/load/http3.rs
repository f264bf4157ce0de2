//! HTTP/3, by quic-go's client: `bench/http3`. Debian's h2load has none, and this one needs nothing to build but Go.

use crate::bench::workload::{PATH, REQUEST_HEADERS};

const CONNECTIONS: u32 = 16;
const STREAMS: u32 = 4;

pub(super) fn arguments(host: &str, port: u16, seconds: u64) -> Vec<String> {
    let mut arguments = vec![host.to_owned(), port.to_string(), PATH.to_owned(), seconds.to_string()];
    arguments.extend([CONNECTIONS.to_string(), STREAMS.to_string()]);
    arguments.extend(REQUEST_HEADERS.iter().map(|(name, value)| format!("{name}: {value}")));
    arguments
}
