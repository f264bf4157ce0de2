use std::fmt;

/// How much a diagnostic matters. Ordered: `Error` is the greatest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Worth knowing; nothing is wrong.
    Note,
    /// Honoured in part or differently from what was probably meant; the rest serves. Exit code 0.
    Warning,
    /// Refused: the part it points at is left out. Exit code 1.
    Error,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Severity::Note => "note",
            Severity::Warning => "warning",
            Severity::Error => "error",
        })
    }
}

/// One kind of diagnostic: an entry of the registry in [`crate::codes`].
///
/// `net-alb explain NA1003` prints it and `docs/reference/codes.md` is generated from it.
#[derive(Debug, PartialEq, Eq)]
pub struct Code {
    /// `NA` and four digits; the first is the stage: 0 reading, 1 convert, 2 model, 3 gateway, 4 openapi, 5 controller.
    pub id: &'static str,
    /// `CamelCase`, as a condition's `reason`.
    pub reason: &'static str,
    /// What it is unless the stage says otherwise.
    pub severity: Severity,
    /// One line, lower case, no period.
    pub title: &'static str,
    /// Why it is so and what follows from it, with the source of the rule.
    pub explanation: &'static str,
    /// YAML that provokes it.
    pub example: &'static str,
    /// What to do about it.
    pub fix: &'static str,
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id)
    }
}
