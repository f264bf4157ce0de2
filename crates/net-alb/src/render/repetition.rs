//! The same thing noticed twice is said once: by two stages, or at two places of something derived that lead to one line.

use crate::read::SourceMap;
use net_alb_diag::{Diagnostic, Place};
use std::collections::BTreeMap;

/// Further places of one message that are kept; the rest adds nothing.
const FURTHER: usize = 3;

/// Joins diagnostics that would be printed with the same words at the same line.
pub(crate) fn without_repetition(diagnostics: Vec<Diagnostic>, sources: &SourceMap) -> Vec<Diagnostic> {
    let mut kept: Vec<Diagnostic> = Vec::new();
    let mut seen: BTreeMap<(String, &str, String), usize> = BTreeMap::new();
    for diagnostic in diagnostics {
        let identity = (line(&diagnostic.place, sources), diagnostic.code.id, diagnostic.message.clone());
        let Some(index) = seen.get(&identity) else {
            seen.insert(identity, kept.len());
            kept.push(diagnostic);
            continue;
        };
        let first = &mut kept[*index];
        let known =
            first.place == diagnostic.place || first.related.iter().any(|r| r.place == diagnostic.place);
        if !known && first.related.len() < FURTHER {
            *first = first.clone().related(diagnostic.place, "also");
        }
    }
    kept
}

fn line(place: &Place, sources: &SourceMap) -> String {
    match sources.locate(place) {
        Some(located) => format!("{}:{}", located.file.name, located.span.start),
        None => format!("{place:?}"),
    }
}
