//! Messages from pieces that fit and pieces that don't: nothing panics, and how bytes are cut into reads changes nothing.

use super::Framing;
use super::body::{Piece, Unframer, push_chunk_size};
use super::head::{Stop, fields, request_line, status_line};
use super::request::{Parsed, Request};
use super::response::Response;
use crate::buffer::{Buffer, Buffers, LARGE};
use crate::options::Limits;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use std::net::Ipv4Addr;

const PIECES: [&str; 34] = [
    "GET ",
    "POST ",
    "/",
    "/a?b",
    "*",
    "http://h/",
    " HTTP/1.1",
    " HTTP/1.0",
    "HTTP/1.1 ",
    "200",
    " OK",
    "\r\n",
    "\r\n",
    "\r\n",
    "\r\n\r\n",
    "\n",
    "\r",
    "Host: a",
    "Host: b:80",
    "Content-Length: 5",
    "Content-Length: 0",
    "Transfer-Encoding: chunked",
    "Connection: close, x",
    "Connection: upgrade",
    "Upgrade: y",
    "X: z",
    "Expect: 100-continue",
    ":",
    " ",
    "\t",
    "\0",
    "é",
    "\u{7f}",
    "Cookie: a=\"b\"",
];

/// With an end: what is wrong with half a head is said at once or at its end.
fn head() -> impl Strategy<Value = String> {
    let wild = vec(select(PIECES.to_vec()), 0..16).prop_map(|pieces| pieces.concat());
    let lines = vec(select(PIECES.to_vec()), 0..6).prop_map(|pieces| {
        let fields: Vec<_> = pieces.iter().map(|piece| format!("{piece}\r\n")).collect();
        format!("GET /a HTTP/1.1\r\nHost: a\r\n{}\r\n", fields.concat())
    });
    prop_oneof![wild, lines].prop_map(|text| text + "x\r\n\r\n")
}

