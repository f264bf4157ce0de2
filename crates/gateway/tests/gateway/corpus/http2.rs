//! Frames over TCP, by a client that sends whatever it's told to.

use super::case::{Case, Expected, Step};
use super::http1::{compare, site};
use super::recorder::Recorder;
use crate::support::PATIENCE;
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};

#[test]
fn every_head_of_the_corpus_has_the_answer_that_it_should_have_in_http_2() {
    super::run("fields", 60, check);
}

fn check(case: &Case) -> Result<(), String> {
    let recorder = Recorder::start();
    let site = site(case, &recorder);
    let outcome = converse(case, site.address);
    drop(site);
    let seen = recorder.finish();
    outcome?;
    compare(case, &seen)
}

fn converse(case: &Case, address: SocketAddr) -> Result<(), String> {
    let mut client = Client::connect(address);
    let parts: Vec<_> = case.steps.iter().filter(|step| !matches!(step, Step::Answer(..))).collect();
    for (at, part) in parts.iter().enumerate() {
        let last = at + 1 == parts.len();
        match part {
            Step::Fields(fields) => client.headers(1, fields, last),
            Step::Data(data) => client.frame(DATA, u8::from(last), 1, data),
            other => return Err(format!("{other:?} is not for frames")),
        }
    }
    let expected = case.expected("h2").ok_or("no answer for h2")?;
    client.expect(1, expected)?;
    if expected.close {
        return Ok(());
    }
    // The connection goes on.
    let marker = [(":method", "GET"), (":scheme", "http"), (":authority", "marker.example"), (":path", "/")];
    let marker = marker.map(|(name, value)| (name.as_bytes().to_vec(), value.as_bytes().to_vec()));
    client.headers(3, &marker, true);
    client.expect(3, &Expected { status: Some(200), reset: false, reason: None, close: false })
}

pub(crate) const DATA: u8 = 0;
pub(crate) const HEADERS: u8 = 1;
pub(crate) const RST_STREAM: u8 = 3;
pub(crate) const SETTINGS: u8 = 4;
pub(crate) const PING: u8 = 6;
pub(crate) const GOAWAY: u8 = 7;
pub(crate) const CONTINUATION: u8 = 9;

const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;

/// A connection that writes frames and reads them.
pub(crate) struct Client {
    pub(crate) stream: TcpStream,
    read: Vec<u8>,
}

/// A frame that came.
pub(crate) struct Frame {
    pub(crate) kind: u8,
    pub(crate) flags: u8,
    pub(crate) stream: u32,
    pub(crate) payload: Vec<u8>,
}

impl Client {
    /// Connects, and says the preface and empty settings.
    pub(crate) fn connect(address: SocketAddr) -> Client {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_nodelay(true).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        let mut client = Client { stream, read: Vec::new() };
        client.write(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
        client.frame(SETTINGS, 0, 0, &[]);
        client
    }

    /// A gateway that has refused the beginning may not read the end.
    pub(crate) fn write(&mut self, bytes: &[u8]) {
        drop(self.stream.write_all(bytes));
    }

    pub(crate) fn frame(&mut self, kind: u8, flags: u8, stream: u32, payload: &[u8]) {
        self.write(&frame(kind, flags, stream, payload));
    }

    /// A head or trailers, in as many frames as it takes.
    pub(crate) fn headers(&mut self, stream: u32, fields: &[(Vec<u8>, Vec<u8>)], ends: bool) {
        let block = block(fields);
        let mut pieces: Vec<_> = block.chunks(16_384).collect();
        if pieces.is_empty() {
            pieces.push(&[]);
        }
        let last = pieces.len() - 1;
        for (at, piece) in pieces.iter().enumerate() {
            let kind = if at == 0 { HEADERS } else { CONTINUATION };
            let end = if at == last { END_HEADERS } else { 0 };
            let end_stream = if at == 0 && ends { END_STREAM } else { 0 };
            self.frame(kind, end | end_stream, stream, piece);
        }
    }

    /// The next frame; `None` at the end of the connection.
    pub(crate) fn next(&mut self) -> Result<Option<Frame>, String> {
        loop {
            if let Some((&[l0, l1, l2, kind, flags, s0, s1, s2, s3], rest)) = self.read.split_first_chunk() {
                let length = u32::from_be_bytes([0, l0, l1, l2]) as usize;
                if rest.len() >= length {
                    let payload = rest[..length].to_vec();
                    self.read.drain(..9 + length);
                    let stream = u32::from_be_bytes([s0, s1, s2, s3]) & 0x7fff_ffff;
                    return Ok(Some(Frame { kind, flags, stream, payload }));
                }
            }
            let mut room = [0; 16 * 1024];
            match self.stream.read(&mut room) {
                Ok(0) => return Ok(None),
                Ok(count) => self.read.extend_from_slice(&room[..count]),
                Err(error) if error.kind() == ErrorKind::ConnectionReset => return Ok(None),
                Err(error) => return Err(format!("  nothing came: {error}")),
            }
        }
    }

    /// Waits for the end of a stream.
    fn expect(&mut self, stream: u32, expected: &Expected) -> Result<(), String> {
        let (mut found, mut body) = (None, Vec::new());
        let mut reset = None;
        let mut gone_away = None;
        while let Some(frame) = self.next()? {
            let ends = frame.flags & END_STREAM != 0 && matches!(frame.kind, DATA | HEADERS);
            match frame.kind {
                HEADERS if frame.stream == stream => found = found.or(Some(status(&frame.payload)?)),
                DATA if frame.stream == stream => body.extend_from_slice(&frame.payload),
                RST_STREAM if frame.stream == stream => reset = Some(code(&frame.payload)),
                GOAWAY => gone_away = Some(code(&frame.payload[4..])),
                _ => {}
            }
            let over = frame.stream == stream && (ends || frame.kind == RST_STREAM);
            if over && !expected.close {
                break;
            }
        }
        if (gone_away.is_some_and(|code| code != 0)) != expected.close {
            return Err(format!(
                "  the connection ended with {gone_away:?}, the stream with {found:?} {reset:?}"
            ));
        }
        let reason = reason(&body);
        let wanted = (expected.status, expected.reset, expected.reason.as_deref());
        // A head that was answered before its stream was reset, which RFC 9113 §8.1 allows for, counts as an answer.
        let seen = (found, found.is_none() && reset.is_some(), reason.as_deref());
        if seen != wanted {
            return Err(format!("  answered {seen:?}, not {wanted:?} (reset with {reset:?})"));
        }
        Ok(())
    }
}

fn code(payload: &[u8]) -> u32 {
    payload.first_chunk().map_or(u32::MAX, |bytes| u32::from_be_bytes(*bytes))
}

/// `bad-host` from `net-alb: bad-host: …`.
pub(super) fn reason(body: &[u8]) -> Option<String> {
    let text = str::from_utf8(body).ok()?.strip_prefix("net-alb: ")?;
    Some(text.split(':').next()?.to_owned())
}

pub(crate) fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let head = [&length[1..], &[kind, flags], &stream.to_be_bytes()].concat();
    [&head, payload].concat()
}

