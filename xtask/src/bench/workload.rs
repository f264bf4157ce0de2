//! What is measured: the routing, the requests, and the ratios that net-alb promises.

use super::backend::Kind;
use super::front::Front;
use super::load::Generator;
use super::peer::Peer;
use super::routing::{RULE_HEADER, Routing};
use clap::ValueEnum;
use std::fmt::Write;

/// One workload.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Workload {
    /// 1 KiB bodies over 64 keep-alive connections, one host
    Small,
    /// The same over 10,000 hosts
    Hosts,
    /// The same over 2,000 header rules on one host
    Rules,
    /// 64 KiB bodies
    Large,
    /// 1 KiB bodies over 64 TLS connections that stay
    Tls,
    /// A TLS connection for each request, with a whole handshake
    TlsNew,
    /// HTTP/2 in clear, HTTP/1.1 to the backends
    Http2,
    /// Unary gRPC calls, HTTP/2 on both sides
    Grpc,
    /// Messages on 64 WebSocket connections, and back
    Websocket,
    /// HTTP/3, HTTP/1.1 to the backends
    Http3,
    /// One route among 10,000 changes
    Change,
}

/// 10,000 hosts, as the promise says.
const MANY_HOSTS: usize = 10_000;
const MANY_RULES: usize = 2_000;

