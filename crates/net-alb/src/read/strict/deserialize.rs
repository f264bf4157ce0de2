//! serde's view of a [`Node`].

use super::super::problem::Problem;
use super::super::tree::{Entry, Node, Span, Value};
use super::error::ReadError;
use net_alb_diag::codes::read;
use net_alb_diag::nearest;
use serde::de::value::StrDeserializer;
use serde::de::{DeserializeSeed, Deserializer, IntoDeserializer, MapAccess, SeqAccess, Visitor};
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fmt;

/// What a whole object's values share while it is read.
pub(super) struct Context<'t> {
    text: &'t str,
    /// Unknown fields of this attempt.
    pub(super) unknown: RefCell<Vec<Problem>>,
    /// Wrong values of all attempts.
    pub(super) wrong: RefCell<Vec<Problem>>,
    /// Where these stand; the next attempt passes them over.
    pub(super) excluded: RefCell<BTreeSet<Span>>,
}

impl<'t> Context<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        let (unknown, wrong, excluded) = (RefCell::default(), RefCell::default(), RefCell::default());
        Context { text, unknown, wrong, excluded }
    }

    pub(super) fn into_problems(self) -> Vec<Problem> {
        let mut problems = self.wrong.into_inner();
        problems.append(&mut self.unknown.into_inner());
        problems.sort_by_key(|problem| problem.span);
        problems
    }

    fn is_excluded(&self, node: &Node) -> bool {
        let excluded = self.excluded.borrow();
        !excluded.is_empty() && excluded.contains(&node.span)
    }
}

/// The way from the root to a value, as links up the stack: it is only written out for an error.
pub(super) enum Path<'p> {
    Root,
    Key(&'p Path<'p>, &'p str),
    Index(&'p Path<'p>, usize),
}

impl Path<'_> {
    fn depth(&self) -> usize {
        match self {
            Path::Root => 0,
            Path::Key(up, _) | Path::Index(up, _) => up.depth() + 1,
        }
    }

    /// What a cluster writes and a user pastes: never strict. (`managedFields` doesn't get here.)
    fn is_reported(&self) -> bool {
        match self {
            Path::Root => false,
            Path::Key(Path::Root, "status") => true,
            Path::Key(up, _) | Path::Index(up, _) => up.is_reported(),
        }
    }

    fn annotation(&self) -> Option<&str> {
        match self {
            Path::Key(Path::Key(Path::Key(Path::Root, "metadata"), "annotations"), key) => Some(key),
            _ => None,
        }
    }

    fn to_field_path(&self) -> net_alb_diag::FieldPath {
        match self {
            Path::Root => net_alb_diag::FieldPath::root(),
            Path::Key(up, key) => up.to_field_path().key(*key),
            Path::Index(up, index) => up.to_field_path().index(*index),
        }
    }
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.depth() == 0 {
            return f.write_str("the object");
        }
        self.to_field_path().fmt(f)
    }
}

/// A node as serde reads it.
#[derive(Clone, Copy)]
pub(in crate::read) struct NodeDeserializer<'de, 'p> {
    pub(super) node: &'de Node,
    pub(super) path: &'p Path<'p>,
    pub(super) context: &'p Context<'p>,
}

impl<'de> NodeDeserializer<'de, '_> {
    fn fields<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        let Value::Map(entries) = &self.node.value else { return self.deserialize_any(visitor) };
        let strict = !self.path.is_reported();
        visitor.visit_map(Entries {
            of: self,
            rest: entries,
            value: None,
            fields: Some(fields).filter(|_| strict),
        })
    }

    /// A scalar where a string must be: the API server takes no number for a text.
    fn not_a_string(self) -> ReadError {
        let written = self.context.text.get(self.node.span.range()).unwrap_or_default();
        if let Some(key) = self.path.annotation() {
            return Problem::annotation(self.context.text, key, self.node.span, &self.node.describe()).into();
        }
        let message = format!("must be a string, not {}", self.node.describe());
        match self.node.value {
            Value::List(_) | Value::Map(_) => ReadError::with_help(message, "write a string"),
            _ => ReadError::with_help(message, format!("put it between quotes: \"{written}\"")),
        }
    }

    fn number<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        let Some(text) = self.node.text() else { return self.deserialize_any(visitor) };
        let message = format!("must be a number, not the text `{text}`");
        let help = if text.parse::<f64>().is_ok() { "remove the quotes" } else { "write digits" };
        Err(ReadError::with_help(message, help).at(self.node.span, self.path))
    }

    fn string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        let result = match &self.node.value {
            Value::Text(text) => visitor.visit_borrowed_str(text),
            Value::Null => visitor.visit_borrowed_str(""), // as Go reads a null into a string
            _ => Err(self.not_a_string()),
        };
        result.map_err(|error| error.at(self.node.span, self.path))
    }
}

macro_rules! forward {
    ($($method:ident => $to:ident),+) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> { self.$to(visitor) })+
    };
}

