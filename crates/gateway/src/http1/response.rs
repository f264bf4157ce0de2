use super::Framing;
use super::field::{ConnectionOptions, FieldKind, content_length};
use super::head::{Extent, Stop, extent, fields, status_line};
use crate::table::{FieldSpan, Headers, ResponseHead};
use std::ops::Range;

/// An answer's head: its bytes, and where everything is in them.
#[derive(Debug)]
pub(crate) struct Response {
    pub(crate) text: Vec<u8>,
    pub(crate) spans: Vec<FieldSpan>,
    pub(crate) status: u16,
    phrase: Range<usize>,
    pub(crate) http10: bool,
    pub(crate) framing: Framing,
    /// The server would use the connection again.
    pub(crate) keep_alive: bool,
}

/// The head isn't HTTP/1.1, or could be read in two ways.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Malformed;

impl Default for Response {
    fn default() -> Self {
        Response {
            text: Vec::new(),
            spans: Vec::new(),
            status: 0,
            phrase: 0..0,
            http10: false,
            framing: Framing::None,
            keep_alive: false,
        }
    }
}

impl Response {
    /// Reads the head at the front of `bytes`, of which the first `searched` are known not to complete it. `Ok(None)`: more
    /// bytes are needed; else how many belong to it. The answer to a HEAD request has no body, whatever it says.
    pub(crate) fn parse(
        &mut self,
        bytes: &[u8],
        searched: usize,
        to_head: bool,
    ) -> Result<Option<usize>, Malformed> {
        if searched > 0 && !is_complete(bytes, searched)? {
            return Ok(None);
        }
        let read = status_line(bytes)
            .and_then(|line| fields(bytes, line.end, &mut self.spans).map(|end| (line, end)));
        let (line, end) = match read {
            Ok(read) => read,
            Err(Stop::Partial) => return is_complete(bytes, 0).map(|_| None),
            Err(Stop::Malformed | Stop::TooLarge) => return Err(Malformed),
        };
        if !(100..=599).contains(&line.status) {
            return Err(Malformed);
        }
        self.text.clear();
        self.text.extend_from_slice(&bytes[..end]);
        self.status = line.status;
        self.phrase = line.phrase;
        self.http10 = line.http10;
        self.judge(to_head)?;
        Ok(Some(end))
    }

    /// Begins a head that doesn't come as text, with its first line.
    pub(crate) fn begin(&mut self, status: u16, phrase: &str) {
        self.text.clear();
        self.spans.clear();
        self.text.extend_from_slice(b"HTTP/1.1 ");
        push_status_code(status, &mut self.text);
        self.text.push(b' ');
        self.phrase = self.text.len()..self.text.len() + phrase.len();
        self.text.extend_from_slice(phrase.as_bytes());
        self.text.extend_from_slice(b"\r\n");
        self.status = status;
        self.http10 = false;
    }

    pub(crate) fn judge(&mut self, to_head: bool) -> Result<(), Malformed> {
        let mut length = None;
        let mut chunked = false;
        let mut connection = ConnectionOptions::default();
        for at in 0..self.spans.len() {
            let span = self.spans[at];
            if span.kind == FieldKind::Other {
                continue;
            }
            let value = span.value(&self.text);
            match span.kind {
                FieldKind::ContentLength => {
                    let number = content_length(value).ok_or(Malformed)?;
                    match length.replace(number) {
                        None => {}
                        // Said twice, passed on once.
                        Some(same) if same == number => self.spans[at].kind = FieldKind::Hop,
                        Some(_) => return Err(Malformed),
                    }
                }
                FieldKind::TransferEncoding => {
                    if chunked || !value.eq_ignore_ascii_case(b"chunked") {
                        return Err(Malformed);
                    }
                    chunked = true;
                }
                FieldKind::Connection if !connection.read(at, &self.text, &mut self.spans) => {
                    return Err(Malformed);
                }
                _ => {}
            }
        }
        if chunked && (length.is_some() || self.http10) {
            return Err(Malformed);
        }
        let bodiless = to_head || self.status < 200 || self.status == 204 || self.status == 304;
        self.framing = match (bodiless, chunked, length) {
            (true, ..) | (false, false, Some(0)) => Framing::None,
            (false, true, _) => Framing::Chunked,
            (false, false, Some(length)) => Framing::Length(length),
            (false, false, None) => Framing::UntilClose,
        };
        let reusable = self.framing != Framing::UntilClose;
        self.keep_alive = reusable && !connection.close && (!self.http10 || connection.keep_alive);
        Ok(())
    }

    /// The reason phrase as the server wrote it.
    pub(crate) fn phrase(&self) -> &[u8] {
        &self.text[self.phrase.clone()]
    }

    /// The head as response rules see it.
    pub(crate) fn head(&self) -> ResponseHead<'_> {
        ResponseHead { status: self.status, headers: Headers::spans(&self.text, &self.spans) }
    }
}

/// Appends the three digits of a status.
pub(crate) fn push_status_code(status: u16, out: &mut Vec<u8>) {
    for unit in [100, 10, 1] {
        out.push(b'0' + u8::try_from(status / unit % 10).unwrap_or_default());
    }
}

fn is_complete(bytes: &[u8], searched: usize) -> Result<bool, Malformed> {
    match extent(bytes, searched) {
        Extent::Complete => Ok(true),
        Extent::Partial => Ok(false),
        Extent::BareLineFeed => Err(Malformed),
    }
}
