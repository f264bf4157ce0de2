//! Which moments are worth looking at the files again: somebody saved one, or wants to stop.

use crate::read::is_stdin;
use notify::event::AccessKind;
use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender};
use std::time::{Duration, Instant};

/// Something that `dev` reacts to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Event {
    /// These files may have changed; `None` is any of them.
    Saved(Option<BTreeSet<PathBuf>>),
    /// Ctrl-C or SIGTERM.
    Stop,
}

/// An editor saves in several steps (write beside, rename, set times): quiet for so long means that it's done.
const QUIET: Duration = Duration::from_millis(30);
/// Somebody may write to the folder without end; that must not keep changes from being seen.
const PATIENCE: Duration = Duration::from_millis(500);

/// Sends [`Event::Saved`] when something happens in or beside `inputs`, until the watcher is dropped.
///
/// Folders are watched, not files: an editor that replaces a file by another of the same name would take a watched file
/// away.
pub(super) fn watch(inputs: &[PathBuf], events: Sender<Event>) -> notify::Result<RecommendedWatcher> {
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        let saved = match event {
            // Opening a file is an event too, ours included.
            Ok(event) if matches!(event.kind, EventKind::Access(AccessKind::Open(_))) => return,
            Ok(event) if event.need_rescan() => None,
            Ok(event) => Some(event.paths.into_iter().filter(|path| !is_hidden(path)).collect()),
            // Events were lost, so look at everything.
            Err(_) => None,
        };
        if saved.as_ref().is_none_or(|paths: &BTreeSet<_>| !paths.is_empty()) {
            let _ = events.send(Event::Saved(saved)); // nobody listens any more: `dev` is stopping
        }
    })?;
    for (folder, mode) in folders(inputs) {
        watcher.watch(&folder, mode)?;
    }
    Ok(watcher)
}

/// An editor's file beside the one that it edits. A name with two dots is how a mounted ConfigMap is swapped.
fn is_hidden(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.starts_with('.') && !name.starts_with("..")
}

fn folders(inputs: &[PathBuf]) -> BTreeMap<PathBuf, RecursiveMode> {
    let mut folders = BTreeMap::new();
    for input in inputs.iter().filter(|input| !is_stdin(input)) {
        if input.is_dir() {
            folders.insert(input.clone(), RecursiveMode::Recursive);
            continue;
        }
        let folder = input.parent().filter(|parent| !parent.as_os_str().is_empty());
        let folder = folder.unwrap_or(Path::new(".")).to_owned();
        folders.entry(folder).or_insert(RecursiveMode::NonRecursive);
    }
    folders
}

/// The next event, once a burst of saving is over.
pub(super) fn next(events: &Receiver<Event>) -> Event {
    let mut event = events.recv().unwrap_or(Event::Stop);
    let begun = Instant::now();
    while let Event::Saved(paths) = &mut event {
        if begun.elapsed() >= PATIENCE {
            break;
        }
        match events.recv_timeout(QUIET) {
            Ok(Event::Saved(Some(more))) => {
                if let Some(paths) = paths {
                    paths.extend(more);
                }
            }
            Ok(Event::Saved(None)) => *paths = None,
            Ok(Event::Stop) => return Event::Stop,
            Err(_) => break,
        }
    }
    event
}
