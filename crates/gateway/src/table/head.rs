use crate::http1::field::FieldKind;
use std::net::IpAddr;

/// What rules look at in a request. Borrowed: making one costs nothing.
#[derive(Debug, Clone, Copy)]
pub struct RequestHead<'a> {
    /// `GET`, ….
    pub method: &'a str,
    /// The host as the client sent it; a port and a final dot are ignored by rules. Empty if there is none.
    pub authority: &'a str,
    /// The path without the query.
    pub path: &'a str,
    /// The query without its `?`.
    pub query: Option<&'a str>,
    /// Header fields, in the order sent.
    pub headers: Headers<'a>,
    /// The peer's address.
    pub client: IpAddr,
}

impl<'a> RequestHead<'a> {
    /// The authority without port and final dot: `a.example:80` is `a.example`, `[::1]:80` is `[::1]`.
    pub fn host(&self) -> &'a str {
        split_port(self.authority).0
    }

    /// The port that the client wrote into the authority.
    pub fn port(&self) -> Option<&'a str> {
        split_port(self.authority).1
    }
}

fn split_port(authority: &str) -> (&str, Option<&str>) {
    // Most have no port, and end in a letter: that is seen at once from the end.
    let digits = authority.bytes().rev().take_while(u8::is_ascii_digit).count();
    let (host, port) = authority.split_at(authority.len() - digits);
    let (host, port) = match host.strip_suffix(':') {
        Some(host) => (host, Some(port)),
        None => (authority, None),
    };
    (host.strip_suffix('.').unwrap_or(host), port.filter(|port| !port.is_empty()))
}

/// What response rules look at beside the request.
#[derive(Debug, Clone, Copy)]
pub struct ResponseHead<'a> {
    /// 100–599.
    pub status: u16,
    /// Header fields, in the order sent.
    pub headers: Headers<'a>,
}

/// Header fields, wherever they are kept.
#[derive(Debug, Clone, Copy)]
pub struct Headers<'a>(Fields<'a>);

#[derive(Debug, Clone, Copy)]
enum Fields<'a> {
    Pairs(&'a [(String, String)]),
    Spans { text: &'a [u8], spans: &'a [FieldSpan] },
}

/// Where a header field is in the text of its message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FieldSpan {
    pub(crate) name: u32,
    pub(crate) value: u32,
    pub(crate) name_len: u16,
    pub(crate) value_len: u16,
    pub(crate) kind: FieldKind,
}

impl FieldSpan {
    pub(crate) fn name<'a>(&self, text: &'a [u8]) -> &'a [u8] {
        let start = self.name as usize;
        &text[start..start + self.name_len as usize]
    }

    pub(crate) fn value<'a>(&self, text: &'a [u8]) -> &'a [u8] {
        let start = self.value as usize;
        &text[start..start + self.value_len as usize]
    }
}

impl<'a> Headers<'a> {
    /// From names and values.
    pub fn pairs(pairs: &'a [(String, String)]) -> Self {
        Headers(Fields::Pairs(pairs))
    }

    /// None at all.
    pub fn none() -> Self {
        Headers(Fields::Pairs(&[]))
    }

    pub(crate) fn spans(text: &'a [u8], spans: &'a [FieldSpan]) -> Self {
        Headers(Fields::Spans { text, spans })
    }

    /// Names and values, in order.
    pub fn iter(self) -> impl Iterator<Item = (&'a [u8], &'a [u8])> {
        let count = match self.0 {
            Fields::Pairs(pairs) => pairs.len(),
            Fields::Spans { spans, .. } => spans.len(),
        };
        (0..count).map(move |index| match self.0 {
            Fields::Pairs(pairs) => (pairs[index].0.as_bytes(), pairs[index].1.as_bytes()),
            Fields::Spans { text, spans } => (spans[index].name(text), spans[index].value(text)),
        })
    }

    /// Names, values and what they mean to a gateway, in order.
    pub(crate) fn fields(self) -> impl Iterator<Item = (&'a [u8], &'a [u8], FieldKind)> {
        self.iter().enumerate().map(move |(index, (name, value))| match self.0 {
            Fields::Pairs(_) => (name, value, FieldKind::of(name)),
            Fields::Spans { spans, .. } => (name, value, spans[index].kind),
        })
    }

