//! What is wrong with a text, before anybody knows which file it is and which object it makes.

use super::tree::Span;
use net_alb_diag::{Code, Severity};

/// A diagnostic by bytes.
#[derive(Debug, Clone)]
pub(super) struct Problem {
    pub(super) code: &'static Code,
    pub(super) span: Span,
    pub(super) message: String,
    pub(super) help: Option<String>,
    pub(super) related: Vec<(Span, &'static str)>,
}

impl Problem {
    pub(super) fn new(code: &'static Code, span: Span, message: impl Into<String>) -> Self {
        Problem { code, span, message: message.into(), help: None, related: Vec::new() }
    }

    pub(super) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    pub(super) fn related(mut self, span: Span, note: &'static str) -> Self {
        self.related.push((span, note));
        self
    }

    pub(super) fn is_error(&self) -> bool {
        self.code.severity == Severity::Error
    }

    /// Whether it is an annotation that is no string, and nothing else.
    pub(super) fn is_about_annotation(&self) -> bool {
        self.code == &net_alb_diag::codes::read::ANNOTATION_NOT_STRING
    }

    /// An annotation whose value is no string: the line to paste instead is in the help.
    pub(super) fn annotation(text: &str, key: &str, span: Span, found: &str) -> Self {
        let message = format!(
            "the annotation `{key}` is {found}, not a string; the API server would refuse the object"
        );
        let written = text.get(span.range()).unwrap_or_default();
        let problem = Problem::new(&net_alb_diag::codes::read::ANNOTATION_NOT_STRING, span, message);
        if written.contains('\n') {
            return problem.help("write the value as one line of JSON between single quotes");
        }
        problem.help(format!("put it between quotes: {key}: '{}'", written.replace('\'', "''")))
    }
}
