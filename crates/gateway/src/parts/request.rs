use crate::http1::field::FieldKind;
use crate::http1::request::{Request, Version};
use crate::http1::{Framing, MOST_FIELDS};
use crate::options::Limits;
use crate::reason::Reason;
use crate::table::FieldSpan;
use http::request::Parts;
use std::hash::{BuildHasher, RandomState};

/// What is known about a request's body when its head has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BodySize {
    /// There is none.
    None,
    /// All of it has come: so many bytes, without trailers.
    Whole(u64),
    /// What `Content-Length` says, or nothing.
    Unknown,
}

impl Request {
    /// Takes a head of HTTP/2's or HTTP/3's, as text that says the same in HTTP/1.1. `protocol` is that of an extended
    /// CONNECT, of which there is one: `websocket`.
    ///
    /// Source: RFC 9113 §8.2 and §8.3; RFC 9114 §4.2 and §4.3 say the same; RFC 8441.
    pub(crate) fn take(
        &mut self,
        parts: &Parts,
        protocol: Option<&str>,
        (version, body): (Version, BodySize),
        limits: &Limits,
    ) -> Result<(), Reason> {
        let authority = authority(parts)?;
        let method = match (parts.method.as_str(), protocol) {
            ("CONNECT", Some("websocket")) => "GET",
            (_, Some(_)) => return Err(Reason::MethodNotAllowed),
            (method, None) => method,
        };
        // Another scheme may mean another thing by the same path, and HTTP/1.1 would lose it on the way. Without an authority
        // the libraries lose it.
        let scheme = parts.uri.scheme_str();
        if parts.uri.path_and_query().is_some()
            && parts.uri.authority().is_some()
            && !matches!(scheme, Some("http" | "https"))
        {
            return Err(Reason::MalformedRequest);
        }
        let target = parts.uri.path_and_query().map_or("", |target| target.as_str());
        if target.len() > limits.uri_bytes {
            return Err(Reason::UriTooLong);
        }
        self.begin(method, target)?;
        let line = self.text.len();
        self.push(b"host", authority, FieldKind::Host)?;
        for (name, value) in &parts.headers {
            let (name, value) = (name.as_str().as_bytes(), value.as_bytes());
            // A host that is equal to the one that is there already.
            if FieldKind::of(name) != FieldKind::Host {
                self.take_field(name, value)?;
            }
        }
        self.close(protocol.is_some(), version)?;
        if self.text.len() - line > limits.header_bytes || self.spans.len() > MOST_FIELDS {
            return Err(Reason::HeaderTooLarge);
        }
        self.frame(body);
        Ok(())
    }

    /// Ends a head and judges it. `upgrade`: the stream becomes a WebSocket.
    pub(crate) fn close(&mut self, upgrade: bool, version: Version) -> Result<(), Reason> {
        if upgrade {
            self.push(b"upgrade", b"websocket", FieldKind::Upgrade)?;
            self.push(b"sec-websocket-key", &websocket_key(), FieldKind::Other)?;
        }
        self.text.extend_from_slice(b"\r\n");
        self.facts.version = version;
        self.judge(None)?;
        self.facts.plain = true;
        self.facts.upgrade = upgrade;
        Ok(())
    }

    /// Says how the body goes to an HTTP/1.1 server.
    pub(crate) fn frame(&mut self, body: BodySize) {
        let facts = &mut self.facts;
        facts.framing = match (body, facts.framing) {
            _ if facts.upgrade => Framing::None,
            (BodySize::None, _) => Framing::None,
            (BodySize::Whole(length), _) | (BodySize::Unknown, Framing::Length(length)) => {
                Framing::Length(length)
            }
            (BodySize::Unknown, _) => Framing::Chunked,
        };
    }

    /// Appends a field, if HTTP/2 and HTTP/3 may have it.
    pub(crate) fn take_field(&mut self, name: &[u8], value: &[u8]) -> Result<(), Reason> {
        let blank = |b: Option<&u8>| matches!(b, Some(b' ' | b'\t'));
        if blank(value.first()) || blank(value.last()) {
            return Err(Reason::MalformedRequest);
        }
        match FieldKind::of(name) {
            // Said about a connection that isn't HTTP/1.1's.
            FieldKind::Connection | FieldKind::TransferEncoding | FieldKind::Upgrade | FieldKind::Hop => {
                Err(Reason::MalformedRequest)
            }
            FieldKind::Te if !value.eq_ignore_ascii_case(b"trailers") => Err(Reason::MalformedRequest),
            FieldKind::Other if name == b"cookie" => self.push_cookie(value),
            FieldKind::Other if name == b"sec-websocket-key" => Ok(()),
            kind => self.push(name, value, kind),
        }
    }

    /// Appends a cookie to those that came right before, since a field for each is HTTP/2's way to compress them
    /// (RFC 9113 §8.2.3).
    fn push_cookie(&mut self, value: &[u8]) -> Result<(), Reason> {
        let follows = self.spans.last().is_some_and(|last| last.name(&self.text) == b"cookie");
        let Some(last) = self.spans.last_mut().filter(|_| follows) else {
            return self.push(b"cookie", value, FieldKind::Other);
        };
        self.text.truncate(self.text.len() - 2);
        for part in [b"; ", value, b"\r\n"] {
            self.text.extend_from_slice(part);
        }
        let length = last.value_len as usize + 2 + value.len();
        last.value_len = u16::try_from(length).map_err(|_| Reason::HeaderTooLarge)?;
        Ok(())
    }

    pub(crate) fn push(&mut self, name: &[u8], value: &[u8], kind: FieldKind) -> Result<(), Reason> {
        let place = |at: usize| u32::try_from(at).map_err(|_| Reason::HeaderTooLarge);
        let length = |text: &[u8]| u16::try_from(text.len()).map_err(|_| Reason::HeaderTooLarge);
        let start = self.text.len();
        self.spans.push(FieldSpan {
            name: place(start)?,
            value: place(start + name.len() + 2)?,
            name_len: length(name)?,
            value_len: length(value)?,
            kind,
        });
        for part in [name, b": ", value, b"\r\n"] {
            self.text.extend_from_slice(part);
        }
        Ok(())
    }
}

/// The host that the request is for: `:authority`, or `Host` where there is none. Both must say the same.
///
/// Source: RFC 9113 §8.3.1.
fn authority(parts: &Parts) -> Result<&[u8], Reason> {
    let mut hosts = parts.headers.get_all(http::header::HOST).iter().map(http::HeaderValue::as_bytes);
    let (host, more) = (hosts.next(), hosts.next());
    let authority = parts.uri.authority().map(|authority| authority.as_str().as_bytes());
    match (authority, host) {
        _ if more.is_some() => Err(Reason::BadHost),
        (Some(authority), Some(host)) if !authority.eq_ignore_ascii_case(host) => Err(Reason::BadHost),
        (Some(authority), _) | (None, Some(authority)) => Ok(authority),
        (None, None) => Err(Reason::BadHost),
    }
}

/// A key for the HTTP/1.1 side of a WebSocket, which HTTP/2 and HTTP/3 have none for: 16 random bytes in base64
/// (RFC 6455 §4.1).
fn websocket_key() -> [u8; 24] {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let random = || u128::from(RandomState::new().hash_one(0));
    let mut bits = (random() << 64) | random();
    let mut key = [b'='; 24];
    for digit in &mut key[..21] {
        *digit = DIGITS[(bits & 63) as usize];
        bits >>= 6;
    }
    // The last digit has two bits of the last byte, and four that are nothing.
    key[21] = DIGITS[((bits & 3) << 4) as usize];
    key
}