impl<'de> Deserializer<'de> for NodeDeserializer<'de, '_> {
    type Error = ReadError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        let result = match &self.node.value {
            Value::Null => visitor.visit_unit(),
            Value::Bool(value) => visitor.visit_bool(*value),
            Value::Int(value) => visitor.visit_i64(*value),
            Value::Unsigned(value) => visitor.visit_u64(*value),
            Value::Float(value) => visitor.visit_f64(*value),
            Value::Text(text) => visitor.visit_borrowed_str(text),
            Value::List(items) => visitor.visit_seq(Items { of: self, rest: items, index: 0 }),
            Value::Map(entries) => {
                visitor.visit_map(Entries { of: self, rest: entries, value: None, fields: None })
            }
        };
        result.map_err(|error| error.at(self.node.span, self.path))
    }

    forward! {
        deserialize_i8 => number, deserialize_i16 => number, deserialize_i32 => number, deserialize_i64 => number,
        deserialize_u8 => number, deserialize_u16 => number, deserialize_u32 => number, deserialize_u64 => number,
        deserialize_f32 => number, deserialize_f64 => number,
        deserialize_bool => deserialize_any, deserialize_unit => deserialize_any,
        deserialize_seq => deserialize_any, deserialize_map => deserialize_any,
        deserialize_char => string, deserialize_str => string, deserialize_string => string,
        deserialize_bytes => string, deserialize_byte_buf => string, deserialize_identifier => string
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        match self.node.value {
            Value::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        // `cpu: 1` is a quantity too: Go's type reads numbers.
        let number = matches!(self.node.value, Value::Int(_) | Value::Unsigned(_) | Value::Float(_));
        if name == "Quantity" && number {
            let written = self.context.text.get(self.node.span.range()).unwrap_or_default();
            return visitor.visit_newtype_struct(written.into_deserializer());
        }
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        self.fields(fields, visitor).map_err(|error| error.at(self.node.span, self.path))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        let result = match &self.node.value {
            Value::Text(text) => visitor.visit_enum((**text).into_deserializer()),
            _ => Err(self.not_a_string()),
        };
        result.map_err(|error| error.at(self.node.span, self.path))
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        self.deserialize_any(visitor)
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, ReadError> {
        self.deserialize_any(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        self.deserialize_any(visitor)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        visitor.visit_unit()
    }
}

struct Items<'de, 'p> {
    of: NodeDeserializer<'de, 'p>,
    rest: &'de [Node],
    index: usize,
}

impl<'de> SeqAccess<'de> for Items<'de, '_> {
    type Error = ReadError;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, ReadError> {
        while let Some((node, rest)) = self.rest.split_first() {
            let path = Path::Index(self.of.path, self.index);
            (self.rest, self.index) = (rest, self.index + 1);
            if !self.of.context.is_excluded(node) {
                return seed
                    .deserialize(NodeDeserializer { node, path: &path, context: self.of.context })
                    .map(Some);
            }
        }
        Ok(None)
    }
}

struct Entries<'de, 'p> {
    of: NodeDeserializer<'de, 'p>,
    rest: &'de [Entry],
    value: Option<&'de Entry>,
    /// What a struct has; `None` where any key goes.
    fields: Option<&'static [&'static str]>,
}

impl Entries<'_, '_> {
    fn is_known(&self, entry: &Entry) -> bool {
        let Some(fields) = self.fields else { return true };
        let header = matches!(self.of.path, Path::Root) && matches!(&*entry.key, "apiVersion" | "kind");
        header || fields.contains(&&*entry.key)
    }

    fn unknown(&self, entry: &Entry) -> Problem {
        let fields = self.fields.unwrap_or_default();
        let path = Path::Key(self.of.path, &entry.key);
        let problem =
            Problem::new(&read::UNKNOWN_FIELD, entry.key_span, format!("there is no field `{path}`"));
        match nearest(&entry.key, fields.iter().copied()) {
            Some(field) => problem.help(format!("did you mean `{field}`?")),
            None if (1..=8).contains(&fields.len()) => {
                problem.help(format!("the fields here are `{}`", fields.join("`, `")))
            }
            None => problem.help("remove it, or look its name up in the kind's reference"),
        }
    }
}

impl<'de> MapAccess<'de> for Entries<'de, '_> {
    type Error = ReadError;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, ReadError> {
        while let Some((entry, rest)) = self.rest.split_first() {
            self.rest = rest;
            if !self.is_known(entry) {
                let problem = self.unknown(entry);
                self.of.context.unknown.borrow_mut().push(problem);
                continue;
            }
            // Kubernetes takes `field: null` for an absent field.
            let absent = self.fields.is_some() && matches!(entry.value.value, Value::Null);
            if absent || self.of.context.is_excluded(&entry.value) {
                continue;
            }
            self.value = Some(entry);
            let key: StrDeserializer<'_, ReadError> = (*entry.key).into_deserializer();
            return seed.deserialize(key).map(Some);
        }
        Ok(None)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, ReadError> {
        let entry = self.value.take().expect("serde asks for a value after its key");
        let path = Path::Key(self.of.path, &entry.key);
        seed.deserialize(NodeDeserializer { node: &entry.value, path: &path, context: self.of.context })
    }
}
