//! The reading of one file, and what it takes to say what became of its objects.

use super::super::object;
use super::super::piece::{Piece, pieces};
use super::super::source::{SourceFile, SourceMap};
use super::{FileId, Known, Saved, Stamp};
use net_alb_api::{Object, Packed};
use net_alb_diag::ObjectRef;
use std::collections::BTreeMap;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

/// The reading of one file.
pub(super) struct Round {
    pub(super) source: Arc<SourceFile>,
    /// The file's, once something has to be shown.
    pub(super) number: Option<usize>,
    pub(super) read: BTreeMap<(Arc<ObjectRef>, u64), Packed<Object>>,
    pub(super) changed: bool,
}

/// What is needed to say what became of objects.
pub(super) struct Settle<'a> {
    pub(super) id: &'a Arc<FileId>,
    pub(super) read: BTreeMap<(Arc<ObjectRef>, u64), Packed<Object>>,
    pub(super) source: Arc<SourceFile>,
    pub(super) is_broken: bool,
}

impl Round {
    pub(super) fn number(&mut self, sources: &mut SourceMap) -> usize {
        *self.number.get_or_insert_with(|| sources.add_file(Arc::clone(&self.source)))
    }

    pub(super) fn read_piece(&mut self, range: Range<usize>, digest: u64, saved: &mut Saved) -> Known {
        self.changed = true;
        let piece = Piece::read(&self.source.text, range);
        let problems = piece.all_problems();
        if !problems.is_empty() {
            let number = self.number(&mut saved.sources);
            for problem in problems {
                saved.diagnostics.push(saved.sources.diagnostic(number, piece.offset, problem));
            }
        }
        let (mut objects, mut refused) = (Vec::new(), Vec::new());
        for found in piece.found {
            let Some(object) = found.object else {
                refused.extend(object::reference(&found.node).map(Arc::new));
                continue;
            };
            let reference = Arc::new(object.to_ref());
            if !found.problems.is_empty() {
                saved.flawed.push((*reference).clone());
            }
            objects.push(Arc::clone(&reference));
            self.read.insert((reference, digest), Packed::new(&*object));
        }
        Known { digest, objects: objects.into(), refused: refused.into(), broken: piece.broken }
    }
}

/// The piece with this digest.
pub(super) fn find(text: &str, wanted: u64) -> Option<Piece> {
    let range = pieces(text).into_iter().find(|range| digest(&text[range.clone()]) == wanted)?;
    Some(Piece::read(text, range))
}

pub(super) fn digest(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

pub(super) fn stamp(path: &Path) -> Option<Stamp> {
    let metadata = fs::metadata(path).ok()?;
    Some((metadata.modified().ok()?, metadata.len()))
}
