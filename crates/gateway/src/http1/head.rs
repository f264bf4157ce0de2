//! The head of a message, read from front to back once, each line strictly as RFC 9112 has it: ends in CR LF, none is folded,
//! no space before a colon. The tests hold it against httparse, which takes more.

use super::MOST_FIELDS;
use super::field::FieldKind;
use crate::table::FieldSpan;
use std::ops::Range;

/// What a look for the end of a head finds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Extent {
    /// It isn't all there.
    Partial,
    Complete,
    /// A line ends in a bare line feed, which others may or may not take for a line end.
    BareLineFeed,
}

/// Looks for the end of a head. Bytes before `searched` are known not to end it. A head that comes byte by byte is so
/// looked at once, not parsed again with every byte.
pub(crate) fn extent(bytes: &[u8], searched: usize) -> Extent {
    let from = searched.saturating_sub(3).min(bytes.len());
    for feed in memchr::memchr_iter(b'\n', &bytes[from..]).map(|at| from + at) {
        if feed == 0 || bytes[feed - 1] != b'\r' {
            return Extent::BareLineFeed;
        }
        if feed >= 3 && &bytes[feed - 3..feed - 1] == b"\r\n" {
            return Extent::Complete;
        }
    }
    Extent::Partial
}

/// Why a head can't be read to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stop {
    /// It isn't all there.
    Partial,
    Malformed,
    /// There are too many fields, or one is too long.
    TooLarge,
}

/// A request's first line, with its end.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct RequestLine {
    pub(crate) method: Range<usize>,
    pub(crate) target: Range<usize>,
    pub(crate) http10: bool,
    pub(crate) end: usize,
}

/// An answer's first line, with its end.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct StatusLine {
    pub(crate) status: u16,
    pub(crate) phrase: Range<usize>,
    pub(crate) http10: bool,
    pub(crate) end: usize,
}

/// Reads the first line of a request (RFC 9112 §3). The target may be anything visible.
pub(crate) fn request_line(bytes: &[u8]) -> Result<RequestLine, Stop> {
    let method = 0..token_length(bytes);
    expect(&bytes[method.end..], b" ")?;
    let start = method.end + 1;
    let target = start..start + length_from(b'!', &bytes[start..]);
    let http10 = either(&bytes[target.end..], b" HTTP/1.1\r\n", b" HTTP/1.0\r\n")?;
    if method.is_empty() || target.is_empty() {
        return Err(Stop::Malformed);
    }
    let end = target.end + b" HTTP/1.1\r\n".len();
    Ok(RequestLine { method, target, http10, end })
}

/// Reads the first line of an answer (RFC 9112 §4). Some servers leave out the space before a phrase that is empty.
pub(crate) fn status_line(bytes: &[u8]) -> Result<StatusLine, Stop> {
    let http10 = either(bytes, b"HTTP/1.1 ", b"HTTP/1.0 ")?;
    let code = b"HTTP/1.1 ".len();
    let (digits, rest) = bytes[code..].split_first_chunk::<3>().ok_or(Stop::Partial)?;
    if !digits.iter().all(u8::is_ascii_digit) {
        return Err(Stop::Malformed);
    }
    let status = digits.iter().fold(0, |status, digit| status * 10 + u16::from(digit - b'0'));
    let start = code + 3 + usize::from(rest.starts_with(b" "));
    let phrase = if start > code + 3 { start..start + text_length(&bytes[start..]) } else { start..start };
    expect(&bytes[phrase.end..], b"\r\n")?;
    let end = phrase.end + 2;
    Ok(StatusLine { status, phrase, http10, end })
}

/// Reads the fields from `at` on (RFC 9112 §5). Returns where the empty line after them ends.
pub(crate) fn fields(bytes: &[u8], mut at: usize, spans: &mut Vec<FieldSpan>) -> Result<usize, Stop> {
    spans.clear();
    loop {
        let line = &bytes[at..];
        let name = token_length(line);
        if name == 0 {
            return expect(line, b"\r\n").map(|()| at + 2);
        }
        expect(&line[name..], b":")?;
        let mut start = name + 1;
        while matches!(line.get(start), Some(b' ' | b'\t')) {
            start += 1;
        }
        let length = text_length(&line[start..]);
        expect(&line[start + length..], b"\r\n")?;
        let value = line[start..start + length].trim_ascii_end();
        let span = span(at, &line[..name], at + start, value).filter(|_| spans.len() < MOST_FIELDS);
        spans.push(span.ok_or(Stop::TooLarge)?);
        at += start + length + 2;
    }
}

