use super::Framing;
use super::authority::is_authority;
use super::field::{ConnectionOptions, FieldKind, content_length, is_tunnel_protocol};
use super::head::{Extent, RequestLine, Stop, extent, fields, request_line};
use crate::options::Limits;
use crate::reason::Reason;
use crate::table::{FieldSpan, Headers, RequestHead};
use std::net::IpAddr;
use std::ops::Range;

/// A request's head: its bytes, and where everything is in them. Kept for the next request, which overwrites it.
#[derive(Debug, Default)]
pub(crate) struct Request {
    pub(crate) text: Vec<u8>,
    pub(crate) spans: Vec<FieldSpan>,
    method: Range<usize>,
    authority: Range<usize>,
    path: Range<usize>,
    query: Option<Range<usize>>,
    pub(crate) facts: Facts,
}

/// What a request's head says about the message and the connection.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Facts {
    pub(crate) framing: Framing,
    pub(crate) version: Version,
    /// The request line can go on as it is written.
    pub(crate) plain: bool,
    /// The client would use the connection again.
    pub(crate) keep_alive: bool,
    /// The client wants to speak another protocol on this connection.
    pub(crate) upgrade: bool,
    /// The client waits for 100 before it sends the body.
    pub(crate) expects_continue: bool,
    /// The client takes trailers.
    pub(crate) takes_trailers: bool,
    /// A probe of the routing, whose headers go on to the backend, which answers it.
    pub(crate) is_probe: bool,
    pub(crate) is_head: bool,
}

/// What the client speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Version {
    /// Knows neither chunks nor 1xx.
    Http10,
    Http11,
    Http2,
    Http3,
}

impl Version {
    /// All, in the order of their numbers.
    pub(crate) const ALL: [Version; 4] = [Version::Http10, Version::Http11, Version::Http2, Version::Http3];

    /// As ALB writes it into a header.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Version::Http10 => "HTTP/1.0",
            Version::Http11 => "HTTP/1.1",
            Version::Http2 => "HTTP/2.0",
            Version::Http3 => "HTTP/3.0",
        }
    }
}

impl Default for Facts {
    fn default() -> Self {
        Facts {
            framing: Framing::None,
            version: Version::Http11,
            plain: false,
            keep_alive: false,
            upgrade: false,
            expects_continue: false,
            takes_trailers: false,
            is_probe: false,
            is_head: false,
        }
    }
}

/// What came of reading a head.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Parsed {
    /// More bytes are needed.
    Partial,
    /// It's in the request; so many bytes belong to it.
    Complete(usize),
    /// It's refused.
    Refused(Reason),
}

impl Request {
    /// Reads the head at the front of `bytes`, of which the first `searched` are known not to complete it.
    pub(crate) fn parse(&mut self, bytes: &[u8], searched: usize, limits: &Limits) -> Parsed {
        // Clients may send an empty line after a body (RFC 9112 §2.2).
        let blank = bytes.chunks_exact(2).take_while(|pair| *pair == b"\r\n").count() * 2;
        let bytes = &bytes[blank..];
        if bytes == b"\r" {
            return Parsed::Partial;
        }
        // Most heads come whole, and are parsed at once; one that doesn't is parsed when it's all there.
        if searched > 0
            && let Some(refused) = not_yet(bytes, searched.saturating_sub(blank), limits)
        {
            return refused;
        }
        match self.read(bytes, limits) {
            Ok(length) => Parsed::Complete(blank + length),
            Err(Parsed::Partial) => not_yet(bytes, 0, limits).unwrap_or(Parsed::Partial),
            Err(refused) => refused,
        }
    }

    fn read(&mut self, bytes: &[u8], limits: &Limits) -> Result<usize, Parsed> {
        let line = request_line(bytes).map_err(stopped)?;
        let end = fields(bytes, line.end, &mut self.spans).map_err(stopped)?;
        let head = &bytes[..end];
        if let Some(reason) = too_large(head, limits) {
            return Err(Parsed::Refused(reason));
        }
        self.text.clear();
        self.text.extend_from_slice(head);
        self.note(head, line).map_err(Parsed::Refused)?;
        Ok(end)
    }

    /// Notes where everything is in the head, and judges it.
    fn note(&mut self, head: &[u8], line: RequestLine) -> Result<(), Reason> {
        let text = |range: &Range<usize>| str::from_utf8(&head[range.clone()]);
        let (Ok(method), Ok(whole)) = (text(&line.method), text(&line.target)) else {
            return Err(Reason::MalformedRequest);
        };
        let target = Target::read(method, whole)?;
        // The parts of a target follow each other up to its end.
        let query = target.query.map(|query| line.target.end - query.len()..line.target.end);
        let path_end = query.as_ref().map_or(line.target.end, |query| query.start - 1);
        self.path = path_end - target.path.len()..path_end;
        let authority = target.authority.map(|authority| self.path.start - authority.len()..self.path.start);
        let version = if line.http10 { Version::Http10 } else { Version::Http11 };
        let plain = version == Version::Http11 && authority.is_none();
        self.facts = Facts { version, plain, is_head: method == "HEAD", ..Facts::default() };
        self.method = line.method;
        self.query = query;
        self.judge(authority)
    }

