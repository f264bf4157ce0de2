//! The report: one table of ratios, then what it is made of.

use super::change::Change;
use super::machine;
use super::peer::Peer;
use super::rounds::{Ratio, Run, peers, ratios};
use super::serving::Bench;
use super::statistics::{Quartiles, median};
use super::workload::Workload;
use anyhow::Result;
use std::fmt::Write;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

/// Everything that was measured.
#[derive(Debug)]
pub(super) struct Report {
    /// Of its files: the day.
    pub name: String,
    /// Machine, commit, versions: one line each.
    circumstances: Vec<String>,
    /// Rounds that were asked for.
    rounds: usize,
    pub runs: Vec<(Workload, Vec<Run>)>,
    pub changes: Vec<Change>,
    /// What the gateway's own example printed about a change without files; empty if it didn't run.
    pub in_process: String,
}

impl Report {
    /// An empty one, which knows where it is.
    pub(super) fn new(root: &Path, bench: &Bench) -> Result<Self> {
        let mut circumstances = vec![machine::describe()?, format!("net-alb at {}", commit(root)?)];
        for (peer, binary) in &bench.peers {
            let version = machine::first_line(&binary.display().to_string(), &[peer.version_flag()])?;
            let version = version.replace(&binary.display().to_string(), peer.name());
            circumstances.push(format!("{}: {version}", peer.title()));
        }
        circumstances.push(format!("{} rounds of {} s", bench.rounds, bench.seconds));
        let name = machine::first_line("date", &["-u", "+%Y-%m-%d"])?;
        Ok(Report {
            name,
            circumstances,
            rounds: bench.rounds,
            runs: Vec::new(),
            changes: Vec::new(),
            in_process: String::new(),
        })
    }

    /// Ratios of a workload's runs.
    pub(super) fn ratios(&self, runs: &[Run]) -> Vec<Ratio> {
        ratios(runs, self.rounds)
    }

    /// Who was measured, net-alb first.
    fn peers(&self) -> Vec<Peer> {
        let runs = self.runs.iter().flat_map(|(_, runs)| runs.iter().copied());
        peers(&runs.collect::<Vec<_>>())
    }

    /// What the others are divided by: net-alb, if it was measured.
    pub(super) fn base(&self) -> Option<Peer> {
        self.peers().first().copied()
    }

    /// As a page.
    pub(super) fn markdown(&self) -> String {
        let mut page = format!("# Measured on {}\n\n", self.name);
        for line in &self.circumstances {
            let _ = writeln!(page, "- {line}");
        }
        page += "\nHow it was measured, and how to read it: [bench/README.md](../README.md).\n";
        if !self.runs.is_empty() {
            page += &self.ratio_table();
        }
        for (workload, runs) in &self.runs {
            page += &workload_section(*workload, runs);
        }
        if !self.changes.is_empty() {
            page += &change_section(&self.changes);
        }
        if !self.in_process.is_empty() {
            let heading = "One route of 10,000 changed by a call of net-alb's gateway, in process";
            let _ = write!(page, "\n## {heading}\n\n{}", self.in_process);
        }
        page
    }

    /// One table of ratios: a row a workload, a column a peer.
    fn ratio_table(&self) -> String {
        let base = self.base().map_or("", Peer::title);
        let others: Vec<Peer> = self.peers().into_iter().skip(1).collect();
        let mut table = format!(
            "\n## CPU per request, peer ÷ {base}\n\nMedian [quartiles] over paired rounds; above 1, {base} needs \
             less CPU. A promise is what net-alb demands of itself.\n\n![ratios]({}.svg)\n\n| workload |",
            self.name
        );
        for peer in &others {
            let _ = write!(table, " {} |", peer.title());
        }
        let _ = write!(table, "\n|---|{}\n", "---|".repeat(others.len()));
        for (workload, runs) in &self.runs {
            let _ = write!(table, "| {} |", workload.title());
            let ratios = self.ratios(runs);
            for peer in &others {
                let ratio = ratios.iter().find(|ratio| ratio.peer == *peer);
                let cell = ratio.map_or_else(|| "–".to_owned(), |ratio| cell(*workload, ratio, base));
                let _ = write!(table, " {cell} |");
            }
            table.push('\n');
        }
        table
    }

    /// Every single run, for whoever wants to compute otherwise.
    pub(super) fn csv(&self) -> String {
        let mut text = String::from(
            "workload,round,proxy,cpu_seconds_per_100k,requests_per_second,p50_us,p99_us,resident_bytes,utilisation,\
             errors,steal,others\n",
        );
        for (workload, runs) in &self.runs {
            for run in runs {
                let _ = writeln!(
                    text,
                    "{},{},{},{:.4},{:.0},{:.0},{:.0},{},{:.3},{},{:.4},{:.4}",
                    workload.name(),
                    run.round,
                    run.peer.name(),
                    run.cpu,
                    run.rate,
                    run.p50,
                    run.p99,
                    run.resident,
                    run.utilisation,
                    run.errors,
                    run.steal,
                    run.others
                );
            }
        }
        text
    }
}

