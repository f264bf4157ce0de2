//! `alicloud.serving.knative.dev/headers` and `…/cookies`: gray release by any header and by cookie.
//!
//! ```yaml
//! alicloud.serving.knative.dev/headers: '[{revision:helloworld-go-00002,headers:{demo:test}}]'
//! alicloud.serving.knative.dev/cookies: '[{revision:helloworld-go-00002,cookies:{demo:always,cookie2:v2}}]'
//! ```
//!
//! A list of entries. Each names a target (`revision:`, which may also be a tag's name, or `tag:`) and pairs that must
//! *all* match. The value is a string in JSON, in YAML (flow or block), or in the article's form above, which is YAML's
//! flow form without spaces. Values are text: `1.10` stays `1.10`.

mod text;

use net_alb_diag::nearest;
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt;
use text::{Node, Value};

/// Which of the two annotations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum GrayKind {
    /// `…/headers`.
    Headers,
    /// `…/cookies`.
    Cookies,
}

impl GrayKind {
    /// Both, headers first: they win.
    pub const ALL: [GrayKind; 2] = [GrayKind::Headers, GrayKind::Cookies];

    /// The annotation's key.
    pub fn key(self) -> &'static str {
        match self {
            GrayKind::Headers => super::knative::GRAY_HEADERS,
            GrayKind::Cookies => super::knative::GRAY_COOKIES,
        }
    }

    /// The field of an entry that holds its pairs.
    pub fn field(self) -> &'static str {
        match self {
            GrayKind::Headers => "headers",
            GrayKind::Cookies => "cookies",
        }
    }
}

/// Who gets the requests that an entry matches.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum GrayTarget {
    /// `revision: NAME`: a revision, or else a tag of this name.
    Revision(String),
    /// `tag: NAME`.
    Tag(String),
}

impl GrayTarget {
    /// The name.
    pub fn name(&self) -> &str {
        match self {
            GrayTarget::Revision(name) | GrayTarget::Tag(name) => name,
        }
    }
}

/// One entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GrayRule {
    /// Who gets the requests.
    pub target: GrayTarget,
    /// Names and values of headers or cookies, all of which must match; at least one.
    pub pairs: BTreeMap<String, String>,
}

/// A place in an annotation's value; both count from 1, columns in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The line.
    pub line: usize,
    /// The character in it.
    pub column: usize,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            1 => write!(f, "column {}", self.column),
            line => write!(f, "line {line}, column {}", self.column),
        }
    }
}

/// Why the text, or one entry of it, can't be honoured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GrayError {
    /// The entry, from 0; `None` if the whole text is unreadable.
    pub entry: Option<usize>,
    /// Where in the value.
    pub at: Position,
    /// What is wrong. Lower case, no period.
    pub message: String,
}

impl GrayError {
    fn new(at: Position, message: impl Into<String>) -> Self {
        GrayError { entry: None, at, message: message.into() }
    }
}

impl fmt::Display for GrayError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.entry {
            Some(entry) => write!(f, "entry {}, {}: {}", entry + 1, self.at, self.message),
            None => write!(f, "{}: {}", self.at, self.message),
        }
    }
}

/// An annotation's value, read: the good entries by their position in the list, and what is wrong with the others.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GrayRules {
    /// The good entries, each with its index in the list and where it begins.
    pub rules: Vec<(usize, Position, GrayRule)>,
    /// One for each bad entry, or one for the whole text.
    pub errors: Vec<GrayError>,
}

/// Reads an annotation's value. A bad entry is left out and named; the others stay.
pub fn decode(kind: GrayKind, text: &str) -> GrayRules {
    let mut rules = GrayRules::default();
    let entries = match text::parse(text) {
        Ok(Node { value: Value::Absent, .. }) => return rules,
        Ok(Node { value: Value::List(entries), .. }) => entries,
        Ok(Node { at, .. }) => {
            rules.errors.push(GrayError::new(at, format!("no list; {}", expected(kind))));
            return rules;
        }
        Err(error) => {
            rules.errors.push(error);
            return rules;
        }
    };
    for (index, entry) in entries.into_iter().enumerate() {
        let at = entry.at;
        match decode_entry(kind, entry) {
            Ok(rule) => rules.rules.push((index, at, rule)),
            Err(error) => rules.errors.push(GrayError { entry: Some(index), ..error }),
        }
    }
    rules
}

