use crate::{Diagnostic, Severity};

/// What a stage returns: a value, and what it has to say about it.
///
/// The value holds everything that could be honoured; each part that couldn't has an error among the diagnostics.
#[derive(Debug, Clone, PartialEq)]
#[must_use = "an outcome carries diagnostics that somebody should see"]
pub struct Outcome<T> {
    /// What the stage made.
    pub value: T,
    /// In the order of the input.
    pub diagnostics: Vec<Diagnostic>,
}

impl<T> Outcome<T> {
    /// A value with nothing to say about it.
    pub fn clean(value: T) -> Self {
        Outcome { value, diagnostics: Vec::new() }
    }

    /// Turns the value into another one, keeping the diagnostics.
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Outcome<U> {
        Outcome { value: f(self.value), diagnostics: self.diagnostics }
    }

    /// Moves the diagnostics to `sink` and returns the value.
    pub fn drain_into(self, sink: &mut Vec<Diagnostic>) -> T {
        sink.extend(self.diagnostics);
        self.value
    }

    /// Whether any part was refused.
    pub fn is_refused(&self) -> bool {
        self.diagnostics.iter().any(|d| d.severity == Severity::Error)
    }
}
