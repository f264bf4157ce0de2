use super::control::Control;
use crate::buffer::{Buffer, LARGE, SMALL};
use crate::front::Connection;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// A connection as libraries want it. It holds a block of memory only while something has been read that isn't used yet.
#[derive(Debug)]
pub(super) struct SocketIo {
    connection: Rc<Connection>,
    input: Buffer,
    control: Control,
}

impl SocketIo {
    pub(super) fn new(connection: Rc<Connection>, input: Buffer) -> SocketIo {
        let control = Control::new(connection.worker.clock.now());
        SocketIo { connection, input, control }
    }
}

impl AsyncRead for SocketIo {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        room: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let SocketIo { connection, input, control } = &mut *self;
        let buffers = &connection.worker.buffers;
        if input.is_empty() {
            buffers.make_room(input, LARGE);
            let read = connection.socket.poll_read(context, input);
            if read.is_pending() {
                buffers.release(input);
            }
            ready!(read)?;
        }
        let count = input.filled().len().min(room.remaining()).min(SMALL);
        let bytes = &input.filled()[..count];
        if !control.follow(bytes, connection.worker.clock.now()) {
            return Poll::Ready(Err(io::ErrorKind::QuotaExceeded.into()));
        }
        room.put_slice(bytes);
        input.consume(count);
        buffers.release(input);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for SocketIo {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.connection.socket.poll_write(context, bytes, &[])
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let mut filled = slices.iter().map(|slice| &**slice).filter(|slice| !slice.is_empty());
        let (first, second) = (filled.next().unwrap_or_default(), filled.next().unwrap_or_default());
        self.connection.socket.poll_write(context, first, second)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.connection.socket.poll_shutdown(context)
    }
}
