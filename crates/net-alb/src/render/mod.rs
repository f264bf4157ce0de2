//! What goes out: results as documents; diagnostics for people (with the lines they are about) and for programs (JSON lines).

mod document;
mod json;
mod repetition;
#[cfg(test)]
mod tests;
mod text;

use crate::read::SourceMap;
use net_alb_diag::{Diagnostic, Severity};
use std::io::{self, Write};

pub(crate) use document::{Readable, json, yaml};
pub(crate) use repetition::without_repetition;
pub(crate) use text::printable;

/// How diagnostics are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Style {
    /// Like a compiler's.
    Text,
    /// One JSON object a line.
    Json,
}

/// How many diagnostics there are of each severity.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) errors: usize,
    pub(crate) warnings: usize,
    pub(crate) notes: usize,
}

impl Tally {
    pub(crate) fn of(diagnostics: &[Diagnostic]) -> Self {
        let count = |severity| diagnostics.iter().filter(|d| d.severity == severity).count();
        Tally {
            errors: count(Severity::Error),
            warnings: count(Severity::Warning),
            notes: count(Severity::Note),
        }
    }

    /// `2 errors, 1 warning`; `None` if there is nothing to count.
    pub(crate) fn text(self) -> Option<String> {
        let part = |count, one: &str| match count {
            0 => None,
            1 => Some(format!("1 {one}")),
            _ => Some(format!("{count} {one}s")),
        };
        let parts = [part(self.errors, "error"), part(self.warnings, "warning"), part(self.notes, "note")];
        let parts: Vec<_> = parts.into_iter().flatten().collect();
        (!parts.is_empty()).then(|| parts.join(", "))
    }
}

/// Prints every diagnostic, once each.
pub(crate) fn print(
    out: &mut dyn Write,
    diagnostics: &[Diagnostic],
    sources: &SourceMap,
    style: Style,
) -> io::Result<()> {
    for diagnostic in diagnostics {
        match style {
            Style::Text => text::print(out, diagnostic, sources)?,
            Style::Json => json::print(out, diagnostic, sources)?,
        }
    }
    Ok(())
}
