use std::fmt;

/// One step of a [`FieldPath`].
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Segment {
    /// A field of a map.
    Key(String),
    /// An element of a list, from 0.
    Index(usize),
}

/// A place in an object, as Kubernetes writes it: `spec.rules[0].http.paths[1].splits`.
///
/// A key that isn't a plain word is quoted: `metadata.annotations["a.example/b"]`.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FieldPath(Vec<Segment>);

impl FieldPath {
    /// The object itself.
    pub fn root() -> Self {
        FieldPath::default()
    }

    /// A path from words with dots between: `FieldPath::of("spec.traffic")`. For fixed text only; a key with a dot
    /// in it goes through [`FieldPath::key`].
    pub fn of(dotted: &str) -> Self {
        FieldPath(dotted.split('.').map(|word| Segment::Key(word.to_owned())).collect())
    }

    /// `metadata.annotations["key"]`.
    pub fn annotation(key: &str) -> Self {
        FieldPath::of("metadata.annotations").key(key)
    }

    /// This path and one more key.
    #[must_use]
    pub fn key(&self, key: impl Into<String>) -> Self {
        self.with(Segment::Key(key.into()))
    }

    /// This path and one more index.
    #[must_use]
    pub fn index(&self, index: usize) -> Self {
        self.with(Segment::Index(index))
    }

    fn with(&self, segment: Segment) -> Self {
        let mut segments = self.0.clone();
        segments.push(segment);
        FieldPath(segments)
    }

    /// The path without its last step; `None` at the root.
    pub fn parent(&self) -> Option<FieldPath> {
        let (_, rest) = self.0.split_last()?;
        Some(FieldPath(rest.to_vec()))
    }

    /// The steps from the object inwards.
    pub fn segments(&self) -> &[Segment] {
        &self.0
    }
}

impl fmt::Display for FieldPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, segment) in self.0.iter().enumerate() {
            match segment {
                Segment::Index(n) => write!(f, "[{n}]")?,
                Segment::Key(key)
                    if key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-') =>
                {
                    let dot = if i == 0 { "" } else { "." };
                    write!(f, "{dot}{key}")?;
                }
                Segment::Key(key) => write!(f, "[{key:?}]")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_as_kubernetes_does() {
        let path = FieldPath::of("spec.rules").index(0).key("http").key("paths").index(12);
        assert_eq!(path.to_string(), "spec.rules[0].http.paths[12]");
        assert_eq!(
            FieldPath::annotation("a.example/b").to_string(),
            r#"metadata.annotations["a.example/b"]"#
        );
        assert_eq!(path.parent().unwrap().to_string(), "spec.rules[0].http.paths");
        assert_eq!(FieldPath::root().parent(), None);
    }
}
