//! What was served last, object by object: an object that is refused keeps its last good version, and nobody else notices.

use crate::read::{Given, Reading, SourceMap};
use net_alb_diag::{Diagnostic, ObjectRef, Place, Severity};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The objects that are being served, and the files that they came from.
#[derive(Debug)]
pub(super) struct LastGood {
    objects: BTreeMap<ObjectRef, Given>,
    /// Objects of which only a part is served: no version to go back to.
    flawed: BTreeSet<ObjectRef>,
}

impl LastGood {
    /// What this reading holds is served from now on.
    pub(super) fn new(reading: &Reading, flawed: BTreeSet<ObjectRef>) -> Self {
        LastGood { objects: reading.objects.clone(), flawed }
    }

    /// Puts objects that can't be read now back in: refused ones by name, and in a file with a broken document all that
    /// are missing, since any of them may be what is broken. Returns which.
    pub(super) fn restore_unread(&self, reading: &mut Reading) -> Vec<ObjectRef> {
        let refused: BTreeSet<_> = reading.refused.iter().collect();
        let missing = self.objects.iter().filter(|(object, _)| !reading.objects.contains_key(object));
        let lost =
            missing.filter(|(object, good)| refused.contains(object) || reading.broken.contains(&good.file));
        let lost: Vec<_> = lost.map(|(object, good)| (object.clone(), good.clone())).collect();
        reading.objects.extend(lost.iter().cloned());
        lost.into_iter().map(|(object, _)| object).collect()
    }

    /// Puts back the objects of a file that a stage refused (itself or what was made of it) and that were otherwise when
    /// they were served. Returns which.
    pub(super) fn restore_refused(
        &self,
        reading: &mut Reading,
        diagnostics: &[Diagnostic],
        sources: &SourceMap,
    ) -> Vec<ObjectRef> {
        let mut restored = Vec::new();
        for root in refused(diagnostics, sources).difference(&self.flawed) {
            let (Some(good), Some(bad)) = (self.objects.get(root), reading.objects.get_mut(root)) else {
                continue;
            };
            let same = Arc::ptr_eq(&good.object, &bad.object)
                || good.object.to_value().ok() == bad.object.to_value().ok();
            if !same {
                *bad = good.clone();
                restored.push(root.clone());
            }
        }
        restored
    }
}

/// The objects of files that errors are about, themselves or by what was made of them.
pub(super) fn refused(diagnostics: &[Diagnostic], sources: &SourceMap) -> BTreeSet<ObjectRef> {
    let errors = diagnostics.iter().filter(|diagnostic| diagnostic.severity == Severity::Error);
    let objects = errors.filter_map(|diagnostic| match &diagnostic.place {
        Place::Field { object, .. } => Some(sources.root_of(object).clone()),
        _ => None,
    });
    objects.collect()
}
