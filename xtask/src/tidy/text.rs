//! What must not stand in the repository: names that say nothing, unfinished places, paths of somebody's machine.

use super::is_rust;
use std::fs;
use std::path::{Path, PathBuf};

const NAMELESS: &[&str] =
    &["util", "utils", "helper", "helpers", "common", "manager", "misc", "handler", "types", "traits"];

pub(super) fn check(root: &Path, files: &[PathBuf]) -> Vec<String> {
    // Put together here, so that this file doesn't complain about itself.
    let unfinished = [
        ["to", "do!("].concat(),
        ["unimple", "mented!("].concat(),
        ["FIX", "ME"].concat(),
        ["#[ig", "nore"].concat(),
    ];
    let machine = [["/ro", "ot/"].concat(), ["/wo", "rk/"].concat(), ["/home", "/"].concat()];
    let mut complaints = Vec::new();
    for file in files {
        let name = file.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
        if is_rust(file) && NAMELESS.contains(&name) {
            complaints.push(format!("{}: `{name}` says nothing; name what is in it", file.display()));
        }
        let Ok(text) = fs::read_to_string(root.join(file)) else { continue };
        for (i, line) in text.lines().enumerate() {
            let at = format!("{}:{}", file.display(), i + 1);
            if is_rust(file) && unfinished.iter().any(|word| line.contains(word.as_str())) {
                complaints.push(format!("{at}: unfinished; finish it or write an issue"));
            }
            if machine.iter().any(|path| line.contains(path.as_str())) {
                complaints.push(format!("{at}: a path of somebody's machine"));
            }
        }
    }
    complaints
}
