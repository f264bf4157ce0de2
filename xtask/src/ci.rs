//! What CI runs, in the order in which it fails soonest.

use crate::h2spec;
use anyhow::{Context, Result, bail};
use std::path::Path;
use std::process::Command;

const STEPS: &[&[&str]] = &[
    &["cargo", "fmt", "--all", "--check"],
    &["cargo", "clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"],
    &["cargo", "xtask", "tidy"],
];

/// Runs every step; stops at the first that fails, and names it.
pub(crate) fn run(root: &Path) -> Result<()> {
    for step in STEPS {
        let command = step.join(" ");
        println!("==> {command}");
        let status = Command::new(step[0]).args(&step[1..]).current_dir(root).status();
        if !status.with_context(|| format!("starting `{command}`"))?.success() {
            bail!("`{command}` failed; run it by itself for the whole story");
        }
    }
    println!("==> cargo xtask h2spec");
    if h2spec::has_go() {
        return h2spec::run(root);
    }
    println!("left out: Go isn't installed, which h2spec is made of; HTTP/2 is checked by `cargo test` only");
    Ok(())
}