fn cell(workload: Workload, ratio: &Ratio, base: &str) -> String {
    let Quartiles { lower, median, upper } = ratio.quartiles;
    let mut cell = format!("**{median:.2}** [{lower:.2}–{upper:.2}]");
    if let Some(promise) = workload.promise(ratio.peer).filter(|_| base == Peer::NetAlb.title()) {
        let verdict = if median >= promise { "kept" } else { "**broken**" };
        let _ = write!(cell, ", ≥ {promise} {verdict}");
    }
    if !ratio.quiet {
        let _ = write!(cell, " (noisy: {} rounds, all of them)", ratio.rounds);
    }
    cell
}

fn workload_section(workload: Workload, runs: &[Run]) -> String {
    let mut section = format!(
        "\n## {}\n\n| proxy | CPU s/100k | spread | req/s | CPU used | p50 ms | p99 ms | RSS MiB | errors |\n\
         |---|---|---|---|---|---|---|---|---|\n",
        workload.title()
    );
    for peer in peers(runs) {
        let of = |figure: fn(&Run) -> f64| runs.iter().filter(move |run| run.peer == peer).map(figure);
        let Some(cpu) = Quartiles::of(of(|run| run.cpu)) else { continue };
        let _ = writeln!(
            section,
            "| {} | {:.3} | {:.0}% | {:.0} | {:.0}% | {:.2} | {:.2} | {} | {:.0} |",
            peer.title(),
            cpu.median,
            cpu.spread() * 100.0,
            median(of(|run| run.rate)),
            median(of(|run| run.utilisation)) * 100.0,
            median(of(|run| run.p50)) / 1e3,
            median(of(|run| run.p99)) / 1e3,
            memory(workload, peer, runs),
            of(|run| run.errors).sum::<f64>()
        );
    }
    section + &noise(runs)
}

fn memory(workload: Workload, peer: Peer, runs: &[Run]) -> String {
    let largest = runs.iter().filter(|run| run.peer == peer).map(|run| run.resident).max().unwrap_or(0);
    let promise = workload.promised_memory().filter(|_| peer == Peer::NetAlb);
    let verdict = promise.map(|promise| {
        let verdict = if largest <= promise { "kept" } else { "**broken**" };
        format!(", ≤ {} {verdict}", promise >> 20)
    });
    format!("{}{}", largest >> 20, verdict.unwrap_or_default())
}

/// How far the machine disturbed the runs.
fn noise(runs: &[Run]) -> String {
    let of = |figure: fn(&Run) -> f64| {
        let values = runs.iter().map(figure);
        (median(values.clone()) * 100.0, values.fold(0.0, f64::max) * 100.0)
    };
    let (steal, others) = (of(|run| run.steal), of(|run| run.others));
    let quiet = runs.iter().filter(|run| run.is_quiet()).count();
    format!(
        "\nNoise: {quiet} of {} runs quiet; steal {:.1}% (most {:.1}%), other programs {:.1}% (most {:.1}%).\n",
        runs.len(),
        steal.0,
        steal.1,
        others.0,
        others.1
    )
}

fn change_section(changes: &[Change]) -> String {
    let mut section = String::from(
        "\n## One route of 10,000 changed in the configuration file\n\n\
         | proxy | in effect after ms | CPU ms | idle connections closed (of 32) |\n|---|---|---|---|\n",
    );
    let mut peers: Vec<Peer> = changes.iter().map(|change| change.peer).collect();
    peers.dedup();
    for peer in peers {
        let of = |figure: fn(&Change) -> f64| {
            let figures = changes.iter().filter(|change| change.peer == peer).map(figure);
            Quartiles::of(figures).map_or_else(String::new, |figure| {
                format!("**{:.1}** [{:.1}–{:.1}]", figure.median, figure.lower, figure.upper)
            })
        };
        let closed = changes.iter().filter(|change| change.peer == peer).map(|change| change.closed).max();
        let _ = writeln!(
            section,
            "| {} | {} | {} | {} |",
            peer.title(),
            of(|change| milliseconds(change.effect)),
            of(|change| milliseconds(change.cpu)),
            closed.unwrap_or(0)
        );
    }
    section
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// The commit, and whether the files are other than it.
fn commit(root: &Path) -> Result<String> {
    let git = |arguments: &[&str]| -> Result<String> {
        let output = Command::new("git").args(arguments).current_dir(root).output()?;
        Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    let changed = git(&["status", "--porcelain", "--untracked-files=no"])?;
    let changed = if changed.is_empty() { "" } else { ", with changes that aren't committed" };
    Ok(format!("{}{changed}", git(&["rev-parse", "--short", "HEAD"])?))
}
