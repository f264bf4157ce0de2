use serde::{Serialize, Serializer};
use std::fmt;

/// What a request must have. All conditions of a rule must hold; the values inside one are alternatives.
///
/// Source of every match rule: ALB, "Manage forwarding rules for a listener".
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Condition {
    /// The host without its port, whatever the case of letters.
    Host(Vec<Pattern>),
    /// The path without the query; case-sensitive unless a regex says otherwise.
    Path(Vec<Pattern>),
    /// One header: the name in any case, the value case-sensitive.
    Header {
        /// The header's name, as written.
        key: String,
        /// Any of them matches the whole value.
        values: Vec<Pattern>,
    },
    /// One of these cookies, names and values in any case of letters.
    Cookie(Vec<KeyPattern>),
    /// One of these query parameters, names and values in any case of letters.
    QueryString(Vec<KeyPattern>),
    /// The method.
    Method(Vec<String>),
    /// The client's address is in one of these networks (CIDR text).
    SourceIp(Vec<String>),
    /// One response header; only in a response rule.
    ResponseHeader {
        /// The header's name.
        key: String,
        /// Any of them matches the whole value.
        values: Vec<Pattern>,
    },
    /// The status; only in a response rule.
    ResponseStatusCode(Vec<StatusRange>),
}

/// A text to compare with.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Pattern {
    /// Letter by letter; `*` and `?` stand for themselves.
    Exact(String),
    /// `*` is any run of characters (dots and slashes too, or none), `?` exactly one.
    Wildcard(String),
    /// A regular expression, found anywhere unless anchored.
    Regex {
        /// Without the `~` or `~*` in front.
        pattern: String,
        /// `~*` ignores the case of letters.
        ignore_case: bool,
    },
}

impl Pattern {
    /// Reads a text as ALB does in headers, cookies and queries: a wildcard if it has `*` or `?`.
    pub fn wildcard(text: &str) -> Self {
        if text.contains(['*', '?']) {
            Pattern::Wildcard(text.to_owned())
        } else {
            Pattern::Exact(text.to_owned())
        }
    }

    /// Reads a text as ALB does in hosts and paths: `~*regex`, `~regex`, else as [`Pattern::wildcard`].
    pub fn parse(text: &str) -> Self {
        if let Some(pattern) = text.strip_prefix("~*") {
            Pattern::Regex { pattern: pattern.to_owned(), ignore_case: true }
        } else if let Some(pattern) = text.strip_prefix('~') {
            Pattern::Regex { pattern: pattern.to_owned(), ignore_case: false }
        } else {
            Pattern::wildcard(text)
        }
    }
}

/// As ALB's API writes it.
impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Pattern::Exact(text) | Pattern::Wildcard(text) => f.write_str(text),
            Pattern::Regex { pattern, ignore_case: true } => write!(f, "~*{pattern}"),
            Pattern::Regex { pattern, ignore_case: false } => write!(f, "~{pattern}"),
        }
    }
}

/// As ALB's API writes it; `{exact: …}` where an exact text would read as a wildcard or regex.
impl Serialize for Pattern {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Pattern::Exact(text) if Pattern::parse(text) != *self => {
                serializer.collect_map([("exact", text.as_str())])
            }
            pattern => serializer.collect_str(pattern),
        }
    }
}

/// A cookie or query parameter.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct KeyPattern {
    /// Its name.
    pub key: Pattern,
    /// Its value.
    pub value: Pattern,
}

/// Status codes from `first` to `last`, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StatusRange {
    /// 100–599.
    pub first: u16,
    /// 100–599.
    pub last: u16,
}

impl Serialize for StatusRange {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.first == self.last {
            serializer.collect_str(&self.first)
        } else {
            serializer.collect_str(&format_args!("{}-{}", self.first, self.last))
        }
    }
}
