//! A file's text in pieces that can be read apart: a YAML document each, so that a change of one costs that one.

use super::object::{self, Found};
use super::parse;
use super::problem::Problem;
use super::tree::Node;
use std::ops::Range;

/// What a piece of a text holds, whatever the other pieces hold.
#[derive(Debug)]
pub(super) struct Piece {
    /// Where it begins, in bytes. Places inside count from there.
    pub(super) offset: usize,
    pub(super) problems: Vec<Problem>,
    pub(super) found: Vec<Found>,
    /// Whether its objects can't be told.
    pub(super) broken: bool,
}

/// Where the documents of a text are; those with nothing in them are left out. A line that begins with `---` ends a document
/// wherever it stands, also in a text of several lines (YAML 1.2.2, 9.1.2); where there are directives, which belong to what
/// comes next, the text is one piece.
pub(super) fn pieces(text: &str) -> Vec<Range<usize>> {
    let mut starts = vec![0];
    if !text.starts_with('%') && !text.contains("\n%") {
        let marks = text.match_indices("\n---");
        let is_mark = |at: &usize| text.as_bytes().get(at + 4).is_none_or(u8::is_ascii_whitespace);
        starts.extend(marks.map(|(at, _)| at).filter(is_mark).map(|at| at + 1));
    }
    let ends = starts.iter().copied().skip(1).chain([text.len()]);
    let all = starts.iter().copied().zip(ends).map(|(start, end)| start..end);
    all.filter(|range| !text[range.clone()].trim().is_empty()).collect()
}

impl Piece {
    /// Reads a piece of a text.
    pub(super) fn read(text: &str, range: Range<usize>) -> Piece {
        let offset = range.start;
        let text = &text[range];
        let (mut problems, mut found, mut broken) = (Vec::new(), Vec::new(), false);
        for document in parse::documents(text) {
            let usable = document.problems.iter().all(|problem| !problem.is_error());
            let root = document.root.filter(|root| usable || has_name(root));
            broken |= root.is_none() && !usable;
            let objects = root.map(|root| object::objects(text, &root)).unwrap_or_default();
            // A document with a key twice is an object that the API server refuses.
            found.extend(
                objects.into_iter().map(|found| Found { object: found.object.filter(|_| usable), ..found }),
            );
            problems.extend(document.problems);
        }
        Piece { offset, problems, found, broken }
    }

    /// Everything that is wrong with it, from its beginning to its end.
    pub(super) fn all_problems(&self) -> Vec<&Problem> {
        let mut problems: Vec<&Problem> = self.problems.iter().collect();
        problems.extend(self.found.iter().flat_map(|found| &found.problems));
        problems.sort_by_key(|problem| problem.span);
        problems
    }
}

fn has_name(root: &Node) -> bool {
    root.get("metadata").is_some_and(|metadata| metadata.get("name").is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_is_a_piece() {
        let text = "# nothing\n---\na: 1\n--- # two\nb: |\n  ---\n  x\n----\n---";
        let texts: Vec<_> = pieces(text).into_iter().map(|range| &text[range]).collect();
        assert_eq!(texts, ["# nothing\n", "---\na: 1\n", "--- # two\nb: |\n  ---\n  x\n----\n", "---"]);
        assert_eq!(pieces("%YAML 1.2\n---\na: 1\n---\nb: 1\n").len(), 1);
        assert!(pieces(" \n\n").is_empty());
    }
}
