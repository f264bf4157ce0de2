use crate::http1::field::FieldKind;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};

/// Fields from lines, each with its line end. The values share one copy of the text. Lines that aren't fields are left
/// out; the gateway makes none.
pub(crate) fn fields(lines: &[u8]) -> HeaderMap {
    let text = Bytes::copy_from_slice(lines);
    let mut fields = HeaderMap::with_capacity(16);
    let mut start = 0;
    for feed in memchr::memchr_iter(b'\n', lines) {
        let line = &lines[start..feed];
        if let Some(colon) = memchr::memchr(b':', line) {
            let value = line[colon + 1..].trim_ascii();
            let begin = start + colon + 1 + leading_blanks(&line[colon + 1..]);
            let value = HeaderValue::from_maybe_shared(text.slice(begin..begin + value.len()));
            if let (Ok(name), Ok(value)) = (HeaderName::from_bytes(&line[..colon]), value) {
                // Beyond any number of fields that a head may have.
                let _ = fields.try_append(name, value);
            }
        }
        start = feed + 1;
    }
    fields
}

fn leading_blanks(bytes: &[u8]) -> usize {
    bytes.len() - bytes.trim_ascii_start().len()
}

/// Appends trailers as lines, without those that frame or route a message.
pub(crate) fn push_lines(trailers: &HeaderMap, out: &mut Vec<u8>) {
    for (name, value) in trailers {
        if FieldKind::of(name.as_str().as_bytes()) == FieldKind::Other {
            for part in [name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"] {
                out.extend_from_slice(part);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_fields_are_the_same() {
        let fields = fields(b"Grpc-Status: 0\r\nx-Many:  a \r\nx-many: b:c\r\nempty:\r\n");
        let mut lines = Vec::new();
        push_lines(&fields, &mut lines);
        let lines = String::from_utf8(lines).unwrap();
        assert_eq!(lines, "grpc-status: 0\r\nx-many: a\r\nx-many: b:c\r\nempty: \r\n");
    }

    #[test]
    fn trailers_frame_nothing() {
        let mut lines = Vec::new();
        push_lines(&fields(b"Content-Length: 5\r\nHost: a\r\nx: y\r\n"), &mut lines);
        assert_eq!(lines, b"x: y\r\n");
    }
}
