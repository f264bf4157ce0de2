//! What a gateway says of each KIngress, line by line: the language between the two roles.

use net_alb_diag::codes::{build, convert, gateway};
use net_alb_diag::{Code, Diagnostic, Severity};
use serde::{Deserialize, Serialize};

/// One line of the stream, as JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "camelCase")]
pub enum Line {
    /// The gateway serves this state of a KIngress from now on, as far as it can.
    #[serde(rename_all = "camelCase")]
    Applied {
        /// `namespace/name`.
        kingress: String,
        /// What [`crate::version()`] says of the object.
        version: String,
        /// What there is to say about it.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        problems: Vec<Problem>,
    },
    /// The gateway serves nothing of this KIngress any more.
    #[serde(rename_all = "camelCase")]
    Removed {
        /// `namespace/name`.
        kingress: String,
    },
    /// Every KIngress that the gateway knew when the stream began has been named.
    Synced,
    /// Nothing new, but the gateway is alive.
    Alive,
}

/// Something that keeps a KIngress from being served as it was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Problem {
    /// What follows from it.
    pub effect: Effect,
    /// A condition's reason: `CamelCase`.
    pub reason: String,
    /// For the person who wrote the object.
    pub message: String,
}

/// What follows from a [`Problem`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Effect {
    /// Part of the KIngress isn't served until somebody mends the KIngress.
    Refused,
    /// Part of it isn't served until something else comes, which needs no change to the KIngress.
    Waiting,
    /// All of the KIngress is served; an annotation beside it isn't honoured.
    Annotation,
    /// All is served; worth knowing.
    Advice,
}

/// What waits for another object, not for the KIngress' author.
const WAITING: &[&Code] = &[
    &build::MISSING_SERVICE,
    &build::UNKNOWN_SERVICE_PORT,
    &build::MISSING_SECRET,
    &build::BAD_SECRET,
    &gateway::BAD_CERTIFICATE,
    &convert::MISSING_SECRET,
    &convert::UNKNOWN_PORT,
];

/// What is only about a gray annotation: the rest of the KIngress is served.
const ANNOTATION: &[&Code] =
    &[&convert::UNREADABLE_GRAY_RULES, &convert::INVALID_GRAY_RULE, &convert::UNKNOWN_GRAY_TARGET];

/// What nobody who runs a gateway needs to hear again for every KIngress.
const UNSAID: &[&Code] = &[&gateway::HEALTH_CHECK_NOT_SERVED];

impl Problem {
    /// What a diagnostic means for the KIngress that it is about; `None` where it is only about the real ALB, or a note.
    pub fn of(diagnostic: &Diagnostic) -> Option<Problem> {
        let is = |codes: &[&Code]| codes.iter().any(|code| std::ptr::eq(*code, diagnostic.code));
        let lowered = diagnostic.severity < diagnostic.code.severity;
        if lowered || diagnostic.severity == Severity::Note || is(UNSAID) {
            return None;
        }
        let effect = match diagnostic.severity {
            _ if is(WAITING) => Effect::Waiting,
            Severity::Error if is(ANNOTATION) => Effect::Annotation,
            Severity::Error => Effect::Refused,
            Severity::Warning | Severity::Note => Effect::Advice,
        };
        Some(Problem { effect, reason: diagnostic.code.reason.to_owned(), message: diagnostic.to_string() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use net_alb_diag::{FieldPath, ObjectRef};

    fn problem(code: &'static Code, severity: Severity) -> Option<Effect> {
        let object = ObjectRef {
            group: String::new(),
            kind: String::new(),
            namespace: String::new(),
            name: String::new(),
        };
        let diagnostic = Diagnostic::new(code, object, FieldPath::root(), "m").severity(severity);
        Problem::of(&diagnostic).map(|problem| problem.effect)
    }

    #[test]
    fn a_code_decides_what_follows() {
        assert_eq!(problem(&convert::INVALID_HOST, Severity::Error), Some(Effect::Refused));
        assert_eq!(problem(&convert::UNKNOWN_GRAY_TARGET, Severity::Error), Some(Effect::Annotation));
        assert_eq!(problem(&build::MISSING_SERVICE, Severity::Error), Some(Effect::Waiting));
        assert_eq!(problem(&convert::HEADER_SET_TWICE, Severity::Warning), Some(Effect::Advice));
        assert_eq!(problem(&convert::TOO_MANY_TARGETS, Severity::Warning), None, "only the real ALB minds");
    }

    #[test]
    fn lines_are_small_json() {
        let line = Line::Applied { kingress: "a/b".into(), version: "u.1".into(), problems: vec![] };
        let text = serde_json::to_string(&line).unwrap();
        assert_eq!(text, r#"{"type":"applied","kingress":"a/b","version":"u.1"}"#);
        assert_eq!(serde_json::from_str::<Line>(&text).unwrap(), line);
        assert_eq!(serde_json::to_string(&Line::Synced).unwrap(), r#"{"type":"synced"}"#);
    }
}
