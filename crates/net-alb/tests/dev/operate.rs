//! What `dev` shows to whoever operates it: metrics, dump, log, access log, traces; and how one process replaces another.

#![allow(clippy::float_cmp, reason = "counts are whole numbers, which text and float keep as they are")]

use crate::process::{Dev, folder};
use crate::request::{get, send};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message;
use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

const SPLIT: &str = "
apiVersion: serving.knative.dev/v1
kind: Service
metadata: {name: hello}
spec:
  template: {spec: {containers: [{image: example.com/hello}]}}
  traffic:
    - {revisionName: hello-00002, percent: 25, tag: next}
    - {revisionName: hello-00001, percent: 75}
";
const HOST: &str = "hello.default.example.com";

fn app(test: &str) -> PathBuf {
    let file = folder(test).join("app.yaml");
    fs::write(&file, SPLIT).unwrap();
    file
}

fn admin(dev: &mut Dev) -> SocketAddr {
    dev.wait_for("admin at http://").trim_end_matches('/').rsplit('/').next().unwrap().parse().unwrap()
}

/// The numbers of a page, by name and labels.
fn scrape(admin: SocketAddr) -> BTreeMap<String, f64> {
    let page = get(admin, "a", "/metrics", &[]);
    assert_eq!(page.header("content-type"), "application/openmetrics-text; version=1.0.0; charset=utf-8");
    assert!(page.body.ends_with("# EOF\n"));
    let lines = page.body.lines().filter(|line| !line.starts_with('#'));
    let number = |line: &str| {
        let (name, value) = line.rsplit_once(' ').unwrap();
        (name.to_owned(), value.parse().unwrap())
    };
    lines.map(number).collect()
}

#[test]
fn the_operator_sees_the_split_the_rules_and_the_log() {
    let app = app("operator");
    let mut dev = Dev::start(&[app.to_str().unwrap(), "--admin", "127.0.0.1:0", "--access-log=json"]);
    let admin = admin(&mut dev);
    let (public, _) = dev.addresses();
    assert_eq!(get(admin, "a", "/readyz", &[]).body, "ready\n");
    let trace = "traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    for _ in 0..200 {
        assert_eq!(get(public, HOST, "/p?q=1", &["user-agent: test/1", trace]).status, 200);
    }
    assert_eq!(get(public, "nobody.example.com", "/", &[]).status, 404);

    let line: serde_json::Value = serde_json::from_str(&dev.wait_for("\"request_uri\":\"/p?q=1\"")).unwrap();
    for (field, expected) in [
        ("request_method", "GET"),
        ("host", HOST),
        ("server_protocol", "HTTP/1.1"),
        ("http_user_agent", "test/1"),
        ("client_ip", "127.0.0.1"),
        ("app_lb_id", "knative-alb-ingress-internet"),
        ("reason", "weight"),
        ("trace_id", "4bf92f3577b34da6a3ce929d0e0e4736"),
    ] {
        assert_eq!(line[field], expected, "{field} of {line}");
    }
    assert_eq!(
        (&line["status"], &line["upstream_status"], &line["slb_vport"]),
        (&200.into(), &200.into(), &80.into())
    );
    assert!(line["upstream_addr"].as_str().unwrap().starts_with("127.0.0.1:"), "{line}");
    dev.wait_for("\"error\":\"unknown-host\"");

    // What is in the log has been counted.
    let numbers = scrape(admin);
    let requests = |revision: &str| {
        let labels = "reason=\"weight\",tag=\"\",code=\"2xx\"";
        numbers[&format!(
            "net_alb_revision_requests_total{{namespace=\"default\",ingress=\"hello\",revision=\"{revision}\",{labels}}}"
        )]
    };
    assert_eq!(requests("hello-00001") + requests("hello-00002"), 200.0);
    assert!((48.0..=52.0).contains(&requests("hello-00002")), "{}", requests("hello-00002"));
    assert_eq!(numbers["net_alb_request_errors_total{reason=\"unknown-host\"}"], 1.0);
    assert_eq!(numbers["net_alb_access_log_dropped_total"], 0.0);
    assert!(numbers["process_resident_memory_bytes"] > 1e6);

    let dump: serde_json::Value = serde_json::from_str(&joined(&get(admin, "a", "/dump", &[]).body)).unwrap();
    let targets = dump["rules"].as_array().unwrap().iter().map(|rule| &rule["targets"]);
    let weights: Vec<_> =
        targets.flat_map(|targets| targets.as_array().unwrap()).map(|t| &t["weight"]).collect();
    assert!(weights.contains(&&75.into()) && weights.contains(&&25.into()), "{dump}");
    assert_eq!(get(admin, "a", "/log", &[]).body, "warn\n");
    assert_eq!(send(admin, "PUT", "a", "/log?level=debug", &[]).body, "debug\n");
    assert!(dev.stop().success());
}

