//! This program's own client: every generator at hand is far slower than a proxy that passes messages on.

pub(super) fn arguments(host: &str, port: u16, seconds: u64) -> Vec<String> {
    ["websocket", "load", &port.to_string(), host, &seconds.to_string()].map(str::to_owned).to_vec()
}
