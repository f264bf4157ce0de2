//! What clients might send, against another program's reading of it: whatever is accepted here, hyper must read in the same
//! way. `cargo xtask fuzz` runs these for long; what they have found is kept in `__fuzz__`, and sent again by every test run.

use super::Framing;
use super::body::{Piece, Unframer};
use super::request::{Parsed, Request};
use crate::buffer::Buffer;
use crate::options::Limits;
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use std::cell::RefCell;
use std::net::Ipv4Addr;
use std::rc::Rc;

/// First lines, with a host.
const FIRST: &[&[u8]] = &[
    b"GET / HTTP/1.1\r\nHost: a\r\n",
    b"POST /a?b HTTP/1.1\r\nHost: a\r\n",
    b"GET http://b/c HTTP/1.1\r\nHost: a\r\n",
    b"OPTIONS * HTTP/1.1\r\nHost: a\r\n",
    b"POST /x%2f\\y;z HTTP/1.0\r\nConnection: keep-alive\r\n",
];

/// Whole fields.
const FIELDS: &[&[u8]] = &[
    b"Content-Length: 0\r\n",
    b"Content-Length: 3\r\n",
    b"content-length: 005\r\n",
    b"Transfer-Encoding: chunked\r\n",
    b"Transfer-Encoding: chunked\r\n",
    b"Connection: close\r\n",
    b"Connection: keep-alive, content-length\r\n",
    b"Connection: upgrade\r\n",
    b"Upgrade: websocket\r\n",
    b"Expect: 100-continue\r\n",
    b"X: y\r\n",
    b"X-Long: 0123456789012345678901234567890123456789\r\n",
];

/// Bodies, and what begins one.
const BODIES: &[&[u8]] = &[
    b"abc",
    b"hello",
    b"0\r\n\r\n",
    b"0\r\nX: y\r\n\r\n",
    b"3\r\nabc\r\n",
    b"003;ext=\"v\"\r\nabc\r\n",
    b"a\r\n0123456789\r\n",
    b"5\r\nhello\r\n0\r\n\r\n",
    b"GET /admin HTTP/1.1\r\nHost: a\r\n\r\n",
];

/// What spoils a message.
const SPOILERS: &[&[u8]] = &[
    b"Content-Length: ",
    b"Content-Length",
    b"Transfer-Encoding: ",
    b"Transfer-Encoding",
    b"chunked",
    b"identity",
    b"gzip, ",
    b"Upgrade: h2c\r\n",
    b"Host: b\r\n",
    b"Host: ",
    b"GET ",
    b" HTTP/1.1\r\n",
    b"fffffffffffffff\r\n",
    b"\r\n",
    b"\r\n\r\n",
    b"\n",
    b"\r",
    b": ",
    b" ",
    b"\t",
    b"\0",
    b"\x7f",
    b"\xff",
    b"\xc3\xa9",
    b"#",
    b"_",
    b",",
    b";",
    b"+",
    b"-",
    b"0",
    b"1",
    b"5",
    b"a",
];

/// Which pieces.
type Choices = Vec<(u8, u8)>;

/// Pieces that fit, and now and then one that spoils it.
fn text(choices: &[(u8, u8)], pieces: &[&'static [u8]], most: usize) -> Vec<u8> {
    let piece = |(rarity, choice): &(u8, u8)| {
        let from = if *rarity < 224 { pieces } else { SPOILERS };
        from[usize::from(*choice) % from.len()]
    };
    choices.iter().take(most).flat_map(piece).copied().collect()
}

/// Requests whose parts mostly stand where they should: a first line, fields, an empty line, pieces of a body.
fn requests(choices: &[(Choices, Choices, Choices)]) -> Vec<u8> {
    let request = |(first, fields, body): &(Choices, Choices, Choices)| {
        [&text(first, FIRST, 1)[..], &text(fields, FIELDS, 3), b"\r\n", &text(body, BODIES, 3)].concat()
    };
    choices.iter().take(4).flat_map(request).collect()
}

/// A request as both sides tell it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Told {
    method: String,
    host: String,
    target: String,
    body: Vec<u8>,
}

/// The requests that we read whole, one after the other.
fn ours(bytes: &[u8]) -> Vec<Told> {
    let (mut buffer, mut told) = (filled(bytes), Vec::new());
    loop {
        let mut request = Request::default();
        let Parsed::Complete(length) = request.parse(buffer.filled(), 0, &Limits::default()) else {
            return told;
        };
        buffer.consume(length);
        let Some(body) = body(&mut buffer, request.facts.framing) else { return told };
        let head = request.head(Ipv4Addr::LOCALHOST.into());
        let query = head.query.map(|query| format!("?{query}")).unwrap_or_default();
        told.push(Told {
            method: head.method.to_owned(),
            host: head.authority.to_owned(),
            target: format!("{}{query}", head.path),
            body,
        });
        if !request.facts.keep_alive || request.facts.upgrade {
            return told;
        }
    }
}

