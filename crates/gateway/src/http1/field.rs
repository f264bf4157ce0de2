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
    Traceparent,
}

impl FieldKind {
    pub(crate) fn of(name: &[u8]) -> FieldKind {
        let is = |known: &[u8]| name.eq_ignore_ascii_case(known);
        match name.len() {
            2 if is(b"te") => FieldKind::Te,
            4 if is(b"host") => FieldKind::Host,
            6 if is(b"expect") => FieldKind::Expect,
            6 if is(b"slb-id") => FieldKind::SlbId,
            7 if is(b"upgrade") => FieldKind::Upgrade,
            10 if is(b"connection") => FieldKind::Connection,
            10 if is(b"keep-alive") => FieldKind::Hop,
            11 if is(b"traceparent") => FieldKind::Traceparent,
            14 if is(b"content-length") => FieldKind::ContentLength,
            15 if is(b"x-forwarded-for") => FieldKind::XForwardedFor,
            16 if is(b"proxy-connection") => FieldKind::Hop,
            16 if is(b"x-forwarded-port") => FieldKind::XForwardedPort,
            16 if is(b"x-forwarded-host") => FieldKind::XForwardedHost,
            17 if is(b"x-forwarded-proto") => FieldKind::XForwardedProto,
            17 if is(b"transfer-encoding") => FieldKind::TransferEncoding,
            26 if is(b"x-forwarded-client-srcport") => FieldKind::XForwardedClientSrcPort,
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
            } else if matches!(FieldKind::of(token), FieldKind::Other | FieldKind::Traceparent) {
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
    fn a_content_length_is_digits() {
        assert_eq!(content_length(b"0012"), Some(12));
        assert_eq!(content_length(b"9999999999999999999"), Some(9_999_999_999_999_999_999));
        for bad in [&b""[..], b"+1", b"-1", b"1 ", b"0x1", b"1,1", b"99999999999999999999"] {
            assert_eq!(content_length(bad), None, "{bad:?}");
        }
    }
}
