//! Rounds of load: every proxy in each round, in an order that turns around, so that drift hits both sides of a ratio.

use super::load::Load;
use super::machine::{self, Moment};
use super::peer::Peer;
use super::process::{Program, Usage, ended_children};
use super::serving::{Bench, Serving};
use super::statistics::Quartiles;
use super::workload::Workload;
use anyhow::Result;
use std::path::Path;

/// Connections, caches and pools settle in this time.
const WARM_UP_SECONDS: u64 = 1;
/// A run is quiet when the hypervisor took less than this share of the machine's time, which is in a proxy's account …
const QUIET_STEAL: f64 = 0.03;
/// … and other programs less than this: not in the account, but in the caches.
const QUIET_OTHERS: f64 = 0.10;
/// At most so many rounds for one that was asked for, in search of quiet ones.
const PATIENCE: usize = 2;

/// One proxy under load once.
#[derive(Debug, Clone, Copy)]
pub(super) struct Run {
    pub peer: Peer,
    pub round: usize,
    /// CPU-seconds of the proxy per 100,000 requests.
    pub cpu: f64,
    /// Requests per second.
    pub rate: f64,
    /// Microseconds.
    pub p50: f64,
    /// Microseconds.
    pub p99: f64,
    /// Bytes.
    pub resident: u64,
    /// Share of its CPU that the proxy used; below about 0.9 the load was the limit, so compare `cpu`, not `rate`.
    pub utilisation: f64,
    /// Requests that went wrong.
    pub errors: f64,
    /// Share of the machine's time that the hypervisor took.
    pub steal: f64,
    /// Share of the machine's time that programs other than ours took.
    pub others: f64,
}

impl Run {
    /// Whether nobody disturbed it much.
    pub(super) fn is_quiet(&self) -> bool {
        self.steal < QUIET_STEAL && self.others < QUIET_OTHERS
    }
}

/// A ratio peer ÷ net-alb over the rounds.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ratio {
    pub peer: Peer,
    pub quartiles: Quartiles,
    /// How many rounds it is over.
    pub rounds: usize,
    /// Whether they were all quiet; if too few were, it is over all rounds.
    pub quiet: bool,
}

/// Measures one workload on every peer that can do it.
pub(super) fn measure(bench: &Bench, root: &Path, workload: Workload) -> Result<Vec<Run>> {
    let routing = workload.routing();
    let load = Load::new(workload, root, bench.folder())?;
    let mut proxies = Vec::new();
    for (peer, binary) in bench.peers.iter().filter(|(peer, _)| peer.speaks(workload.front())) {
        let mut serving = bench.serve(*peer, binary, &routing, workload)?;
        serving.verify(&routing, workload)?;
        serving.warm_up(&load, workload)?;
        proxies.push(serving);
    }
    let stage = Stage { backend: &bench.backend(workload)?.program, load, seconds: bench.seconds };
    let mut runs = Vec::new();
    for round in 0..bench.rounds * PATIENCE {
        for serving in &proxies {
            runs.push(run(&stage, serving, round)?);
        }
        proxies.reverse();
        if round + 1 >= bench.rounds && ratios(&runs, bench.rounds).iter().all(|ratio| ratio.quiet) {
            break;
        }
    }
    Ok(runs)
}

/// What is around the proxies of a workload.
struct Stage<'a> {
    backend: &'a Program,
    load: Load,
    seconds: u64,
}

fn run(stage: &Stage<'_>, serving: &Serving, round: usize) -> Result<Run> {
    stage.load.run(&serving.site, WARM_UP_SECONDS)?;
    let before = Account::now(&serving.program, stage.backend)?;
    let moment = Moment::now()?;
    let figures = stage.load.run(&serving.site, stage.seconds)?;
    let window = moment.until_now()?;
    let after = Account::now(&serving.program, stage.backend)?;
    let proxy = after.proxy.cpu.saturating_sub(before.proxy.cpu).as_secs_f64();
    let ours = proxy + after.load - before.load;
    let others = (window.busy.as_secs_f64() - ours) / (window.wall.as_secs_f64() * machine::cpus()?);
    let run = Run {
        peer: serving.peer,
        round,
        cpu: proxy / figures.requests * 1e5,
        rate: figures.requests / figures.seconds,
        p50: figures.p50,
        p99: figures.p99,
        resident: after.proxy.resident,
        utilisation: proxy / figures.seconds,
        errors: figures.errors,
        steal: window.steal,
        others: others.max(0.0),
    };
    println!(
        "  round {round} {:<8} {:7.3} s/100k {:7.0}/s, {} errors, steal {:.1}%, others {:.1}%",
        run.peer.title(),
        run.cpu,
        run.rate,
        run.errors,
        run.steal * 100.0,
        run.others * 100.0
    );
    Ok(run)
}

