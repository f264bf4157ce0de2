//! Frames on QUIC streams, by a client that sends whatever it's told to.

use super::case::{Case, Expected, Step};
use super::http1::{MARKER, compare, everything};
use super::http2::{digits, integer, reason};
use super::recorder::Recorder;
use crate::http3::client::{Site, run};
use net_alb_gateway::Options;
use quinn::{Connection, ReadError};
use std::cell::RefCell;

#[test]
fn every_head_of_the_corpus_has_the_answer_that_it_should_have_in_http_3() {
    super::run("fields", 90, check);
}

fn check(case: &Case) -> Result<(), String> {
    let recorder = Recorder::start();
    let outcome = RefCell::new(Ok(()));
    run(async {
        let rules = format!("{MARKER}\n{}", case.rules.as_deref().unwrap_or("a/a: -> forward v1"));
        let site = Site::with(&rules, Options { threads: 1, ..Options::default() }, |listener| {
            if case.forwarded {
                listener.x_forwarded_for = everything();
            }
        });
        site.gateway.set_endpoints(&crate::support::service("v1"), vec![recorder.address]);
        let connection = site.dial().await;
        *outcome.borrow_mut() = converse(case, &connection).await;
        connection.close(0_u32.into(), b"");
    });
    let seen = recorder.finish();
    outcome.into_inner()?;
    compare(case, &seen)
}

async fn converse(case: &Case, connection: &Connection) -> Result<(), String> {
    let mut request = Vec::new();
    for step in &case.steps {
        match step {
            Step::Fields(fields) => request.extend(frame(HEADERS, &section(fields))),
            Step::Data(data) => request.extend(frame(DATA, data)),
            Step::Answer(..) => {}
            other => return Err(format!("{other:?} is not for frames")),
        }
    }
    let expected = case.expected("h3").ok_or("no answer for h3")?;
    ask(connection, &request, expected).await?;
    let marker = [(":method", "GET"), (":scheme", "https"), (":authority", "marker.example"), (":path", "/")];
    let marker = marker.map(|(name, value)| (name.as_bytes().to_vec(), value.as_bytes().to_vec()));
    let fine = Expected { status: Some(200), reset: false, reason: None, close: false };
    ask(connection, &frame(HEADERS, &section(&marker)), &fine).await
}

/// Sends a request on a stream of its own, and compares what comes back.
async fn ask(connection: &Connection, request: &[u8], expected: &Expected) -> Result<(), String> {
    let (mut sending, mut receiving) = connection.open_bi().await.map_err(|error| error.to_string())?;
    // A gateway that has refused the beginning may not read the end.
    let _ = sending.write_all(request).await;
    let _ = sending.finish();
    let (mut answer, mut reset) = (Vec::new(), false);
    let mut piece = [0; 4096];
    loop {
        match receiving.read(&mut piece).await {
            Ok(Some(count)) => answer.extend_from_slice(&piece[..count]),
            Ok(None) => break,
            Err(ReadError::Reset(_)) => {
                reset = true;
                break;
            }
            Err(error) => return Err(format!("  {error}")),
        }
    }
    let (found, body) = read(&answer)?;
    let reason = reason(&body);
    let seen = (found, found.is_none() && reset, reason.as_deref());
    let wanted = (expected.status, expected.reset, expected.reason.as_deref());
    if seen == wanted { Ok(()) } else { Err(format!("  answered {seen:?}, not {wanted:?}")) }
}

const DATA: u8 = 0;
const HEADERS: u8 = 1;

fn frame(kind: u8, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap() | 0x8000_0000;
    [&[kind][..], &length.to_be_bytes(), payload].concat()
}

/// Fields as QPACK literals (RFC 9204 §4.5.6): nothing is checked or changed.
fn section(fields: &[(Vec<u8>, Vec<u8>)]) -> Vec<u8> {
    let mut out = vec![0, 0];
    for (name, value) in fields {
        integer(name.len(), 3, 0x20, &mut out);
        out.extend_from_slice(name);
        integer(value.len(), 7, 0, &mut out);
        out.extend_from_slice(value);
    }
    out
}

/// The status and the body of an answer.
fn read(mut bytes: &[u8]) -> Result<(Option<u16>, Vec<u8>), String> {
    let (mut found, mut body) = (None, Vec::new());
    while !bytes.is_empty() {
        let (kind, rest) = varint(bytes);
        let (length, rest) = varint(rest);
        let (payload, rest) = rest.split_at(length.min(rest.len()));
        match kind {
            0 => body.extend_from_slice(payload),
            1 if found.is_none() => found = Some(status(payload)?),
            _ => {}
        }
        bytes = rest;
    }
    Ok((found, body))
}

/// RFC 9000 §16.
fn varint(bytes: &[u8]) -> (usize, &[u8]) {
    let length = 1 << (bytes[0] >> 6);
    let first = usize::from(bytes[0] & 0x3f);
    let number = bytes[1..length].iter().fold(first, |number, byte| number << 8 | usize::from(*byte));
    (number, &bytes[length..])
}

/// The status in an answer's head, which always comes first: from the static table, or three digits behind its name.
fn status(section: &[u8]) -> Result<u16, String> {
    const LOW: [u16; 5] = [103, 200, 304, 404, 503];
    const HIGH: [u16; 9] = [100, 204, 206, 302, 400, 403, 421, 425, 500];
    match &section[2..] {
        [indexed @ 0xd8..=0xdc, ..] => Ok(LOW[usize::from(indexed - 0xd8)]),
        [0xff, more @ 0..=8, ..] => Ok(HIGH[usize::from(*more)]),
        // By a name of the static table, whose number may need a second byte.
        [0x5f | 0x7f, _, length, text @ ..] => digits(*length, text),
        head => Err(format!("  a head that begins with {:02x?}", &head[..head.len().min(8)])),
    }
}
