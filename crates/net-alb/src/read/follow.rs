//! Files that change: which objects are otherwise than they were. Of a file only digests and names are kept; its text is read
//! again where a message has to show a line of it.

mod round;

use super::files::{self, STDIN, Text, Unreadable, is_stdin};
use super::object::Found;
use super::piece::{Piece, pieces};
use super::source::{SourceFile, SourceMap};
use super::{open, twice};
use net_alb_api::{Object, Packed};
use net_alb_diag::{Diagnostic, ObjectRef};
use round::{Round, Settle, digest, find, stamp};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

/// A file, in the order in which files are read: of an object that stands twice the first one counts.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct FileId {
    /// The input that it belongs to; the standard input comes last.
    input: usize,
    path: PathBuf,
}

/// What is kept of a file.
#[derive(Debug, Default)]
struct File {
    /// To notice a change without reading.
    stamp: Option<Stamp>,
    pieces: Vec<Known>,
}

/// When a file was written, and how long it was.
type Stamp = (SystemTime, u64);

/// What is kept of a piece.
#[derive(Debug)]
struct Known {
    digest: u64,
    objects: Box<[Arc<ObjectRef>]>,
    /// Objects with a name that were refused.
    refused: Box<[Arc<ObjectRef>]>,
    broken: bool,
}

/// Where an object stands: a file, and the digest of its piece there.
type Stand = (Arc<FileId>, u64);

/// Every file that is followed.
#[derive(Debug)]
pub(crate) struct Files {
    inputs: Vec<PathBuf>,
    by_id: BTreeMap<Arc<FileId>, File>,
    stands: BTreeMap<Arc<ObjectRef>, Vec<Stand>>,
    /// Objects that stand nowhere at the moment, each with the file that somebody may be writing it to.
    missed: BTreeMap<Arc<ObjectRef>, Arc<FileId>>,
    stdin: Option<Vec<u8>>,
}

/// What was read of files that have changed.
#[derive(Debug, Default)]
pub(crate) struct Saved {
    /// New and changed objects; packed, since the first time it is all of them.
    pub(crate) put: Vec<(Arc<ObjectRef>, Packed<Object>)>,
    /// Objects that are gone.
    pub(crate) gone: Vec<ObjectRef>,
    /// Objects that can't be read now, of which an earlier version counts on.
    pub(crate) kept: Vec<ObjectRef>,
    /// Of those in `put`, objects of which a part couldn't be read: an earlier version is better.
    pub(crate) flawed: Vec<ObjectRef>,
    /// What is wrong with what was read.
    pub(crate) diagnostics: Vec<Diagnostic>,
    /// Where that is.
    pub(crate) sources: SourceMap,
    /// Whether any file was otherwise.
    pub(crate) any: bool,
}

impl Files {
    /// None has been read yet.
    pub(crate) fn new(inputs: Vec<PathBuf>) -> Files {
        let (by_id, stands, missed) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        Files { inputs, by_id, stands, missed, stdin: None }
    }

    /// Reads those of these files that are inputs or in one; for `None`, or a path that is no file of ours, looks at all of them.
    pub(crate) fn read(&mut self, paths: Option<&BTreeSet<PathBuf>>) -> Result<Saved, Unreadable> {
        let known = |path: &PathBuf| self.id_of(path);
        let ids: Option<Vec<_>> = paths.and_then(|paths| paths.iter().map(known).collect());
        let mut saved = Saved::default();
        if let Some(ids) = ids {
            for id in ids {
                self.read_file(&id, &mut saved)?;
            }
            return Ok(saved);
        }
        let listed = self.list()?;
        let gone: Vec<_> = self.by_id.keys().filter(|id| !listed.contains(id.as_ref())).cloned().collect();
        for id in gone {
            self.replace(&id, None, &mut saved);
        }
        for id in listed {
            let stamp = stamp(&id.path);
            if self.by_id.get(&id).is_none_or(|file| stamp.is_none() || file.stamp != stamp) {
                self.read_file(&Arc::new(id), &mut saved)?;
            }
        }
        Ok(saved)
    }

