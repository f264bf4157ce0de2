use crate::buffer::Buffer;
use crate::tls::{Session, TlsFacts};
use std::cell::RefCell;
use std::future::poll_fn;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// A connection, in clear or by TLS, whose two directions are used by one task at a time, each through a shared reference.
#[derive(Debug)]
pub(crate) struct Socket {
    stream: RefCell<TcpStream>,
    session: Option<Box<RefCell<Session>>>,
}

impl Socket {
    /// In clear. Small writes go out at once.
    pub(crate) fn new(stream: TcpStream) -> Socket {
        // Without the option the connection works, only slower.
        let _ = stream.set_nodelay(true);
        Socket { stream: RefCell::new(stream), session: None }
    }

    /// By TLS, once the handshake is done.
    pub(crate) async fn secure(
        stream: TcpStream,
        connection: impl Into<rustls::Connection>,
    ) -> io::Result<Socket> {
        let mut socket = Socket::new(stream);
        let mut session = Session::new(connection);
        poll_fn(|context| session.poll_handshake(socket.stream.get_mut(), context)).await?;
        socket.session = Some(Box::new(RefCell::new(session)));
        Ok(socket)
    }

    /// What the TLS handshake has shown.
    pub(crate) fn facts(&self) -> Option<TlsFacts> {
        self.session.as_ref().map(|session| session.borrow().facts())
    }

    /// Whether both sides agreed to speak this protocol (ALPN).
    pub(crate) fn speaks(&self, protocol: &[u8]) -> bool {
        self.session.as_ref().is_some_and(|session| session.borrow().alpn() == Some(protocol))
    }

    /// Waits until there may be something to read, and needs no buffer for that. With TLS there may always be something.
    pub(crate) fn poll_readable(&self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.session.is_some() {
            return Poll::Ready(Ok(()));
        }
        self.stream.borrow().poll_read_ready(context)
    }

    /// Reads into the buffer's room, of which there must be some; 0 is the end.
    pub(crate) fn poll_read(
        &self,
        context: &mut Context<'_>,
        buffer: &mut Buffer,
    ) -> Poll<io::Result<usize>> {
        let stream = &mut *self.stream.borrow_mut();
        if let Some(session) = &self.session {
            return session.borrow_mut().poll_read(stream, context, buffer);
        }
        let mut room = ReadBuf::new(buffer.free());
        let read = Pin::new(stream).poll_read(context, &mut room);
        let count = room.filled().len();
        read.map_ok(|()| {
            buffer.advance(count);
            count
        })
    }

    /// Writes what the peer takes at once of `first`, then `second`.
    pub(crate) async fn write(&self, first: &[u8], second: &[u8]) -> io::Result<usize> {
        let count = poll_fn(|context| self.poll_write(context, first, second)).await?;
        if count == 0 { Err(io::ErrorKind::WriteZero.into()) } else { Ok(count) }
    }

    /// As [`Socket::write`]. Who was told to wait comes back with the same bytes.
    pub(crate) fn poll_write(
        &self,
        context: &mut Context<'_>,
        first: &[u8],
        second: &[u8],
    ) -> Poll<io::Result<usize>> {
        let stream = &mut *self.stream.borrow_mut();
        if let Some(session) = &self.session {
            return session.borrow_mut().poll_write(stream, context, [first, second]);
        }
        let stream = Pin::new(stream);
        match (first, second) {
            (bytes, []) | ([], bytes) => stream.poll_write(context, bytes),
            _ => stream.poll_write_vectored(context, &[IoSlice::new(first), IoSlice::new(second)]),
        }
    }

    /// Says that nothing more will be written.
    pub(crate) async fn shutdown(&self) -> io::Result<()> {
        poll_fn(|context| self.poll_shutdown(context)).await
    }

    /// The connection ends in the middle of a message: a TLS peer isn't told that it ended as it should.
    pub(crate) fn abort(&self) {
        if let Some(session) = &self.session {
            session.borrow_mut().abort();
        }
    }

    /// Says that nothing more will be written.
    pub(crate) fn poll_shutdown(&self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let stream = &mut *self.stream.borrow_mut();
        if let Some(session) = &self.session {
            std::task::ready!(session.borrow_mut().poll_close(stream, context))?;
        }
        Pin::new(stream).poll_shutdown(context)
    }

    /// Whether the peer has sent nothing, not even the end: what an unused connection must look like to be used again.
    /// Costs no system call unless something has arrived.
    pub(crate) fn is_quiet(&self) -> bool {
        let stream = self.stream.borrow();
        if let Some(session) = &self.session {
            return session.borrow_mut().is_quiet(&stream);
        }
        let mut byte = [0];
        let read = stream.try_read(&mut byte);
        matches!(read, Err(error) if error.kind() == io::ErrorKind::WouldBlock)
    }
}

/// A TLS peer learns that this was the end, and not an accident (RFC 8446 §6.1).
impl Drop for Socket {
    fn drop(&mut self) {
        if let Some(session) = &self.session {
            session.borrow_mut().part(&self.stream.borrow());
        }
    }
}
