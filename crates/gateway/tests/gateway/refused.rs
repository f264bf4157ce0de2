//! Requests with too much of everything, and slow ones. What has no single meaning is in the corpus.

use crate::support::{Server, Site, options, short};
use net_alb_gateway::Options;

fn site() -> Site {
    let site = Site::new("a/a: -> forward v1");
    site.serve("v1", &[&Server::echo()]);
    site
}

#[test]
fn heads_have_limits() {
    let site = site();
    let get = |url: &str, fields: &str| site.ask(&format!("GET {url} HTTP/1.1\r\nHost: a\r\n{fields}\r\n"));
    let fill = |bytes: usize| "x".repeat(bytes);
    assert_eq!(get(&format!("/{}", fill(32 * 1024 - 1)), "").status, 200);
    assert_eq!(get(&format!("/{}", fill(33 * 1024)), "").error(), (414, "uri-too-long".to_owned()));
    let fields = |bytes: usize| {
        (0..8).map(|n| format!("X-{n}: {}\r\n", fill(bytes / 8 - 7))).collect::<Vec<_>>().concat()
    };
    assert_eq!(get("/", &fields(32 * 1024 - 16)).status, 200);
    assert_eq!(get("/", &fields(33 * 1024)).error(), (400, "header-too-large".to_owned()));
    let many = |count: usize| (0..count).map(|n| format!("X-{n}: 1\r\n")).collect::<Vec<_>>().concat();
    assert_eq!(get("/", &many(127)).status, 200);
    assert_eq!(get("/", &many(128)).error(), (400, "header-too-large".to_owned()));
}

#[test]
fn a_head_without_end_is_refused_before_it_ends() {
    let site = site();
    let mut client = site.connect();
    client.send(&format!("GET /{}", "x".repeat(34 * 1024)));
    assert_eq!(client.answer().error(), (414, "uri-too-long".to_owned()));
    let mut client = site.connect();
    client.send(&format!("GET / HTTP/1.1\r\n{}", "X: y\r\n".repeat(6000)));
    assert_eq!(client.answer().error(), (400, "header-too-large".to_owned()));
}

#[test]
fn a_slow_head_gets_408() {
    let site = Site::with("a/a: -> forward v1", Options { limits: short(), ..options() }, |_| {});
    let mut client = site.connect();
    client.send("GET / HTTP/1.1\r\nHo");
    assert_eq!(client.answer().error(), (408, "request-timeout".to_owned()));
    assert_eq!(client.closed(), b"");
}

#[test]
fn a_slow_body_gets_408() {
    let site = Site::with("a/a: -> forward v1", options(), |listener| listener.request_timeout_seconds = 1);
    site.serve("v1", &[&Server::echo()]);
    let mut client = site.connect();
    client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc");
    assert_eq!(client.answer().error(), (408, "request-timeout".to_owned()));
}
