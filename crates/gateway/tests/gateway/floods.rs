//! Clients that ask for much and wait for nothing: they are sent away, and others notice nothing.

use crate::corpus::http2::{
    CONTINUATION, Client, DATA, GOAWAY, HEADERS, PING, RST_STREAM, SETTINGS, block, frame,
};
use crate::support::{Server, Site, ok, options};
use net_alb_gateway::Options;

/// RFC 9113 §7.
const ENHANCE_YOUR_CALM: u32 = 11;
const REFUSED_STREAM: u32 = 7;

/// One thread, so that a flood would be everybody's.
fn site(server: &Server) -> Site {
    let site = Site::with("a/a: -> forward v1", Options { threads: 1, ..options() }, |_| {});
    site.serve("v1", &[server]);
    site
}

fn head() -> Vec<(Vec<u8>, Vec<u8>)> {
    let fields = [(":method", "GET"), (":scheme", "http"), (":authority", "a"), (":path", "/")];
    fields.map(|(name, value)| (name.as_bytes().to_vec(), value.as_bytes().to_vec())).to_vec()
}

/// The code with which the gateway ends the connection; `None` if it just closes it.
fn goodbye(client: &mut Client) -> Option<u32> {
    let mut code = None;
    while let Some(frame) = client.next().unwrap() {
        if frame.kind == GOAWAY {
            code = frame.payload[4..].first_chunk().map(|bytes| u32::from_be_bytes(*bytes));
        }
    }
    code
}

fn others_are_served(site: &Site) {
    assert_eq!(site.get("a", "/").text(), "v1");
}

/// CVE-2023-44487.
#[test]
fn who_cancels_all_requests_is_sent_away() {
    let server = Server::named("v1");
    let site = site(&server);
    let mut client = Client::connect(site.address);
    for stream in (1..20_000).step_by(2) {
        client.headers(stream, &head(), true);
        client.frame(RST_STREAM, 0, stream, &8_u32.to_be_bytes());
    }
    assert_eq!(goodbye(&mut client), Some(ENHANCE_YOUR_CALM));
    assert!(server.connections() < 2000, "{} connections to the server", server.connections());
    others_are_served(&site);
}

/// CVE-2024-27316 and its like.
#[test]
fn a_head_that_never_ends_is_cut_off() {
    let site = site(&Server::named("v1"));
    let mut client = Client::connect(site.address);
    client.frame(HEADERS, 0, 1, &block(&head()));
    let more = block(&[(b"x".to_vec(), vec![b'y'; 16_000])]);
    for _ in 0..2000 {
        client.frame(CONTINUATION, 0, 1, &more);
    }
    assert_eq!(goodbye(&mut client), Some(ENHANCE_YOUR_CALM));
    others_are_served(&site);
}

/// "HPACK bomb": a byte for each of many large fields.
#[test]
fn a_head_that_grows_when_it_is_unpacked_is_refused() {
    let site = site(&Server::named("v1"));
    let mut client = Client::connect(site.address);
    let mut bomb = block(&head());
    // Remembered by the decoder, then named 15,000 times: 45 MB.
    bomb.extend([0x40, 1, b'x', 0x7f, 0xb9, 0x16]);
    bomb.extend(vec![b'y'; 3000]);
    bomb.extend(vec![0xbe; 13_000]);
    client.frame(HEADERS, 5, 1, &bomb[..16_000]);
    let mut answered = false;
    while let Some(frame) = client.next().unwrap() {
        match frame.kind {
            // 431 comes from the library, without a field section that could be indexed.
            HEADERS => {
                assert_ne!(frame.payload.first(), Some(&0x88), "200");
                answered = true;
                break;
            }
            RST_STREAM | GOAWAY => {
                answered = true;
                break;
            }
            _ => {}
        }
    }
    assert!(answered);
    others_are_served(&site);
}

/// CVE-2019-9512, CVE-2019-9515: answers to frames pile up if nobody reads them.
#[test]
fn pings_and_settings_are_answered_no_faster_than_they_are_read() {
    let site = site(&Server::named("v1"));
    for kind in [PING, SETTINGS] {
        let mut client = Client::connect(site.address);
        client.stream.set_write_timeout(Some(std::time::Duration::from_millis(200))).unwrap();
        let payload: &[u8] = if kind == PING { &[0; 8] } else { &[] };
        let many = frame(kind, 0, 0, payload).repeat(1000);
        let mut accepted = 0_usize;
        // Until the gateway has ended the connection, or reads no more since nobody takes its answers.
        while accepted < 1 << 29 {
            match std::io::Write::write(&mut client.stream, &many) {
                Ok(count) => accepted += count,
                Err(_) => break,
            }
        }
        assert!(accepted < 1 << 29, "{accepted} bytes of frames of type {kind} were read");
        others_are_served(&site);
    }
}

/// The same, by a client that reads every answer: it would cost the gateway as much as it likes.
#[test]
fn pings_and_settings_without_end_are_cut_off() {
    let site = site(&Server::named("v1"));
    for kind in [PING, SETTINGS] {
        let mut client = Client::connect(site.address);
        let mut reading = client.stream.try_clone().unwrap();
        let answers = std::thread::spawn(move || std::io::copy(&mut reading, &mut std::io::sink()));
        let payload: &[u8] = if kind == PING { &[0; 8] } else { &[] };
        let many = frame(kind, 0, 0, payload).repeat(1000);
        let mut sent = 0;
        while sent < 10_000_000 && std::io::Write::write_all(&mut client.stream, &many).is_ok() {
            sent += 1000;
        }
        assert!((5_000..10_000_000).contains(&sent), "{sent} frames of type {kind} were taken");
        others_are_served(&site);
        drop(client);
        // However the connection ended.
        let _ = answers.join().unwrap();
    }
}

