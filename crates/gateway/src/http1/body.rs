use super::Framing;
use super::field::FieldKind;
use super::head::fields;
use crate::buffer::Buffer;

/// Takes a body out of its framing, piece by piece.
#[derive(Debug)]
pub(crate) struct Unframer {
    state: State,
    trailers: Vec<u8>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Length(u64),
    ChunkSize,
    Chunk(u64),
    ChunkEnd,
    Trailers,
    UntilClose,
    Done,
}

/// What is at the front of a buffer.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Piece {
    /// So many bytes of the body. The caller takes them out of the buffer.
    Data(usize),
    /// Not enough; more bytes are needed.
    More,
    /// Nothing of the body any more.
    End,
}

/// Chunks that two programs could read differently, or trailers beyond all measure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct BadChunk;

/// Bytes of the line before a chunk, extensions included.
const LONGEST_SIZE_LINE: usize = 256;

/// Bytes of all trailers together.
const MOST_TRAILER_BYTES: usize = 8 * 1024;

impl Unframer {
    pub(crate) fn new(framing: Framing) -> Unframer {
        let state = match framing {
            Framing::None => State::Done,
            Framing::Length(length) => State::Length(length),
            Framing::Chunked => State::ChunkSize,
            Framing::UntilClose => State::UntilClose,
        };
        Unframer { state, trailers: Vec::new() }
    }

    /// Takes framing out of the buffer up to the next data.
    pub(crate) fn next(&mut self, buffer: &mut Buffer) -> Result<Piece, BadChunk> {
        loop {
            match self.state {
                State::Done => return Ok(Piece::End),
                _ if buffer.is_empty() => return Ok(Piece::More),
                State::UntilClose => return Ok(Piece::Data(buffer.filled().len())),
                State::Length(left) => {
                    let (count, rest) = share(left, buffer);
                    self.state = if rest == 0 { State::Done } else { State::Length(rest) };
                    return Ok(Piece::Data(count));
                }
                State::Chunk(left) => {
                    let (count, rest) = share(left, buffer);
                    self.state = if rest == 0 { State::ChunkEnd } else { State::Chunk(rest) };
                    return Ok(Piece::Data(count));
                }
                State::ChunkEnd => match buffer.filled() {
                    [b'\r', b'\n', ..] => {
                        buffer.consume(2);
                        self.state = State::ChunkSize;
                    }
                    [b'\r'] => return Ok(Piece::More),
                    _ => return Err(BadChunk),
                },
                State::ChunkSize => match size_line(buffer.filled())? {
                    None => return Ok(Piece::More),
                    Some((length, 0)) => {
                        buffer.consume(length);
                        self.state = State::Trailers;
                    }
                    Some((length, size)) => {
                        buffer.consume(length);
                        self.state = State::Chunk(size);
                    }
                },
                State::Trailers => match trailers(buffer.filled(), &mut self.trailers)? {
                    None => return Ok(Piece::More),
                    Some(length) => {
                        buffer.consume(length);
                        self.state = State::Done;
                    }
                },
            }
        }
    }

    /// Whether the sender has closed where a body may end.
    pub(crate) fn may_end_here(&self) -> bool {
        matches!(self.state, State::UntilClose | State::Done)
    }

    pub(crate) fn is_done(&self) -> bool {
        self.state == State::Done
    }

    /// Bytes that are still to come, where that is known.
    pub(crate) fn left(&self) -> Option<u64> {
        match self.state {
            State::Length(left) => Some(left),
            State::Done => Some(0),
            _ => None,
        }
    }

    /// The trailers that may go on: whole lines.
    pub(crate) fn trailers(&self) -> &[u8] {
        &self.trailers
    }
}

fn share(left: u64, buffer: &Buffer) -> (usize, u64) {
    let count = usize::try_from(left).unwrap_or(usize::MAX).min(buffer.filled().len());
    (count, left - count as u64)
}

/// The line before a chunk: its length with line end, and the chunk's size. Extensions are passed over; a control character in
/// one is refused, since a bare line feed there ends the line for some.
fn size_line(bytes: &[u8]) -> Result<Option<(usize, u64)>, BadChunk> {
    let digits = bytes.iter().take_while(|b| b.is_ascii_hexdigit()).count();
    if digits > 15 || (digits == 0 && !bytes.is_empty()) {
        return Err(BadChunk);
    }
    let extension = &bytes[digits..];
    let end = extension.iter().position(|b| b.is_ascii_control() && *b != b'\t');
    if end.is_none_or(|end| end > 0) && !extension.is_empty() {
        let begins = extension.iter().find(|b| !matches!(b, b' ' | b'\t'));
        if begins.is_some_and(|b| *b != b';') {
            // A space before the line end is neither a size nor an extension.
            return Err(BadChunk);
        }
    }
    let Some(end) = end else {
        return if bytes.len() > LONGEST_SIZE_LINE { Err(BadChunk) } else { Ok(None) };
    };
    match &extension[end..] {
        [b'\r'] => Ok(None),
        [b'\r', b'\n', ..] if digits + end <= LONGEST_SIZE_LINE => {
            let digit = |b: u8| u64::from(char::from(b).to_digit(16).unwrap_or_default());
            let size = bytes[..digits].iter().fold(0, |size, b| size * 16 + digit(*b));
            Ok(Some((digits + end + 2, size)))
        }
        _ => Err(BadChunk),
    }
}

/// The trailer fields up to the empty line: their length with it. Fields that frame or route a message are left out.
fn trailers(bytes: &[u8], kept: &mut Vec<u8>) -> Result<Option<usize>, BadChunk> {
    if bytes.starts_with(b"\r\n") {
        return Ok(Some(2));
    }
    let Some(end) = memchr::memmem::find(bytes, b"\r\n\r\n") else {
        return if bytes.len() > MOST_TRAILER_BYTES { Err(BadChunk) } else { Ok(None) };
    };
    let block = &bytes[..end + 4];
    let mut spans = Vec::new();
    fields(block, 0, &mut spans).map_err(|_| BadChunk)?;
    for span in spans.iter().filter(|span| span.kind == FieldKind::Other) {
        for part in [span.name(block), b": ", span.value(block), b"\r\n"] {
            kept.extend_from_slice(part);
        }
    }
    Ok(Some(block.len()))
}

/// Appends the line before a chunk of this size.
pub(crate) fn push_chunk_size(out: &mut Vec<u8>, size: usize) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let significant = (usize::BITS - size.leading_zeros()).div_ceil(4).max(1);
    for place in (0..significant).rev() {
        out.push(DIGITS[(size >> (place * 4)) & 15]);
    }
    out.extend_from_slice(b"\r\n");
}
