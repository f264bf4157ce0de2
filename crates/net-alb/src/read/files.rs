//! Which files the command line means.

use std::collections::BTreeSet;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// A text and the name that messages give it.
#[derive(Debug, Clone)]
pub(crate) struct Text {
    pub(crate) name: String,
    pub(crate) bytes: Vec<u8>,
}

/// Something couldn't be read.
#[derive(Debug)]
pub(crate) struct Unreadable {
    pub(crate) path: PathBuf,
    pub(crate) error: io::Error,
}

/// What messages call the standard input.
pub(super) const STDIN: &str = "stdin";

/// Whether a path means the standard input.
pub(crate) fn is_stdin(path: &Path) -> bool {
    path == Path::new("-")
}

/// How deep folders are followed; a link that leads back into its own folder ends here.
const MAX_DEPTH: usize = 32;

/// Reads every file of `inputs`: files as they are, directories' `*.yaml`, `*.yml` and `*.json` at any depth in
/// sorted order, `-` for the standard input. A file that is named twice is read once.
pub(crate) fn texts(inputs: &[PathBuf]) -> Result<Vec<Text>, Unreadable> {
    let mut seen = BTreeSet::new();
    let mut texts = Vec::new();
    for path in files(inputs)? {
        if !seen.insert(path.canonicalize().unwrap_or_else(|_| path.clone())) {
            continue;
        }
        texts.push(text(&path)?);
    }
    Ok(texts)
}

/// Reads one file.
pub(super) fn text(path: &Path) -> Result<Text, Unreadable> {
    let (name, bytes) = if is_stdin(path) {
        let mut bytes = Vec::new();
        (STDIN.to_owned(), io::stdin().lock().read_to_end(&mut bytes).map(|_| bytes))
    } else {
        (path.display().to_string(), std::fs::read(path))
    };
    bytes.map(|bytes| Text { name, bytes }).map_err(|error| Unreadable { path: path.to_owned(), error })
}

/// The files that `inputs` stand for.
fn files(inputs: &[PathBuf]) -> Result<Vec<PathBuf>, Unreadable> {
    let each: Result<Vec<_>, _> = inputs.iter().map(|input| files_of(input)).collect();
    Ok(each?.concat())
}

/// The files that one of them stands for.
pub(super) fn files_of(input: &Path) -> Result<Vec<PathBuf>, Unreadable> {
    if is_stdin(input) || !input.is_dir() {
        return Ok(vec![input.to_owned()]);
    }
    let mut files = Vec::new();
    walk(input, 0, &mut files)?;
    Ok(files)
}

fn walk(directory: &Path, depth: usize, files: &mut Vec<PathBuf>) -> Result<(), Unreadable> {
    let unreadable = |error| Unreadable { path: directory.to_owned(), error };
    let mut entries = Vec::new();
    for entry in std::fs::read_dir(directory).map_err(unreadable)? {
        entries.push(entry.map_err(unreadable)?.path());
    }
    entries.sort();
    for path in entries {
        let hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
        if hidden {
            continue;
        }
        if path.is_dir() {
            if depth < MAX_DEPTH {
                walk(&path, depth + 1, files)?;
            }
        } else if is_yaml(&path) {
            files.push(path);
        }
    }
    Ok(())
}

/// Whether a directory's file is read.
pub(super) fn is_yaml(path: &Path) -> bool {
    path.extension().is_some_and(|end| end == "yaml" || end == "yml" || end == "json")
}