    /// Every file there is, each once.
    fn list(&self) -> Result<BTreeSet<FileId>, Unreadable> {
        let (mut seen, mut listed) = (BTreeSet::new(), BTreeSet::new());
        for (number, input) in self.inputs.iter().enumerate() {
            let number = if is_stdin(input) { self.inputs.len() } else { number };
            for path in files::files_of(input)? {
                if seen.insert(path.canonicalize().unwrap_or_else(|_| path.clone())) {
                    listed.insert(FileId { input: number, path });
                }
            }
        }
        Ok(listed)
    }

    /// The file of a path as a watcher tells it: one that is known, or a new one that would be read.
    fn id_of(&self, path: &Path) -> Option<Arc<FileId>> {
        let path = path.strip_prefix(".").unwrap_or(path);
        let ids = self.inputs.iter().enumerate().filter_map(|(input, root)| {
            let bare = root.strip_prefix(".").unwrap_or(root);
            let rest = path.strip_prefix(bare).ok()?;
            let path = if rest.as_os_str().is_empty() { root.clone() } else { root.join(rest) };
            Some(FileId { input, path })
        });
        let ids: Vec<_> = ids.collect();
        if let Some((known, _)) = ids.iter().find_map(|id| self.by_id.get_key_value(id)) {
            return Some(Arc::clone(known));
        }
        let is_new = |id: &FileId| {
            let hidden = id.path.components().any(|part| {
                let name = part.as_os_str().to_string_lossy();
                name.starts_with('.') && name.len() > 2
            });
            self.inputs[id.input].is_dir() && !hidden && files::is_yaml(&id.path) && id.path.is_file()
        };
        ids.into_iter().find(is_new).map(Arc::new)
    }

    fn read_file(&mut self, id: &Arc<FileId>, saved: &mut Saved) -> Result<(), Unreadable> {
        if is_stdin(&id.path) {
            if self.stdin.is_none() {
                let text = files::text(&id.path)?;
                self.stdin = Some(text.bytes.clone());
                self.replace(id, Some(text), saved);
            }
            return Ok(());
        }
        // Taken before the text, so that a change in between is noticed next time.
        let stamp = stamp(&id.path);
        let is_in_folder = self.inputs.get(id.input).is_some_and(|input| *input != id.path);
        match files::text(&id.path) {
            Ok(text) => self.replace(id, Some(text), saved),
            Err(unreadable) if is_in_folder && !id.path.exists() => {
                drop(unreadable);
                self.replace(id, None, saved);
            }
            Err(unreadable) => return Err(unreadable),
        }
        if let Some(file) = self.by_id.get_mut(id) {
            file.stamp = stamp;
        }
        Ok(())
    }

