//! Bytes over TCP.

use super::case::{Case, Expected, Step};
use super::recorder::Recorder;
use crate::support::{PATIENCE, Site};
use net_alb_gateway::Options;
use net_alb_model::XForwardedFor;
use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};

/// Answered by the gateway, before any rule of a case.
pub(super) const MARKER: &str = "marker/marker@1: host=marker.example -> fixed 200 text/plain marker";

#[test]
fn every_http_1_request_of_the_corpus_has_the_answer_that_it_should_have() {
    super::run("h1", 100, check);
}

fn check(case: &Case) -> Result<(), String> {
    let recorder = Recorder::start();
    let site = site(case, &recorder);
    let outcome = converse(case, &site);
    drop(site);
    let seen = recorder.finish();
    outcome?;
    compare(case, &seen)
}

/// A gateway with one thread, so that a second request to the backend takes the first one's connection.
pub(super) fn site(case: &Case, recorder: &Recorder) -> Site {
    let rules = format!("{MARKER}\n{}", case.rules.as_deref().unwrap_or("a/a: -> forward v1"));
    let site = Site::with(&rules, Options { threads: 1, ..Options::default() }, |listener| {
        if case.forwarded {
            listener.x_forwarded_for = everything();
        }
    });
    site.gateway.set_endpoints(&crate::support::service("v1"), vec![recorder.address]);
    site
}

/// The headers of `listener: forwarded`.
pub(super) fn everything() -> XForwardedFor {
    XForwardedFor { x_forwarded_for: true, proto: true, host: true, ..XForwardedFor::default() }
}

/// Whether a backend has seen what it should have.
pub(super) fn compare(case: &Case, seen: &[u8]) -> Result<(), String> {
    let expected = case.backend.as_deref().unwrap_or_default();
    if seen == expected || (case.at_most && expected.starts_with(seen)) {
        return Ok(());
    }
    let (seen, expected) = (seen.escape_ascii(), expected.escape_ascii());
    Err(format!("  the backend saw  {seen}\n  not              {expected}"))
}

fn converse(case: &Case, site: &Site) -> Result<(), String> {
    let mut client = Client::new(TcpStream::connect(site.address).unwrap());
    let mut open = true;
    for step in &case.steps {
        match step {
            // A gateway that has refused the beginning may close before it has seen the end.
            Step::Send(bytes) => drop(client.stream.write_all(bytes)),
            Step::StopWriting => drop(client.stream.shutdown(Shutdown::Write)),
            Step::Fields(_) | Step::Data(_) => return Err("no bytes".to_owned()),
            Step::Answer(_, expected) => {
                client.expect(expected)?;
                open = !expected.close;
            }
        }
    }
    if !open {
        return Ok(());
    }
    // Nothing of the case is left on the connection: another request gets the next answer.
    client.stream.write_all(b"GET / HTTP/1.1\r\nHost: marker.example\r\n\r\n").map_err(|e| e.to_string())?;
    let marker = client.answer()?.ok_or("the connection has been closed")?;
    if marker.ends_with("marker") { Ok(()) } else { Err(format!("  the next request got  {marker}")) }
}

struct Client {
    stream: TcpStream,
    read: Vec<u8>,
}

impl Client {
    fn new(stream: TcpStream) -> Client {
        stream.set_nodelay(true).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        Client { stream, read: Vec::new() }
    }

    fn expect(&mut self, expected: &Expected) -> Result<(), String> {
        let answer = if expected.status.is_some() { self.answer()? } else { None };
        let found = answer.as_deref().map(|text| (status(text), header(text, "x-net-alb-error")));
        let wanted = expected.status.map(|status| (status, expected.reason.as_deref()));
        if found != wanted {
            return Err(format!("  answered {found:?}, not {wanted:?}"));
        }
        let says_close = answer.as_deref().is_some_and(|text| header(text, "connection") == Some("close"));
        if expected.status.is_some() && says_close != expected.close {
            return Err(format!("  says `connection: close`: {says_close}"));
        }
        if expected.close {
            while self.more()? {}
            if !self.read.is_empty() {
                return Err(format!("  one answer too many: {}", self.read.escape_ascii()));
            }
        }
        Ok(())
    }

    /// The next answer, as text; `None` if the connection ends instead.
    fn answer(&mut self) -> Result<Option<String>, String> {
        let end = loop {
            if let Some(end) = self.read.windows(4).position(|window| window == b"\r\n\r\n") {
                break end + 4;
            }
            if !self.more()? {
                return Ok(None);
            }
        };
        let head = String::from_utf8_lossy(&self.read[..end]).into_owned();
        let length = header(&head, "content-length").map_or(0, |length| length.parse().unwrap());
        while self.read.len() < end + length && self.more()? {}
        let rest = self.read.split_off((end + length).min(self.read.len()));
        let answer = String::from_utf8_lossy(&std::mem::replace(&mut self.read, rest)).into_owned();
        Ok(Some(answer))
    }

    /// Reads more; false at the end.
    fn more(&mut self) -> Result<bool, String> {
        let mut block = [0; 16 * 1024];
        match self.stream.read(&mut block) {
            Ok(count) => {
                self.read.extend_from_slice(&block[..count]);
                Ok(count > 0)
            }
            Err(error) if error.kind() == ErrorKind::ConnectionReset => Ok(false),
            Err(error) => Err(format!("  nothing came: {error}")),
        }
    }
}

fn status(answer: &str) -> u16 {
    answer.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_default()
}

fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let lines = head.split("\r\n\r\n").next()?.split("\r\n").skip(1).filter_map(|line| line.split_once(": "));
    lines.filter(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value).next()
}
