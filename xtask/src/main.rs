//! The project's own chores. `cargo xtask --help` lists them.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command-line program")]

mod bench;
mod chart;
mod ci;
mod cluster;
mod endure;
mod fuzz;
mod generate;
mod h2spec;
mod interop;
mod tidy;

use anyhow::Result;
use clap::{Parser, Subcommand};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

#[derive(Debug, Parser)]
#[command(name = "cargo xtask", about = "net-alb's own chores")]
struct Arguments {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Debug, Subcommand)]
enum Chore {
    /// Check what the compiler can't: sizes, crate edges, codes and their cases, generated pages, names, paths
    Tidy,
    /// Write the generated files again: `docs/reference/*.md`, `manifests/net-alb.yaml`
    Gen,
    /// What CI checks beside the tests: fmt, clippy, tidy, and h2spec where Go is
    Ci,
    /// Run h2spec's cases against `net-alb dev`, by HTTP and HTTPS; installs h2spec with Go
    H2spec,
    /// Run the fuzz targets, each for so long; without a target all of them, one after the other
    Fuzz(fuzz::Arguments),
    /// Measure net-alb beside nginx, HAProxy and Envoy, and write a report: see bench/README.md
    Bench(bench::Arguments),
    /// WebSocket's client and server of the bench, which starts them itself
    #[command(hide = true)]
    Websocket(bench::websocket::Arguments),
    /// Hold net-alb under ten thousand slow clients and huge bodies; check its memory and how long others wait
    Endure(endure::Arguments),
    /// Run Knative's own ingress conformance suite against net-alb: see testbed/README.md
    Conformance(cluster::conformance::Arguments),
    /// Run Knative Serving behind net-alb through the scenarios of `e2e/`
    E2e(cluster::e2e::Arguments),
    /// Let things go wrong in a cluster under a steady load, and count what fails
    Faults(cluster::faults::Arguments),
    /// Ask the gateway by independent HTTP/3 clients: see interop/README.md
    Interop,
    /// Measure many KIngresses in net-alb and in Kourier
    Scale(cluster::scale::Arguments),
}

fn main() -> ExitCode {
    match run(Arguments::parse().chore) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(chore: Chore) -> Result<()> {
    match chore {
        Chore::Tidy => tidy::run(&root()),
        Chore::Gen => generate::write(&root()),
        Chore::Ci => ci::run(&root()),
        Chore::H2spec => h2spec::run(&root()),
        Chore::Fuzz(arguments) => fuzz::run(&root(), &arguments),
        Chore::Bench(arguments) => bench::run(&root(), &arguments),
        Chore::Websocket(arguments) => bench::websocket::run(&arguments),
        Chore::Endure(arguments) => endure::run(&arguments),
        Chore::Conformance(arguments) => cluster::conformance::run(&root(), &arguments),
        Chore::E2e(arguments) => cluster::e2e::run(&root(), &arguments),
        Chore::Faults(arguments) => cluster::faults::run(&root(), &arguments),
        Chore::Interop => interop::run(&root()),
        Chore::Scale(arguments) => cluster::scale::run(&root(), &arguments),
    }
}

/// The workspace's folder.
fn root() -> PathBuf {
    let xtask = Path::new(env!("CARGO_MANIFEST_DIR"));
    xtask.parent().expect("xtask is a folder of the workspace").to_owned()
}
