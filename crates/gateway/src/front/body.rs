use super::Connection;
use crate::buffer::{Buffer, LARGE, SMALL};
use crate::forward::{BodyError, RequestBody};
use crate::http1::Framing;
use crate::http1::body::{Piece, Unframer};

/// The body of an HTTP/1.1 request, and behind it, in the same buffer, what the client has sent of its next request.
#[derive(Debug)]
pub(crate) struct Http1Body<'a> {
    connection: &'a Connection,
    input: &'a mut Buffer,
    unframer: Unframer,
    /// Bytes at the front of the buffer that have been returned.
    lent: usize,
    /// Bytes of the body so far.
    received: u64,
}

impl<'a> Http1Body<'a> {
    pub(crate) fn new(connection: &'a Connection, input: &'a mut Buffer, framing: Framing) -> Self {
        Http1Body { connection, input, unframer: Unframer::new(framing), lent: 0, received: 0 }
    }

    /// Takes what was returned out of the buffer.
    fn settle(&mut self) {
        self.input.consume(std::mem::take(&mut self.lent));
    }
}

impl RequestBody for Http1Body<'_> {
    fn whole(&mut self) -> Option<&[u8]> {
        let left = usize::try_from(self.unframer.left()?).ok()?;
        if self.input.filled().len() < left {
            return None;
        }
        // Uses up what the unframer has to say about it.
        let _ = self.unframer.next(self.input);
        self.lent = left;
        self.received = left as u64;
        Some(&self.input.filled()[..left])
    }

    fn rest(&mut self) {
        self.settle();
        let buffers = &self.connection.worker.buffers;
        if self.input.is_empty() {
            buffers.release(self.input);
        } else {
            buffers.park(self.input);
        }
    }

    async fn read(&mut self) -> Result<&[u8], BodyError> {
        self.settle();
        let worker = &self.connection.worker;
        loop {
            match self.unframer.next(self.input).map_err(|_| BodyError::BadChunk)? {
                Piece::Data(count) => {
                    self.lent = count;
                    self.received += count as u64;
                    return Ok(&self.input.filled()[..count]);
                }
                Piece::End => return Ok(&[]),
                Piece::More => {
                    if self.unframer.left().is_some_and(|left| left > SMALL as u64) {
                        worker.buffers.enlarge(self.input);
                    }
                    match worker.fill(&self.connection.socket, self.input, LARGE).await {
                        Ok(0) if self.unframer.may_end_here() => return Ok(&[]),
                        Ok(0) | Err(_) => return Err(BodyError::Gone),
                        Ok(_) => {}
                    }
                }
            }
        }
    }

    fn trailers(&self) -> &[u8] {
        self.unframer.trailers()
    }

    async fn gone(&mut self) {
        self.settle();
        // Requests sent ahead are kept; when there are too many, the client can't be watched any more.
        loop {
            match self.connection.worker.fill(&self.connection.socket, self.input, SMALL).await {
                Err(error) if error.kind() == std::io::ErrorKind::OutOfMemory => std::future::pending().await,
                Ok(0) | Err(_) => return,
                Ok(_) => {}
            }
        }
    }

    fn upgrade(&mut self) {
        self.settle();
        self.unframer = Unframer::new(Framing::UntilClose);
    }

    fn skip(&mut self) -> bool {
        self.settle();
        while let Ok(Piece::Data(count)) = self.unframer.next(self.input) {
            self.input.consume(count);
            self.received += count as u64;
        }
        self.unframer.is_done()
    }

    fn received(&self) -> u64 {
        self.received
    }
}