fn filled(bytes: &[u8]) -> Buffer {
    let mut buffer = Buffer::default();
    buffer.resize(bytes.len().max(1));
    buffer.free()[..bytes.len()].copy_from_slice(bytes);
    buffer.advance(bytes.len());
    buffer
}

/// A whole body, taken out of its framing.
fn body(buffer: &mut Buffer, framing: Framing) -> Option<Vec<u8>> {
    let (mut unframer, mut body) = (Unframer::new(framing), Vec::new());
    loop {
        match unframer.next(buffer).ok()? {
            Piece::Data(count) => {
                body.extend_from_slice(&buffer.filled()[..count]);
                buffer.consume(count);
            }
            Piece::End => return Some(body),
            Piece::More => return None,
        }
    }
}

/// The requests that hyper reads whole, one after the other.
async fn theirs(bytes: &[u8]) -> Vec<Told> {
    let told = Rc::new(RefCell::new(Vec::new()));
    let service = service_fn(|request: hyper::Request<Incoming>| {
        let told = Rc::clone(&told);
        async move {
            let (head, body) = request.into_parts();
            let body = body.collect().await?.to_bytes().to_vec();
            let field =
                head.headers.get("host").map(|host| String::from_utf8_lossy(host.as_bytes()).into_owned());
            let host = head.uri.authority().map(ToString::to_string).or(field).unwrap_or_default();
            let target = match (head.uri.path_and_query(), head.method.as_str()) {
                (Some(target), _) => target.to_string(),
                (None, _) => "/".to_owned(),
            };
            told.borrow_mut().push(Told { method: head.method.to_string(), host, target, body });
            Ok::<_, hyper::Error>(hyper::Response::new(Full::new(Bytes::new())))
        }
    });
    let (client, server) = tokio::io::duplex(1 << 20);
    let (_answers, mut requests) = tokio::io::split(client);
    let connection = hyper::server::conn::http1::Builder::new()
        .half_close(true)
        .serve_connection(TokioIo::new(server), service);
    let send = async {
        use tokio::io::AsyncWriteExt;
        // It may have ended before.
        let _ = requests.write_all(bytes).await;
        let _ = requests.shutdown().await;
    };
    // However it ends, what it has read has been told.
    let _ = tokio::join!(connection, send);
    told.take()
}

/// Whether the two agree about every request that both have read. Each may refuse what the other takes.
fn agree(bytes: &[u8]) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let (ours, theirs) = (ours(bytes), runtime.block_on(theirs(bytes)));
    for (at, (mine, other)) in ours.iter().zip(&theirs).enumerate() {
        let mut other = other.clone();
        // A URL without a path: what is forwarded is ours to say (RFC 9112 §3.2.4).
        if mine.method == "OPTIONS" && mine.target == "*" {
            other.target = "*".to_owned();
        }
        assert_eq!(*mine, other, "request {at} of {:?}", bytes.escape_ascii().to_string());
    }
}

#[test]
fn request_parsing() {
    bolero::check!()
        .with_type::<Vec<(Choices, Choices, Choices)>>()
        .for_each(|choices| agree(&requests(choices)));
}

#[test]
fn request_parsing_of_any_bytes() {
    bolero::check!().for_each(agree);
}

/// The plainest reading of chunks: data and how many bytes they took.
fn naive(bytes: &[u8]) -> Option<(Vec<u8>, usize)> {
    let (mut data, mut at) = (Vec::new(), 0);
    loop {
        let line = at + bytes[at..].windows(2).position(|pair| pair == b"\r\n")?;
        let text =
            str::from_utf8(bytes[at..line].split(|b| matches!(b, b';' | b' ' | b'\t')).next()?).ok()?;
        let size = u64::from_str_radix(text, 16).ok()?;
        at = line + 2;
        if size == 0 {
            break;
        }
        let end = at.checked_add(usize::try_from(size).ok()?)?;
        data.extend_from_slice(bytes.get(at..end)?);
        at = end + 2;
        (bytes.get(end..at)? == b"\r\n").then_some(())?;
    }
    while !bytes[at..].starts_with(b"\r\n") {
        at += bytes[at..].windows(2).position(|pair| pair == b"\r\n")? + 2;
    }
    Some((data, at + 2))
}

#[test]
fn chunked_bodies() {
    bolero::check!().with_type::<Choices>().for_each(|choices| {
        let bytes = text(choices, BODIES, 8);
        let mut buffer = filled(&bytes);
        if let Some(body) = body(&mut buffer, Framing::Chunked) {
            let rest = buffer.filled().len();
            let seen = (body, bytes.len() - rest);
            assert_eq!(naive(&bytes), Some(seen), "{:?}", bytes.escape_ascii().to_string());
        }
    });
}
