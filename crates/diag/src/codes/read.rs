//! NA00xx, reading files.

use crate::{Code, Severity};

/// All of this stage, by id.
pub(super) const ALL: &[&Code] = &[&BROKEN_YAML];

/// A document that is no YAML.
pub static BROKEN_YAML: Code = Code {
    id: "NA0001",
    reason: "BrokenYaml",
    severity: Severity::Error,
    title: "a document is no valid YAML",
    explanation: "The text between two `---` lines can't be parsed. The other documents of the file are still read.",
    example: "apiVersion: v1\nkind: [Service\n",
    fix: "mend the syntax at the place shown; a YAML-aware editor shows it as you type",
};
