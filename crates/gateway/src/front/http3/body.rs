use super::Session;
use super::frames::{Broken, Frames, Next};
use crate::forward::{BodyError, RequestBody};
use crate::http3::ErrorCode;
use crate::http3::fields::push_trailers;
use crate::http3::qpack::Decoder;
use crate::parts::BodySize;
use quinn::SendStream;
use std::cell::RefCell;

/// The body of a request on a stream. What the backend hasn't taken yet the client can't send more of.
#[derive(Debug)]
pub(super) struct Http3Body<'a> {
    session: &'a Session,
    frames: &'a mut Frames,
    answering: &'a RefCell<SendStream>,
    size: BodySize,
    /// What `Content-Length` says.
    announced: Option<u64>,
    /// Bytes at the front of the input that have been returned.
    lent: usize,
    received: u64,
    trailers: Vec<u8>,
    trailers_read: bool,
}

impl<'a> Http3Body<'a> {
    pub(super) fn new(
        session: &'a Session,
        frames: &'a mut Frames,
        answering: &'a RefCell<SendStream>,
        (size, announced): (BodySize, Option<u64>),
    ) -> Self {
        let (trailers, trailers_read) = (Vec::new(), false);
        Http3Body {
            session,
            frames,
            answering,
            size,
            announced,
            lent: 0,
            received: 0,
            trailers,
            trailers_read,
        }
    }

    /// Takes what was returned out of the buffer.
    fn settle(&mut self) {
        self.frames.take(std::mem::take(&mut self.lent));
    }

    /// What comes next of the body, as far as it has arrived: so many bytes at the front of the input, 0 at the end, `None`
    /// if more must be waited for.
    fn advance(&mut self) -> Result<Option<usize>, BodyError> {
        let most = self.session.client.worker.options.limits.header_bytes;
        loop {
            match self.frames.next(most).map_err(|broken| self.give_up(broken))? {
                Next::Data(_) | Next::Fields(_) if self.trailers_read => {
                    return Err(self.give_up(Broken::Connection(ErrorCode::FRAME_UNEXPECTED)));
                }
                Next::Data(count) => {
                    self.received += count as u64;
                    return match self.announced {
                        Some(announced) if self.received > announced => Err(BodyError::BadChunk),
                        _ => Ok(Some(count)),
                    };
                }
                Next::Fields(length) => self.read_trailers(length)?,
                Next::More => return Ok(None),
                // A message has as many bytes as it says (RFC 9114 §4.1.2).
                Next::End if self.announced.is_some_and(|announced| announced != self.received) => {
                    return Err(BodyError::BadChunk);
                }
                Next::End => return Ok(Some(0)),
            }
        }
    }

    fn read_trailers(&mut self, length: usize) -> Result<(), BodyError> {
        self.trailers_read = true;
        let section = &self.frames.input.filled()[..length];
        let limits = &self.session.client.worker.options.limits;
        let read = push_trailers(&mut Decoder::default(), section, limits, &mut self.trailers);
        self.frames.take(length);
        read.map_err(|refused| match refused.connection_error() {
            Some(code) => self.give_up(Broken::Connection(code)),
            None => BodyError::BadChunk,
        })
    }

    fn give_up(&self, broken: Broken) -> BodyError {
        match broken {
            Broken::Gone => BodyError::Gone,
            Broken::TooLarge => BodyError::BadChunk,
            Broken::Connection(code) => {
                self.session.close(code);
                BodyError::Gone
            }
        }
    }
}

impl RequestBody for Http3Body<'_> {
    fn whole(&mut self) -> Option<&[u8]> {
        let BodySize::Whole(length) = self.size else { return None };
        self.lent = usize::try_from(length).ok()?;
        self.received = length;
        Some(&self.frames.input.filled()[..self.lent])
    }

    fn rest(&mut self) {
        self.settle();
        let buffers = &self.session.client.worker.buffers;
        if self.frames.input.is_empty() {
            buffers.release(&mut self.frames.input);
        } else {
            buffers.park(&mut self.frames.input);
        }
    }

    async fn read(&mut self) -> Result<&[u8], BodyError> {
        self.settle();
        loop {
            if let Some(count) = self.advance()? {
                self.lent = count;
                return Ok(&self.frames.input.filled()[..count]);
            }
            let more = self.frames.fill_data(&self.session.client.worker).await;
            more.map_err(|broken| self.give_up(broken))?;
        }
    }

    fn trailers(&self) -> &[u8] {
        &self.trailers
    }

    async fn gone(&mut self) {
        self.settle();
        self.rest();
        let stopped = self.answering.borrow().stopped();
        // However it ends, nobody wants the answer.
        let _ = stopped.await;
    }

    fn upgrade(&mut self) {
        self.announced = None;
    }

    fn skip(&mut self) -> bool {
        self.settle();
        while let Ok(Some(count)) = self.advance() {
            if count == 0 {
                return true;
            }
            self.frames.take(count);
        }
        false
    }

    fn received(&self) -> u64 {
        self.received
    }
}
