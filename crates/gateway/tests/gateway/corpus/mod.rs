//! The corpus of malformed and odd requests: every file of `tests/corpus`, case by case, over real sockets.
//!
//! A case says what a client sends, what it gets, and what a backend has seen of it when all is over: nothing, or these bytes and
//! no others. `tests/corpus/README.md` describes the notation.

mod case;
mod http1;
pub(crate) mod http2;
mod http3;
mod recorder;

use case::Case;
use std::path::{Path, PathBuf};

/// Runs every case of a folder, and names all that fail.
fn run(folder: &str, least: usize, check: impl Fn(&Case) -> Result<(), String>) {
    let cases = read(folder);
    assert!(cases.len() >= least, "{} cases in `{folder}`: some have been lost", cases.len());
    let failures: Vec<_> = cases
        .iter()
        .filter_map(|case| check(case).err().map(|why| format!("{}: {}\n{why}\n", case.file, case.name)))
        .collect();
    let (failed, all) = (failures.len(), cases.len());
    assert!(failures.is_empty(), "{failed} of {all} cases of `{folder}` fail\n\n{}", failures.join("\n"));
}

/// The cases of all files in a folder of the corpus, in order.
fn read(folder: &str) -> Vec<Case> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus").join(folder);
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files.iter().flat_map(|file| case::parse(file)).collect()
}