/// A body without the chunks that it came in.
fn joined(mut chunks: &str) -> String {
    let mut text = String::new();
    while let Some((size, rest)) = chunks.split_once("\r\n") {
        let size = usize::from_str_radix(size, 16).unwrap();
        text += &rest[..size];
        chunks = rest[size..].trim_start_matches("\r\n");
    }
    text
}

/// A collector: sends the spans that it gets.
fn collector() -> (SocketAddr, Receiver<Vec<Span>>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    let (sender, spans) = channel();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let request = receive(&stream);
            let scopes = request.resource_spans.into_iter().flat_map(|resource| resource.scope_spans);
            let _ = sender.send(scopes.flat_map(|scope| scope.spans).collect());
            let _ = (&stream).write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        }
    });
    (address, spans)
}

fn receive(stream: &TcpStream) -> ExportTraceServiceRequest {
    let mut reader = BufReader::new(stream);
    let mut head = Vec::new();
    while head.last().is_none_or(|line: &String| !line.is_empty()) {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        head.push(line.trim_end().to_ascii_lowercase());
    }
    assert_eq!(head[0], "post /v1/traces http/1.1");
    assert!(head.contains(&"content-type: application/x-protobuf".to_owned()), "{head:?}");
    let length = head.iter().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
    let mut body = vec![0; length.parse().unwrap()];
    reader.read_exact(&mut body).unwrap();
    ExportTraceServiceRequest::decode(&*body).unwrap()
}

#[test]
fn a_trace_goes_through_to_the_collector() {
    let (collector, spans) = collector();
    let app = app("traces");
    let endpoint = format!("http://{collector}");
    let environment = [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint.as_str()),
        ("OTEL_TRACES_SAMPLER", "parentbased_always_off"),
    ];
    let mut dev = Dev::start_in(&environment, &[app.to_str().unwrap()]);
    let (public, _) = dev.addresses();
    let trace = "traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let seen = get(public, HOST, "/_headers", &[trace]).body;
    assert_eq!(get(public, HOST, "/", &[]).status, 200);
    assert!(dev.stop().success());
    let spans = spans.recv_timeout(Duration::from_secs(30)).unwrap();
    let [span] = &spans[..] else { panic!("one request was sampled: {spans:#?}") };
    let hex = |bytes: &[u8]| {
        let digits: Vec<_> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        digits.concat()
    };
    assert_eq!(hex(&span.trace_id), "4bf92f3577b34da6a3ce929d0e0e4736");
    assert_eq!(hex(&span.parent_span_id), "00f067aa0ba902b7");
    let child = format!("\ntraceparent: 00-{}-{}-01\n", hex(&span.trace_id), hex(&span.span_id));
    assert!(seen.contains(&child), "{child} in {seen}");
    let attribute = |name: &str| {
        let found = span.attributes.iter().find(|attribute| attribute.key == name).unwrap();
        found.value.clone().unwrap().value.unwrap()
    };
    assert_eq!(attribute("http.response.status_code"), Value::IntValue(200));
    assert_eq!(attribute("server.address"), Value::StringValue(HOST.to_owned()));
    assert_eq!(attribute("net_alb.reason"), Value::StringValue("weight".to_owned()));
    assert!(span.end_time_unix_nano >= span.start_time_unix_nano);
}

#[test]
fn one_process_replaces_another_and_no_request_fails() {
    let app = app("replace");
    let app = app.to_str().unwrap();
    let mut serving = Dev::start(&["--reuse-port", app]);
    let (public, _) = serving.addresses();
    let listen = public.to_string();
    let (stop, answered) = (AtomicBool::new(false), AtomicUsize::new(0));
    let failed = Arc::new(Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                while !stop.load(Ordering::Relaxed) {
                    match ask_once(public) {
                        Ok(()) => drop(answered.fetch_add(1, Ordering::Relaxed)),
                        Err(error) => failed.lock().unwrap().push(error.to_string()),
                    }
                }
            });
        }
        for _ in 0..4 {
            let mut next = Dev::start_at(&listen, &["--reuse-port", app]);
            next.addresses();
            let mut old = std::mem::replace(&mut serving, next);
            assert!(old.stop().success());
        }
        stop.store(true, Ordering::Relaxed);
    });
    assert_eq!(*failed.lock().unwrap(), Vec::<String>::new(), "of {answered:?}");
    assert!(answered.load(Ordering::Relaxed) > 20);
}

/// A request on a connection of its own; every way to fail is an error.
fn ask_once(server: SocketAddr) -> std::io::Result<()> {
    let mut stream = TcpStream::connect(server)?;
    stream.set_read_timeout(Some(Duration::from_secs(30)))?;
    stream.write_all(format!("GET / HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n").as_bytes())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    if answer.starts_with("HTTP/1.1 200 ") { Ok(()) } else { Err(std::io::Error::other(answer)) }
}
