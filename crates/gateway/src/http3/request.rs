use super::fields::{Refused, is_name, is_value};
use super::qpack::Decoder;
use crate::http1::MOST_FIELDS;
use crate::http1::field::{FieldKind, content_length};
use crate::http1::request::{Request, Version};
use crate::options::Limits;
use crate::parts::BodySize;
use crate::reason::Reason;

/// What a head says beside what its [`Request`] has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Announced {
    /// Bytes of the body, by `Content-Length`.
    pub(crate) length: Option<u64>,
}

impl Request {
    /// Takes a head from a field section, as text that says the same in HTTP/1.1.
    ///
    /// Source: RFC 9114 §4.2 and §4.3; RFC 9220 for WebSockets.
    pub(crate) fn take_section(
        &mut self,
        decoder: &mut Decoder,
        section: &[u8],
        limits: &Limits,
    ) -> Result<Announced, Refused> {
        let mut head = Head { request: self, limits, pseudo: Pseudo::default(), begun: None };
        decoder.decode(section, |name, value| head.take(name, value))?;
        head.begin()?;
        let is_websocket = head.pseudo.protocol.is_some();
        self.close(is_websocket, Version::Http3)?;
        let lengths = self.spans.iter().find(|span| span.kind == FieldKind::ContentLength);
        Ok(Announced { length: lengths.and_then(|span| content_length(span.value(&self.text))) })
    }

    /// Says how the body goes to the server. One that is known to be longer or shorter than announced is refused.
    pub(crate) fn frame_body(&mut self, announced: Announced, body: BodySize) -> Result<(), Reason> {
        let known = match body {
            BodySize::None => Some(0),
            BodySize::Whole(length) => Some(length),
            BodySize::Unknown => None,
        };
        // The answer to HEAD, which may announce what it hasn't, is no request.
        if known.zip(announced.length).is_some_and(|(known, announced)| known != announced) {
            return Err(Reason::BadFraming);
        }
        self.frame(body);
        Ok(())
    }
}

/// The fields that come first, each at most once (RFC 9114 §4.3.1).
#[derive(Debug, Default)]
struct Pseudo {
    method: Option<String>,
    scheme: Option<String>,
    authority: Option<String>,
    path: Option<String>,
    protocol: Option<String>,
}

/// A head of which some fields have been read.
struct Head<'a> {
    request: &'a mut Request,
    limits: &'a Limits,
    pseudo: Pseudo,
    /// Where the fields begin, once the pseudo-header fields are complete.
    begun: Option<usize>,
}

impl Head<'_> {
    fn take(&mut self, name: &[u8], value: &[u8]) -> Result<(), Refused> {
        if !is_value(value) {
            return Err(Reason::MalformedRequest.into());
        }
        if let Some(pseudo) = name.strip_prefix(b":") {
            return Ok(self.take_pseudo(pseudo, value)?);
        }
        if !is_name(name) {
            return Err(Reason::MalformedRequest.into());
        }
        let begun = self.begin()?;
        if FieldKind::of(name) == FieldKind::Host {
            match &self.pseudo.authority {
                None if value.is_empty() => return Err(Reason::BadHost.into()),
                None => self.request.push(name, value, FieldKind::Host)?,
                // Both say the same (RFC 9114 §4.3.1).
                Some(authority) if authority.as_bytes().eq_ignore_ascii_case(value) => {}
                Some(_) => return Err(Reason::BadHost.into()),
            }
        } else {
            self.request.take_field(name, value)?;
        }
        let Request { text, spans, .. } = &*self.request;
        if text.len() - begun > self.limits.header_bytes || spans.len() > MOST_FIELDS {
            return Err(Reason::HeaderTooLarge.into());
        }
        Ok(())
    }

    fn take_pseudo(&mut self, name: &[u8], value: &[u8]) -> Result<(), Reason> {
        let value = str::from_utf8(value).map_err(|_| Reason::MalformedRequest)?;
        let Pseudo { method, scheme, authority, path, protocol } = &mut self.pseudo;
        let field = match name {
            b"method" => method,
            b"scheme" => scheme,
            b"authority" => authority,
            b"path" => path,
            b"protocol" => protocol,
            _ => return Err(Reason::MalformedRequest),
        };
        if name == b"path" && value.len() > self.limits.uri_bytes {
            return Err(Reason::UriTooLong);
        }
        if name == b"authority" && value.is_empty() {
            return Err(Reason::BadHost);
        }
        let before = field.replace(value.to_owned());
        // None comes twice, and none after the others.
        if before.is_some() || self.begun.is_some() { Err(Reason::MalformedRequest) } else { Ok(()) }
    }

    /// Begins the request's text, once. Returns where its fields begin.
    fn begin(&mut self) -> Result<usize, Reason> {
        if let Some(begun) = self.begun {
            return Ok(begun);
        }
        let Pseudo { method, scheme, authority, path, protocol } = &self.pseudo;
        let method = method.as_deref().filter(|method| is_method(method)).ok_or(Reason::MalformedRequest)?;
        let method = match (method, protocol.as_deref()) {
            ("CONNECT", Some("websocket")) => "GET",
            ("CONNECT", None) | (_, Some(_)) => return Err(Reason::MethodNotAllowed),
            (method, None) => method,
        };
        let scheme = scheme.as_deref().ok_or(Reason::MalformedRequest)?;
        if !["https", "http"].iter().any(|known| scheme.eq_ignore_ascii_case(known)) {
            return Err(Reason::MalformedRequest);
        }
        self.request.begin(method, path.as_deref().ok_or(Reason::MalformedRequest)?)?;
        let begun = self.request.text.len();
        if let Some(authority) = authority {
            self.request.push(b"host", authority.as_bytes(), FieldKind::Host)?;
        }
        self.begun = Some(begun);
        Ok(begun)
    }
}

fn is_method(method: &str) -> bool {
    let token = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
    !method.is_empty() && method.bytes().all(token)
}
