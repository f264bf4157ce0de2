//! Traces from request to request, and how much of them is recorded.

use crate::support::{Server, Site, options};
use net_alb_gateway::trace::{Sampler, SpanContext, SpanSink, Tracing};
use net_alb_gateway::{AccessLog, Options, Record};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex};

#[derive(Debug)]
struct Sink(Mutex<Sender<(SpanContext, String)>>);

impl SpanSink for Sink {
    fn finish(&self, span: &SpanContext, record: &Record<'_>) {
        self.0.lock().unwrap().send((*span, record.to_string())).unwrap();
    }
}

impl AccessLog for Sink {
    fn record(&self, record: &Record<'_>) {
        let none = SpanContext { trace: [0; 16], span: [0; 8], parent: None, sampled: false };
        self.0.lock().unwrap().send((none, record.to_string())).unwrap();
    }
}

const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

#[test]
fn a_request_goes_on_as_the_child_of_its_traceparent() {
    let (spans, finished) = channel();
    let sampler = Sampler { ratio: 0.0, parent_based: true };
    let tracing = Some(Tracing { sampler, sink: Arc::new(Sink(Mutex::new(spans))) });
    let site = Site::with("a/a: -> forward v1", Options { tracing, ..options() }, |_| {});
    site.serve("v1", &[&Server::echo()]);
    let child = |text: &str| {
        let lines: Vec<_> = text.lines().filter_map(|line| line.strip_prefix("traceparent: ")).collect();
        let [line] = lines[..] else { panic!("one traceparent in {text}") };
        SpanContext::parse(line.as_bytes()).unwrap()
    };

    let asked = |header: &str| site.ask(&format!("GET / HTTP/1.1\r\nHost: a\r\n{header}x: 1\r\n\r\n")).text();
    let sent = child(&asked(&format!("Traceparent: {PARENT}\r\ntracestate: k=v\r\n")));
    let (span, record) = finished.recv().unwrap();
    let parent = SpanContext::parse(PARENT.as_bytes()).unwrap();
    assert_eq!((sent.trace, span.trace), (parent.trace, parent.trace));
    assert_eq!((sent.span, span.parent), (span.span, Some(parent.span)));
    assert_ne!(span.span, parent.span);
    assert!(sent.sampled && record.starts_with("GET a/ 200"), "{record}");

    // Nobody asked for the others to be traced, and no share of them is.
    let unsampled = child(&asked(&format!("traceparent: {}0\r\n", &PARENT[..PARENT.len() - 1])));
    assert!(!unsampled.sampled && unsampled.trace == parent.trace);
    let own = child(&asked("traceparent: nonsense\r\n"));
    assert!(!own.sampled && own.trace != parent.trace);
    drop(site);
    assert!(finished.recv().is_err(), "one span");
}

#[test]
fn without_tracing_the_header_is_one_like_any_other() {
    let site = Site::new("a/a: -> forward v1");
    site.serve("v1", &[&Server::echo()]);
    let text = site.ask("GET / HTTP/1.1\r\nHost: a\r\nTraceparent: anything\r\n\r\n").text();
    assert!(text.contains("Traceparent: anything\r\n"), "{text}");
}

#[test]
fn a_share_of_the_requests_and_every_error_is_logged() {
    let (lines, log) = channel();
    let log_to: Arc<dyn AccessLog> = Arc::new(Sink(Mutex::new(lines)));
    let options = Options { threads: 1, access_log: Some(log_to), access_log_share: 0.1, ..options() };
    let site = Site::with("a/a: path=/x -> forward none\na/b: host=a -> forward v1", options, |_| {});
    site.serve("v1", &[&Server::named("v1")]);
    let mut client = site.connect();
    for _ in 0..100 {
        client.get("a", "/");
    }
    for _ in 0..5 {
        client.get("a", "/x");
    }
    drop(client);
    drop(site);
    let lines: Vec<_> = log.iter().map(|(_, line)| line).collect();
    let errors = lines.iter().filter(|line| line.contains("error=no-endpoints")).count();
    assert_eq!((lines.len(), errors), (15, 5), "{lines:#?}");
}
