use crate::table::FieldSpan;
use smallvec::SmallVec;

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
    /// `K-Network-Probe` and `K-Network-Hash`: they go on together, in a probe of the routing.
    NetworkProbe,
    NetworkHash,
    /// What Knative's parts tell each other, and a client must not: rules set it, or nobody.
    Internal,
    /// Another field's name with an underscore for a dash, which some backends take for the other one.
    Lookalike,
}

impl FieldKind {
    pub(crate) fn of(name: &[u8]) -> FieldKind {
        match FieldKind::known(name) {
            FieldKind::Other if name.len() <= LONGEST_KNOWN && memchr::memchr(b'_', name).is_some() => {
                let dashed: SmallVec<[u8; LONGEST_KNOWN]> =
                    name.iter().map(|b| if *b == b'_' { b'-' } else { *b }).collect();
                match FieldKind::known(&dashed) {
                    FieldKind::Other => FieldKind::Other,
                    _ => FieldKind::Lookalike,
                }
            }
            kind => kind,
        }
    }

    fn known(name: &[u8]) -> FieldKind {
        let is = |known: &[u8]| name.eq_ignore_ascii_case(known);
        match name.len() {
            2 if is(b"te") => FieldKind::Te,
            4 if is(b"host") => FieldKind::Host,
            6 if is(b"expect") => FieldKind::Expect,
            6 if is(b"slb-id") => FieldKind::SlbId,
            7 if is(b"upgrade") => FieldKind::Upgrade,
            10 if is(b"connection") => FieldKind::Connection,
            10 if is(b"keep-alive") => FieldKind::Hop,
            14 if is(b"content-length") => FieldKind::ContentLength,
            14 if is(b"http2-settings") => FieldKind::Hop,
            14 if is(b"k-network-hash") => FieldKind::NetworkHash,
            15 if is(b"x-forwarded-for") => FieldKind::XForwardedFor,
            15 if is(b"k-network-probe") => FieldKind::NetworkProbe,
            15 if is(b"k-proxy-request") || is(b"k-original-host") || is(b"k-kubelet-probe") => {
                FieldKind::Internal
            }
            16 if is(b"k-passthrough-lb") => FieldKind::Internal,
            16 if is(b"proxy-connection") => FieldKind::Hop,
            16 if is(b"x-forwarded-port") => FieldKind::XForwardedPort,
            16 if is(b"x-forwarded-host") => FieldKind::XForwardedHost,
            17 if is(b"x-forwarded-proto") => FieldKind::XForwardedProto,
            17 if is(b"transfer-encoding") => FieldKind::TransferEncoding,
            24 if is(b"knative-serving-revision") => FieldKind::Internal,
            25 if is(b"knative-serving-namespace") => FieldKind::Internal,
            29 if is(b"knative-serving-default-route") => FieldKind::Internal,
            26 if is(b"x-forwarded-client-srcport") => FieldKind::XForwardedClientSrcPort,
            _ => FieldKind::Other,
        }
    }
}

/// `knative-serving-default-route`.
const LONGEST_KNOWN: usize = 29;

/// What the `Connection` fields of a message ask for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct ConnectionOptions {
    count: usize,
    pub(crate) close: bool,
    pub(crate) keep_alive: bool,
    pub(crate) upgrade: bool,
}

/// Options of one message at most. Each is compared with each field, so that thousands of them would cost milliseconds.
const MOST_OPTIONS: usize = 32;

impl ConnectionOptions {
    /// Reads one `Connection` field, and marks the fields that it names as meant for this connection only. Fields that
    /// frame, route or vouch for the message can't be named away. False: there are too many options.
    pub(crate) fn read(&mut self, at: usize, text: &[u8], spans: &mut [FieldSpan]) -> bool {
        let value = spans[at].value(text);
        if value.eq_ignore_ascii_case(b"keep-alive") {
            self.keep_alive = true;
            return true;
        }
        for token in value.split(|b| *b == b',') {
            self.count += 1;
            if self.count > MOST_OPTIONS {
                return false;
            }
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
        true
    }
}

/// The value of a `Content-Length`: digits only, and no more than fit a signed number too, which many backends count in.
pub(crate) fn content_length(value: &[u8]) -> Option<u64> {
    if value.is_empty() || value.len() > 19 || !value.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let number = value.iter().fold(0, |number, digit| number * 10 + u64::from(digit - b'0'));
    i64::try_from(number).is_ok().then_some(number)
}

/// Whether `Upgrade` asks for one protocol that a tunnel may carry: HTTP in it, or TLS, would be requests that no rule has
/// seen.
pub(crate) fn is_tunnel_protocol(value: &[u8]) -> bool {
    let begins = |name: &[u8]| value.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name));
    !value.is_empty() && !value.contains(&b',') && !begins(b"h2") && !begins(b"http") && !begins(b"tls")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_content_length_is_digits() {
        assert_eq!(content_length(b"0012"), Some(12));
        assert_eq!(content_length(b"9223372036854775807"), Some(9_223_372_036_854_775_807));
        assert_eq!(content_length(b"9223372036854775808"), None);
        for bad in [&b""[..], b"+1", b"-1", b"1 ", b"0x1", b"1,1", b"99999999999999999999"] {
            assert_eq!(content_length(bad), None, "{bad:?}");
        }
    }
}
