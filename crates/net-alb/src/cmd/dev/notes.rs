//! What `dev` says about an address, beside its hosts: which protocols it speaks beside HTTP/1.1, and how to try them.

use super::curl::quote;
use net_alb_model::Protocol;
use std::net::SocketAddr;
use std::process::Command;
use std::sync::OnceLock;

/// An address, and a host there.
#[derive(Debug, Clone, Copy)]
pub(super) struct Spoken<'a> {
    pub(super) address: SocketAddr,
    pub(super) protocol: Protocol,
    /// Whether answers lead to HTTP/3.
    pub(super) leads_to_quic: bool,
    /// A host with an exact name.
    pub(super) host: Option<&'a str>,
    /// Whether this host's servers speak HTTP/2.
    pub(super) is_http2: bool,
}

/// At most one note of each kind; kinds are in the order in which they are printed.
pub(super) fn of(spoken: Spoken<'_>) -> Vec<(u8, String)> {
    let Spoken { address, host, .. } = spoken;
    match (spoken.protocol, spoken.leads_to_quic) {
        (Protocol::Quic, false) => return vec![(0, http3("HTTP/3 only"))],
        (Protocol::Http, _) => {}
        (_, true) => return vec![(0, http3("HTTP/3 too, announced by Alt-Svc"))],
        (_, false) => return Vec::new(),
    }
    let mut notes = vec![(0, "HTTP/2 too: add --http2-prior-knowledge to a curl line".to_owned())];
    notes.extend(host.map(|host| match spoken.is_http2 {
        false => (1, format!("WebSocket: npx wscat -H {} -c ws://{address}/", quote(&format!("Host: {host}")))),
        true => (
            2,
            format!(
                "gRPC: grpcurl -plaintext -authority {} {address} list (needs a server of yours with reflection: --backend)",
                quote(host)
            ),
        ),
    }));
    notes
}

fn http3(what: &str) -> String {
    let option = if curl_has_http3() { ": add --http3-only to a curl line" } else { "" };
    format!("{what}{option}")
}

/// Whether the curl that is installed can do it.
fn curl_has_http3() -> bool {
    static HAS: OnceLock<bool> = OnceLock::new();
    *HAS.get_or_init(|| {
        let version = Command::new("curl").arg("--version").output();
        version.is_ok_and(|version| String::from_utf8_lossy(&version.stdout).contains("HTTP3"))
    })
}
