//! What gRPC clients expect of the gateway itself: deadlines, and errors in trailers.
//!
//! Source: gRPC, "gRPC over HTTP2" and "HTTP to gRPC Status Code Mapping"; Envoy maps its own answers the same way.

use super::reply::Reply;
use crate::table::Headers;
use std::io::Write;
use std::time::Duration;

/// Whether a message is gRPC, by its content type.
pub(super) fn is_grpc(headers: Headers<'_>) -> bool {
    const TYPE: &[u8] = b"application/grpc";
    let rest = headers.values("content-type").next().and_then(|value| value.split_at_checked(TYPE.len()));
    rest.is_some_and(|(begin, rest)| {
        begin.eq_ignore_ascii_case(TYPE) && matches!(rest.first(), None | Some(b'+' | b';'))
    })
}

/// How long a gRPC client will wait for the whole call: `grpc-timeout`, at most eight digits and a unit.
pub(super) fn timeout(headers: Headers<'_>) -> Option<Duration> {
    if !is_grpc(headers) {
        return None;
    }
    let (unit, digits) = headers.values("grpc-timeout").next()?.split_last()?;
    if digits.is_empty() || digits.len() > 8 || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let number = digits.iter().fold(0, |number, digit| number * 10 + u64::from(digit - b'0'));
    Some(match unit {
        b'H' => Duration::from_hours(number),
        b'M' => Duration::from_mins(number),
        b'S' => Duration::from_secs(number),
        b'm' => Duration::from_millis(number),
        b'u' => Duration::from_micros(number),
        b'n' => Duration::from_nanos(number),
        _ => return None,
    })
}

/// An error as a gRPC client reads it: status 200, and the rest in what are headers and trailers at once.
pub(super) fn reply(reply: &Reply, is_deadline: bool) -> Reply {
    let status = match reply.status {
        504 if is_deadline => 4,
        400 => 13,
        401 => 16,
        403 => 7,
        404 => 12,
        429 | 502..=504 => 14,
        _ => 2,
    };
    let mut lines = reply.lines.clone();
    // Writing into memory can't fail.
    let _ = write!(lines, "grpc-status: {status}\r\ngrpc-message: ");
    push_message(reply.body.trim_ascii_end(), &mut lines);
    lines.extend_from_slice(b"\r\n");
    Reply {
        status: 200,
        reason: reply.reason,
        lines,
        content_type: Some("application/grpc".to_owned()),
        body: Vec::new(),
    }
}

/// Percent-encodes what isn't printable, and the percent sign itself.
fn push_message(text: &[u8], out: &mut Vec<u8>) {
    for byte in text {
        match byte {
            b'%' | ..=0x1f | 0x7f.. => drop(write!(out, "%{byte:02X}")),
            _ => out.push(*byte),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reason::Reason;

    fn with_timeout(value: &str) -> Option<Duration> {
        let fields = [("content-type", "application/grpc+proto"), ("grpc-timeout", value)]
            .map(|(name, value)| (name.to_owned(), value.to_owned()));
        timeout(Headers::pairs(&fields))
    }

    #[test]
    fn a_timeout_is_digits_and_a_unit() {
        assert_eq!(with_timeout("5S"), Some(Duration::from_secs(5)));
        assert_eq!(with_timeout("250m"), Some(Duration::from_millis(250)));
        assert_eq!(with_timeout("99999999H"), Some(Duration::from_hours(99_999_999)));
        for bad in ["", "S", "5", "5s", "-5S", "123456789S"] {
            assert_eq!(with_timeout(bad), None, "{bad}");
        }
    }

    #[test]
    fn an_error_is_trailers_only() {
        let made = reply(&Reply::error(Reason::NoEndpoints), false);
        let lines = String::from_utf8(made.lines.clone()).unwrap();
        assert!(lines.starts_with("grpc-status: 14\r\ngrpc-message: net-alb: no-endpoints: "), "{lines}");
        assert_eq!((made.status, made.body), (200, vec![]));
        let mut message = Vec::new();
        push_message("50% ü\n".as_bytes(), &mut message);
        assert_eq!(message, b"50%25 %C3%BC%0A");
    }
}
