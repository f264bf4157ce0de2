//! Messages, and a connection that reads them.

#![allow(dead_code, reason = "no test file uses all of it")]
#![allow(clippy::struct_field_names, reason = "what it reads from is a stream, too")]

use crate::support::PATIENCE;
use rustls::Connection as Tls;
use std::collections::VecDeque;
use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};

/// A message: its head with the empty line, and its body without framing.
#[derive(Debug, Clone, Default)]
pub(crate) struct Message {
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
    pub(crate) trailers: String,
}

impl Message {
    /// Every value of a header, joined by ` | `; `None` if it's absent.
    pub(crate) fn header(&self, name: &str) -> Option<String> {
        let lines = self.head.lines().skip(1).filter_map(|line| line.split_once(": "));
        let values: Vec<_> =
            lines.filter(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, v)| v).collect();
        (!values.is_empty()).then(|| values.join(" | "))
    }

    pub(crate) fn first_line(&self) -> &str {
        self.head.lines().next().unwrap_or_default()
    }
}

/// An answer.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) message: Message,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<String> {
        self.message.header(name)
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.message.body).into_owned()
    }

    /// Status and `x-net-alb-error`.
    pub(crate) fn error(&self) -> (u16, String) {
        (self.status, self.header("x-net-alb-error").unwrap_or_default())
    }
}

/// A connection that reads messages.
pub(crate) struct Stream {
    pub(crate) stream: TcpStream,
    /// Where it's encrypted.
    pub(crate) tls: Option<Tls>,
    read: VecDeque<u8>,
}

impl Stream {
    pub(crate) fn new(stream: TcpStream) -> Stream {
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        stream.set_nodelay(true).unwrap();
        Stream { stream, tls: None, read: VecDeque::new() }
    }

    pub(crate) fn write(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        match &mut self.tls {
            None => self.stream.write_all(bytes),
            Some(Tls::Client(tls)) => rustls::Stream::new(tls, &mut self.stream).write_all(bytes),
            Some(Tls::Server(tls)) => rustls::Stream::new(tls, &mut self.stream).write_all(bytes),
        }
    }

    fn fill(&mut self, block: &mut [u8]) -> std::io::Result<usize> {
        match &mut self.tls {
            None => self.stream.read(block),
            Some(Tls::Client(tls)) => rustls::Stream::new(tls, &mut self.stream).read(block),
            Some(Tls::Server(tls)) => rustls::Stream::new(tls, &mut self.stream).read(block),
        }
    }

    /// Reads one byte; `None` at the end of the connection, however it ends.
    pub(crate) fn byte(&mut self) -> Option<u8> {
        if self.read.is_empty() {
            let mut block = [0; 8 * 1024];
            let count = match self.fill(&mut block) {
                Ok(count) => count,
                Err(error) if error.kind() == ErrorKind::ConnectionReset => 0,
                Err(error) => panic!("waited in vain: {error}"),
            };
            self.read.extend(&block[..count]);
        }
        self.read.pop_front()
    }

    pub(crate) fn bytes(&mut self, count: usize) -> Option<Vec<u8>> {
        (0..count).map(|_| self.byte()).collect()
    }

    /// The head of a message; `None` if the connection fails before.
    pub(crate) fn try_head(&mut self) -> Option<String> {
        let mut head = Vec::new();
        let mut block = [0; 1024];
        while !head.windows(4).any(|window| window == b"\r\n\r\n") {
            match self.fill(&mut block) {
                Ok(0) | Err(_) => return None,
                Ok(count) => head.extend(&block[..count]),
            }
        }
        Some(String::from_utf8_lossy(&head).into_owned())
    }

    /// A message with a length or without a body; `None` if the connection fails before its end.
    pub(crate) fn try_message(&mut self) -> Option<Message> {
        let text = self.try_head()?;
        let (head, rest) = text.split_once("\r\n\r\n")?;
        let mut message = Message { head: format!("{head}\r\n\r\n"), ..Message::default() };
        message.body = rest.as_bytes().to_vec();
        let length = message.header("content-length").map_or(Some(0), |length| length.parse().ok())?;
        let mut block = [0; 1024];
        while message.body.len() < length {
            match self.fill(&mut block) {
                Ok(0) | Err(_) => return None,
                Ok(count) => message.body.extend(&block[..count]),
            }
        }
        Some(message)
    }

    /// Reads so many bytes and drops them.
    pub(crate) fn skip(&mut self, mut count: usize) {
        let here = count.min(self.read.len());
        self.read.drain(..here);
        count -= here;
        let mut block = vec![0; 64 * 1024];
        while count > 0 {
            let most = count.min(block.len());
            count -= match self.stream.read(&mut block[..most]).unwrap() {
                0 => panic!("{count} bytes are missing"),
                read => read,
            };
        }
    }

    /// Up to the empty line, with it.
    pub(crate) fn head(&mut self) -> Option<String> {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(self.byte()?);
        }
        Some(String::from_utf8_lossy(&head).into_owned())
    }

    fn line(&mut self) -> Option<String> {
        let mut line = Vec::new();
        while !line.ends_with(b"\r\n") {
            line.push(self.byte()?);
        }
        Some(String::from_utf8_lossy(&line).trim_end().to_owned())
    }

    /// A message whose body has a length or chunks, or none.
    pub(crate) fn message(&mut self) -> Option<Message> {
        let head = self.head()?;
        self.body_of(head)
    }

    pub(crate) fn body_of(&mut self, head: String) -> Option<Message> {
        let mut message = Message { head, ..Message::default() };
        if message.header("transfer-encoding").is_some_and(|coding| coding == "chunked") {
            loop {
                let size = usize::from_str_radix(&self.line()?, 16).ok()?;
                if size == 0 {
                    break;
                }
                message.body.extend(self.bytes(size)?);
                self.line()?;
            }
            loop {
                match self.line()?.as_str() {
                    "" => break,
                    line => message.trailers.extend([line, "\n"]),
                }
            }
        } else if let Some(length) = message.header("content-length") {
            message.body = self.bytes(length.parse().ok()?)?;
        }
        Some(message)
    }

    /// Everything up to the end of the connection.
    pub(crate) fn rest(&mut self) -> Vec<u8> {
        std::iter::from_fn(|| self.byte()).collect()
    }

    pub(crate) fn stop_writing(&self) {
        let _ = self.stream.shutdown(Shutdown::Write);
    }
}
