//! The admin server over real sockets.

#![allow(clippy::unwrap_used, reason = "a test stops where something isn't as it should be")]

use net_alb_admin::{Admin, Body, LogControl, LogFormat, Process, Readiness, Response, Scope, Serving};
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::time::Duration;

fn start(admin: Admin, scopes: &[Scope]) -> Serving {
    let addresses: Vec<_> = scopes.iter().map(|scope| ((Ipv4Addr::LOCALHOST, 0).into(), *scope)).collect();
    admin.start(&addresses).unwrap()
}

fn send(server: SocketAddr, request: &str) -> TcpStream {
    let mut stream = TcpStream::connect(server).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    stream
        .write_all(format!("{request} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").as_bytes())
        .unwrap();
    stream
}

/// Status line and body.
fn ask(server: SocketAddr, request: &str) -> (String, String) {
    let mut text = String::new();
    send(server, request).read_to_string(&mut text).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    let status = head.lines().next().unwrap().strip_prefix("HTTP/1.1 ").unwrap();
    (status.to_owned(), body.to_owned())
}

#[test]
fn readiness_is_what_it_was_set_to() {
    let readiness = Readiness::new("the first configuration isn't there yet");
    let serving = start(Admin::new(readiness.clone()), &[Scope::Everything]);
    let server = serving.addresses[0];
    let unready = "not ready: the first configuration isn't there yet\n";
    assert_eq!(ask(server, "GET /readyz"), ("503 Service Unavailable".to_owned(), unready.to_owned()));
    assert_eq!(ask(server, "GET /healthz").0, "200 OK");
    readiness.set_ready();
    assert_eq!(ask(server, "GET /readyz"), ("200 OK".to_owned(), "ready\n".to_owned()));
    readiness.set_unready("draining");
    assert_eq!(ask(server, "GET /readyz").1, "not ready: draining\n");
}

#[test]
fn the_metrics_address_has_nothing_but_metrics_and_health() {
    let dump = |_: &_| Response::new(Body::from("everything"));
    let admin = Admin::new(Readiness::new("")).count(Arc::new(Process { version: "1.2" })).get("/dump", dump);
    let serving = start(admin, &[Scope::Everything, Scope::Metrics, Scope::Cluster]);
    let [all, metrics, cluster] = serving.addresses[..] else { panic!("three addresses") };
    for server in [all, metrics, cluster] {
        let (status, page) = ask(server, "GET /metrics");
        assert_eq!(status, "200 OK");
        assert!(page.contains("net_alb_build_info{version=\"1.2\"} 1\n"), "{page}");
        assert!(page.ends_with("# EOF\n"), "{page}");
    }
    assert_eq!(ask(all, "GET /dump").1, "everything");
    assert_eq!(ask(metrics, "GET /dump").0, "404 Not Found");
    assert_eq!(ask(cluster, "GET /dump").0, "404 Not Found");
    assert_eq!(ask(cluster, "GET /").1, "GET /healthz\nGET /metrics\nGET /readyz\n");
    assert_eq!(ask(metrics, "GET /").1, "GET /healthz\nGET /metrics\n");
    assert_eq!(ask(all, "POST /dump").0, "405 Method Not Allowed");
    assert_eq!(ask(all, "HEAD /metrics"), ("200 OK".to_owned(), String::new()));
}

#[test]
fn the_level_of_the_log_is_changed_while_it_runs() {
    let control = LogControl::install("warn", LogFormat::Text).unwrap();
    let serving = start(Admin::new(Readiness::new("")).log(control), &[Scope::Everything]);
    let server = serving.addresses[0];
    assert_eq!(ask(server, "GET /log").1, "warn\n");
    assert!(!tracing::enabled!(tracing::Level::DEBUG));
    assert_eq!(ask(server, "PUT /log?level=server=debug,error").0, "200 OK");
    assert!(tracing::enabled!(tracing::Level::DEBUG));
    let (status, why) = ask(server, "PUT /log?level=server=loud");
    assert!(status == "400 Bad Request" && why.starts_with("`server=loud`: "), "{status} {why}");
    assert!(ask(server, "GET /log").1.contains("server=debug"));
}

#[test]
fn a_long_body_is_written_no_faster_than_it_is_read() {
    const LINES: u64 = 40_000_000;
    let (told, ended) = channel();
    let long = move |_: &_| {
        let told = told.clone();
        Response::new(Body::written(move |out| {
            for line in 0..LINES {
                if let Err(error) = writeln!(out, "line {line} of very many") {
                    told.send(line).unwrap();
                    return Err(error);
                }
            }
            told.send(LINES).unwrap();
            Ok(())
        }))
    };
    let serving = start(Admin::new(Readiness::new("")).get("/long", long), &[Scope::Everything]);
    let mut client = send(serving.addresses[0], "GET /long");
    client.read_exact(&mut [0; 1000]).unwrap();
    // The server still answers others.
    assert_eq!(ask(serving.addresses[0], "GET /healthz").0, "200 OK");
    drop(client);
    let written = ended.recv_timeout(Duration::from_secs(30)).unwrap();
    assert!(written < LINES / 4, "{written} lines for a client that read 1000 bytes");
}