    /// Begins a head that doesn't come as text, with its first line.
    pub(crate) fn begin(&mut self, method: &str, target: &str) -> Result<(), Reason> {
        let printable = |b: u8| b > b' ' && b != 0x7f;
        let parts = Target::read(method, target)?;
        if parts.authority.is_some() || !target.bytes().all(printable) {
            return Err(Reason::MalformedRequest);
        }
        let path = method.len() + 1;
        self.method = 0..method.len();
        self.path = path..path + parts.path.len();
        self.query = parts.query.map(|query| path + target.len() - query.len()..path + target.len());
        self.facts = Facts { is_head: method == "HEAD", ..Facts::default() };
        self.text.clear();
        self.spans.clear();
        for part in [method, " ", target, " HTTP/1.1\r\n"] {
            self.text.extend_from_slice(part.as_bytes());
        }
        Ok(())
    }

    /// Goes through the fields once: what frames the message, what is about this connection, and the host.
    pub(crate) fn judge(&mut self, authority: Option<Range<usize>>) -> Result<(), Reason> {
        let mut seen = Seen::default();
        for at in 0..self.spans.len() {
            if self.spans[at].kind != FieldKind::Other {
                self.look_at(at, &mut seen)?;
            }
        }
        let facts = &mut self.facts;
        let http10 = facts.version == Version::Http10;
        self.authority = match (authority, seen.host) {
            // An absolute URL wins over `Host` (RFC 9112 §3.2.2).
            (Some(authority), Some(_)) => authority,
            (Some(authority), None) if http10 => authority,
            (None, Some(host)) => host,
            (None, None) if http10 => 0..0,
            _ => return Err(Reason::BadHost),
        };
        let nobody = http10 && self.authority.is_empty();
        if !nobody && !is_authority(&self.text[self.authority.clone()]) {
            return Err(Reason::BadHost);
        }
        facts.framing = match (seen.chunked, seen.length) {
            (true, Some(_)) => return Err(Reason::BadFraming),
            (true, None) if http10 => return Err(Reason::BadFraming),
            (true, None) => Framing::Chunked,
            (false, None | Some(0)) => Framing::None,
            (false, Some(length)) => Framing::Length(length),
        };
        let connection = seen.connection;
        facts.keep_alive = !connection.close && (!http10 || connection.keep_alive);
        // With a body, where the protocols meet would be a matter of opinion.
        let may_upgrade = !http10 && facts.framing == Framing::None;
        facts.upgrade = may_upgrade && connection.upgrade && seen.upgrade == Some(true);
        facts.expects_continue &= !http10;
        facts.is_probe = seen.probe == Some(true);
        Ok(())
    }

    fn look_at(&mut self, at: usize, seen: &mut Seen) -> Result<(), Reason> {
        let span = self.spans[at];
        let value = span.value(&self.text);
        match span.kind {
            FieldKind::Host => {
                let start = span.value as usize;
                if seen.host.replace(start..start + value.len()).is_some() {
                    return Err(Reason::BadHost);
                }
            }
            FieldKind::ContentLength => {
                let number = content_length(value).ok_or(Reason::BadFraming)?;
                if seen.length.replace(number).is_some() {
                    return Err(Reason::BadFraming);
                }
            }
            FieldKind::TransferEncoding => {
                // The one coding that every recipient agrees about.
                if seen.chunked || !value.eq_ignore_ascii_case(b"chunked") {
                    return Err(Reason::BadFraming);
                }
                seen.chunked = true;
            }
            FieldKind::Connection if !seen.connection.read(at, &self.text, &mut self.spans) => {
                return Err(Reason::MalformedRequest);
            }
            FieldKind::Upgrade => seen.upgrade = Some(seen.upgrade.is_none() && is_tunnel_protocol(value)),
            FieldKind::Expect => {
                // Said once, and nothing else: what a backend doesn't know it may answer as it likes.
                if !self.facts.expects_continue && value.eq_ignore_ascii_case(b"100-continue") {
                    self.facts.expects_continue = true;
                } else {
                    self.spans[at].kind = FieldKind::Hop;
                }
            }
            FieldKind::NetworkProbe => {
                seen.probe = Some(seen.probe.is_none() && value == b"probe");
            }
            FieldKind::Lookalike => return Err(Reason::MalformedRequest),
            FieldKind::Te => {
                let mut codings = value.split(|b| *b == b',');
                self.facts.takes_trailers |=
                    codings.any(|coding| coding.trim_ascii().eq_ignore_ascii_case(b"trailers"));
            }
            _ => {}
        }
        Ok(())
    }

