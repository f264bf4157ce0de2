//! The least HTTP client that can see a connection being closed, which libraries hide: GET with keep-alive.

use anyhow::{Context, Result, bail};
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// Nothing that we ask for takes longer.
const PATIENCE: Duration = Duration::from_secs(5);
/// More than any answer's head.
const MOST_HEADERS: usize = 64;

/// One keep-alive connection to a proxy.
#[derive(Debug)]
pub(super) struct Connection {
    stream: TcpStream,
}

/// What came back.
#[derive(Debug)]
pub(super) struct Answer {
    pub status: u16,
    /// Which of the two backends answered: the header `x-backend`.
    pub backend: String,
    pub body: Vec<u8>,
}

/// What to ask for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Question<'a> {
    pub host: &'a str,
    pub path: &'a str,
    /// The request header `x-rule`.
    pub rule: Option<usize>,
}

impl Connection {
    /// Connects to a port of this machine.
    pub(super) fn open(port: u16) -> Result<Self> {
        let stream = TcpStream::connect(("127.0.0.1", port))?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        Ok(Connection { stream })
    }

    /// Asks, and reads the whole answer.
    pub(super) fn get(&mut self, question: Question) -> Result<Answer> {
        let rule = question.rule.map(|rule| format!("x-rule: {rule}\r\n")).unwrap_or_default();
        let head = format!("GET {} HTTP/1.1\r\nHost: {}\r\n{rule}\r\n", question.path, question.host);
        self.stream.write_all(head.as_bytes())?;
        let mut received = Vec::new();
        let mut chunk = [0; 16 * 1024];
        loop {
            let count = self.stream.read(&mut chunk)?;
            if count == 0 {
                bail!("the connection was closed after {} bytes of the answer", received.len());
            }
            received.extend_from_slice(&chunk[..count]);
            if let Some(answer) = parse(&received)? {
                return Ok(answer);
            }
        }
    }

    /// Whether the other side has closed it.
    pub(super) fn is_closed(&self) -> Result<bool> {
        self.stream.set_nonblocking(true)?;
        let peeked = self.stream.peek(&mut [0]);
        self.stream.set_nonblocking(false)?;
        Ok(match peeked {
            Ok(count) => count == 0,
            Err(error) => error.kind() != ErrorKind::WouldBlock,
        })
    }
}

/// The answer, once all of it is there.
fn parse(received: &[u8]) -> Result<Option<Answer>> {
    let mut headers = [httparse::EMPTY_HEADER; MOST_HEADERS];
    let mut response = httparse::Response::new(&mut headers);
    let httparse::Status::Complete(head) = response.parse(received).context("reading an answer's head")?
    else {
        return Ok(None);
    };
    let header = |name: &str| {
        let found = response.headers.iter().find(|header| header.name.eq_ignore_ascii_case(name));
        found.map(|header| String::from_utf8_lossy(header.value).into_owned())
    };
    let length: usize = match header("content-length") {
        Some(length) => length.parse().context("reading `content-length`")?,
        None => {
            bail!("an answer without `content-length`, which neither our backend nor a peer's own error has")
        }
    };
    let Some(body) = received.get(head..head + length) else { return Ok(None) };
    let status = response.code.context("a complete head has a status")?;
    Ok(Some(Answer { status, backend: header("x-backend").unwrap_or_default(), body: body.to_vec() }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_there_when_its_last_byte_is() {
        let text = b"HTTP/1.1 200 OK\r\nX-Backend: a\r\nContent-Length: 4\r\n\r\nbody";
        for length in 0..text.len() {
            assert!(parse(&text[..length]).unwrap().is_none(), "{length} bytes");
        }
        let answer = parse(text).unwrap().unwrap();
        assert_eq!(
            (answer.status, answer.backend.as_str(), answer.body.as_slice()),
            (200, "a", &b"body"[..])
        );
    }
}
