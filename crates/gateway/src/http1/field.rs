use crate::table::FieldSpan;

/// What a header field means to a gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FieldKind {
    /// Nothing: it goes on as it is.
    Other,
    Host,
    ContentLength,
    TransferEncoding,
    Connection,
    Upgrade,
    Te,
    Expect,
    /// Meant for this connection only, or named by `Connection`.
    Hop,
    XForwardedFor,
    XForwardedProto,
    XForwardedPort,
    XForwardedHost,
    XForwardedClientSrcPort,
    SlbId,
}

impl FieldKind {
    pub(crate) fn of(name: &[u8]) -> FieldKind {
        let is = |known: &[u8]| name.eq_ignore_ascii_case(known);
        // Length and first letter leave one or two candidates.
        match (name.len(), name.first().map(u8::to_ascii_lowercase)) {
            (2, Some(b't')) if is(b"te") => FieldKind::Te,
            (4, Some(b'h')) if is(b"host") => FieldKind::Host,
            (6, Some(b'e')) if is(b"expect") => FieldKind::Expect,
            (6, Some(b's')) if is(b"slb-id") => FieldKind::SlbId,
            (7, Some(b'u')) if is(b"upgrade") => FieldKind::Upgrade,
            (10, Some(b'c')) if is(b"connection") => FieldKind::Connection,
            (10, Some(b'k')) if is(b"keep-alive") => FieldKind::Hop,
            (14, Some(b'c')) if is(b"content-length") => FieldKind::ContentLength,
            (15, Some(b'x')) if is(b"x-forwarded-for") => FieldKind::XForwardedFor,
            (16, Some(b'p')) if is(b"proxy-connection") => FieldKind::Hop,
            (16, Some(b'x')) if is(b"x-forwarded-port") => FieldKind::XForwardedPort,
            (16, Some(b'x')) if is(b"x-forwarded-host") => FieldKind::XForwardedHost,
            (17, Some(b'x')) if is(b"x-forwarded-proto") => FieldKind::XForwardedProto,
            (17, Some(b't')) if is(b"transfer-encoding") => FieldKind::TransferEncoding,
            (26, Some(b'x')) if is(b"x-forwarded-client-srcport") => FieldKind::XForwardedClientSrcPort,
            _ => FieldKind::Other,
        }
    }
}

/// What the `Connection` fields of a message ask for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct ConnectionOptions {
    pub(crate) close: bool,
    pub(crate) keep_alive: bool,
    pub(crate) upgrade: bool,
}

impl ConnectionOptions {
    /// Reads one `Connection` field, and marks the fields that it names as meant for this connection only. Fields that
    /// frame or route the message can't be named away.
    pub(crate) fn read(&mut self, at: usize, text: &[u8], spans: &mut [FieldSpan]) {
        let value = spans[at].value(text);
        if value.eq_ignore_ascii_case(b"keep-alive") {
            self.keep_alive = true;
            return;
        }
        for token in value.split(|b| *b == b',') {
            let token = token.trim_ascii();
            if token.eq_ignore_ascii_case(b"close") {
                self.close = true;
            } else if token.eq_ignore_ascii_case(b"keep-alive") {
                self.keep_alive = true;
            } else if token.eq_ignore_ascii_case(b"upgrade") {
                self.upgrade = true;
            } else if FieldKind::of(token) == FieldKind::Other {
                let named = |span: &&mut FieldSpan| span.name(text).eq_ignore_ascii_case(token);
                spans.iter_mut().filter(named).for_each(|span| span.kind = FieldKind::Hop);
            }
        }
    }
}

/// The value of a `Content-Length`: digits only, and no more than fit.
pub(crate) fn content_length(value: &[u8]) -> Option<u64> {
    if value.is_empty() || value.len() > 19 || !value.iter().all(u8::is_ascii_digit) {
        return None;
    }
    Some(value.iter().fold(0, |number, digit| number * 10 + u64::from(digit - b'0')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_known_in_any_case_of_letters() {
        let known = [
            ("te", FieldKind::Te),
            ("host", FieldKind::Host),
            ("expect", FieldKind::Expect),
            ("slb-id", FieldKind::SlbId),
            ("upgrade", FieldKind::Upgrade),
            ("connection", FieldKind::Connection),
            ("keep-alive", FieldKind::Hop),
            ("content-length", FieldKind::ContentLength),
            ("x-forwarded-for", FieldKind::XForwardedFor),
            ("proxy-connection", FieldKind::Hop),
            ("x-forwarded-port", FieldKind::XForwardedPort),
            ("x-forwarded-host", FieldKind::XForwardedHost),
            ("x-forwarded-proto", FieldKind::XForwardedProto),
            ("transfer-encoding", FieldKind::TransferEncoding),
            ("x-forwarded-client-srcport", FieldKind::XForwardedClientSrcPort),
        ];
        for (name, kind) in known {
            let (upper, other) = (name.to_ascii_uppercase(), format!("{}_", &name[..name.len() - 1]));
            for (name, kind) in [(name, kind), (&upper, kind), (&other, FieldKind::Other)] {
                assert_eq!(FieldKind::of(name.as_bytes()), kind, "{name}");
            }
        }
        assert_eq!(FieldKind::of(b""), FieldKind::Other);
    }

    #[test]
    fn a_content_length_is_digits() {
        assert_eq!(content_length(b"0012"), Some(12));
        assert_eq!(content_length(b"9999999999999999999"), Some(9_999_999_999_999_999_999));
        for bad in [&b""[..], b"+1", b"-1", b"1 ", b"0x1", b"1,1", b"99999999999999999999"] {
            assert_eq!(content_length(bad), None, "{bad:?}");
        }
    }
}