/// CVE-2019-9518.
#[test]
fn frames_without_data_are_counted() {
    let site = site(&Server::named("v1"));
    let mut client = Client::connect(site.address);
    client.headers(1, &head(), false);
    let empty = frame(DATA, 0, 1, &[]).repeat(1000);
    for _ in 0..1000 {
        client.write(&empty);
    }
    assert_eq!(goodbye(&mut client), Some(ENHANCE_YOUR_CALM));
    others_are_served(&site);
}

#[test]
fn more_streams_than_agreed_are_refused() {
    let site = site(&Server::raw(|mut stream| drop(stream.rest())));
    let mut client = Client::connect(site.address);
    for stream in (1..2 * 140).step_by(2) {
        client.headers(stream, &head(), true);
    }
    let mut refused = 0;
    while refused < 12 {
        let frame = client.next().unwrap().expect("the connection goes on");
        if frame.kind == RST_STREAM {
            assert_eq!(frame.payload, REFUSED_STREAM.to_be_bytes());
            assert!(frame.stream > 2 * 128 - 1, "stream {}", frame.stream);
            refused += 1;
        }
    }
}

/// A head with as many `Connection` options as fit is refused before each is compared with each field.
#[test]
fn many_options_cost_little() {
    let site = site(&Server::named("v1"));
    let options = "x,".repeat(8000);
    let fields = (0..100).map(|number| format!("X-{number}: y\r\n")).collect::<Vec<_>>().concat();
    let head = format!("GET / HTTP/1.1\r\nHost: a\r\nConnection: {options}x\r\n{fields}\r\n");
    assert_eq!(site.ask(&head).error(), (400, "malformed-request".to_owned()));
}

/// A client that never reads ends its own connection, over HTTP/1.1 and HTTP/2.
#[test]
fn an_answer_that_nobody_reads_is_cut_off() {
    let site = Site::with("a/a: path=/big -> forward big\na/b: -> forward v1", options(), |listener| {
        listener.request_timeout_seconds = 1;
    });
    let (told, ended) = std::sync::mpsc::channel();
    let told = std::sync::Mutex::new(told);
    let endless = Server::raw(move |mut stream| {
        stream.head().unwrap();
        let _ = stream.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000000\r\n\r\n");
        while stream.write(&[b'x'; 16 * 1024]).is_ok() {}
        let _ = told.lock().unwrap().send(());
    });
    site.serve("big", &[&endless]);
    site.serve("v1", &[&Server::new(|_| ok("v1"))]);
    let mut client = site.connect();
    client.send("GET /big HTTP/1.1\r\nHost: a\r\n\r\n");
    ended.recv_timeout(crate::support::PATIENCE).expect("the server's connection ends");
    let mut client = Client::connect(site.address);
    let head = head()
        .into_iter()
        .map(|(name, value)| if name == b":path" { (name, b"/big".to_vec()) } else { (name, value) });
    client.headers(1, &head.collect::<Vec<_>>(), true);
    ended.recv_timeout(crate::support::PATIENCE).expect("the server's connection ends");
    others_are_served(&site);
}

/// Every byte of a head comes in time, and all of them don't.
#[test]
fn a_head_that_drips_gets_408() {
    let site =
        Site::with("a/a: -> forward v1", Options { limits: crate::support::short(), ..options() }, |_| {});
    let mut client = site.connect();
    client.send("GET / HTTP/1.1\r\nHost: a\r\nX: ");
    let mut seen = [0; 12];
    client.stream.stream.set_read_timeout(Some(std::time::Duration::from_millis(20))).unwrap();
    for _ in 0..500 {
        match std::io::Read::read(&mut client.stream.stream, &mut seen) {
            Err(_) => client.send("y"),
            Ok(_) => break,
        }
    }
    assert_eq!(&seen, b"HTTP/1.1 408");
}

/// A stream whose body never comes, and a head that never ends, end too.
#[test]
fn slow_streams_end() {
    let site = Site::with("a/a: -> forward v1", options(), |listener| {
        listener.request_timeout_seconds = 1;
        listener.idle_timeout_seconds = 1;
    });
    site.serve("v1", &[&Server::named("v1")]);
    let mut client = Client::connect(site.address);
    client.headers(1, &head(), false);
    let mut body = Vec::new();
    while let Some(frame) = client.next().unwrap() {
        if frame.kind == DATA {
            body.extend(frame.payload);
        }
        if frame.stream == 1 && (frame.flags & 1 == 1 || frame.kind == RST_STREAM) {
            break;
        }
    }
    assert!(body.starts_with(b"net-alb: request-timeout"), "{}", body.escape_ascii());
    let mut client = Client::connect(site.address);
    client.frame(HEADERS, 0, 1, &block(&head()));
    goodbye(&mut client);
}

/// Many that say little cost others nothing.
#[test]
fn a_thousand_slow_heads_hold_up_nobody() {
    let site = site(&Server::named("v1"));
    let slow: Vec<_> = (0..1000)
        .map(|_| {
            let mut client = site.connect();
            client.send("GET / HTTP/1.1\r\nHo");
            client
        })
        .collect();
    for _ in 0..20 {
        others_are_served(&site);
    }
    drop(slow);
}
