//! net-alb: KIngresses in one file under `net-alb dev`, as a developer runs it.

use super::super::backend::Kind;
use super::super::front::Front;
use super::super::routing::{NAMESPACE, NAMESPACE_HEADER, REVISION_HEADER, RULE_HEADER, Routing};
use super::super::serving::Site;
use std::fmt::Write;

pub(super) fn files(site: &Site, routing: &Routing) -> Vec<(&'static str, String)> {
    let mut text = String::new();
    let port = if site.backend == Kind::Grpc { "{name: h2c, port: 80}" } else { "{port: 80}" };
    for service in ["a", "b"] {
        let _ = writeln!(
            text,
            "---\napiVersion: v1\nkind: Service\nmetadata: {{name: {service}, namespace: {NAMESPACE}}}\n\
             spec: {{ports: [{port}]}}"
        );
    }
    for host in 0..routing.hosts {
        let _ = write!(
            text,
            "---
apiVersion: networking.internal.knative.dev/v1alpha1
kind: Ingress
metadata: {{name: h{host}, namespace: {NAMESPACE}}}
spec:
  rules:
    - hosts: [{}]
      visibility: ExternalIP
      http:
        paths:
",
            Routing::host(host)
        );
        match routing.rules {
            0 => text += &path(routing, host, ""),
            rules => (0..rules).for_each(|rule| {
                text += &path(routing, host, &format!("headers: {{{RULE_HEADER}: {{exact: '{rule}'}}}}"));
            }),
        }
    }
    vec![("routes.yaml", text)]
}

fn path(routing: &Routing, host: usize, headers: &str) -> String {
    let split = |name: &str| {
        format!("{{serviceName: {name}, serviceNamespace: {NAMESPACE}, servicePort: 80, percent: 50}}")
    };
    format!(
        "          - splits: [{}, {}]
            appendHeaders: {{{NAMESPACE_HEADER}: {NAMESPACE}, {REVISION_HEADER}: {}}}
            {headers}
",
        split("a"),
        split("b"),
        routing.revision(host)
    )
}

pub(super) fn arguments(site: &Site) -> Vec<String> {
    let mut arguments: Vec<String> =
        vec!["dev".into(), site.folder.join("routes.yaml").display().to_string()];
    arguments.extend(["--listen".into(), format!("127.0.0.1:{}", site.listen)]);
    if let Some((Front::Tls | Front::Quic, port)) = site.front {
        // By TLS 1.3, and with a certificate of its own for a key on P-256: an HTTPS listener from a file has ALB's default
        // policy, which is TLS 1.2.
        arguments.extend(["--https".into(), "--listen-https".into(), format!("127.0.0.1:{port}")]);
    }
    arguments.extend(["--listen-local", "127.0.0.1:0", "--threads", "1"].map(str::to_owned));
    // As in production: numbers are always counted, one request in a hundred is in the access log, and a scrape is possible.
    arguments.extend(["--access-log=json", "--access-log-share", "0.01"].map(str::to_owned));
    arguments.extend(["--admin", "127.0.0.1:0"].map(str::to_owned));
    for (name, port) in ["a", "b"].into_iter().zip(site.upstreams) {
        arguments.extend(["--backend".into(), format!("{name}=127.0.0.1:{port}")]);
    }
    arguments
}