/// Fields as HPACK literals that nobody remembers (RFC 7541 §6.2.2): nothing is checked or changed.
pub(crate) fn block(fields: &[(Vec<u8>, Vec<u8>)]) -> Vec<u8> {
    let mut out = Vec::new();
    for (name, value) in fields {
        out.push(0);
        for text in [name, value] {
            integer(text.len(), 7, 0, &mut out);
            out.extend_from_slice(text);
        }
    }
    out
}

/// An integer with a prefix of so many bits (RFC 7541 §5.1).
pub(super) fn integer(number: usize, bits: u32, first: u8, out: &mut Vec<u8>) {
    let most = (1_usize << bits) - 1;
    if number < most {
        out.push(first | u8::try_from(number).unwrap());
        return;
    }
    out.push(first | u8::try_from(most).unwrap());
    let mut left = number - most;
    while left >= 128 {
        out.push(u8::try_from(left % 128).unwrap() | 128);
        left /= 128;
    }
    out.push(u8::try_from(left).unwrap());
}

/// The status in an answer's head, which always comes first: from the static table, or three digits behind its name.
fn status(block: &[u8]) -> Result<u16, String> {
    const STATIC: [u16; 7] = [200, 204, 206, 304, 400, 404, 500];
    // A new size of the table may stand in front.
    let block = &block[block.iter().take_while(|b| **b & 0xe0 == 0x20).count()..];
    match block {
        [indexed @ 0x88..=0x8e, ..] => Ok(STATIC[usize::from(indexed - 0x88)]),
        [0x48 | 0x08 | 0x18, length, text @ ..] => digits(*length, text),
        _ => Err(format!("  a head that begins with {:02x?}", &block[..block.len().min(8)])),
    }
}

/// A string of digits, with or without Huffman's code (RFC 7541 §5.2 and appendix B).
pub(super) fn digits(length: u8, text: &[u8]) -> Result<u16, String> {
    let text = &text[..usize::from(length & 0x7f).min(text.len())];
    if length & 0x80 == 0 {
        return String::from_utf8_lossy(text).parse().map_err(|_| format!("  the status {text:?}"));
    }
    let bits: String = text.iter().map(|byte| format!("{byte:08b}")).collect();
    let (mut at, mut number) = (0, 0);
    while let Some(five) = bits.get(at..at + 5) {
        let five = u16::from_str_radix(five, 2).unwrap();
        if five <= 2 {
            (at, number) = (at + 5, number * 10 + five);
            continue;
        }
        match bits.get(at..at + 6).map(|six| u16::from_str_radix(six, 2).unwrap()) {
            Some(six @ 25..=31) => (at, number) = (at + 6, number * 10 + six - 22),
            _ => break,
        }
    }
    Ok(number)
}