impl Workload {
    /// For headings.
    pub(super) fn title(self) -> &'static str {
        match self {
            Workload::Small => "1 KiB keep-alive",
            Workload::Hosts => "10,000 hosts",
            Workload::Rules => "2,000 header rules",
            Workload::Large => "64 KiB bodies",
            Workload::Tls => "TLS 1.3, keep-alive",
            Workload::TlsNew => "TLS 1.3, new connections",
            Workload::Http2 => "HTTP/2 to HTTP/1.1",
            Workload::Grpc => "gRPC, unary",
            Workload::Websocket => "WebSocket echo",
            Workload::Http3 => "HTTP/3 to HTTP/1.1",
            Workload::Change => "one route of 10,000 changed",
        }
    }

    /// For file names.
    pub(super) fn name(self) -> &'static str {
        match self {
            Workload::Small => "small",
            Workload::Hosts => "hosts",
            Workload::Rules => "rules",
            Workload::Large => "large",
            Workload::Tls => "tls",
            Workload::TlsNew => "tls-new",
            Workload::Http2 => "http2",
            Workload::Grpc => "grpc",
            Workload::Websocket => "websocket",
            Workload::Http3 => "http3",
            Workload::Change => "change",
        }
    }

    /// What the proxies route.
    pub(super) fn routing(self) -> Routing {
        let (hosts, rules) = match self {
            Workload::Hosts | Workload::Change => (MANY_HOSTS, 0),
            Workload::Rules => (1, MANY_RULES),
            _ => (1, 0),
        };
        Routing { hosts, rules, changed: None }
    }

    /// The way in that is loaded; `None` is HTTP/1.1 in clear.
    pub(super) fn front(self) -> Option<Front> {
        match self {
            Workload::Tls | Workload::TlsNew => Some(Front::Tls),
            Workload::Http2 | Workload::Grpc => Some(Front::Http2),
            Workload::Http3 => Some(Front::Quic),
            _ => None,
        }
    }

    /// What the backends speak.
    pub(super) fn backend(self) -> Kind {
        match self {
            Workload::Grpc => Kind::Grpc,
            Workload::Websocket => Kind::WebSocket,
            _ => Kind::Http,
        }
    }

    /// Who makes the requests.
    pub(super) fn generator(self) -> Generator {
        match self {
            Workload::TlsNew => Generator::H2loadNew,
            Workload::Http2 => Generator::H2load,
            Workload::Grpc => Generator::Ghz,
            Workload::Websocket => Generator::WebSocket,
            Workload::Http3 => Generator::Http3,
            _ => Generator::Wrk,
        }
    }

    /// The path that is asked for, and how many bytes the backend answers there.
    pub(super) fn body(self) -> (&'static str, usize) {
        match self {
            Workload::Large => ("/large", 64 * 1024),
            _ => (PATH, 1024),
        }
    }

    /// The promised ratio of CPU per request, peer ÷ net-alb; `None` where nothing is promised.
    pub(super) fn promise(self, peer: Peer) -> Option<f64> {
        match (self, peer) {
            (Workload::Small | Workload::Hosts, Peer::Envoy) => Some(4.0),
            (Workload::Small, Peer::Nginx) => Some(1.2),
            (Workload::Small, Peer::Haproxy) => Some(1.0),
            (Workload::Hosts, Peer::Nginx) => Some(1.3),
            (Workload::Hosts, Peer::Haproxy) => Some(2.2),
            (Workload::Rules, Peer::Envoy) => Some(8.0),
            (Workload::Rules, Peer::Haproxy) => Some(12.0),
            (Workload::Tls | Workload::Http2, Peer::Envoy) => Some(4.5),
            (Workload::Tls, Peer::Nginx) => Some(1.4),
            (Workload::Tls, Peer::Haproxy) => Some(1.1),
            (Workload::TlsNew, Peer::Envoy) => Some(1.4),
            (Workload::TlsNew, Peer::Nginx | Peer::Haproxy) => Some(1.8),
            (Workload::Http2 | Workload::Http3, Peer::Nginx) | (Workload::Http3, _) => Some(1.5),
            (Workload::Http2, Peer::Haproxy) => Some(1.05),
            _ => None,
        }
    }

    /// The most resident memory that net-alb promises, in bytes.
    pub(super) fn promised_memory(self) -> Option<u64> {
        (self == Workload::Hosts).then_some(40 << 20)
    }

    /// wrk's script: requests prepared once, then cycled; a line of figures at the end.
    pub(super) fn script(self) -> String {
        let Routing { hosts, rules, .. } = self.routing();
        let path = self.body().0;
        let mut script = String::from("local headers = {\n");
        for (name, value) in REQUEST_HEADERS {
            let _ = writeln!(script, "  ['{name}'] = '{value}',");
        }
        script += "}\n";
        let count = hosts.max(rules);
        let _ = write!(script, "local requests = {{}}\nfor i = 0, {} do\n", count - 1);
        if rules > 0 {
            let _ = writeln!(script, "  headers['Host'] = '{}'", Routing::host(0));
            let _ = writeln!(script, "  headers['{RULE_HEADER}'] = tostring(i)");
        } else {
            let host = Routing::host(0).replacen('0', "' .. i .. '", 1);
            let _ = writeln!(script, "  headers['Host'] = '{host}'");
        }
        let _ = writeln!(script, "  requests[i] = wrk.format('GET', '{path}', headers)\nend");
        // A step that is prime to the count, so that neighbours in time aren't neighbours in the table.
        let _ = writeln!(script, "local count, step, next_one = {count}, 7919, 0");
        script + SCRIPT_END
    }
}

/// The path of small answers.
pub(super) const PATH: &str = "/";

/// What a browser or client library sends anyhow.
pub(super) const REQUEST_HEADERS: [(&str, &str); 5] = [
    ("User-Agent", "Mozilla/5.0 (X11; Linux x86_64) bench"),
    ("Accept", "application/json, text/plain, */*"),
    ("Accept-Encoding", "gzip, deflate, br"),
    ("Accept-Language", "en-US,en;q=0.9"),
    ("Cookie", "session=0123456789abcdef0123456789abcdef; theme=dark"),
];

const SCRIPT_END: &str = "\
function request()
  next_one = (next_one + step) % count
  return requests[next_one]
end
function done(summary, latency)
  local e = summary.errors
  print('figures', summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
    e.connect + e.read + e.write + e.status + e.timeout)
end
";
