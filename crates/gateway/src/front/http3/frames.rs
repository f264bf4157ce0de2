use crate::buffer::{Buffer, LARGE, SMALL};
use crate::http3::ErrorCode;
use crate::http3::frame::{DATA, FrameHeader, HEADERS};
use crate::parts::BodySize;
use crate::worker::Worker;
use quinn::{RecvStream, VarInt};
use std::future::{Future, poll_fn};
use std::io;
use std::pin::{Pin, pin};
use std::task::Poll;

/// What a client sends on a stream, frame by frame. It holds a block of memory only while something has arrived that isn't used
/// yet.
#[derive(Debug)]
pub(super) struct Frames {
    stream: RecvStream,
    pub(super) input: Buffer,
    at: At,
    /// Nothing more will arrive.
    ended: bool,
}

/// Where in a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum At {
    /// Where a frame begins.
    Frame,
    /// In a frame of data, with so many bytes still to come.
    Data(u64),
    /// In a frame that means nothing.
    Unknown(u64),
}

/// What comes next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    /// So many bytes at the front of the input are data.
    Data(usize),
    /// So many bytes at the front of the input are a whole field section.
    Fields(usize),
    /// The rest hasn't arrived.
    More,
    End,
}

/// Why nothing more can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Broken {
    /// The client has reset the stream or lost the connection.
    Gone,
    /// A field section of this many bytes, or frames that mean nothing without end.
    TooLarge,
    /// The client breaks the protocol: the connection ends.
    Connection(ErrorCode),
}

/// Bytes of a frame that means nothing at most (RFC 9114 §9 lets us stop what is suspicious).
const LONGEST_UNKNOWN: u64 = 64 * 1024;

impl Frames {
    pub(super) fn new(stream: RecvStream) -> Frames {
        Frames { stream, input: Buffer::default(), at: At::Frame, ended: false }
    }

    /// Looks at what has arrived. A field section may have `most` bytes.
    pub(super) fn next(&mut self, most: usize) -> Result<Next, Broken> {
        loop {
            match self.at {
                At::Data(0) | At::Unknown(0) => self.at = At::Frame,
                At::Data(left) => return Ok(self.piece(left)?.map_or(Next::More, Next::Data)),
                At::Unknown(left) => match self.piece(left)? {
                    Some(count) => self.take(count),
                    None => return Ok(Next::More),
                },
                At::Frame => match FrameHeader::read(self.input.filled()) {
                    Some((header, length)) => {
                        if let Some(next) = self.begin(header, length, most)? {
                            return Ok(next);
                        }
                    }
                    None if !self.ended => return Ok(Next::More),
                    None if self.input.is_empty() => return Ok(Next::End),
                    None => return Err(Broken::Connection(ErrorCode::FRAME_ERROR)),
                },
            }
        }
    }

    /// The part of a frame's rest that has arrived.
    fn piece(&self, left: u64) -> Result<Option<usize>, Broken> {
        let here = self.input.filled().len();
        match usize::try_from(left).unwrap_or(usize::MAX).min(here) {
            0 if self.ended => Err(Broken::Connection(ErrorCode::FRAME_ERROR)),
            0 => Ok(None),
            count => Ok(Some(count)),
        }
    }

    fn begin(&mut self, header: FrameHeader, length: usize, most: usize) -> Result<Option<Next>, Broken> {
        if !header.fits_request() {
            return Err(Broken::Connection(ErrorCode::FRAME_UNEXPECTED));
        }
        match header.kind {
            DATA => self.at = At::Data(header.length),
            HEADERS => {
                let section = usize::try_from(header.length).unwrap_or(usize::MAX);
                if section > most {
                    return Err(Broken::TooLarge);
                }
                let missing = self.input.filled().len() < length + section;
                return match (missing, self.ended) {
                    (true, true) => Err(Broken::Connection(ErrorCode::FRAME_ERROR)),
                    (true, false) => Ok(Some(Next::More)),
                    (false, _) => {
                        self.input.consume(length);
                        Ok(Some(Next::Fields(section)))
                    }
                };
            }
            _ if header.length > LONGEST_UNKNOWN => return Err(Broken::TooLarge),
            _ => self.at = At::Unknown(header.length),
        }
        self.input.consume(length);
        Ok(None)
    }

    /// So many bytes of what was told last have been used.
    pub(super) fn take(&mut self, count: usize) {
        self.input.consume(count);
        if let At::Data(left) | At::Unknown(left) = &mut self.at {
            *left = left.saturating_sub(count as u64);
        }
    }

    /// Data still to come in this frame.
    pub(super) fn left(&self) -> u64 {
        if let At::Data(left) = self.at { left } else { 0 }
    }

    /// Waits for more.
    pub(super) async fn fill(&mut self, worker: &Worker, most: usize) -> Result<(), Broken> {
        let stream = &mut self.stream;
        let fill = worker.fill_by(&mut self.input, most, |context, buffer| {
            let read = Pin::new(&mut *stream).poll_read(context, buffer.free());
            read.map_err(io::Error::from).map_ok(|count| {
                buffer.advance(count);
                count
            })
        });
        match fill.await {
            Ok(0) => self.ended = true,
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::OutOfMemory => return Err(Broken::TooLarge),
            Err(_) => return Err(Broken::Gone),
        }
        Ok(())
    }

    /// Looks, after a head, for what is known about the body.
    pub(super) async fn body_size(&mut self, worker: &Worker) -> BodySize {
        while !self.ended && self.input.filled().len() < SMALL {
            let mut more = pin!(self.fill(worker, SMALL));
            // Who waits for more asks again.
            if poll_fn(|context| Poll::Ready(more.as_mut().poll(context).is_pending())).await {
                break;
            }
        }
        match self.at {
            At::Frame if self.ended && self.input.is_empty() => BodySize::None,
            At::Frame => self.whole().map_or(BodySize::Unknown, |length| BodySize::Whole(length as u64)),
            At::Data(_) | At::Unknown(_) => BodySize::Unknown,
        }
    }

    /// Enters the one frame of data that everything else is, if it is.
    fn whole(&mut self) -> Option<usize> {
        let (header, length) =
            FrameHeader::read(self.input.filled()).filter(|(header, _)| header.kind == DATA)?;
        let data = usize::try_from(header.length).ok()?;
        if !self.ended || data == 0 || self.input.filled().len() != length.checked_add(data)? {
            return None;
        }
        self.at = At::Data(header.length);
        self.input.consume(length);
        Some(data)
    }

    /// Waits for more of a body, in larger blocks where there is much of it.
    pub(super) async fn fill_data(&mut self, worker: &Worker) -> Result<(), Broken> {
        if self.left() > SMALL as u64 {
            worker.buffers.enlarge(&mut self.input);
        }
        self.fill(worker, LARGE).await
    }

    /// Whether the client has sent everything and it has been used.
    pub(super) fn is_over(&self) -> bool {
        self.ended && self.input.is_empty()
    }

    /// Tells the client that the rest isn't wanted.
    pub(super) fn stop(&mut self, code: ErrorCode) {
        // It may have ended by itself.
        let _ = self.stream.stop(VarInt::from_u32(code.0));
    }
}
