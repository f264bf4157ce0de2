//! Headers: which may be matched, which may be set, and what ALB says about either.

use super::rule::{Matches, Origin};
use super::{Conversion, codes};
use net_alb_api::annotation::header::{RESERVED_REQUEST, is_token};
use net_alb_diag::FieldPath;
use std::collections::BTreeMap;

/// Headers that belong to the connection or, as `Host`, to the route: setting them would change where a message ends.
const FRAMING: &[&str] =
    &["host", "connection", "upgrade", "content-length", "transfer-encoding", "keep-alive", "te"];

/// Values of headers, names and values of cookies (ALB, CreateRule).
const LONGEST_VALUE: usize = 128;
const LONGEST_COOKIE: usize = 100;

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
        if let Some((message, help)) = unsendable(name, value) {
            conversion.report_with_help(&codes::INVALID_HEADER, &place, message, help);
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
        if let Some((message, help)) = malformed(name, value) {
            conversion.report_with_help(&codes::INVALID_HEADER, &place, origin.say(&message), help);
            is_kept = false;
        } else if let Some(message) = beyond_header_match(name, value) {
            is_kept &= conversion.beyond_alb(&codes::MATCH_BEYOND_ALB, &place, origin.say(&message));
        }
        is_kept &= check_literal(conversion, (name, value), origin, &place);
    }
    for (name, value) in &matches.cookies {
        if let Some(message) = beyond_cookie_match(name, value) {
            is_kept &= conversion.beyond_alb(&codes::MATCH_BEYOND_ALB, &origin.place, origin.say(&message));
        }
        for text in [name, value] {
            is_kept &= check_literal(conversion, (name, text), origin, &origin.place);
        }
    }
    is_kept
}

/// Whether ALB can't set a header so.
pub(super) fn is_insert_beyond_alb(name: &str, value: &str) -> bool {
    beyond_insert(name, value).is_some()
}

/// Whether ALB doesn't take a name or value to match.
pub(super) fn is_match_beyond_alb(matches: &Matches) -> bool {
    let mut headers = matches.headers.iter();
    let mut cookies = matches.cookies.iter();
    headers.any(|(name, value)| beyond_header_match(name, value).is_some())
        || cookies.any(|(name, value)| beyond_cookie_match(name, value).is_some())
}

fn check_literal(
    conversion: &mut Conversion<'_>,
    (name, text): (&str, &str),
    origin: &Origin,
    place: &FieldPath,
) -> bool {
    let Some(wildcard) = text.chars().find(|c| "*?".contains(*c)) else { return true };
    let what = if name == text { "" } else { &format!(", the value of `{name}`,") };
    let message = format!("`{text}`{what} has a `{wildcard}`, which ALB takes for a wildcard");
    conversion.beyond_alb(&codes::LITERAL_WILDCARD, place, origin.say(&message))
}

/// Every text that ALB compares with wildcards: header values, cookie names and values.
pub(super) fn texts(matches: &Matches) -> impl Iterator<Item = &String> {
    matches.headers.values().chain(matches.cookies.iter().flat_map(|(name, value)| [name, value]))
}

/// What is wrong with a header that nobody can send, and what to do about it.
fn unsendable(name: &str, value: &str) -> Option<(String, &'static str)> {
    match name.to_ascii_lowercase().as_str() {
        "host" => Some((format!("`{name}` can't be set as a header"), "use `rewriteHost`")),
        lower if FRAMING.contains(&lower) => {
            Some((format!("`{name}` belongs to the connection and can't be set"), "take it out"))
        }
        _ => malformed(name, value),
    }
}

fn malformed(name: &str, value: &str) -> Option<(String, &'static str)> {
    if !is_token(name) {
        return Some((format!("`{name}` is no header name"), "write letters, digits and `-`"));
    }
    let control = value.chars().find(|c| c.is_control() && *c != '\t')?;
    Some((format!("the value of `{name}` has the control character {control:?}"), "take it out"))
}

/// Why ALB doesn't take a text as a value; `None` if it does.
fn beyond_value(value: &str, longest: usize) -> Option<String> {
    let length = value.chars().count();
    if length == 0 {
        return Some(format!("is empty, ALB takes 1 to {longest} characters"));
    }
    if length > longest {
        return Some(format!("has {length} characters, ALB takes {longest}"));
    }
    if value.starts_with(' ') || value.ends_with(' ') {
        return Some("has a space at its end or beginning, which ALB doesn't take".to_owned());
    }
    let odd = value.chars().find(|c| !(' '..='~').contains(c))?;
    Some(format!("has `{odd}`, ALB takes printable ASCII characters"))
}

fn beyond_name(name: &str) -> Option<String> {
    if !(1..=40).contains(&name.len()) {
        return Some(format!("`{name}` has {} characters, ALB takes 1 to 40", name.len()));
    }
    let odd = name.chars().find(|c| !c.is_ascii_alphanumeric() && !"-_".contains(*c))?;
    Some(format!("`{name}` has `{odd}`, ALB takes letters, digits, `-` and `_`"))
}

fn beyond_insert(name: &str, value: &str) -> Option<String> {
    if RESERVED_REQUEST.contains(&name.to_ascii_lowercase().as_str()) {
        return Some(format!("`{name}` is ALB's own header, which it doesn't let others set"));
    }
    let value_fault = || {
        let quote = value.contains('"').then(|| "has a `\"`, which ALB doesn't take".to_owned());
        let backslash = value.ends_with('\\').then(|| "ends in `\\`, which ALB doesn't take".to_owned());
        beyond_value(value, LONGEST_VALUE).or(quote).or(backslash)
    };
    beyond_name(name).or_else(|| value_fault().map(|fault| format!("the value of `{name}` {fault}")))
}

fn beyond_header_match(name: &str, value: &str) -> Option<String> {
    if ["cookie", "host"].contains(&name.to_ascii_lowercase().as_str()) {
        return Some(format!("ALB doesn't match `{name}` as a header"));
    }
    let value_fault =
        || beyond_value(value, LONGEST_VALUE).map(|fault| format!("the value of `{name}` {fault}"));
    beyond_name(name).or_else(value_fault)
}

fn beyond_cookie_match(name: &str, value: &str) -> Option<String> {
    let fault = |text: &str| {
        let odd = text.chars().find(|c| " ;#[]{}\\|<>&\"".contains(*c));
        let odd = || odd.map(|odd| format!("has `{odd}`, which ALB doesn't take"));
        beyond_value(text, LONGEST_COOKIE).or_else(odd)
    };
    let value_fault = || fault(value).map(|fault| format!("the value of the cookie `{name}` {fault}"));
    fault(name).map(|fault| format!("the cookie's name `{name}` {fault}")).or_else(value_fault)
}
