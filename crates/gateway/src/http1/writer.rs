use super::body::push_chunk_size;
use crate::socket::Socket;
use crate::worker::clock::{Deadline, Ticks};
use std::io;

/// Writes a message to a connection. Small pieces are gathered, so that a head and a small body are one system call; large
/// ones go out from where they are. Every byte that the peer takes renews the deadline.
#[derive(Debug)]
pub(crate) struct Writer<'a> {
    socket: &'a Socket,
    deadline: &'a Deadline,
    /// How long the peer may take nothing.
    pub(crate) patience: Ticks,
    /// Not yet written.
    pub(crate) out: &'a mut Vec<u8>,
    /// The body goes out in chunks.
    pub(crate) chunked: bool,
    /// Bytes that the peer has taken.
    pub(crate) written: u64,
}

/// Pieces up to this size are copied together: cheaper than another segment in a vectored write.
const GATHERED: usize = 8 * 1024;

impl<'a> Writer<'a> {
    pub(crate) fn new(
        socket: &'a Socket,
        deadline: &'a Deadline,
        patience: Ticks,
        out: &'a mut Vec<u8>,
    ) -> Self {
        Writer { socket, deadline, patience, out, chunked: false, written: 0 }
    }

    /// A piece of the body.
    pub(crate) async fn data(&mut self, data: &[u8]) -> io::Result<()> {
        if data.is_empty() {
            // An empty chunk would be the end.
            return Ok(());
        }
        if self.chunked {
            push_chunk_size(self.out, data.len());
        }
        if self.out.len() + data.len() <= GATHERED {
            self.out.extend_from_slice(data);
        } else {
            self.write(data).await?;
        }
        if self.chunked {
            self.out.extend_from_slice(b"\r\n");
        }
        Ok(())
    }

    /// The end of the body, with trailer lines that only chunks can carry.
    pub(crate) async fn end(&mut self, trailers: &[u8]) -> io::Result<()> {
        if self.chunked {
            for part in [b"0\r\n", trailers, b"\r\n"] {
                self.out.extend_from_slice(part);
            }
        }
        self.flush().await
    }

    pub(crate) async fn flush(&mut self) -> io::Result<()> {
        if self.out.is_empty() { Ok(()) } else { self.write(&[]).await }
    }

    /// Writes everything gathered, then `data` as it is.
    pub(crate) async fn write(&mut self, data: &[u8]) -> io::Result<()> {
        let (mut first, mut second) = (&self.out[..], data);
        while !(first.is_empty() && second.is_empty()) {
            let count = self.socket.write(first, second).await?;
            self.deadline.set(self.patience);
            self.written += count as u64;
            let of_first = count.min(first.len());
            first = &first[of_first..];
            second = &second[count - of_first..];
        }
        self.out.clear();
        Ok(())
    }
}
