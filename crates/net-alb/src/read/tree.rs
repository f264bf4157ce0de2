//! A YAML document as a tree in which everything knows its place.

use net_alb_diag::{FieldPath, Segment};
use std::ops::Range;
use std::sync::Arc;

/// A stretch of a file, in bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Span {
    pub(crate) start: usize,
    pub(crate) end: usize,
}

impl Span {
    pub(crate) fn new(range: Range<usize>) -> Self {
        Span { start: range.start, end: range.end.max(range.start) }
    }

    /// The same stretch of a text that has so many bytes before it.
    pub(crate) fn after(self, offset: usize) -> Self {
        Span { start: self.start + offset, end: self.end + offset }
    }

    pub(crate) fn range(self) -> Range<usize> {
        self.start..self.end
    }
}

/// A value and where it stands. Cloning is cheap: lists and maps are shared, which is what aliases are made of.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub(crate) span: Span,
    pub(crate) value: Value,
}

/// What YAML can say in a Kubernetes object.
#[derive(Debug, Clone)]
pub(crate) enum Value {
    Null,
    Bool(bool),
    Int(i64),
    Unsigned(u64),
    Float(f64),
    Text(Arc<str>),
    List(Arc<[Node]>),
    Map(Arc<[Entry]>),
}

/// One `key: value`.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) key: Arc<str>,
    pub(crate) key_span: Span,
    pub(crate) value: Node,
}

impl Node {
    /// The entries of a map, none of anything else.
    pub(crate) fn entries(&self) -> &[Entry] {
        match &self.value {
            Value::Map(entries) => entries,
            _ => &[],
        }
    }

    /// The elements of a list, none of anything else.
    pub(crate) fn items(&self) -> &[Node] {
        match &self.value {
            Value::List(items) => items,
            _ => &[],
        }
    }

    /// The entry of this name.
    pub(crate) fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries().iter().find(|entry| &*entry.key == key)
    }

    /// The value of this name.
    pub(crate) fn get(&self, key: &str) -> Option<&Node> {
        self.entry(key).map(|entry| &entry.value)
    }

    /// The text, if it is one.
    pub(crate) fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// How a message names what stands here: "a list", "the number 5".
    pub(crate) fn describe(&self) -> String {
        match &self.value {
            Value::Null => "nothing".to_owned(),
            Value::Bool(value) => format!("the boolean `{value}`"),
            Value::Int(value) => format!("the number `{value}`"),
            Value::Unsigned(value) => format!("the number `{value}`"),
            Value::Float(value) => format!("the number `{value}`"),
            Value::Text(text) if text.chars().count() <= 40 => format!("the text `{text}`"),
            Value::Text(_) => "a text".to_owned(),
            Value::List(_) => "a list".to_owned(),
            Value::Map(_) => "a map".to_owned(),
        }
    }

    /// What stands for an object as a whole: its name, else where it begins.
    pub(crate) fn face(&self) -> Span {
        let name = self.get("metadata").and_then(|metadata| metadata.get("name"));
        name.map_or_else(|| self.shown_in_list(), |name| name.span)
    }

    /// Goes inwards along `path` as far as it exists. Returns how many steps were taken and what is worth pointing at:
    /// a value that is a scalar or in a list, else its key, since a map's text may fill the screen.
    pub(crate) fn locate(&self, path: &FieldPath) -> (usize, Span) {
        let mut node = self;
        let mut shown = self.face();
        for (taken, segment) in path.segments().iter().enumerate() {
            let next = match segment {
                Segment::Key(key) => node.entry(key).map(|entry| (entry.shown(), &entry.value)),
                Segment::Index(index) => node.items().get(*index).map(|item| (item.shown_in_list(), item)),
            };
            let Some((span, inner)) = next else { return (taken, shown) };
            (shown, node) = (span, inner);
        }
        (path.segments().len(), shown)
    }

    fn shown_in_list(&self) -> Span {
        self.entries().first().map_or(self.span, |first| first.key_span)
    }
}

impl Entry {
    fn shown(&self) -> Span {
        match &self.value.value {
            Value::List(_) | Value::Map(_) | Value::Null => self.key_span,
            _ => self.value.span,
        }
    }
}
