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
        let first = name.first().map_or(0, u8::to_ascii_lowercase);
        let mut candidates = known(name.len(), first).iter();
        candidates.find_map(|(known, kind)| compare(name, known, *kind)).unwrap_or(FieldKind::Other)
    }
}

/// The names that mean something, in lower case. Length and first letter tell most others from all of them.
fn known(length: usize, first: u8) -> &'static [(&'static [u8], FieldKind)] {
    match (length, first) {
        (2, b't') => &[(b"te", FieldKind::Te)],
        (4, b'h') => &[(b"host", FieldKind::Host)],
        (6, b'e') => &[(b"expect", FieldKind::Expect)],
        (6, b's') => &[(b"slb-id", FieldKind::SlbId)],
        (7, b'u') => &[(b"upgrade", FieldKind::Upgrade)],
        (10, b'c') => &[(b"connection", FieldKind::Connection)],
        (10, b'k') => &[(b"keep-alive", FieldKind::Hop)],
        (11, b't') => &[(b"traceparent", FieldKind::Traceparent)],
        (14, b'c') => &[(b"content-length", FieldKind::ContentLength)],
        (14, b'h') => &[(b"http2-settings", FieldKind::Hop)],
        (14, b'k') => &[(b"k-network-hash", FieldKind::NetworkHash)],
        (15, b'k') => &[
            (b"k-network-probe", FieldKind::NetworkProbe),
            (b"k-proxy-request", FieldKind::Internal),
            (b"k-original-host", FieldKind::Internal),
            (b"k-kubelet-probe", FieldKind::Internal),
        ],
        (15, b'x') => &[(b"x-forwarded-for", FieldKind::XForwardedFor)],
        (16, b'k') => &[(b"k-passthrough-lb", FieldKind::Internal)],
        (16, b'p') => &[(b"proxy-connection", FieldKind::Hop)],
        (16, b'x') => &[
            (b"x-forwarded-port", FieldKind::XForwardedPort),
            (b"x-forwarded-host", FieldKind::XForwardedHost),
        ],
        (17, b'x') => &[(b"x-forwarded-proto", FieldKind::XForwardedProto)],
        (17, b't') => &[(b"transfer-encoding", FieldKind::TransferEncoding)],
        (24, b'k') => &[(b"knative-serving-revision", FieldKind::Internal)],
        (25, b'k') => &[(b"knative-serving-namespace", FieldKind::Internal)],
        (26, b'x') => &[(b"x-forwarded-client-srcport", FieldKind::XForwardedClientSrcPort)],
        (29, b'k') => &[(b"knative-serving-default-route", FieldKind::Internal)],
        _ => &[],
    }
}

/// What a name is that is as long as a known one: the same in any case of letters, a lookalike, or neither.
fn compare(name: &[u8], known: &[u8], kind: FieldKind) -> Option<FieldKind> {
    let mut is_same = true;
    for (byte, known) in name.iter().zip(known) {
        match (byte.to_ascii_lowercase(), known) {
            (byte, known) if byte == *known => {}
            (b'_', b'-') => is_same = false,
            _ => return None,
        }
    }
    Some(if is_same { kind } else { FieldKind::Lookalike })
}

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
            } else if matches!(FieldKind::of(token), FieldKind::Other | FieldKind::Traceparent) {
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
            ("http2-settings", FieldKind::Hop),
            ("k-network-hash", FieldKind::NetworkHash),
            ("k-network-probe", FieldKind::NetworkProbe),
            ("k-proxy-request", FieldKind::Internal),
            ("k-original-host", FieldKind::Internal),
            ("k-kubelet-probe", FieldKind::Internal),
            ("k-passthrough-lb", FieldKind::Internal),
            ("knative-serving-revision", FieldKind::Internal),
            ("knative-serving-namespace", FieldKind::Internal),
            ("knative-serving-default-route", FieldKind::Internal),
        ];
        for (name, kind) in known {
            let (upper, other) = (name.to_ascii_uppercase(), format!("{}_", &name[..name.len() - 1]));
            for (name, kind) in [(name, kind), (&upper, kind), (&other, FieldKind::Other)] {
                assert_eq!(FieldKind::of(name.as_bytes()), kind, "{name}");
            }
            if name.contains('-') {
                let underscored = name.replacen('-', "_", 1);
                assert_eq!(FieldKind::of(underscored.as_bytes()), FieldKind::Lookalike, "{underscored}");
            }
        }
        assert_eq!(FieldKind::of(b""), FieldKind::Other);
    }

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