    /// Appends the lines of the fields that pass. Neighbours in the same text are copied as one piece, as they are written.
    pub(crate) fn copy(self, out: &mut Vec<u8>, mut passes: impl FnMut(&[u8], FieldKind) -> bool) {
        let Fields::Spans { text, spans } = self.0 else {
            for (name, value, _) in self.fields().filter(|(name, _, kind)| passes(name, *kind)) {
                for part in [name, b": ", value, b"\r\n"] {
                    out.extend_from_slice(part);
                }
            }
            return;
        };
        let mut begin = None;
        for span in spans {
            if passes(span.name(text), span.kind) {
                begin.get_or_insert(span.name as usize);
            } else if let Some(begin) = begin.take() {
                out.extend_from_slice(&text[begin..span.name as usize]);
            }
        }
        if let Some(begin) = begin {
            // Up to the empty line.
            out.extend_from_slice(&text[begin..text.len() - 2]);
        }
    }

    /// The line before the fields, with its line end, where they are kept as text.
    pub(crate) fn first_line(self) -> Option<&'a [u8]> {
        match self.0 {
            Fields::Spans { text, spans: [first, ..] } => Some(&text[..first.name as usize]),
            _ => None,
        }
    }

    /// Every value of this header, its name in any case of letters.
    pub fn values(self, name: impl AsRef<[u8]>) -> impl Iterator<Item = &'a [u8]> {
        self.iter().filter(move |(key, _)| key.eq_ignore_ascii_case(name.as_ref())).map(|(_, value)| value)
    }
}

/// The cookies of all `Cookie` headers: name and value, without the quotes around a value.
///
/// Source: RFC 6265 §4.2.1; a cookie without `=` has an empty value.
pub(crate) fn cookies(headers: Headers<'_>) -> impl Iterator<Item = (&[u8], &[u8])> {
    headers.values("cookie").flat_map(|line| line.split(|b| *b == b';')).filter_map(|pair| {
        let (name, value) = split_pair(pair.trim_ascii());
        (!name.is_empty()).then(|| (name.trim_ascii(), unquote(value.trim_ascii())))
    })
}

/// The parameters of a query: name and value as they are written, percent signs and all.
pub(crate) fn parameters(query: Option<&str>) -> impl Iterator<Item = (&[u8], &[u8])> {
    let pairs = query.into_iter().flat_map(|query| query.as_bytes().split(|b| *b == b'&'));
    pairs.filter(|pair| !pair.is_empty()).map(split_pair)
}

fn split_pair(pair: &[u8]) -> (&[u8], &[u8]) {
    match pair.iter().position(|b| *b == b'=') {
        Some(at) => (&pair[..at], &pair[at + 1..]),
        None => (pair, b""),
    }
}

fn unquote(value: &[u8]) -> &[u8] {
    match value {
        [b'"', inner @ .., b'"'] => inner,
        _ => value,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn port_and_final_dot_are_no_part_of_the_host() {
        let split = |authority| split_port(authority);
        assert_eq!(split("a.example:80"), ("a.example", Some("80")));
        assert_eq!(split("a.example.:80"), ("a.example", Some("80")));
        assert_eq!(split("[::1]:8080"), ("[::1]", Some("8080")));
        assert_eq!(split("[::1]"), ("[::1]", None));
        assert_eq!(split("a.example:"), ("a.example", None));
    }

    #[test]
    fn cookies_come_from_every_header_in_any_form() {
        let headers = [("Cookie", "demo=always; x = \"q\";;flag"), ("A", "b=c"), ("cookie", "y=1=2")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()));
        let all: Vec<_> = cookies(Headers::pairs(&headers)).collect();
        let expected: [(&[u8], &[u8]); 4] =
            [(b"demo", b"always"), (b"x", b"q"), (b"flag", b""), (b"y", b"1=2")];
        assert_eq!(all, expected);
    }
}
