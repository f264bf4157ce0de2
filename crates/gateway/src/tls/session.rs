//! One TLS connection over one TCP connection: rustls makes and reads records, this moves them.

use super::facts::TlsFacts;
use crate::buffer::Buffer;
use crate::reason::Reason;
use rustls::{Connection, Error, InvalidMessage, ProtocolVersion};
use std::io::{self, IoSlice, Read, Write};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// The TLS side of a connection.
#[derive(Debug)]
pub(crate) struct Session {
    connection: Connection,
    /// Bytes of the caller's that are ours now, and on their way.
    accepted: usize,
    /// What the peer hears of the end must not look like the end of an answer.
    aborted: bool,
}

impl Session {
    pub(crate) fn new(connection: impl Into<Connection>) -> Session {
        Session { connection: connection.into(), accepted: 0, aborted: false }
    }

    /// Goes on with the handshake. In TLS 1.3 its last message (a server's tickets, a client's Finished) goes out with the
    /// first data, as one write.
    pub(crate) fn poll_handshake(
        &mut self,
        stream: &mut TcpStream,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        loop {
            let done = !self.connection.is_handshaking();
            if done && self.connection.protocol_version() == Some(ProtocolVersion::TLSv1_3) {
                return Poll::Ready(Ok(()));
            }
            ready!(self.poll_flush(stream, context))?;
            if done {
                return Poll::Ready(Ok(()));
            }
            if ready!(self.poll_receive(stream, context))? == 0 {
                return Poll::Ready(Err(io::ErrorKind::UnexpectedEof.into()));
            }
        }
    }

    /// Reads into the buffer's room; 0 is the end that the peer announced.
    pub(crate) fn poll_read(
        &mut self,
        stream: &mut TcpStream,
        context: &mut Context<'_>,
        buffer: &mut Buffer,
    ) -> Poll<io::Result<usize>> {
        loop {
            match self.connection.reader().read(buffer.free()) {
                Ok(count) => {
                    buffer.advance(count);
                    return Poll::Ready(Ok(count));
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Poll::Ready(Err(error)),
            }
            // The end without an announcement shows when it's read again.
            ready!(self.poll_receive(stream, context))?;
        }
    }

    /// Takes what fits of both pieces, as one record if it's small, and sends it all.
    pub(crate) fn poll_write(
        &mut self,
        stream: &mut TcpStream,
        context: &mut Context<'_>,
        pieces: [&[u8]; 2],
    ) -> Poll<io::Result<usize>> {
        loop {
            if self.accepted == 0 {
                let mut writer = self.connection.writer();
                self.accepted = match pieces {
                    [bytes, []] | [[], bytes] => writer.write(bytes)?,
                    pieces => writer.write_vectored(&pieces.map(IoSlice::new))?,
                };
            }
            ready!(self.poll_flush(stream, context))?;
            match std::mem::take(&mut self.accepted) {
                0 => {}
                accepted => return Poll::Ready(Ok(accepted)),
            }
        }
    }

    /// Announces the end, and sends what is left.
    pub(crate) fn poll_close(
        &mut self,
        stream: &mut TcpStream,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        if !self.aborted {
            self.connection.send_close_notify();
        }
        self.poll_flush(stream, context)
    }

    /// Leaves the peer without an announcement of the end.
    pub(crate) fn abort(&mut self) {
        self.aborted = true;
    }

    /// Announces the end as far as that takes no waiting.
    pub(crate) fn part(&mut self, stream: &TcpStream) {
        if !self.aborted && !self.connection.is_handshaking() {
            self.connection.send_close_notify();
            // Whether the peer hears it or not, this is the end.
            let _ = self.connection.write_tls(&mut Immediate(stream));
        }
    }

    /// Whether the peer has sent nothing but session tickets and the like.
    pub(crate) fn is_quiet(&mut self, stream: &TcpStream) -> bool {
        loop {
            let Ok(state) = self.connection.process_new_packets() else { return false };
            if state.plaintext_bytes_to_read() > 0 || state.peer_has_closed() {
                return false;
            }
            match self.connection.read_tls(&mut Immediate(stream)) {
                Ok(1..) => {}
                Ok(0) => return false,
                Err(error) => return error.kind() == io::ErrorKind::WouldBlock,
            }
        }
    }

    /// What the handshake has shown.
    pub(crate) fn facts(&self) -> TlsFacts {
        TlsFacts::of(&self.connection)
    }

    /// What both sides agreed to speak (ALPN).
    pub(crate) fn alpn(&self) -> Option<&[u8]> {
        self.connection.alpn_protocol()
    }

    /// Takes records in; 0 is the end of the TCP connection.
    fn poll_receive(&mut self, stream: &mut TcpStream, context: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let read = match self.connection.read_tls(&mut Patient { stream, context }) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Poll::Pending,
            read => read?,
        };
        if let Err(error) = self.connection.process_new_packets() {
            // What is said of it, in clear or by an alert, may not arrive: this is the end all the same.
            let is_clear = error == Error::InvalidMessage(InvalidMessage::InvalidContentType);
            let _ = match (&self.connection, is_clear && self.connection.is_handshaking()) {
                (Connection::Server(_), true) => stream.try_write(plain_http().as_bytes()),
                _ => self.connection.write_tls(&mut Immediate(stream)),
            };
            return Poll::Ready(Err(io::Error::new(io::ErrorKind::InvalidData, error)));
        }
        Poll::Ready(Ok(read))
    }

