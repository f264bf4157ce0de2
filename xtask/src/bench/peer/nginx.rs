//! nginx: one `server` a host, as ingress controllers write it; rules by `map`, which is one hash of one header and
//! so less than a list of rules can say.

use super::super::backend::Kind;
use super::super::front::Front;
use super::super::process::Program;
use super::super::routing::{NAMESPACE, NAMESPACE_HEADER, REVISION_HEADER, RULE_HEADER, Routing, SEEN_PATH};
use super::super::serving::Site;
use super::write;
use anyhow::Result;
use procfs::process::Process;
use rustix::process::Signal;
use std::fmt::Write;
use std::path::Path;

pub(super) fn files(site: &Site, routing: &Routing) -> Vec<(&'static str, String)> {
    let mut text = head(&site.folder);
    let [a, b] = site.upstreams;
    let _ = write!(
        text,
        "http {{
{HTTP}  proxy_http_version 1.1;
  upstream both {{
    server 127.0.0.1:{a};
    server 127.0.0.1:{b};
    keepalive 256;
    keepalive_requests 1000000000;
    keepalive_timeout 1h;
  }}
"
    );
    text += &rules(routing);
    let _ = writeln!(text, "  server {{\n{}    return 404;\n  }}", listen(site, "reuseport default_server"));
    for host in 0..routing.hosts {
        text += &server(site, routing, host);
    }
    vec![("nginx.conf", text + "}\n")]
}

fn rules(routing: &Routing) -> String {
    if routing.rules == 0 {
        return String::new();
    }
    let variable = RULE_HEADER.replace('-', "_");
    let mut map = format!("  map $http_{variable} $refused {{\n    default 1;\n");
    for rule in 0..routing.rules {
        let _ = writeln!(map, "    {rule} '';");
    }
    map + "  }\n"
}

/// The ways in; flags go to each.
fn listen(site: &Site, flags: &str) -> String {
    let mut text = format!("    listen 127.0.0.1:{} {flags};\n", site.listen);
    if let Some((front, port)) = site.front {
        let protocol = if front == Front::Tls { "ssl" } else { "http2" };
        let _ = writeln!(text, "    listen 127.0.0.1:{port} {protocol} {flags};");
    }
    if matches!(site.front, Some((Front::Tls, _))) {
        let folder = site.folder.display();
        let _ =
            writeln!(text, "    ssl_certificate {folder}/cert.pem; ssl_certificate_key {folder}/key.pem;");
    }
    text
}

fn server(site: &Site, routing: &Routing, host: usize) -> String {
    let refuse = if routing.rules > 0 { "if ($refused) { return 404; }" } else { "" };
    let (module, scheme) = if site.backend == Kind::Grpc { ("grpc", "grpc") } else { ("proxy", "http") };
    let connection = match site.backend {
        Kind::Http => "proxy_set_header Connection '';",
        Kind::WebSocket => "proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade;",
        Kind::Grpc => "",
    };
    format!(
        "  server {{
{}    server_name {};
    location / {{
      {refuse}
      {connection}
      {module}_set_header Host $http_host;
      {module}_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      {module}_set_header {NAMESPACE_HEADER} {NAMESPACE};
      {module}_set_header {REVISION_HEADER} {};
      {module}_pass {scheme}://both;
    }}
  }}
",
        listen(site, ""),
        Routing::host(host),
        routing.revision(host)
    )
}

pub(super) fn arguments(site: &Site) -> Vec<String> {
    arguments_in(&site.folder)
}

pub(super) fn reload(program: &Program) -> Result<()> {
    program.signal(Signal::HUP)
}

/// The backend, which is an nginx too: 1 KiB from memory, 64 KiB from a file, and what it saw under [`SEEN_PATH`].
/// Writes its configuration; returns the arguments after the program's name.
pub(in super::super) fn backend(folder: &Path, ports: [u16; 2]) -> Result<Vec<String>> {
    let seen = |header: &str| format!("$http_{}", header.to_lowercase().replace('-', "_"));
    let (namespace, revision) = (seen(NAMESPACE_HEADER), seen(REVISION_HEADER));
    let mut text =
        format!("{}http {{\n{HTTP}  default_type text/plain;\n  open_file_cache max=8;\n", head(folder));
    for (name, port) in ["a", "b"].into_iter().zip(ports) {
        let _ = write!(
            text,
            "  server {{
    listen 127.0.0.1:{port} reuseport;
    add_header x-backend {name} always;
    location = {SEEN_PATH} {{ return 200 '{namespace} {revision} $http_x_forwarded_for'; }}
    location = /large {{ root {}; }}
    location / {{ return 200 '{}'; }}
  }}
",
            folder.display(),
            "k".repeat(1024)
        );
    }
    write(&folder.join("nginx.conf"), &(text + "}\n"))?;
    write(&folder.join("large"), &"k".repeat(64 * 1024))?;
    Ok(arguments_in(folder))
}

fn arguments_in(folder: &Path) -> Vec<String> {
    ["-p", &folder.display().to_string(), "-c", "nginx.conf", "-e", "stderr"].map(str::to_owned).to_vec()
}

/// Everything nginx writes stays in the folder, which only its owner can enter: so the workers keep their user.
fn head(folder: &Path) -> String {
    let folder = folder.display();
    let is_root = Process::myself().and_then(|me| me.uid()).is_ok_and(|uid| uid == 0);
    let user = if is_root { "user root;\n" } else { "" };
    format!(
        "{user}daemon off;
worker_processes 1;
worker_rlimit_nofile 20000;
error_log stderr error;
pid {folder}/nginx.pid;
events {{ worker_connections 8192; }}
"
    )
}

/// Keep-alive without end, no access log, room for 10,000 names, temporary files in the folder. Buffers larger than the
/// usual 8 KiB: with those, nginx needs nearly twice the CPU for answers of 64 KiB.
const HTTP: &str = "\
  access_log off;
  sendfile on;
  proxy_buffers 8 32k;
  proxy_busy_buffers_size 64k;
  keepalive_requests 1000000000;
  keepalive_timeout 1h;
  server_names_hash_max_size 65536;
  server_names_hash_bucket_size 128;
  map_hash_max_size 65536;
  client_body_temp_path body;
  proxy_temp_path proxy;
  fastcgi_temp_path fastcgi;
  uwsgi_temp_path uwsgi;
  scgi_temp_path scgi;
";