    /// Puts a file's text in place of the one before, or takes the file out.
    fn replace(&mut self, id: &Arc<FileId>, text: Option<Text>, saved: &mut Saved) {
        let is_there = text.is_some();
        let mut before = self.by_id.remove(id).unwrap_or_default().pieces;
        let text = text.unwrap_or(Text { name: String::new(), bytes: Vec::new() });
        let (source, problem) = open(text);
        let ranges = pieces(&source.text);
        let is_broken = is_there && ranges.is_empty();
        let mut round = Round { source, number: None, read: BTreeMap::new(), changed: false };
        if let Some(problem) = &problem {
            let number = round.number(&mut saved.sources);
            saved.diagnostics.push(saved.sources.diagnostic(number, 0, problem));
        }
        let mut after = Vec::new();
        let mut new = BTreeSet::new();
        before.reverse();
        for range in ranges {
            let digest = digest(&round.source.text[range.clone()]);
            // Nearly always the next one in row.
            if let Some(at) = before.iter().rposition(|known| known.digest == digest) {
                after.push(before.remove(at));
                continue;
            }
            let known = round.read_piece(range, digest, saved);
            new.extend(known.objects.iter().cloned());
            after.push(known);
        }
        round.changed |= !before.is_empty();
        let Round { read, changed, source, .. } = round;
        saved.any |= changed || is_broken;
        let old: BTreeSet<_> = before.iter().flat_map(|known| known.objects.iter().cloned()).collect();
        let touched: Vec<_> = old.union(&new).cloned().collect();
        let stood: Vec<_> = touched.iter().map(|object| self.stand(object)).collect();
        if is_there {
            self.by_id.insert(Arc::clone(id), File { stamp: None, pieces: after });
        }
        for known in before {
            known.objects.iter().for_each(|object| self.remove_stand(object, id, known.digest));
        }
        for known in self.by_id.get(id).into_iter().flat_map(|file| &file.pieces) {
            for object in known.objects.iter().filter(|object| new.contains(*object)) {
                let stands = self.stands.entry(Arc::clone(object)).or_insert_with(|| Vec::with_capacity(1));
                let stand = (Arc::clone(id), known.digest);
                if !stands.contains(&stand) {
                    stands.push(stand);
                }
            }
        }
        let mut settle = Settle { id, read, source, is_broken: is_broken || problem.is_some() };
        for (object, before) in touched.into_iter().zip(stood) {
            self.settle(&object, before.as_ref(), &mut settle, saved);
        }
        self.settle_missed(id, &settle, saved);
        for object in &new {
            self.check_twice(object, &settle, saved);
        }
    }

    /// Names an object of this file that stands before it already.
    fn check_twice(&self, object: &Arc<ObjectRef>, settle: &Settle<'_>, saved: &mut Saved) {
        let (Some(stands), Some(first)) = (self.stands.get(object), self.stand(object)) else { return };
        for stand in stands.iter().filter(|stand| **stand != first && stand.0 == *settle.id) {
            let Some(piece) = find(&settle.source.text, stand.1) else { continue };
            let is_it = |found: &&Found| found.object.as_ref().is_some_and(|o| o.to_ref() == **object);
            let Some(found) = piece.found.iter().find(is_it) else { continue };
            let number = saved.sources.file_number(&settle.source.name);
            let number = number.unwrap_or_else(|| saved.sources.add_file(Arc::clone(&settle.source)));
            let place = saved.sources.place(number, found.node.face().after(piece.offset));
            self.show([(**object).clone()], &mut saved.sources);
            let first = saved.sources.object_place(object);
            saved.diagnostics.push(twice(object, place, first));
        }
    }

    fn remove_stand(&mut self, object: &Arc<ObjectRef>, id: &Arc<FileId>, digest: u64) {
        if let Some(stands) = self.stands.get_mut(object) {
            stands.retain(|stand| *stand != (Arc::clone(id), digest));
            if stands.is_empty() {
                self.stands.remove(object);
            }
        }
    }

    /// Where the version of an object stands that counts.
    fn stand(&self, object: &ObjectRef) -> Option<Stand> {
        let stands = self.stands.get(object)?;
        if let [only] = stands.as_slice() {
            return Some(only.clone());
        }
        let place = |stand: &&Stand| {
            let pieces = self.by_id.get(&stand.0).map(|file| file.pieces.as_slice()).unwrap_or_default();
            (Arc::clone(&stand.0), pieces.iter().position(|known| known.digest == stand.1))
        };
        stands.iter().min_by_key(place).cloned()
    }

    /// Says what became of an object that came, went, or stands elsewhere now.
    fn settle(
        &mut self,
        object: &Arc<ObjectRef>,
        before: Option<&Stand>,
        settle: &mut Settle<'_>,
        saved: &mut Saved,
    ) {
        let after = self.stand(object);
        let is_missed = self.missed.contains_key(object);
        match after {
            Some(stand) if before == Some(&stand) && !is_missed => {}
            Some(stand) => {
                self.missed.remove(object);
                let read =
                    settle.read.remove(&(Arc::clone(object), stand.1)).filter(|_| stand.0 == *settle.id);
                let read = read.or_else(|| self.read_again(object, &stand, settle));
                saved.put.extend(read.map(|read| (Arc::clone(object), read)));
            }
            None => {
                let is_refused = self.by_id.get(settle.id).is_some_and(|file| file.refuses(object));
                if is_refused || settle.is_broken || self.is_broken(settle.id) {
                    self.missed.insert(Arc::clone(object), Arc::clone(settle.id));
                    saved.kept.push((**object).clone());
                } else {
                    saved.gone.push((**object).clone());
                }
            }
        }
    }

