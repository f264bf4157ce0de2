use super::field::{ConnectionOptions, FieldKind, content_length};
use super::head::{Extent, extent, offset, spans};
use super::{Framing, MOST_FIELDS};
use crate::table::{FieldSpan, Headers, ResponseHead};
use std::mem::MaybeUninit;
use std::ops::Range;

/// An answer's head: its bytes, and where everything is in them.
#[derive(Debug)]
pub(crate) struct Response {
    text: Vec<u8>,
    pub(crate) spans: Vec<FieldSpan>,
    pub(crate) status: u16,
    phrase: Range<usize>,
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
        let length = match extent(bytes, searched) {
            Extent::Partial => return Ok(None),
            Extent::Complete(length) => length,
            Extent::BareLineFeed => return Err(Malformed),
        };
        self.text.clear();
        self.text.extend_from_slice(&bytes[..length]);
        let mut headers = [const { MaybeUninit::uninit() }; MOST_FIELDS];
        let mut parsed = httparse::Response::new(&mut []);
        let read = httparse::ParserConfig::default().parse_response_with_uninit_headers(
            &mut parsed,
            &self.text,
            &mut headers,
        );
        let (Ok(httparse::Status::Complete(_)), Some(status), Some(version)) =
            (read, parsed.code, parsed.version)
        else {
            return Err(Malformed);
        };
        if !(100..=599).contains(&status) || !spans(&self.text, parsed.headers, &mut self.spans) {
            return Err(Malformed);
        }
        let phrase = parsed.reason.unwrap_or_default().as_bytes();
        let start = offset(&self.text, phrase) as usize;
        self.phrase = if phrase.is_empty() { 0..0 } else { start..start + phrase.len() };
        self.status = status;
        self.judge(version == 0, to_head)?;
        Ok(Some(length))
    }

    fn judge(&mut self, http10: bool, to_head: bool) -> Result<(), Malformed> {
        let mut length = None;
        let mut chunked = false;
        let mut connection = ConnectionOptions::default();
        for at in 0..self.spans.len() {
            let span = self.spans[at];
            let value = span.value(&self.text);
            match span.kind {
                FieldKind::ContentLength => {
                    let number = content_length(value).ok_or(Malformed)?;
                    if length.replace(number).is_some_and(|other| other != number) {
                        return Err(Malformed);
                    }
                }
                FieldKind::TransferEncoding => {
                    if chunked || !value.eq_ignore_ascii_case(b"chunked") {
                        return Err(Malformed);
                    }
                    chunked = true;
                }
                FieldKind::Connection => connection.read(at, &self.text, &mut self.spans),
                _ => {}
            }
        }
        if chunked && (length.is_some() || http10) {
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
        self.keep_alive = reusable && !connection.close && (!http10 || connection.keep_alive);
        Ok(())
    }

    /// The reason phrase as the server wrote it.
    pub(crate) fn phrase(&self) -> &[u8] {
        &self.text[self.phrase.clone()]
    }

    pub(crate) fn text(&self) -> &[u8] {
        &self.text
    }

    /// The head as response rules see it.
    pub(crate) fn head(&self) -> ResponseHead<'_> {
        ResponseHead { status: self.status, headers: Headers::spans(&self.text, &self.spans) }
    }
}
