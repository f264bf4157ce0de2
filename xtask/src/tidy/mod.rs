//! `cargo xtask tidy`: rules that no compiler knows. Each check returns complaints; a complaint says what to do.

mod codes;
mod edges;
mod sizes;
mod text;

use crate::generate;
use anyhow::{Context, Result, bail};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Runs every check and lists all complaints.
pub(crate) fn run(root: &Path) -> Result<()> {
    let files = tracked(root)?;
    let mut complaints = Vec::new();
    complaints.extend(sizes::check(root, &files)?);
    complaints.extend(edges::check(root)?);
    complaints.extend(codes::check(root, &files)?);
    complaints.extend(text::check(root, &files));
    complaints.extend(stale_pages(root)?);
    if complaints.is_empty() {
        println!("tidy: {} files, nothing to say", files.len());
        return Ok(());
    }
    for complaint in &complaints {
        eprintln!("tidy: {complaint}");
    }
    bail!("{} to mend", complaints.len())
}

/// Every file that git tracks or would add, relative to the root.
fn tracked(root: &Path) -> Result<Vec<PathBuf>> {
    let output = Command::new("git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard"])
        .current_dir(root)
        .output()
        .context("tidy asks git for the list of files")?;
    let list = String::from_utf8(output.stdout).context("file names are UTF-8")?;
    Ok(list.lines().map(PathBuf::from).filter(|file| root.join(file).is_file()).collect())
}

fn stale_pages(root: &Path) -> Result<Vec<String>> {
    let stale = |(path, text): &(&str, String)| {
        std::fs::read_to_string(root.join(path)).ok().as_deref() != Some(text)
    };
    let pages = generate::pages(root)?.into_iter().filter(stale);
    Ok(pages.map(|(path, _)| format!("{path} is stale; run `cargo xtask gen`")).collect())
}

/// Whether a file is Rust source of ours.
fn is_rust(file: &Path) -> bool {
    file.extension().is_some_and(|extension| extension == "rs")
}