/// Writes entries as JSON; [`decode`] reads them back as they were.
pub fn encode(kind: GrayKind, rules: &[GrayRule]) -> String {
    #[derive(Serialize)]
    struct Entry<'a> {
        #[serde(skip_serializing_if = "Option::is_none")]
        revision: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        tag: Option<&'a str>,
        #[serde(flatten)]
        pairs: BTreeMap<&'static str, &'a BTreeMap<String, String>>,
    }
    let entries: Vec<Entry<'_>> = rules
        .iter()
        .map(|rule| {
            let (revision, tag) = match &rule.target {
                GrayTarget::Revision(name) => (Some(name.as_str()), None),
                GrayTarget::Tag(name) => (None, Some(name.as_str())),
            };
            Entry { revision, tag, pairs: BTreeMap::from([(kind.field(), &rule.pairs)]) }
        })
        .collect();
    serde_json::to_string(&entries).expect("strings and maps of strings are always JSON")
}

fn expected(kind: GrayKind) -> String {
    format!("expected `[{{revision: NAME, {}: {{name: value}}}}]`", kind.field())
}

fn decode_entry(kind: GrayKind, entry: Node) -> Result<GrayRule, GrayError> {
    let Value::Map(fields) = entry.value else {
        return Err(GrayError::new(entry.at, format!("no entry; {}", expected(kind))));
    };
    let (mut target, mut pairs) = (None, None);
    for (field, at, node) in fields {
        match field.as_str() {
            "revision" | "tag" if target.is_some() => {
                return Err(GrayError::new(at, "a second target; an entry has one `revision` or `tag`"));
            }
            "revision" => target = Some(GrayTarget::Revision(name(&field, node)?)),
            "tag" => target = Some(GrayTarget::Tag(name(&field, node)?)),
            _ if field == kind.field() && pairs.is_some() => {
                return Err(GrayError::new(at, format!("`{field}` is there twice")));
            }
            _ if field == kind.field() => pairs = Some(decode_pairs(&field, node)?),
            _ => return Err(GrayError::new(at, unknown_field(kind, &field))),
        }
    }
    match (target, pairs) {
        (Some(target), Some(pairs)) => Ok(GrayRule { target, pairs }),
        (None, _) => Err(GrayError::new(entry.at, "no `revision`: nobody gets the requests")),
        (_, None) => {
            Err(GrayError::new(entry.at, format!("no `{}`: it would match every request", kind.field())))
        }
    }
}

fn unknown_field(kind: GrayKind, field: &str) -> String {
    if let Some(other) = GrayKind::ALL.into_iter().find(|other| other.field() == field) {
        return format!("`{field}` belongs in the annotation `{}`", other.key());
    }
    match nearest(field, ["revision", "tag", kind.field()]) {
        Some(known) => format!("unknown field `{field}`; did you mean `{known}`?"),
        None => format!("unknown field `{field}`; an entry has `revision` or `tag`, and `{}`", kind.field()),
    }
}

fn name(field: &str, node: Node) -> Result<String, GrayError> {
    match node.value {
        Value::Text(text) if !text.is_empty() => Ok(text),
        _ => Err(GrayError::new(node.at, format!("`{field}` has to be a name"))),
    }
}

fn decode_pairs(field: &str, node: Node) -> Result<BTreeMap<String, String>, GrayError> {
    let Value::Map(written) = node.value else {
        return Err(GrayError::new(node.at, format!("`{field}` has to be pairs: `{{name: value}}`")));
    };
    let mut pairs = BTreeMap::new();
    for (key, at, value) in written {
        if key.is_empty() {
            return Err(GrayError::new(at, "a pair has no name"));
        }
        let Value::Text(value) = value.value else {
            return Err(GrayError::new(value.at, format!("`{key}` has to have a text as its value")));
        };
        if pairs.contains_key(&key) {
            return Err(GrayError::new(at, format!("`{key}` is there twice, so that nothing matches")));
        }
        pairs.insert(key, value);
    }
    if pairs.is_empty() {
        return Err(GrayError::new(node.at, format!("`{field}` is empty: it would match every request")));
    }
    Ok(pairs)
}

#[cfg(test)]
mod tests;
