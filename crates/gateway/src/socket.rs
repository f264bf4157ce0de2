use crate::buffer::Buffer;
use std::cell::RefCell;
use std::future::poll_fn;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// A connection whose two directions are used by one task at a time, each through a shared reference.
#[derive(Debug)]
pub(crate) struct Socket {
    stream: RefCell<TcpStream>,
}

impl Socket {
    /// Small writes go out at once.
    pub(crate) fn new(stream: TcpStream) -> Socket {
        // Without the option the connection works, only slower.
        let _ = stream.set_nodelay(true);
        Socket { stream: RefCell::new(stream) }
    }

    /// Waits until there may be something to read, and needs no buffer for that.
    pub(crate) fn poll_readable(&self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream.borrow().poll_read_ready(context)
    }

    /// Reads into the buffer's room, of which there must be some; 0 is the end.
    pub(crate) fn poll_read(
        &self,
        context: &mut Context<'_>,
        buffer: &mut Buffer,
    ) -> Poll<io::Result<usize>> {
        let mut room = ReadBuf::new(buffer.free());
        let read = Pin::new(&mut *self.stream.borrow_mut()).poll_read(context, &mut room);
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

    /// Writes what the peer takes at once of `first`, then `second`.
    pub(crate) fn poll_write(
        &self,
        context: &mut Context<'_>,
        first: &[u8],
        second: &[u8],
    ) -> Poll<io::Result<usize>> {
        let mut stream = self.stream.borrow_mut();
        let stream = Pin::new(&mut *stream);
        match (first, second) {
            (bytes, []) | ([], bytes) => stream.poll_write(context, bytes),
            _ => stream.poll_write_vectored(context, &[IoSlice::new(first), IoSlice::new(second)]),
        }
    }

    /// Says that nothing more will be written.
    pub(crate) async fn shutdown(&self) -> io::Result<()> {
        poll_fn(|context| self.poll_shutdown(context)).await
    }

    /// Says that nothing more will be written.
    pub(crate) fn poll_shutdown(&self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.stream.borrow_mut()).poll_shutdown(context)
    }

    /// Whether the peer has sent nothing, not even the end: what an unused connection must look like to be used again.
    /// Costs no system call unless something has arrived.
    pub(crate) fn is_quiet(&self) -> bool {
        let mut byte = [0];
        let read = self.stream.borrow().try_read(&mut byte);
        matches!(read, Err(error) if error.kind() == io::ErrorKind::WouldBlock)
    }
}
