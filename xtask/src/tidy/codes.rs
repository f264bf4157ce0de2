//! Every diagnostic code is used, and every one that refuses has a case that provokes it.

use super::is_rust;
use anyhow::Result;
use net_alb_diag::{Code, Severity, codes};
use std::fs;
use std::path::{Path, PathBuf};

pub(super) fn check(root: &Path, files: &[PathBuf]) -> Result<Vec<String>> {
    let mut complaints = unprovoked(root, files)?;
    complaints.extend(unused(root, files)?);
    Ok(complaints)
}

/// A code that refuses is named in some case's `diagnostics.txt`, or in a transcript of the command line. The gateway's
/// own guard a model that `build` would refuse first, so no file gets that far: they're named in its tests.
fn unprovoked(root: &Path, files: &[PathBuf]) -> Result<Vec<String>> {
    let mut goldens = String::new();
    let mut gateway_tests = String::new();
    for file in files {
        let golden = file.ends_with("diagnostics.txt") || file.starts_with("crates/net-alb/tests/cli");
        if golden {
            goldens += &fs::read_to_string(root.join(file))?;
        } else if file.starts_with("crates/gateway") && file.ends_with("tests.rs") {
            gateway_tests += &fs::read_to_string(root.join(file))?;
        }
    }
    let guarded = |code: &Code| code.id.starts_with("NA3") && gateway_tests.contains(&shout(code.reason));
    let refusing = codes::all().filter(|code| code.severity == Severity::Error);
    let silent = refusing.filter(|code| !goldens.contains(code.id) && !guarded(code));
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

/// `BadNetwork` as the registry's static spells it: `BAD_NETWORK`.
fn shout(reason: &str) -> String {
    let mut name = String::new();
    for (i, letter) in reason.chars().enumerate() {
        if i > 0 && letter.is_ascii_uppercase() {
            name.push('_');
        }
        name.push(letter.to_ascii_uppercase());
    }
    name
}

/// The registry's statics, by name, that no code outside of the registry mentions.
fn unused(root: &Path, files: &[PathBuf]) -> Result<Vec<String>> {
    let (mut registry, mut rest) = (String::new(), String::new());
    for file in files.iter().filter(|file| is_rust(file)) {
        let text = fs::read_to_string(root.join(file))?;
        if file.starts_with("crates/diag/src/codes") { registry += &text } else { rest += &text }
    }
    let names = registry.lines().filter_map(|line| line.strip_prefix("pub static ")?.split(':').next());
    let unused = names.filter(|name| !rest.contains(*name));
    Ok(unused.map(|name| format!("code {name} is used nowhere; delete it")).collect())
}
