//! HAProxy: a map from host to `backend`, one backend a host, as ingress controllers write it; rules as a list of
//! `use_backend … if`, which it tries in order.

use super::super::backend::Kind;
use super::super::front::Front;
use super::super::process::Program;
use super::super::routing::{NAMESPACE, NAMESPACE_HEADER, REVISION_HEADER, RULE_HEADER, Routing};
use super::super::serving::Site;
use anyhow::Result;
use rustix::process::Signal;
use std::fmt::Write;

pub(super) fn files(site: &Site, routing: &Routing) -> Vec<(&'static str, String)> {
    let map = site.folder.join("hosts.map");
    let mut text = format!(
        "{HEAD}frontend all
  bind 127.0.0.1:{}
",
        site.listen
    );
    if let Some((front, port)) = site.front {
        let both = site.folder.join("both.pem");
        let _ = match front {
            Front::Http2 => writeln!(text, "  bind 127.0.0.1:{port} proto h2"),
            Front::Tls | Front::Quic => writeln!(text, "  bind 127.0.0.1:{port} ssl crt {}", both.display()),
        };
    }
    if routing.rules > 0 {
        let host = Routing::host(0);
        let _ =
            writeln!(text, "  use_backend unknown if !{{ req.hdr(host),field(1,:),lower -m str {host} }}");
    }
    for rule in 0..routing.rules {
        let _ = writeln!(text, "  use_backend h0 if {{ req.hdr({RULE_HEADER}) {rule} }}");
    }
    if routing.rules == 0 {
        let host = "req.hdr(host),field(1,:),lower";
        let _ = writeln!(text, "  use_backend %[{host},map_str({},unknown)]", map.display());
    }
    text += "  default_backend unknown\nbackend unknown\n  http-request return status 404\n";
    let mut hosts = String::new();
    for host in 0..routing.hosts {
        let _ = writeln!(hosts, "{} h{host}", Routing::host(host));
        text += &backend(site, routing, host);
    }
    vec![("haproxy.cfg", text), ("hosts.map", hosts)]
}

fn backend(site: &Site, routing: &Routing, host: usize) -> String {
    let [a, b] = site.upstreams;
    let protocol = if site.backend == Kind::Grpc { " proto h2" } else { "" };
    format!(
        "backend h{host}
  http-request set-header {NAMESPACE_HEADER} {NAMESPACE}
  http-request set-header {REVISION_HEADER} {}
  server a 127.0.0.1:{a}{protocol}
  server b 127.0.0.1:{b}{protocol}
",
        routing.revision(host)
    )
}

pub(super) fn arguments(site: &Site) -> Vec<String> {
    let file = site.folder.join("haproxy.cfg");
    ["-W", "-db", "-f", &file.display().to_string()].map(str::to_owned).to_vec()
}

/// The master starts a new worker, which takes the listening sockets over; the old one ends with its connections.
pub(super) fn reload(program: &Program) -> Result<()> {
    program.signal(Signal::USR2)
}

const HEAD: &str = "\
global
  nbthread 1
  maxconn 4000
defaults
  mode http
  balance roundrobin
  http-reuse always
  option forwardfor
  timeout connect 5s
  timeout client 1h
  timeout server 1h
  timeout tunnel 1h
";
