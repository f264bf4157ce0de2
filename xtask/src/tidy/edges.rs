//! Which crate may know which: the table in ARCHITECTURE.md, held against the build graph.

use anyhow::{Context, Result};
use cargo_metadata::{DependencyKind, MetadataCommand};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// What a pure crate may never depend on: sockets, clocks, files.
const IMPURE: &[&str] = &["tokio", "hyper", "kube", "reqwest", "notify", "socket2", "rand"];
const PURE: &[&str] =
    &["net-alb-diag", "net-alb-api", "net-alb-convert", "net-alb-model", "net-alb-pipeline"];

pub(super) fn check(root: &Path) -> Result<Vec<String>> {
    let allowed = table(root)?;
    let metadata = MetadataCommand::new().current_dir(root).no_deps().exec()?;
    let mut complaints = Vec::new();
    for package in metadata.workspace_packages() {
        let name = package.name.as_str();
        if name == "xtask" || name == "net-alb-testkit" {
            continue;
        }
        let Some(may) = allowed.get(name) else {
            complaints.push(format!("crate {name} is missing in ARCHITECTURE.md's table of crates"));
            continue;
        };
        let normal = package.dependencies.iter().filter(|d| d.kind == DependencyKind::Normal);
        for dependency in normal {
            let known = dependency.name.as_str();
            if known.starts_with("net-alb-") && !may.contains(known) {
                complaints.push(format!("{name} may not know {known}; see ARCHITECTURE.md, \"Crates\""));
            }
            if PURE.contains(&name) && IMPURE.contains(&known) {
                complaints.push(format!("{name} is pure and may not know {known}"));
            }
        }
    }
    Ok(complaints)
}

/// Reads lines such as `| convert | stages 0 and 1 | api, diag |`.
fn table(root: &Path) -> Result<BTreeMap<String, BTreeSet<String>>> {
    let page = fs::read_to_string(root.join("ARCHITECTURE.md")).context("reading ARCHITECTURE.md")?;
    let (_, section) =
        page.split_once("\n## Crates\n").context("ARCHITECTURE.md has no section `## Crates`")?;
    let section = section.split("\n## ").next().unwrap_or_default();
    let full = |word: &str| match word {
        "net-alb" => word.to_owned(),
        word => format!("net-alb-{word}"),
    };
    let row = |line: &str| {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        let [_, name, _, knows, _] = cells[..] else { return None };
        let knows = knows.split(',').map(|word| full(word.trim())).collect();
        Some((full(name.trim_matches('`')), knows))
    };
    Ok(section.lines().filter_map(row).collect())
}
