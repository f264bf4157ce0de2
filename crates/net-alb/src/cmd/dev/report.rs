//! What `dev` says about what it has read.

use crate::cmd::{is_route, print_report};
use crate::read::{Files, SourceMap};
use crate::render::{Style, without_repetition};
use net_alb_diag::{Diagnostic, ObjectRef, Place, Severity};
use net_alb_pipeline::Pipeline;
use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, Write};

/// Objects that are named one by one.
const NAMED: usize = 5;

/// What has been said: warnings and notes needn't be repeated as long as they hold.
#[derive(Debug, Default)]
pub(super) struct Heard(BTreeMap<Option<ObjectRef>, BTreeSet<u64>>);

impl Heard {
    /// Keeps what is said of an object, or of none, and returns what is worth saying: errors every time, since they are about
    /// what isn't served; the rest only when it's new.
    pub(super) fn news(&mut self, object: Option<ObjectRef>, said: Vec<Diagnostic>) -> Vec<Diagnostic> {
        let now = said.iter().map(digest).collect();
        let before = if said.is_empty() { self.0.remove(&object) } else { self.0.insert(object, now) };
        let before = before.unwrap_or_default();
        let is_new = |said: &Diagnostic| said.severity == Severity::Error || !before.contains(&digest(said));
        said.into_iter().filter(is_new).collect()
    }
}

fn digest(diagnostic: &Diagnostic) -> u64 {
    let mut hasher = DefaultHasher::new();
    format!("{:?} {diagnostic}", diagnostic.place).hash(&mut hasher);
    hasher.finish()
}

/// The object of a file that something was made of, itself if it's in a file.
pub(super) fn root_of(pipeline: &Pipeline, object: &ObjectRef) -> ObjectRef {
    let mut object = object.clone();
    while let Some(origin) = pipeline.origin_of(&object) {
        object = origin;
    }
    object
}

/// Prints diagnostics with the lines that they are about, which are read for this.
pub(super) fn print(
    said: Vec<Diagnostic>,
    mut sources: SourceMap,
    files: &Files,
    pipeline: &Pipeline,
) -> io::Result<()> {
    let mut roots = BTreeSet::new();
    for mut object in said.iter().flat_map(objects).cloned() {
        while let Some(origin) = pipeline.origin_of(&object) {
            sources.add_origin(object, origin.clone());
            object = origin;
        }
        roots.insert(object);
    }
    files.show(roots, &mut sources);
    let said = without_repetition(said, &sources);
    print_report(&mut anstream::stderr().lock(), &said, &sources, Style::Text)
}

fn objects(diagnostic: &Diagnostic) -> impl Iterator<Item = &ObjectRef> {
    let related = diagnostic.related.iter().map(|related| &related.place);
    [&diagnostic.place].into_iter().chain(related).filter_map(|place| match place {
        Place::Field { object, .. } => Some(object),
        _ => None,
    })
}

/// Names what goes on in an earlier version.
pub(super) fn print_kept(kept: &[ObjectRef]) -> io::Result<()> {
    let mut out = anstream::stderr().lock();
    let (served, others): (Vec<_>, Vec<_>) = kept.iter().partition(|object| is_route(object));
    for object in served.iter().take(NAMED) {
        writeln!(out, "{object} is served as it was before this change")?;
    }
    if served.len() > NAMED {
        writeln!(out, "… and {} more", served.len() - NAMED)?;
    }
    for object in others.iter().take(NAMED) {
        writeln!(out, "{object} counts as it was before this change")?;
    }
    if others.len() > NAMED {
        writeln!(out, "… and {} more", others.len() - NAMED)?;
    }
    if !kept.is_empty() {
        writeln!(out, "traffic is unharmed")?;
    }
    Ok(())
}
