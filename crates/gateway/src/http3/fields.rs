//! Between field sections and lines of text, which rules, header edits and HTTP/1.1 work on.

use super::ErrorCode;
use super::qpack::{DecodeError, Decoder, push_field};
use crate::http1::MOST_FIELDS;
use crate::http1::field::FieldKind;
use crate::options::Limits;
use crate::reason::Reason;

/// Why a field section isn't taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refused {
    /// It can't be decoded, which ends the connection.
    Section,
    /// What it says is refused.
    Request(Reason),
}

impl Refused {
    /// What ends the connection, if that's what it does.
    pub(crate) fn connection_error(self) -> Option<ErrorCode> {
        (self == Refused::Section).then_some(ErrorCode::QPACK_DECOMPRESSION_FAILED)
    }
}

impl From<DecodeError> for Refused {
    fn from(_: DecodeError) -> Self {
        Refused::Section
    }
}

impl From<Reason> for Refused {
    fn from(reason: Reason) -> Self {
        Refused::Request(reason)
    }
}

/// Whether a name is one that HTTP/3 may send: a token in lower case (RFC 9114 §4.2).
pub(super) fn is_name(name: &[u8]) -> bool {
    let token = |b: &u8| matches!(b, b'a'..=b'z' | b'0'..=b'9') || b"!#$%&'*+-.^_`|~".contains(b);
    !name.is_empty() && name.iter().all(token)
}

/// Whether a value is one line of text (RFC 9110 §5.5).
pub(super) fn is_value(value: &[u8]) -> bool {
    value.iter().all(|b| *b == b'\t' || (*b >= b' ' && *b != 0x7f))
}

/// Appends the fields that lines are, each with its line end.
pub(crate) fn push_lines(lines: &[u8], passes: impl Fn(&[u8]) -> bool, section: &mut Vec<u8>) {
    let mut start = 0;
    for feed in memchr::memchr_iter(b'\n', lines) {
        let line = &lines[start..feed];
        start = feed + 1;
        if let Some(colon) = memchr::memchr(b':', line).filter(|colon| passes(&line[..*colon])) {
            push_field(&line[..colon], line[colon + 1..].trim_ascii(), section);
        }
    }
}

/// Appends trailers as lines, without those that frame or route a message.
pub(crate) fn push_trailers(
    decoder: &mut Decoder,
    section: &[u8],
    limits: &Limits,
    lines: &mut Vec<u8>,
) -> Result<(), Refused> {
    let mut count = 0;
    decoder.decode(section, |name, value| {
        count += 1;
        if !is_name(name) || !is_value(value) {
            return Err(Refused::Request(Reason::MalformedRequest));
        }
        if count > MOST_FIELDS || lines.len() + name.len() + value.len() > limits.header_bytes {
            return Err(Refused::Request(Reason::HeaderTooLarge));
        }
        if FieldKind::of(name) == FieldKind::Other {
            for part in [name, b": ", value, b"\r\n"] {
                lines.extend_from_slice(part);
            }
        }
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use super::super::qpack::push_prefix;
    use super::*;

    fn trailers(lines: &[u8]) -> Result<String, Refused> {
        let (mut section, mut out) = (Vec::new(), Vec::new());
        push_prefix(&mut section);
        push_lines(lines, |_| true, &mut section);
        push_trailers(&mut Decoder::default(), &section, &Limits::default(), &mut out)?;
        Ok(String::from_utf8(out).unwrap())
    }

    #[test]
    fn lines_become_fields_and_fields_lines() {
        let lines = trailers(b"Grpc-Status: 0\r\nx-many:  a \r\nX-Many: b:c\r\nempty:\r\n").unwrap();
        assert_eq!(lines, "grpc-status: 0\r\nx-many: a\r\nx-many: b:c\r\nempty: \r\n");
    }

    #[test]
    fn trailers_frame_nothing_and_have_no_pseudo_header() {
        assert_eq!(trailers(b"content-length: 5\r\nhost: a\r\nx: y\r\n").unwrap(), "x: y\r\n");
        let refused = |section: &[u8]| {
            push_trailers(&mut Decoder::default(), section, &Limits::default(), &mut Vec::new()).unwrap_err()
        };
        assert_eq!(refused(&[0, 0, 0b1100_0000 + 25]), Refused::Request(Reason::MalformedRequest), ":status");
        assert_eq!(refused(&[0, 0, 0x80]), Refused::Section);
    }
}
