//! `cargo xtask faults`: what becomes of requests while something goes wrong.
//!
//! Two gateways and two controllers serve a steady load; meanwhile one thing after the other happens to them. Nothing may fail
//! but what a killed gateway was working on.

mod fault;
mod lab;
mod load;
mod secure;

use super::objects::host;
use super::testbed::Testbed;
use super::{Layer, net_alb};
use anyhow::{Result, ensure};
use clap::{Args, ValueEnum};
use fault::Fault;
use lab::{LOADED, Lab};
use load::{CLIENTS, Load};
use std::env;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Only these
    #[arg(value_enum)]
    faults: Vec<Fault>,
    /// Requests a second
    #[arg(long, default_value_t = 1000, value_name = "N")]
    rate: u32,
    /// The program to test, in place of a release build of this checkout
    #[arg(long, value_name = "FILE")]
    net_alb: Option<PathBuf>,
    /// Leave quietly where there is no root or no Go, as in some CI
    #[arg(long)]
    if_possible: bool,
}

/// Set in the process that runs inside of the cluster's network.
const INSIDE: &str = "NET_ALB_FAULTS_INSIDE";

/// Load before a fault, and after it is over.
const AROUND: Duration = Duration::from_secs(2);

/// Fails if anything failed that must not, after all of them have happened.
pub(crate) fn run(root: &Path, arguments: &Arguments) -> Result<()> {
    if env::var_os(INSIDE).is_some() {
        return inside(root, arguments);
    }
    let Some(testbed) = Testbed::start(root, "faults", arguments.if_possible)? else { return Ok(()) };
    Layer::NetAlb.install(&testbed, &net_alb(root, arguments.net_alb.as_ref())?)?;
    let program = env::current_exe()?;
    let mut again = vec!["exec".to_owned(), "env".to_owned(), format!("{INSIDE}=1")];
    again.extend([program.to_string_lossy().into_owned(), "faults".to_owned()]);
    again.extend(["--rate".to_owned(), arguments.rate.to_string()]);
    again.extend(arguments.chosen().iter().map(|fault| name(*fault)));
    testbed.run(&again.iter().map(String::as_str).collect::<Vec<_>>())
}

/// The part of this program that the cluster's network is around.
fn inside(root: &Path, arguments: &Arguments) -> Result<()> {
    let lab = Lab::prepare(root)?;
    println!("| what happens | s | requests | failed | connections refused, then made | p99 | seen |");
    println!("|---|---:|---:|---:|---:|---:|---|");
    let mut wrong = Vec::new();
    for fault in arguments.chosen() {
        wrong.extend(one(&lab, fault, arguments.rate));
    }
    for wrong in &wrong {
        println!("{wrong}");
    }
    ensure!(wrong.is_empty(), "{} of {} faults were noticed", wrong.len(), arguments.chosen().len());
    Ok(())
}

/// One row of the table; what was wrong with it.
fn one(lab: &Lab, fault: Fault, rate: u32) -> Option<String> {
    let began = Instant::now();
    let load = Load::begin(lab.gateway, &host(LOADED), rate);
    thread::sleep(AROUND);
    let seen = fault.happen(lab);
    thread::sleep(AROUND);
    let tally = load.end();
    let text = match &seen {
        Ok(seen) => seen.clone(),
        Err(error) => format!("{error:#}"),
    };
    println!(
        "| {} | {:.0} | {} | {} | {} | {:.0} ms | {} |",
        name(fault),
        began.elapsed().as_secs_f64(),
        tally.requests(),
        tally.failed.len(),
        tally.refused,
        tally.p99().as_secs_f64() * 1000.0,
        text.replace('|', "\\|").replace('\n', " ")
    );
    let may = if fault == Fault::GatewayKilled { CLIENTS as usize } else { 0 };
    if tally.failed.len() > may {
        let first: Vec<_> = tally.failed.iter().take(3).collect();
        return Some(format!("{}: {} requests failed, such as {first:?}", name(fault), tally.failed.len()));
    }
    seen.err().map(|error| format!("{}: {error:#}", name(fault)))
}

impl Arguments {
    fn chosen(&self) -> Vec<Fault> {
        match self.faults.as_slice() {
            [] => Fault::value_variants().to_vec(),
            some => some.to_vec(),
        }
    }
}

fn name(fault: Fault) -> String {
    fault.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
}
