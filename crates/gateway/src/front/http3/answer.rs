use super::Session;
use crate::forward::head::push_answer;
use crate::forward::{Answer, Changes, Incoming};
use crate::front::reply::Reply;
use crate::front::respond::Replying;
use crate::http1::field::FieldKind;
use crate::http1::response::Response;
use crate::http3::fields::push_lines;
use crate::http3::frame::{DATA, FrameHeader, push_headers};
use crate::http3::qpack::push_status;
use crate::worker::clock::{Deadline, Ticks};
use quinn::SendStream;
use std::cell::RefCell;
use std::future::poll_fn;
use std::io;
use std::io::Write;
use std::pin::Pin;

/// An answer on its way to a stream. Data waits until the client's windows and the connection have room for it.
#[derive(Debug)]
pub(super) struct Http3Answer<'a> {
    session: &'a Session,
    stream: &'a RefCell<SendStream>,
    deadline: &'a Deadline,
    patience: Ticks,
    /// Frames that haven't been written.
    out: &'a mut Vec<u8>,
    /// Where a head's lines are made.
    lines: Vec<u8>,
    is_head: bool,
    status: u16,
    sent: u64,
}

/// Pieces up to this size are copied together.
const GATHERED: usize = 16 * 1024;

impl<'a> Http3Answer<'a> {
    pub(super) fn new(
        session: &'a Session,
        stream: &'a RefCell<SendStream>,
        deadline: &'a Deadline,
        (out, is_head, patience): (&'a mut Vec<u8>, bool, Ticks),
    ) -> Self {
        out.clear();
        let lines = Vec::with_capacity(512);
        Http3Answer { session, stream, deadline, patience, out, lines, is_head, status: 0, sent: 0 }
    }

    /// Appends a head from the lines that have been made.
    fn push_head(&mut self, status: u16, passes: impl Fn(&[u8]) -> bool) {
        let lines = &self.lines;
        push_headers(self.out, |section| {
            push_status(status, section);
            push_lines(lines, passes, section);
        });
    }

    /// Writes everything gathered, then `data` as it is. Every byte that there is room for renews the deadline.
    async fn write(&mut self, data: &[u8]) -> io::Result<()> {
        for mut bytes in [&self.out[..], data] {
            while !bytes.is_empty() {
                let written =
                    poll_fn(|context| Pin::new(&mut *self.stream.borrow_mut()).poll_write(context, bytes));
                let count = written.await.map_err(io::Error::from)?;
                self.deadline.set(self.patience);
                self.sent += count as u64;
                bytes = &bytes[count..];
            }
        }
        self.out.clear();
        Ok(())
    }
}

impl Answer for Http3Answer<'_> {
    async fn interim(&mut self, response: &Response) -> io::Result<()> {
        self.lines.clear();
        response.head().headers.copy(&mut self.lines, |_, kind| kind == FieldKind::Other);
        self.push_head(response.status, |_| true);
        self.flush().await
    }

    fn begin(&mut self, response: &Response, changes: &Changes<'_>, incoming: &Incoming<'_>, _: bool) {
        self.lines.clear();
        push_answer(response, changes, incoming, &mut self.lines);
        self.status = response.status;
        if response.status == 101 {
            // A stream becomes a tunnel by 200, and says nothing about how (RFC 9220 §3, RFC 8441 §5).
            self.status = 200;
            let of_http1: [&[u8]; 3] = [b"upgrade", b"sec-websocket-accept", b"content-length"];
            self.push_head(200, |name| !of_http1.iter().any(|other| name.eq_ignore_ascii_case(other)));
        } else {
            self.push_head(response.status, |_| true);
        }
    }

    async fn data(&mut self, data: &[u8]) -> io::Result<()> {
        if data.is_empty() {
            return Ok(());
        }
        FrameHeader { kind: DATA, length: data.len() as u64 }.push(self.out);
        if self.out.len() + data.len() <= GATHERED {
            self.out.extend_from_slice(data);
            return Ok(());
        }
        self.write(data).await
    }

    async fn flush(&mut self) -> io::Result<()> {
        if self.out.is_empty() { Ok(()) } else { self.write(&[]).await }
    }

    async fn end(&mut self, trailers: &[u8]) -> io::Result<()> {
        if !trailers.is_empty() {
            push_headers(self.out, |section| push_lines(trailers, |_| true, section));
        }
        self.flush().await?;
        self.stream.borrow_mut().finish().map_err(|_| io::ErrorKind::BrokenPipe.into())
    }

    fn status(&self) -> u16 {
        self.status
    }

    fn sent(&self) -> u64 {
        self.sent
    }
}

impl Replying for Http3Answer<'_> {
    async fn reply(&mut self, reply: &Reply, _: bool) -> io::Result<()> {
        let worker = &self.session.client.worker;
        self.lines.clear();
        self.out.clear();
        self.status = reply.status;
        reply.push_fields(&mut self.lines, &worker.clock.date());
        if reply.status != 204 && reply.status != 304 {
            // Writing into memory can't fail.
            let _ = write!(self.lines, "content-length: {}\r\n", reply.body.len());
        }
        self.push_head(reply.status, |_| true);
        self.patience = worker.timeouts.head;
        let deadline = self.deadline;
        deadline.set(self.patience);
        let body = if self.is_head { &[][..] } else { &reply.body };
        let written = async {
            self.data(body).await?;
            self.end(&[]).await
        };
        deadline.watch(written).await.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
    }
}
