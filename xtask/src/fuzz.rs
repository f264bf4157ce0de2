//! `cargo xtask fuzz`: the fuzz targets, which every `cargo test` runs for a moment, for longer.

use anyhow::{Context, Result, bail};
use clap::Args;
use std::path::Path;
use std::process::Command;

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// How long each target runs
    #[arg(long, default_value_t = 60)]
    seconds: u64,
    /// One target by name; `cargo xtask fuzz --list` shows them
    target: Option<String>,
    /// Show the targets and what they try
    #[arg(long)]
    list: bool,
}

/// A test that bolero drives with random input.
struct Target {
    name: &'static str,
    what: &'static str,
    package: &'static str,
    /// Where cargo finds it: `--lib`, `--bins`, or `--test` and its name.
    place: &'static [&'static str],
    /// Its path in there.
    test: &'static str,
}

const TARGETS: &[Target] = &[
    Target {
        name: "request_parsing",
        what: "HTTP/1 requests, against hyper's reading of them",
        package: "net-alb-gateway",
        place: &["--lib"],
        test: "http1::fuzz::request_parsing",
    },
    Target {
        name: "request_parsing_of_any_bytes",
        what: "the same with any bytes",
        package: "net-alb-gateway",
        place: &["--lib"],
        test: "http1::fuzz::request_parsing_of_any_bytes",
    },
    Target {
        name: "chunked_bodies",
        what: "chunks, against the plainest reading of them",
        package: "net-alb-gateway",
        place: &["--lib"],
        test: "http1::fuzz::chunked_bodies",
    },
    Target {
        name: "annotation_decoding",
        what: "the JSON and YAML in annotations",
        package: "net-alb-api",
        place: &["--test", "fuzz"],
        test: "annotation_decoding",
    },
    Target {
        name: "yaml_reading",
        what: "files of manifests",
        package: "net-alb",
        place: &["--bins"],
        test: "read::fuzz::yaml_reading",
    },
    Target {
        name: "reading_of_any_bytes",
        what: "files of any bytes",
        package: "net-alb",
        place: &["--bins"],
        test: "read::fuzz::reading_of_any_bytes",
    },
    Target {
        name: "kingress_routing",
        what: "KIngresses through all stages: the table finds what a scan over all rules finds",
        package: "net-alb-gateway",
        place: &["--test", "fuzz"],
        test: "kingress_routing",
    },
];

/// Runs the targets that are asked for, and goes on after one that fails, to find more.
pub(crate) fn run(root: &Path, arguments: &Arguments) -> Result<()> {
    if arguments.list {
        for target in TARGETS {
            println!("{:<30}{}", target.name, target.what);
        }
        return Ok(());
    }
    let wanted = |target: &&Target| arguments.target.as_ref().is_none_or(|name| name == target.name);
    let targets: Vec<_> = TARGETS.iter().filter(wanted).collect();
    if targets.is_empty() {
        bail!("there is no such target; `cargo xtask fuzz --list` shows them");
    }
    let mut failed = Vec::new();
    for target in targets {
        println!("==> {}: {}", target.name, target.what);
        if !passes(root, target, arguments.seconds)? {
            failed.push(target.name);
        }
    }
    if !failed.is_empty() {
        bail!(
            "{} failed. The message names a seed: with BOLERO_RANDOM_SEED the same input comes again. Put what it \
             found into the corpus, or beside the target as a test, with the fix",
            failed.join(", ")
        );
    }
    Ok(())
}

fn passes(root: &Path, target: &Target, seconds: u64) -> Result<bool> {
    let mut command = Command::new("cargo");
    command.args(["test", "--locked", "--package", target.package]).args(target.place);
    command.args(["--", "--exact", target.test, "--nocapture"]).current_dir(root);
    command.env("BOLERO_RANDOM_TEST_TIME_MS", (seconds * 1000).to_string());
    command.env("BOLERO_RANDOM_ITERATIONS", u32::MAX.to_string());
    let status = command.status().with_context(|| format!("starting the target {}", target.name))?;
    Ok(status.success())
}
