//! Results as YAML that a person could have written, or as JSON.

use serde::ser::{SerializeMap, SerializeSeq};
use serde::{Serialize, Serializer};
use serde_json::Value;
use serde_saphyr::{LitStr, SingleQuoted, ser_options, to_string_with_options};
use std::io;

/// YAML documents with `---` between.
pub(crate) fn yaml<T: Serialize>(documents: &[T]) -> io::Result<String> {
    // Long texts stay on one line: a rule's name that is folded can't be searched for.
    let options = ser_options! { prefer_block_scalars: false };
    let texts: Result<Vec<_>, _> =
        documents.iter().map(|document| to_string_with_options(document, options.clone())).collect();
    texts.map(|texts| texts.join("---\n")).map_err(io::Error::other)
}

/// One JSON array.
pub(crate) fn json<T: Serialize>(documents: &[T]) -> io::Result<String> {
    Ok(serde_json::to_string_pretty(documents)? + "\n")
}

/// A Kubernetes object in which JSON inside of annotations stands between single quotes, where it needs no escapes.
pub(crate) struct Readable<'v>(pub(crate) &'v Value);

impl Serialize for Readable<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::String(text) if text.contains('\n') => LitStr(text).serialize(serializer),
            Value::String(text) if text.starts_with(['[', '{']) => SingleQuoted(text).serialize(serializer),
            Value::Array(items) => {
                let mut list = serializer.serialize_seq(Some(items.len()))?;
                items.iter().try_for_each(|item| list.serialize_element(&Readable(item)))?;
                list.end()
            }
            Value::Object(fields) => {
                let mut map = serializer.serialize_map(Some(fields.len()))?;
                fields.iter().try_for_each(|(key, value)| map.serialize_entry(key, &Readable(value)))?;
                map.end()
            }
            scalar => scalar.serialize(serializer),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_in_annotations_is_readable_and_comes_back() {
        let object =
            serde_json::json!({"annotations": {"a": "[{\"b\":\"it's\"}]", "c": "two\nlines\n", "d": "true"}});
        let text = yaml(&[Readable(&object)]).unwrap();
        assert_eq!(
            text,
            "annotations:\n  a: '[{\"b\":\"it''s\"}]'\n  c: |\n    two\n    lines\n  d: \"true\"\n"
        );
        assert_eq!(serde_saphyr::from_str::<Value>(&text).unwrap(), object);
    }
}
