//! `cargo xtask scale`: what many KIngresses cost a networking layer, and how fast one more gets through.
//!
//! Both layers are measured in one run on one cluster, one after the other. Each KIngress has a Service and an
//! EndpointSlice of its own; all of them lead to two servers in this program, `a` and `b`.

mod client;
mod measure;
mod processes;
mod report;
mod spread;

use super::testbed::Testbed;
use super::{Layer, net_alb};
use anyhow::{Context, Result, ensure};
use clap::Args;
use measure::{Figures, Task};
use std::env;
use std::fs;
use std::path::{Path, PathBuf};

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// How many KIngresses there are, one measurement each
    #[arg(long, value_delimiter = ',', default_values_t = [1000, 3000], value_name = "N")]
    sizes: Vec<usize>,
    /// How often one more, one changed and one deleted are measured
    #[arg(long, default_value_t = 30, value_name = "N")]
    probes: usize,
    /// How long a phase may take, in seconds; what isn't done by then is reported as `> N s`
    #[arg(long, default_value_t = 600, value_name = "SECONDS")]
    limit: u64,
    /// How many replicas each process has, in both layers
    #[arg(long, default_value_t = 1, value_name = "N")]
    replicas: usize,
    /// Leave Kourier out, which takes minutes where net-alb takes seconds
    #[arg(long)]
    alone: bool,
    /// Kourier's largest size; beyond it, it takes very long
    #[arg(long, default_value_t = usize::MAX, hide_default_value = true, value_name = "N")]
    control_most: usize,
    /// The program to measure, in place of a release build of this checkout
    #[arg(long, value_name = "FILE")]
    net_alb: Option<PathBuf>,
    /// Write to bench/results, to be committed, and not to bench/out
    #[arg(long)]
    record: bool,
}

/// Set in the process that runs inside of the cluster's network: a [`Task`] as JSON.
const INSIDE: &str = "NET_ALB_SCALE_INSIDE";

/// What that process says to the one outside.
const FIGURES: &str = "figures ";

pub(crate) fn run(root: &Path, arguments: &Arguments) -> Result<()> {
    if let Ok(what) = env::var(INSIDE) {
        return inside(&what);
    }
    let testbed = Testbed::find(root).map_err(anyhow::Error::msg)?;
    let binary = net_alb(root, arguments.net_alb.as_ref())?;
    let layers = if arguments.alone { vec![Layer::NetAlb] } else { vec![Layer::NetAlb, Layer::Kourier] };
    let mut all = Vec::new();
    for layer in layers {
        for size in &arguments.sizes {
            if layer == Layer::Kourier && *size > arguments.control_most {
                continue;
            }
            // Every measurement begins with an empty cluster: the last one's objects would be deleted meanwhile.
            testbed.run(&["down"])?;
            testbed.run(&["conformance-ready"])?;
            layer.install(&testbed, &binary)?;
            println!("{}: {size} KIngresses", layer.name());
            let task = Task {
                layer: layer.name().to_owned(),
                size: *size,
                probes: arguments.probes,
                limit: arguments.limit,
                replicas: arguments.replicas,
            };
            all.push(measured(&testbed, &task)?);
            // What has been measured is kept, whatever becomes of the rest.
            write(root, arguments, &all)?;
        }
    }
    let file = write(root, arguments, &all)?;
    println!("\n{}\nwrote {}", report::Report::new(&all).markdown(), file.display());
    Ok(())
}

/// Writes the table and the plot; returns where the table is.
fn write(root: &Path, arguments: &Arguments, all: &[Figures]) -> Result<PathBuf> {
    let report = report::Report::new(all);
    let folder = root.join(if arguments.record { "bench/results" } else { "bench/out" });
    fs::create_dir_all(&folder)?;
    let file = folder.join("scale.md");
    fs::write(&file, report.markdown()).with_context(|| format!("writing {}", file.display()))?;
    fs::write(folder.join("scale.svg"), report.svg())?;
    Ok(file)
}

fn measured(testbed: &Testbed, task: &Task) -> Result<Figures> {
    let program = env::current_exe().context("finding this program")?;
    let what = format!("{INSIDE}={}", serde_json::to_string(task)?);
    let mut figures = None;
    let ended =
        testbed.lines(&["exec", "env", &what, &program.to_string_lossy(), "scale"], |line| {
            match line.strip_prefix(FIGURES) {
                Some(text) => figures = serde_json::from_str(text).ok(),
                None => println!("  {line}"),
            }
        })?;
    ensure!(ended, "the measurement of {} at {} failed", task.layer, task.size);
    figures.context("the measurement printed no figures")
}

/// The part of this program that the cluster's network is around.
fn inside(what: &str) -> Result<()> {
    let task: Task = serde_json::from_str(what).with_context(|| format!("{INSIDE} is no task"))?;
    let layer = [Layer::NetAlb, Layer::Kourier].into_iter().find(|one| one.name() == task.layer);
    let figures = measure::run(layer.context("no such layer")?, &task)?;
    println!("{FIGURES}{}", serde_json::to_string(&figures)?);
    Ok(())
}