fn span(name_at: usize, name: &[u8], value_at: usize, value: &[u8]) -> Option<FieldSpan> {
    Some(FieldSpan {
        name: u32::try_from(name_at).ok()?,
        value: u32::try_from(value_at).ok()?,
        name_len: u16::try_from(name.len()).ok()?,
        value_len: u16::try_from(value.len()).ok()?,
        kind: FieldKind::of(name),
    })
}

/// Whether it begins with `second`, not `first`.
fn either(bytes: &[u8], first: &[u8], second: &[u8]) -> Result<bool, Stop> {
    match expect(bytes, first) {
        Err(Stop::Malformed) => expect(bytes, second).map(|()| true),
        read => read.map(|()| false),
    }
}

#[inline]
fn expect(bytes: &[u8], text: &[u8]) -> Result<(), Stop> {
    if bytes.starts_with(text) {
        Ok(())
    } else if text.starts_with(bytes) {
        Err(Stop::Partial)
    } else {
        Err(Stop::Malformed)
    }
}

/// Bytes of a token at the front (RFC 9110 §5.6.2).
fn token_length(bytes: &[u8]) -> usize {
    const TOKEN: [bool; 256] = letters_digits_and(b"!#$%&'*+-.^_`|~");
    bytes.iter().position(|byte| !TOKEN[usize::from(*byte)]).unwrap_or(bytes.len())
}

/// Which bytes are ASCII letters, digits or one of these.
pub(super) const fn letters_digits_and(marks: &[u8]) -> [bool; 256] {
    let mut table = [false; 256];
    let mut byte = 0u8;
    while byte < 0x80 {
        table[byte as usize] = byte.is_ascii_alphanumeric();
        byte += 1;
    }
    let mut at = 0;
    while at < marks.len() {
        table[marks[at] as usize] = true;
        at += 1;
    }
    table
}

/// Bytes of a value at the front: visible ones, others than ASCII, spaces and tabs (RFC 9110 §5.5).
fn text_length(bytes: &[u8]) -> usize {
    let mut length = 0;
    loop {
        length += length_from(b' ', &bytes[length..]);
        if bytes.get(length) != Some(&b'\t') {
            return length;
        }
        length += 1;
    }
}

/// Bytes at the front that are at least `least`, which is no letter, and not DEL. Eight at once: most heads are values.
fn length_from(least: u8, bytes: &[u8]) -> usize {
    const ONES: u64 = u64::from_le_bytes([1; 8]);
    const HIGH: u64 = u64::from_le_bytes([0x80; 8]);
    let mut length = 0;
    for eight in bytes.as_chunks().0 {
        // The lowest high bit that is left is where the first such byte is; what is above it may have been borrowed from.
        let word = u64::from_le_bytes(*eight);
        let small = word.wrapping_sub(ONES * u64::from(least)) & !word;
        let no_del = word ^ (ONES * 0x7f);
        let del = no_del.wrapping_sub(ONES) & !no_del;
        let found = (small | del) & HIGH;
        if found != 0 {
            return length + found.trailing_zeros() as usize / 8;
        }
        length += 8;
    }
    length + bytes[length..].iter().take_while(|byte| **byte >= least && **byte != 0x7f).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_ends_in_an_empty_line() {
        let bytes = b"GET / HTTP/1.1\r\nA: b\r\n\r\nbody\n";
        assert_eq!(extent(bytes, 0), Extent::Complete);
        for searched in 0..24 {
            assert_eq!(extent(&bytes[..searched], 0), Extent::Partial);
            assert_eq!(extent(bytes, searched), Extent::Complete, "after {searched}");
        }
        assert_eq!(extent(b"GET / HTTP/1.1\nA: b\r\n\r\n", 0), Extent::BareLineFeed);
        assert_eq!(extent(b"GET / HTTP/1.1\r\n\n", 16), Extent::BareLineFeed);
        assert_eq!(extent(b"\n", 0), Extent::BareLineFeed);
    }
}
