use super::Connection;
use super::reply::Reply;
use super::respond::Replying;
use crate::forward::head::push_answer;
use crate::forward::{Answer, Changes, Incoming};
use crate::http1::Framing;
use crate::http1::field::FieldKind;
use crate::http1::request::{Facts, Version};
use crate::http1::response::{Response, push_status_code};
use crate::http1::writer::Writer;
use crate::worker::clock::Ticks;
use std::io;

/// An answer of a backend's on its way to an HTTP/1.1 (or 1.0) client.
#[derive(Debug)]
pub(crate) struct Http1Answer<'a> {
    connection: &'a Connection,
    writer: Writer<'a>,
    /// The client would use the connection again.
    keep_alive: bool,
    http10: bool,
    is_head: bool,
    upgraded: bool,
    status: u16,
    /// The end of the body is the connection's, or the client has been told so.
    pub(crate) closes: bool,
}

impl<'a> Http1Answer<'a> {
    pub(crate) fn new(
        connection: &'a Connection,
        out: &'a mut Vec<u8>,
        facts: &Facts,
        patience: Ticks,
    ) -> Self {
        out.clear();
        Http1Answer {
            writer: Writer::new(&connection.socket, &connection.deadline, patience, out),
            connection,
            keep_alive: facts.keep_alive,
            http10: facts.version == Version::Http10,
            is_head: facts.is_head,
            upgraded: false,
            status: 0,
            closes: false,
        }
    }

    fn push_status(&mut self, response: &Response) {
        let out = &mut *self.writer.out;
        if let Some(line) = response.head().headers.first_line().filter(|_| !response.http10) {
            out.extend_from_slice(line);
            return;
        }
        out.extend_from_slice(b"HTTP/1.1 ");
        push_status_code(response.status, out);
        out.push(b' ');
        out.extend_from_slice(response.phrase());
        out.extend_from_slice(b"\r\n");
    }
}

impl Answer for Http1Answer<'_> {
    async fn interim(&mut self, response: &Response) -> io::Result<()> {
        if self.http10 {
            return Ok(());
        }
        self.push_status(response);
        response.head().headers.copy(self.writer.out, |_, kind| kind == FieldKind::Other);
        self.writer.out.extend_from_slice(b"\r\n");
        self.writer.flush().await
    }

    fn begin(&mut self, response: &Response, changes: &Changes<'_>, incoming: &Incoming<'_>, reuse: bool) {
        self.status = response.status;
        self.push_status(response);
        let upgraded = response.status == 101;
        self.upgraded = upgraded;
        let out = &mut *self.writer.out;
        push_answer(response, changes, incoming, out);
        let delimited = matches!(response.framing, Framing::None | Framing::Length(_));
        self.writer.chunked = !delimited && !self.http10;
        if self.writer.chunked {
            out.extend_from_slice(b"transfer-encoding: chunked\r\n");
        }
        let keeps = self.keep_alive && reuse && !self.connection.is_closing();
        self.closes = !keeps || !(delimited || self.writer.chunked);
        out.extend_from_slice(match (upgraded, self.closes, self.http10) {
            (true, ..) => b"connection: upgrade\r\n\r\n",
            (false, true, _) => b"connection: close\r\n\r\n",
            (false, false, true) => b"connection: keep-alive\r\n\r\n",
            (false, false, false) => b"\r\n",
        });
    }

    async fn data(&mut self, data: &[u8]) -> io::Result<()> {
        self.writer.data(data).await
    }

    async fn flush(&mut self) -> io::Result<()> {
        self.writer.flush().await
    }

    async fn end(&mut self, trailers: &[u8]) -> io::Result<()> {
        self.writer.end(trailers).await?;
        // The server has ended its direction of a tunnel; the other may go on.
        if self.upgraded { self.connection.socket.shutdown().await } else { Ok(()) }
    }

    fn status(&self) -> u16 {
        self.status
    }

    fn sent(&self) -> u64 {
        self.writer.written
    }
}

impl Replying for Http1Answer<'_> {
    async fn reply(&mut self, reply: &Reply, request_over: bool) -> io::Result<()> {
        let (worker, deadline) = (&self.connection.worker, &self.connection.deadline);
        let keeps = request_over && self.keep_alive && !self.connection.is_closing();
        let options: &[u8] = match (keeps, self.http10) {
            (false, _) => b"connection: close\r\n",
            (true, true) => b"connection: keep-alive\r\n",
            (true, false) => b"",
        };
        self.status = reply.status;
        self.closes = !keeps;
        self.writer.out.clear();
        reply.push(self.writer.out, &worker.clock.date(), self.is_head, options);
        self.writer.patience = worker.timeouts.head;
        deadline.set(worker.timeouts.head);
        deadline.watch(self.writer.flush()).await.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
    }
}
