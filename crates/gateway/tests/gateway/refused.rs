//! Requests that have no single meaning, or too much of everything.

use crate::support::{Server, Site, options, short};
use net_alb_gateway::Options;

fn site() -> Site {
    let site = Site::new("a/a: -> forward v1");
    site.serve("v1", &[&Server::echo()]);
    site
}

/// A request that is refused, and nothing is forwarded.
const REFUSED: &[(&str, u16, &str)] = &[
    ("GET / HTTP/1.1\r\n\r\n", 400, "bad-host"),
    ("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400, "bad-host"),
    ("GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400, "bad-host"),
    ("GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400, "bad-host"),
    ("GET / HTTP/1.1\r\nHost: user@a\r\n\r\n", 400, "bad-host"),
    ("GET http://user@a/ HTTP/1.1\r\nHost: a\r\n\r\n", 400, "bad-host"),
    ("GET http://a/ HTTP/1.1\r\n\r\n", 400, "bad-host"),
    ("GET / HTTP/1.1\nHost: a\n\n", 400, "malformed-request"),
    ("GET / HTTP/1.1\r\nHost: a\r\nX: a\nY: b\r\n\r\n", 400, "malformed-request"),
    ("GET / HTTP/1.1\r\nHost: a\r\nX: a\r\n b\r\n\r\n", 400, "malformed-request"),
    ("GET / HTTP/1.1\r\nHost: a\r\nX : a\r\n\r\n", 400, "malformed-request"),
    ("GET / HTTP/1.1\r\nHost: a\r\n X: a\r\n\r\n", 400, "malformed-request"),
    ("GET / HTTP/1.1\r\nHost: a\r\n: a\r\n\r\n", 400, "malformed-request"),
    ("GET / HTTP/1.1\r\nHost: a\r\nX\r\n\r\n", 400, "malformed-request"),
    ("GET / HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n", 400, "malformed-request"),
    ("GET / HTTP/1.1\r\nHost: a\r\nX: a\rb\r\n\r\n", 400, "malformed-request"),
    ("\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", 400, "malformed-request"),
    ("GET / HTTP/1.1\r\nHost: a\n\r\n", 400, "malformed-request"),
    ("GET / HTTP/1.0\n\r\n", 400, "malformed-request"),
    ("GET / HTTP/1.1\r\nHost: a\r\n\n", 400, "malformed-request"),
    ("GET  / HTTP/1.1\r\nHost: a\r\n\r\n", 400, "malformed-request"),
    ("GET /a b HTTP/1.1\r\nHost: a\r\n\r\n", 400, "malformed-request"),
    ("GET /a\tb HTTP/1.1\r\nHost: a\r\n\r\n", 400, "malformed-request"),
    ("GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n", 400, "malformed-request"),
    ("GET a HTTP/1.1\r\nHost: a\r\n\r\n", 400, "malformed-request"),
    ("GET * HTTP/1.1\r\nHost: a\r\n\r\n", 400, "malformed-request"),
    ("GET ftp://a/ HTTP/1.1\r\nHost: a\r\n\r\n", 400, "malformed-request"),
    ("GET / HTTP/1.2\r\nHost: a\r\n\r\n", 400, "malformed-request"),
    ("GET / HTTP/2.0\r\nHost: a\r\n\r\n", 400, "malformed-request"),
    ("GET / http/1.1\r\nHost: a\r\n\r\n", 400, "malformed-request"),
    ("GET /\r\n\r\n", 400, "malformed-request"),
    ("G(T / HTTP/1.1\r\nHost: a\r\n\r\n", 400, "malformed-request"),
    ("\x16\x03\x01\x02\r\n\r\n", 400, "malformed-request"),
    ("TRACE / HTTP/1.1\r\nHost: a\r\n\r\n", 405, "method-not-allowed"),
    ("CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n", 405, "method-not-allowed"),
    ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx", 400, "bad-framing"),
    ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1, 1\r\n\r\nx", 400, "bad-framing"),
    ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +1\r\n\r\nx", 400, "bad-framing"),
    ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\nx", 400, "bad-framing"),
    ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0x1\r\n\r\nx", 400, "bad-framing"),
    ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: \r\n\r\nx", 400, "bad-framing"),
    ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\nx", 400, "bad-framing"),
    (
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        400,
        "bad-framing",
    ),
    (
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        400,
        "bad-framing",
    ),
    ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 400, "bad-framing"),
    (
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
        400,
        "bad-framing",
    ),
    ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", 400, "bad-framing"),
    (
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n",
        400,
        "malformed-request",
    ),
    ("POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400, "bad-framing"),
];

/// Bodies in chunks that are refused.
const BAD_CHUNKS: &[&str] = &[
    "\r\n",
    "x\r\n",
    "-1\r\n",
    "0x1\r\na\r\n0\r\n\r\n",
    "1\na\r\n0\r\n\r\n",
    "1\r\nab\r\n0\r\n\r\n",
    "1\r\na\n0\r\n\r\n",
    "1 \r\na\r\n0\r\n\r\n",
    "1 x\r\na\r\n0\r\n\r\n",
    "1;a\nb\r\na\r\n0\r\n\r\n",
    "1;\rx\r\na\r\n0\r\n\r\n",
    "10000000000000000\r\n",
    "0\r\nX: a\nY: b\r\n\r\n",
    "0\r\n X: a\r\n\r\n",
    "0\r\nno colon\r\n\r\n",
];

#[test]
fn what_two_programs_could_read_differently_is_refused() {
    let site = site();
    for (request, status, error) in REFUSED {
        let mut client = site.connect();
        client.send(request);
        let answer = client.answer();
        assert_eq!(answer.error(), (*status, (*error).to_owned()), "{request:?}");
        assert_eq!(answer.header("connection").as_deref(), Some("close"), "{request:?}");
        client.stream.stop_writing();
        assert_eq!(client.closed(), b"", "{request:?}");
    }
}

#[test]
fn broken_chunks_are_refused() {
    let site = site();
    for chunks in BAD_CHUNKS {
        let mut client = site.connect();
        client.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
        client.send(chunks);
        assert_eq!(client.answer().error(), (400, "bad-chunk".to_owned()), "{chunks:?}");
    }
    let long = format!("1;{}\r\na\r\n0\r\n\r\n", "x".repeat(300));
    let answer = site.ask(&format!("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n{long}"));
    assert_eq!(answer.error(), (400, "bad-chunk".to_owned()));
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