    /// Looks again at objects that were missed in this file.
    fn settle_missed(&mut self, id: &Arc<FileId>, settle: &Settle<'_>, saved: &mut Saved) {
        if settle.is_broken || self.is_broken(id) {
            let missed = self.missed.iter().filter(|(_, missing)| **missing == *id);
            let missed: Vec<_> = missed.map(|(object, _)| (**object).clone()).collect();
            let more: Vec<_> = missed.into_iter().filter(|object| !saved.kept.contains(object)).collect();
            saved.kept.extend(more);
            return;
        }
        let file = self.by_id.get(id);
        let given_up = self
            .missed
            .iter()
            .filter(|(object, missing)| **missing == *id && file.is_none_or(|file| !file.refuses(object)));
        for object in given_up.map(|(object, _)| Arc::clone(object)).collect::<Vec<_>>() {
            self.missed.remove(&object);
            saved.gone.push((*object).clone());
        }
    }

    fn is_broken(&self, id: &Arc<FileId>) -> bool {
        self.by_id.get(id).is_some_and(|file| file.pieces.iter().any(|known| known.broken))
    }

    /// An object that stands in a piece which wasn't read just now.
    fn read_again(&self, object: &ObjectRef, stand: &Stand, settle: &Settle<'_>) -> Option<Packed<Object>> {
        let source = if stand.0 == *settle.id { Arc::clone(&settle.source) } else { self.source(&stand.0)? };
        let piece = find(&source.text, stand.1)?;
        let objects = piece.found.into_iter().filter_map(|found| found.object);
        let found = objects.into_iter().find(|found| found.to_ref() == *object)?;
        Some(Packed::new(&*found))
    }

    fn source(&self, id: &FileId) -> Option<Arc<SourceFile>> {
        let text = match &self.stdin {
            Some(bytes) if is_stdin(&id.path) => Text { name: STDIN.to_owned(), bytes: bytes.clone() },
            _ => files::text(&id.path).ok()?,
        };
        Some(open(text).0)
    }

    /// Adds the lines of objects to what can be shown, for messages about them.
    pub(crate) fn show(&self, objects: impl IntoIterator<Item = ObjectRef>, sources: &mut SourceMap) {
        let mut by_file: BTreeMap<Arc<FileId>, BTreeMap<u64, BTreeSet<ObjectRef>>> = BTreeMap::new();
        for object in objects {
            if let Some((id, digest)) = self.stand(&object).filter(|_| !sources.has_object(&object)) {
                by_file.entry(id).or_default().entry(digest).or_default().insert(object);
            }
        }
        for (id, wanted) in by_file {
            let Some(source) = self.source(&id) else { continue };
            let number = sources.file_number(&source.name);
            let number = number.unwrap_or_else(|| sources.add_file(Arc::clone(&source)));
            for range in pieces(&source.text) {
                let Some(objects) = wanted.get(&digest(&source.text[range.clone()])) else { continue };
                let piece = Piece::read(&source.text, range);
                for found in piece.found {
                    let object = found.object.as_ref().map(|object| object.to_ref());
                    if let Some(object) = object.filter(|object| objects.contains(object)) {
                        sources.add_object(object, number, piece.offset, found.node);
                    }
                }
            }
        }
    }

    /// Every object that stands somewhere.
    pub(crate) fn objects(&self) -> impl Iterator<Item = &ObjectRef> {
        self.stands.keys().map(|object| &**object)
    }
}

impl File {
    fn refuses(&self, object: &ObjectRef) -> bool {
        self.pieces.iter().flat_map(|known| &known.refused).any(|refused| **refused == *object)
    }
}
