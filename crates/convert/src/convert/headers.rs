//! Headers: which may be matched, which may be set, and what ALB says about either.

use super::rule::{Matches, Origin};
use super::{Conversion, codes};
use net_alb_diag::FieldPath;
use std::collections::BTreeMap;

/// Headers that belong to the connection or, as `Host`, to the route: setting them would change where a message ends.
const FRAMING: &[&str] =
    &["host", "connection", "upgrade", "content-length", "transfer-encoding", "keep-alive", "te"];

/// What `InsertHeader` refuses beyond [`FRAMING`] (ALB, CreateRule, InsertHeaderConfig.Key).
const ALBS_OWN: &[&str] = &[
    "slb-id",
    "slb-ip",
    "x-forwarded-for",
    "x-forwarded-proto",
    "x-forwarded-eip",
    "x-forwarded-port",
    "x-forwarded-client-srcport",
    "cookie",
    "remoteip",
    "authority",
    "x-forwarded-host",
];

/// Headers to set, each once in whatever case of letters.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Headers(BTreeMap<String, (String, String)>);

impl Headers {
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Names, as written, and values; sorted by name.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.values().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Sets a header. Returns the value that this replaces, if that was another.
    pub(super) fn set(&mut self, name: &str, value: &str) -> Option<String> {
        let old = self.0.insert(name.to_ascii_lowercase(), (name.to_owned(), value.to_owned()));
        old.map(|(_, old)| old).filter(|old| old != value)
    }
}

/// Reads an `appendHeaders`; `None` if one of them can't be sent.
pub(super) fn to_set(
    conversion: &mut Conversion<'_>,
    written: &BTreeMap<String, String>,
    place: &FieldPath,
) -> Option<Headers> {
    let place = place.key("appendHeaders");
    let mut headers = Some(Headers::default());
    for (name, value) in written {
        let place = place.key(name);
        if let Some(message) = unsendable(name, value) {
            conversion.report(&codes::INVALID_HEADER, &place, message);
            headers = None;
        } else if let Some(headers) = &mut headers {
            set(conversion, headers, (name, value), &place);
        }
    }
    headers
}

/// Sets one header over those that are there already, and says so if that changes a value.
pub(super) fn set(
    conversion: &mut Conversion<'_>,
    headers: &mut Headers,
    (name, value): (&str, &str),
    place: &FieldPath,
) {
    if let Some(old) = headers.set(name, value) {
        let message = format!("`{name}` is set to `{old}` and to `{value}`; `{value}` wins");
        conversion.report(&codes::HEADER_SET_TWICE, place, message);
    }
}

/// Checks that ALB's `InsertHeader` takes these headers; `false` if the rule is refused. `place` says where each is.
pub(super) fn check_insert(
    conversion: &mut Conversion<'_>,
    headers: &Headers,
    place: impl Fn(&str) -> FieldPath,
) -> bool {
    let mut is_kept = true;
    for (name, value) in headers.iter() {
        if let Some(message) = beyond_insert(name, value) {
            is_kept &= conversion.beyond_alb(&codes::HEADER_BEYOND_ALB, &place(name), message);
        }
    }
    is_kept
}

/// Checks headers and cookies to match; `false` if the rule is refused.
pub(super) fn check_matches(conversion: &mut Conversion<'_>, matches: &Matches, origin: &Origin) -> bool {
    let mut is_kept = true;
    for (name, value) in &matches.headers {
        let place = origin.at(|place| place.key("headers").key(name));
        if let Some(message) = unmatchable(name, value) {
            conversion.report(&codes::INVALID_HEADER, &place, origin.say(&message));
            is_kept = false;
        } else if let Some(message) = beyond_header_match(name, value) {
            is_kept &= conversion.beyond_alb(&codes::MATCH_BEYOND_ALB, &place, origin.say(&message));
        }
        is_kept &= check_literal(conversion, value, origin, &place);
    }
    for (name, value) in &matches.cookies {
        if let Some(message) = beyond_cookie_match(name, value) {
            is_kept &= conversion.beyond_alb(&codes::MATCH_BEYOND_ALB, &origin.place, origin.say(&message));
        }
        for text in [name, value] {
            is_kept &= check_literal(conversion, text, origin, &origin.place);
        }
    }
    is_kept
}

fn check_literal(conversion: &mut Conversion<'_>, text: &str, origin: &Origin, place: &FieldPath) -> bool {
    if !text.contains(['*', '?']) {
        return true;
    }
    let message = format!("`{text}` has a `*` or `?`, which ALB takes for a wildcard");
    conversion.beyond_alb(&codes::LITERAL_WILDCARD, place, origin.say(&message))
}

/// Every text that ALB compares with wildcards: header values, cookie names and values.
pub(super) fn texts(matches: &Matches) -> impl Iterator<Item = &String> {
    matches.headers.values().chain(matches.cookies.iter().flat_map(|(name, value)| [name, value]))
}

/// RFC 9110, 5.1: a token.
fn is_token(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b))
}

/// RFC 9110, 5.5: no control characters but the tab.
fn has_control(value: &str) -> bool {
    value.chars().any(|c| c.is_control() && c != '\t')
}

fn unmatchable(name: &str, value: &str) -> Option<String> {
    if !is_token(name) {
        return Some(format!("`{name}` is no header name"));
    }
    has_control(value).then(|| format!("the value of `{name}` has control characters"))
}

fn unsendable(name: &str, value: &str) -> Option<String> {
    if FRAMING.contains(&name.to_ascii_lowercase().as_str()) {
        return Some(format!("`{name}` can't be set"));
    }
    unmatchable(name, value)
}

fn is_albs_name(name: &str) -> bool {
    (1..=40).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

fn is_padded(value: &str) -> bool {
    value.starts_with(' ') || value.ends_with(' ')
}

/// Whether a value is one that ALB takes: 1–128 printable ASCII characters.
fn is_albs_value(value: &str) -> bool {
    (1..=128).contains(&value.len()) && value.bytes().all(|b| (32..=126).contains(&b)) && !is_padded(value)
}

fn beyond_insert(name: &str, value: &str) -> Option<String> {
    if ALBS_OWN.contains(&name.to_ascii_lowercase().as_str()) {
        return Some(format!("`{name}` is ALB's own header"));
    }
    if !is_albs_name(name) {
        return Some(format!("`{name}` is no header name that ALB can set"));
    }
    let is_value = is_albs_value(value) && !value.contains('"') && !value.ends_with('\\');
    (!is_value).then(|| format!("`{value}` is no value that ALB can set `{name}` to"))
}

fn beyond_header_match(name: &str, value: &str) -> Option<String> {
    if !is_albs_name(name) || ["cookie", "host"].contains(&name.to_ascii_lowercase().as_str()) {
        return Some(format!("`{name}` is no header that ALB can match"));
    }
    (!is_albs_value(value)).then(|| format!("`{value}` is no value that ALB can match `{name}` with"))
}

fn beyond_cookie_match(name: &str, value: &str) -> Option<String> {
    let is_text = |text: &str| {
        (1..=100).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_graphic() && !b";#[]{}\\|<>&\"".contains(&b))
    };
    if !is_text(name) {
        return Some(format!("`{name}` is no cookie name that ALB can match"));
    }
    (!is_text(value)).then(|| format!("`{value}` is no value that ALB can match the cookie `{name}` with"))
}
