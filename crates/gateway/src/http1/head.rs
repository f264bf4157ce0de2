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

/// A request's first line.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct RequestLine {
    pub(crate) method: Range<usize>,
    pub(crate) target: Range<usize>,
    pub(crate) http10: bool,
}

/// An answer's first line.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct StatusLine {
    pub(crate) status: u16,
    pub(crate) phrase: Range<usize>,
    pub(crate) http10: bool,
}

/// A head, and how far it has been read.
#[derive(Debug)]
pub(crate) struct Reader<'a> {
    bytes: &'a [u8],
    pub(crate) at: usize,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Reader { bytes, at: 0 }
    }

    /// RFC 9112 §3. The target may be anything visible.
    pub(crate) fn request_line(&mut self) -> Result<RequestLine, Stop> {
        let method = self.run(token_length)?;
        self.expect(b" ")?;
        let target = self.run(|rest| length_from(b'!', rest))?;
        self.expect(b" ")?;
        if method.is_empty() || target.is_empty() {
            return Err(Stop::Malformed);
        }
        let http10 = self.version()?;
        self.expect(b"\r\n")?;
        Ok(RequestLine { method, target, http10 })
    }

    /// RFC 9112 §4. Some servers leave out the space before a phrase that is empty.
    pub(crate) fn status_line(&mut self) -> Result<StatusLine, Stop> {
        let http10 = self.version()?;
        self.expect(b" ")?;
        let digits = self.run(|rest| rest.iter().take_while(|byte| byte.is_ascii_digit()).count())?;
        let [hundreds, tens, ones] = self.bytes[digits] else { return Err(Stop::Malformed) };
        let status =
            [hundreds, tens, ones].iter().fold(0, |status, digit| status * 10 + u16::from(digit - b'0'));
        let mut phrase = self.at..self.at;
        if self.bytes[self.at] == b' ' {
            self.at += 1;
            phrase = self.run(text_length)?;
        }
        self.expect(b"\r\n")?;
        Ok(StatusLine { status, phrase, http10 })
    }

    /// The fields and the empty line (RFC 9112 §5).
    pub(crate) fn fields(&mut self, spans: &mut Vec<FieldSpan>) -> Result<(), Stop> {
        spans.clear();
        loop {
            let name = self.run(token_length)?;
            if name.is_empty() {
                return self.expect(b"\r\n");
            }
            self.expect(b":")?;
            self.run(|rest| rest.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count())?;
            let value = self.run(text_length)?;
            self.expect(b"\r\n")?;
            let span = self.span(name, value).filter(|_| spans.len() < MOST_FIELDS);
            spans.push(span.ok_or(Stop::TooLarge)?);
        }
    }

    fn span(&self, name: Range<usize>, value: Range<usize>) -> Option<FieldSpan> {
        let kind = FieldKind::of(&self.bytes[name.clone()]);
        Some(FieldSpan {
            name: u32::try_from(name.start).ok()?,
            value: u32::try_from(value.start).ok()?,
            name_len: u16::try_from(name.len()).ok()?,
            value_len: u16::try_from(self.bytes[value].trim_ascii_end().len()).ok()?,
            kind,
        })
    }

    /// `HTTP/1.1`, or `HTTP/1.0`, which is true.
    fn version(&mut self) -> Result<bool, Stop> {
        self.expect(b"HTTP/1.")?;
        let digit = *self.bytes.get(self.at).ok_or(Stop::Partial)?;
        self.at += 1;
        match digit {
            b'0' | b'1' => Ok(digit == b'0'),
            _ => Err(Stop::Malformed),
        }
    }

    /// Passes over as many bytes as `length` counts at the front of the rest. Something must follow.
    fn run(&mut self, length: impl FnOnce(&[u8]) -> usize) -> Result<Range<usize>, Stop> {
        let start = self.at;
        self.at += length(&self.bytes[start..]);
        if self.at < self.bytes.len() { Ok(start..self.at) } else { Err(Stop::Partial) }
    }

    /// Passes over exactly this.
    fn expect(&mut self, text: &[u8]) -> Result<(), Stop> {
        let rest = &self.bytes[self.at..];
        if rest.starts_with(text) {
            self.at += text.len();
            Ok(())
        } else if text.starts_with(rest) {
            Err(Stop::Partial)
        } else {
            Err(Stop::Malformed)
        }
    }
}

/// Bytes of a token at the front (RFC 9110 §5.6.2).
fn token_length(bytes: &[u8]) -> usize {
    const TOKEN: [bool; 256] = {
        let mut table = [false; 256];
        let marks = b"!#$%&'*+-.^_`|~";
        let mut at = 0;
        while at < marks.len() {
            table[marks[at] as usize] = true;
            at += 1;
        }
        let mut byte = 0u8;
        while byte < 0x80 {
            table[byte as usize] |= byte.is_ascii_alphanumeric();
            byte += 1;
        }
        table
    };
    bytes.iter().take_while(|byte| TOKEN[usize::from(**byte)]).count()
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