    fn poll_flush(&mut self, stream: &mut TcpStream, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.connection.wants_write() {
            match self.connection.write_tls(&mut Patient { stream, context }) {
                Ok(0) => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Poll::Pending,
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
        Poll::Ready(Ok(()))
    }
}

/// The answer to a client that doesn't speak TLS. Source: ALB, "ALB status codes": 400 for HTTP on an HTTPS port.
fn plain_http() -> String {
    let reason = Reason::PlainHttp;
    let body = format!("net-alb: {reason}: {}\n", reason.advice());
    let length = body.len();
    format!(
        "HTTP/1.1 400 Bad Request\r\nserver: net-alb\r\nx-net-alb-error: {reason}\r\nconnection: close\r\n\
         content-type: text/plain; charset=utf-8\r\ncontent-length: {length}\r\n\r\n{body}"
    )
}

/// A TCP connection as rustls wants it: `WouldBlock` where the task will be woken.
struct Patient<'a, 'c> {
    stream: &'a mut TcpStream,
    context: &'a mut Context<'c>,
}

fn now<T>(poll: Poll<io::Result<T>>) -> io::Result<T> {
    match poll {
        Poll::Ready(result) => result,
        Poll::Pending => Err(io::ErrorKind::WouldBlock.into()),
    }
}

impl Read for Patient<'_, '_> {
    fn read(&mut self, block: &mut [u8]) -> io::Result<usize> {
        let mut room = ReadBuf::new(block);
        now(Pin::new(&mut *self.stream).poll_read(self.context, &mut room))?;
        Ok(room.filled().len())
    }
}

impl Write for Patient<'_, '_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        now(Pin::new(&mut *self.stream).poll_write(self.context, bytes))
    }

    fn write_vectored(&mut self, pieces: &[IoSlice<'_>]) -> io::Result<usize> {
        now(Pin::new(&mut *self.stream).poll_write_vectored(self.context, pieces))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A TCP connection that nobody waits for.
struct Immediate<'a>(&'a TcpStream);

impl Read for Immediate<'_> {
    fn read(&mut self, block: &mut [u8]) -> io::Result<usize> {
        self.0.try_read(block)
    }
}

impl Write for Immediate<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.try_write(bytes)
    }

    fn write_vectored(&mut self, pieces: &[IoSlice<'_>]) -> io::Result<usize> {
        self.0.try_write_vectored(pieces)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
