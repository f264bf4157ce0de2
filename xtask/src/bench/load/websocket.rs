//! This program's own client, so that the load costs little beside a proxy that only passes messages on.

pub(super) fn arguments(host: &str, port: u16, seconds: u64) -> Vec<String> {
    ["websocket", "load", &port.to_string(), host, &seconds.to_string()].map(str::to_owned).to_vec()
}
