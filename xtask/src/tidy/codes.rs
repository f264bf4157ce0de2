//! Every diagnostic code and every metric is used, and every code that refuses has a case that provokes it.

use super::is_rust;
use anyhow::Result;
use net_alb_diag::{Severity, codes};
use std::fs;
use std::path::{Path, PathBuf};

pub(super) fn check(root: &Path, files: &[PathBuf]) -> Result<Vec<String>> {
    let mut complaints = unprovoked(root, files)?;
    complaints.extend(unused(root, files, "crates/diag/src/codes", "code")?);
    complaints.extend(unused(root, files, "crates/diag/src/metrics", "metric")?);
    Ok(complaints)
}

/// A code that refuses is named in some case's `diagnostics.txt`, or in a transcript of the command line.
fn unprovoked(root: &Path, files: &[PathBuf]) -> Result<Vec<String>> {
    let mut goldens = String::new();
    for file in files {
        let golden = file.ends_with("diagnostics.txt") || file.starts_with("crates/net-alb/tests/cli");
        if golden {
            goldens += &fs::read_to_string(root.join(file))?;
        }
    }
    let refusing = codes::all().filter(|code| code.severity == Severity::Error);
    let silent = refusing.filter(|code| !goldens.contains(code.id));
    Ok(silent
        .map(|code| {
            format!(
                "{} refuses, but no case shows it; add `cases/refused-{}-…`",
                code.id,
                code.id.to_lowercase()
            )
        })
        .collect())
}

/// A registry's statics, by name, that no code outside of the registry mentions.
fn unused(root: &Path, files: &[PathBuf], folder: &str, what: &str) -> Result<Vec<String>> {
    let (mut registry, mut rest) = (String::new(), String::new());
    for file in files.iter().filter(|file| is_rust(file)) {
        let text = fs::read_to_string(root.join(file))?;
        if file.starts_with(folder) { registry += &text } else { rest += &text }
    }
    let names = registry.lines().filter_map(|line| line.strip_prefix("pub static ")?.split(':').next());
    let unused = names.filter(|name| !rest.contains(*name));
    Ok(unused.map(|name| format!("{what} {name} is used nowhere; delete it")).collect())
}
