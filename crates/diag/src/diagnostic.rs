use crate::{Code, FieldPath, Severity};
use std::fmt;

/// An object, as a message names it: `Ingress default/hello`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectRef {
    /// The API group, empty for core: `serving.knative.dev`.
    pub group: String,
    /// `Service`, `Ingress`, …
    pub kind: String,
    /// Empty for what lives in no namespace.
    pub namespace: String,
    /// The object's name.
    pub name: String,
}

impl fmt::Display for ObjectRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Three kinds share two names; a reader needs to know which is meant.
        let kind = match (self.group.as_str(), self.kind.as_str()) {
            ("serving.knative.dev", "Service") => "Knative Service",
            ("networking.internal.knative.dev", "Ingress") => "KIngress",
            (_, kind) => kind,
        };
        match self.namespace.as_str() {
            "" => write!(f, "{kind} {}", self.name),
            namespace => write!(f, "{kind} {namespace}/{}", self.name),
        }
    }
}

/// Where a diagnostic points.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// A field of an object; the reader of files knows its line.
    Field { object: ObjectRef, path: FieldPath },
    /// A place in a text that is no object (yet). Line and column count from 1, columns in characters.
    Text { file: String, line: usize, column: usize },
    /// No particular place: the command line, a whole load balancer.
    Whole(String),
}

/// A second place that belongs to the story: "the host is also here".
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Related {
    /// Where.
    pub place: Place,
    /// What is there, in a few words.
    pub note: String,
}

/// One message: what, where, why it matters, what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// The registry entry.
    pub code: &'static Code,
    /// Usually the code's own; a stage lowers it where the target can serve what ALB can't.
    pub severity: Severity,
    /// What is wrong, with the value that is and the value that should be. Lower case, no period.
    pub message: String,
    /// Where.
    pub place: Place,
    /// Other places that belong to it.
    pub related: Vec<Related>,
    /// An action: "lower one split so that they add up to 100".
    pub help: Option<String>,
}

impl Diagnostic {
    /// A diagnostic about a field of an object, at the code's own severity.
    pub fn new(code: &'static Code, object: ObjectRef, path: FieldPath, message: impl Into<String>) -> Self {
        Diagnostic::at(code, Place::Field { object, path }, message)
    }

    /// A diagnostic about any place, at the code's own severity.
    pub fn at(code: &'static Code, place: Place, message: impl Into<String>) -> Self {
        Diagnostic {
            code,
            severity: code.severity,
            message: message.into(),
            place,
            related: Vec::new(),
            help: None,
        }
    }

    /// With advice.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// With another severity than the code's own.
    #[must_use]
    pub fn severity(mut self, severity: Severity) -> Self {
        self.severity = severity;
        self
    }

    /// With a second place.
    #[must_use]
    pub fn related(mut self, place: Place, note: impl Into<String>) -> Self {
        self.related.push(Related { place, note: note.into() });
        self
    }
}

/// One line, as conditions and Events carry it: `NA1003 spec.traffic: percentages add up to 110, not 100; lower …`.
impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ", self.code)?;
        match &self.place {
            Place::Field { path, .. } if path.segments().is_empty() => {}
            Place::Field { path, .. } => write!(f, "{path}: ")?,
            Place::Text { file, line, column } => write!(f, "{file}:{line}:{column}: ")?,
            Place::Whole(what) => write!(f, "{what}: ")?,
        }
        f.write_str(&self.message)?;
        self.help.iter().try_for_each(|help| write!(f, "; {help}"))
    }
}