/// An outcome whose reason doesn't matter.
fn verdict(parsed: &Parsed) -> Result<usize, bool> {
    match parsed {
        Parsed::Complete(length) => Ok(*length),
        refused => Err(*refused == Parsed::Partial),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_request_is_the_same_in_one_read_or_many(text in "(\r\n){0,2}", rest in head(), cut in 0..200usize) {
        let text = text + &rest;
        let (bytes, limits) = (text.as_bytes(), Limits::default());
        let (mut whole, mut parts) = (Request::default(), Request::default());
        let at_once = whole.parse(bytes, 0, &limits);
        let cut = cut.min(bytes.len());
        let mut in_parts = parts.parse(&bytes[..cut], 0, &limits);
        if in_parts == Parsed::Partial {
            in_parts = parts.parse(bytes, cut, &limits);
        }
        prop_assert_eq!(verdict(&at_once), verdict(&in_parts));
        if let Parsed::Complete(length) = at_once {
            let head = whole.head(Ipv4Addr::LOCALHOST.into());
            prop_assert!(head.headers.iter().all(|(name, value)| !name.is_empty() && !value.contains(&b'\n')));
            prop_assert!(text[..length].ends_with("\r\n\r\n"));
            prop_assert!(!text[..length].trim_start_matches("\r\n").replace("\r\n", "").contains(['\r', '\n']));
        }
    }

    #[test]
    fn a_head_is_what_httparse_reads_if_its_lines_are_strict(text in head(), answer in any::<bool>()) {
        let text = if answer { text.replacen("GET /a HTTP/1.1", "HTTP/1.1 200 OK", 1) } else { text };
        let ours = ours(text.as_bytes());
        match httparses(text.as_bytes()) {
            Some(theirs) if is_strict(&text[..theirs.length]) => prop_assert_eq!(ours, Ok(theirs)),
            Some(_) => prop_assert_eq!(ours, Err(Stop::Malformed)),
            None => prop_assert!(ours.is_err()),
        }
    }

    #[test]
    fn an_answer_is_the_same_in_one_read_or_many(text in head(), cut in 0..200usize) {
        let text = text.replacen("GET /a HTTP/1.1", "HTTP/1.1 200 OK", 1);
        let bytes = text.as_bytes();
        let at_once = Response::default().parse(bytes, 0, false);
        let cut = cut.min(bytes.len());
        let mut in_parts = Response::default().parse(&bytes[..cut], 0, false);
        if in_parts == Ok(None) {
            in_parts = Response::default().parse(bytes, cut, false);
        }
        prop_assert_eq!(at_once, in_parts);
    }

    #[test]
    fn a_body_is_the_same_however_it_is_cut(chunks in vec(vec(any::<u8>(), 1..300), 0..12), cuts in vec(1..200usize, 1..8)) {
        let mut framed = Vec::new();
        for chunk in &chunks {
            push_chunk_size(&mut framed, chunk.len());
            framed.extend_from_slice(chunk);
            framed.extend_from_slice(b"\r\n");
        }
        framed.extend_from_slice(b"0\r\nX-Sum: 1\r\n\r\nnext");
        let (data, trailers, rest) = unframe(&framed, &cuts);
        prop_assert_eq!(data, chunks.concat());
        prop_assert_eq!(trailers, b"X-Sum: 1\r\n");
        prop_assert!(b"next".starts_with(&rest));
    }

    #[test]
    fn no_chunks_make_it_panic(framed in vec(any::<u8>(), 0..200), cuts in vec(1..50usize, 1..8)) {
        unframe(&framed, &cuts);
    }
}

/// Feeds bytes in pieces of these sizes, over and over: the body, the trailers, and what was fed but belongs to neither.
fn unframe(framed: &[u8], cuts: &[usize]) -> (Vec<u8>, Vec<u8>, Vec<u8>) {
    let (buffers, mut buffer) = (Buffers::default(), Buffer::default());
    let mut unframer = Unframer::new(Framing::Chunked);
    let mut data = Vec::new();
    let mut fed = 0;
    for size in cuts.iter().cycle() {
        match unframer.next(&mut buffer) {
            Ok(Piece::Data(count)) => {
                data.extend_from_slice(&buffer.filled()[..count]);
                buffer.consume(count);
            }
            Ok(Piece::More) if fed < framed.len() => {
                buffers.make_room(&mut buffer, LARGE);
                let piece = &framed[fed..framed.len().min(fed + size)];
                buffer.free()[..piece.len()].copy_from_slice(piece);
                buffer.advance(piece.len());
                fed += piece.len();
            }
            _ => break,
        }
    }
    (data, unframer.trailers().to_vec(), buffer.filled().to_vec())
}

/// A head, taken apart: bytes in all, the words of its first line, its fields.
#[derive(Debug, PartialEq)]
struct Head {
    length: usize,
    line: Vec<String>,
    fields: Vec<(String, Vec<u8>)>,
}

fn ours(bytes: &[u8]) -> Result<Head, Stop> {
    let text = |range: std::ops::Range<usize>| String::from_utf8_lossy(&bytes[range]).into_owned();
    let mut spans = Vec::new();
    let (length, line) = if bytes.starts_with(b"HTTP/") {
        let line = status_line(bytes)?;
        (
            fields(bytes, line.end, &mut spans)?,
            vec![line.status.to_string(), text(line.phrase), line.http10.to_string()],
        )
    } else {
        let line = request_line(bytes)?;
        (
            fields(bytes, line.end, &mut spans)?,
            vec![text(line.method), text(line.target), line.http10.to_string()],
        )
    };
    let pair = |span: &crate::table::FieldSpan| {
        (String::from_utf8_lossy(span.name(bytes)).into_owned(), span.value(bytes).to_vec())
    };
    Ok(Head { length, line, fields: spans.iter().map(pair).collect() })
}

fn httparses(bytes: &[u8]) -> Option<Head> {
    let mut headers = [httparse::EMPTY_HEADER; 64];
    let (length, line, headers) = if bytes.starts_with(b"HTTP/") {
        let mut parsed = httparse::Response::new(&mut headers);
        let httparse::Status::Complete(length) = parsed.parse(bytes).ok()? else { return None };
        let line =
            vec![parsed.code?.to_string(), parsed.reason?.to_owned(), (parsed.version? == 0).to_string()];
        (length, line, parsed.headers)
    } else {
        let mut parsed = httparse::Request::new(&mut headers);
        let httparse::Status::Complete(length) = parsed.parse(bytes).ok()? else { return None };
        let line =
            vec![parsed.method?.to_owned(), parsed.path?.to_owned(), (parsed.version? == 0).to_string()];
        (length, line, parsed.headers)
    };
    let pair = |header: &httparse::Header<'_>| (header.name.to_owned(), header.value.to_vec());
    Some(Head { length, line, fields: headers.iter().map(pair).collect() })
}

/// Whether every line ends in CR LF, and none is empty but the last.
fn is_strict(head: &str) -> bool {
    let lines = head.strip_suffix("\r\n\r\n").unwrap_or("\n");
    !lines.is_empty() && lines.split("\r\n").all(|line| !line.is_empty() && !line.contains(['\r', '\n']))
}