    /// The head as rules see it.
    pub(crate) fn head(&self, client: IpAddr) -> RequestHead<'_> {
        RequestHead {
            method: self.part(&self.method),
            authority: self.part(&self.authority),
            path: self.path(),
            query: self.query.as_ref().map(|query| self.part(query)),
            headers: Headers::spans(&self.text, &self.spans),
            client,
        }
    }

    /// A URL may have had no path: then the root is meant, or for OPTIONS the whole server (RFC 9112 §3.2.1, §3.2.4).
    fn path(&self) -> &str {
        match self.part(&self.path) {
            "" if self.query.is_none() && self.part(&self.method) == "OPTIONS" => "*",
            "" => "/",
            path => path,
        }
    }

    /// Bytes of the head.
    pub(crate) fn len(&self) -> usize {
        self.text.len()
    }

    fn part(&self, range: &Range<usize>) -> &str {
        // `note` takes nothing but UTF-8 for a request target, and `is_authority` nothing but ASCII for a host.
        str::from_utf8(&self.text[range.clone()]).unwrap_or_default()
    }
}

/// What the fields say that count once.
#[derive(Debug, Default)]
struct Seen {
    host: Option<Range<usize>>,
    length: Option<u64>,
    chunked: bool,
    connection: ConnectionOptions,
    /// Whether the only `Upgrade` may become a tunnel.
    upgrade: Option<bool>,
    /// Whether the only `K-Network-Probe` is the one that goes through gateways.
    probe: Option<bool>,
}

/// No method that is registered has more than 17 letters.
const LONGEST_METHOD: usize = 32;

/// What a request asks for, taken apart.
struct Target<'a> {
    authority: Option<&'a str>,
    path: &'a str,
    query: Option<&'a str>,
}

impl<'a> Target<'a> {
    /// A path, an absolute URL, or `*` for OPTIONS (RFC 9112 §3.2).
    fn read(method: &str, target: &'a str) -> Result<Target<'a>, Reason> {
        if method == "TRACE" || method == "CONNECT" {
            return Err(Reason::MethodNotAllowed);
        }
        if method.len() > LONGEST_METHOD {
            return Err(Reason::MalformedRequest);
        }
        // A fragment is nothing that a client may send.
        let mark = memchr::memchr2(b'?', b'#', target.as_bytes());
        let (rest, query) = match mark.map(|at| target.split_at(at)) {
            Some((_, marked)) if marked.contains('#') => return Err(Reason::MalformedRequest),
            Some((rest, marked)) => (rest, Some(&marked[1..])),
            None => (target, None),
        };
        let (authority, path) = if rest.starts_with('/') || (target == "*" && method == "OPTIONS") {
            (None, rest)
        } else {
            let rest = strip_scheme(rest).ok_or(Reason::MalformedRequest)?;
            let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
            (Some(authority), path)
        };
        Ok(Target { authority, path, query })
    }
}

fn strip_scheme(target: &str) -> Option<&str> {
    let (scheme, rest) = target.split_once("://")?;
    (scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https")).then_some(rest)
}

/// What became of a head that couldn't be read to its end.
fn stopped(stop: Stop) -> Parsed {
    match stop {
        Stop::Partial => Parsed::Partial,
        Stop::Malformed => Parsed::Refused(Reason::MalformedRequest),
        Stop::TooLarge => Parsed::Refused(Reason::HeaderTooLarge),
    }
}

/// What to say about a head that isn't all there; `None` if it is.
fn not_yet(bytes: &[u8], searched: usize, limits: &Limits) -> Option<Parsed> {
    match extent(bytes, searched) {
        Extent::Complete => None,
        Extent::BareLineFeed => Some(Parsed::Refused(Reason::MalformedRequest)),
        Extent::Partial => Some(too_large(bytes, limits).map_or(Parsed::Partial, Parsed::Refused)),
    }
}

/// Whether the head, or what there is of it, is beyond the limits.
fn too_large(head: &[u8], limits: &Limits) -> Option<Reason> {
    // A method and a version around the URL.
    const AROUND: usize = 64;
    if head.len() <= limits.uri_bytes.min(limits.header_bytes) {
        return None;
    }
    let line = memchr::memchr(b'\n', head).map_or(head.len(), |feed| feed + 1);
    if line > limits.uri_bytes + AROUND {
        return Some(Reason::UriTooLong);
    }
    (head.len() - line > limits.header_bytes).then_some(Reason::HeaderTooLarge)
}
