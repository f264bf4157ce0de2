use super::stream::Ends;
use crate::forward::{BodyError, RequestBody};
use crate::parts::{BodySize, push_lines};
use bytes::Bytes;
use h2::RecvStream;
use std::cell::RefCell;
use std::future::poll_fn;
use std::task::{Context, Poll, Waker};

/// The body of a request on a stream. What the backend hasn't taken yet the client can't send more of.
#[derive(Debug)]
pub(super) struct Http2Body<'a> {
    stream: RecvStream,
    ends: &'a RefCell<Ends>,
    /// The piece at hand, not yet returned.
    piece: Option<Bytes>,
    /// The piece that has been returned.
    lent: Bytes,
    received: u64,
    trailers: Vec<u8>,
}

impl<'a> Http2Body<'a> {
    /// Takes what has come with the head, and says what is known about the body's size.
    pub(super) fn new(mut stream: RecvStream, ends: &'a RefCell<Ends>) -> (Self, BodySize) {
        let mut piece = None;
        let mut size = BodySize::None;
        if !stream.is_end_stream() {
            // Who waits for more asks again.
            let mut context = Context::from_waker(Waker::noop());
            if let Poll::Ready(Some(Ok(first))) = stream.poll_data(&mut context) {
                piece = Some(first);
            }
            size = match &piece {
                Some(first) if stream.is_end_stream() => BodySize::Whole(first.len() as u64),
                _ => BodySize::Unknown,
            };
        }
        let body = Http2Body { stream, ends, piece, lent: Bytes::new(), received: 0, trailers: Vec::new() };
        (body, size)
    }

    /// Lets the client send as much again as was returned.
    fn settle(&mut self) {
        let used = std::mem::take(&mut self.lent).len();
        if used > 0 {
            // A stream that has ended needs no window.
            let _ = self.stream.flow_control().release_capacity(used);
        }
    }

    fn lend(&mut self, piece: Bytes) -> &[u8] {
        self.received += piece.len() as u64;
        self.lent = piece;
        &self.lent
    }
}

impl RequestBody for Http2Body<'_> {
    fn whole(&mut self) -> Option<&[u8]> {
        if !self.stream.is_end_stream() {
            return None;
        }
        let piece = self.piece.take().unwrap_or_default();
        Some(self.lend(piece))
    }

    fn rest(&mut self) {}

    async fn read(&mut self) -> Result<&[u8], BodyError> {
        self.settle();
        if let Some(piece) = self.piece.take().filter(|piece| !piece.is_empty()) {
            return Ok(self.lend(piece));
        }
        loop {
            match poll_fn(|context| self.stream.poll_data(context)).await {
                Some(Ok(piece)) if piece.is_empty() => {}
                Some(Ok(piece)) => return Ok(self.lend(piece)),
                Some(Err(_)) => return Err(BodyError::Gone),
                None => break,
            }
        }
        match poll_fn(|context| self.stream.poll_trailers(context)).await {
            Ok(trailers) => {
                if let Some(trailers) = trailers {
                    push_lines(&trailers, &mut self.trailers);
                }
                Ok(&[])
            }
            Err(_) => Err(BodyError::Gone),
        }
    }

    fn trailers(&self) -> &[u8] {
        &self.trailers
    }

    async fn gone(&mut self) {
        self.settle();
        poll_fn(|context| self.ends.borrow_mut().poll_reset(context)).await;
    }

    fn upgrade(&mut self) {}

    fn skip(&mut self) -> bool {
        self.settle();
        self.stream.is_end_stream()
    }

    fn received(&self) -> u64 {
        self.received
    }
}