/// CPU time until now.
struct Account {
    proxy: Usage,
    /// Seconds of the backend and of every generator that has ended.
    load: f64,
}

impl Account {
    fn now(proxy: &Program, backend: &Program) -> Result<Self> {
        let load = backend.usage()?.cpu + ended_children()?;
        Ok(Account { proxy: proxy.usage()?, load: load.as_secs_f64() })
    }
}

/// Every peer against net-alb (or against the first one measured, without net-alb), round by round. Over quiet rounds
/// if there are `enough`, else over all.
pub(super) fn ratios(runs: &[Run], enough: usize) -> Vec<Ratio> {
    let Some(base) = peers(runs).first().copied() else { return Vec::new() };
    let ratio = |peer: Peer| {
        let pairs = pairs(runs, base, peer);
        let of =
            |pairs: &[(Run, Run)]| Quartiles::of(pairs.iter().map(|(ours, theirs)| theirs.cpu / ours.cpu));
        let quiet: Vec<_> =
            pairs.iter().copied().filter(|(ours, theirs)| ours.is_quiet() && theirs.is_quiet()).collect();
        let is_quiet = quiet.len() >= enough;
        let chosen = if is_quiet { quiet } else { pairs };
        Some(Ratio { peer, quartiles: of(&chosen)?, rounds: chosen.len(), quiet: is_quiet })
    };
    peers(runs).into_iter().filter(|peer| *peer != base).filter_map(ratio).collect()
}

/// Who was measured, net-alb first.
pub(super) fn peers(runs: &[Run]) -> Vec<Peer> {
    let mut peers: Vec<Peer> = runs.iter().map(|run| run.peer).collect();
    peers.sort();
    peers.dedup();
    peers
}

fn pairs(runs: &[Run], base: Peer, peer: Peer) -> Vec<(Run, Run)> {
    let of = |wanted: Peer, round: usize| runs.iter().find(|run| run.peer == wanted && run.round == round);
    let last = runs.iter().map(|run| run.round).max().unwrap_or(0);
    (0..=last).filter_map(|round| Some((*of(base, round)?, *of(peer, round)?))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One run a line: proxy, round, CPU, steal.
    fn runs(text: &str) -> Vec<Run> {
        let run = |line: &str| {
            let words: Vec<&str> = line.split_whitespace().collect();
            let number = |at: usize| words[at].parse::<f64>().unwrap();
            let peer = if words[0] == "ours" { Peer::NetAlb } else { Peer::Nginx };
            let round = words[1].parse().unwrap();
            let (cpu, steal) = (number(2), number(3));
            Run {
                peer,
                round,
                cpu,
                rate: 1.0,
                p50: 0.0,
                p99: 0.0,
                resident: 0,
                utilisation: 1.0,
                errors: 0.0,
                steal,
                others: 0.0,
            }
        };
        text.lines().map(run).collect()
    }

    const ROUNDS: &str =
        "ours 0 2.0 0\ntheirs 0 4.0 0\ntheirs 1 3.0 0\nours 1 2.0 0.5\nours 2 2.0 0\ntheirs 2 8.0 0";

    #[test]
    fn ratios_are_of_the_same_round_and_leave_disturbed_rounds_out() {
        let ratio = ratios(&runs(ROUNDS), 2)[0];
        assert!(ratio.quiet);
        assert_eq!((ratio.rounds, ratio.quartiles), (2, Quartiles::of([2.0, 4.0]).unwrap()));
    }

    #[test]
    fn too_few_quiet_rounds_are_no_reason_to_choose() {
        let ratio = ratios(&runs(ROUNDS), 3)[0];
        assert!(!ratio.quiet);
        assert_eq!((ratio.rounds, ratio.quartiles), (3, Quartiles::of([2.0, 1.5, 4.0]).unwrap()));
    }
}
