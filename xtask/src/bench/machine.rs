//! The machine: what it is, and how much of it others took while something was measured.

use super::process::ticks;
use anyhow::{Context, Result, ensure};
use procfs::{CpuInfo, Current, CurrentSI, KernelStats};
use std::process::Command;
use std::thread::available_parallelism;
use std::time::{Duration, Instant};

/// Where the proxies run.
pub(super) const PROXY_CPU: &str = "0";
/// Where the load generator and the backend run.
pub(super) const LOAD_CPU: &str = "1";
/// For what is a proxy and its load in one.
pub(super) const BOTH_CPUS: &str = "0,1";

/// The kernel's account of all CPUs at one moment.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moment {
    at: Instant,
    /// Time that programs and the kernel took.
    busy: Duration,
    /// Time that the hypervisor took away.
    steal: Duration,
}

/// What happened between two moments, as shares (0–1) of one CPU's wall time.
#[derive(Debug, Clone, Copy)]
pub(super) struct Window {
    /// Wall time.
    pub wall: Duration,
    /// Time that programs and the kernel took, all CPUs together.
    pub busy: Duration,
    /// Share of all CPUs' time that the hypervisor took away.
    pub steal: f64,
}

impl Moment {
    /// Now.
    pub(super) fn now() -> Result<Self> {
        let total = KernelStats::current().context("reading /proc/stat")?.total;
        let busy =
            total.user + total.nice + total.system + total.irq.unwrap_or(0) + total.softirq.unwrap_or(0);
        Ok(Moment { at: Instant::now(), busy: ticks(busy), steal: ticks(total.steal.unwrap_or(0)) })
    }

    /// From this moment until now.
    pub(super) fn until_now(&self) -> Result<Window> {
        let now = Moment::now()?;
        let wall = now.at - self.at;
        let cpus = cpus()?;
        let steal = now.steal.saturating_sub(self.steal).as_secs_f64() / (wall.as_secs_f64() * cpus);
        Ok(Window { wall, busy: now.busy.saturating_sub(self.busy), steal })
    }
}

/// How many CPUs there are.
pub(super) fn cpus() -> Result<f64> {
    let count = u32::try_from(available_parallelism()?.get())?;
    Ok(f64::from(count))
}

/// Refuses a machine on which the proxy and the load would share a CPU.
pub(super) fn check() -> Result<()> {
    let cpus = cpus()?;
    ensure!(
        cpus >= 2.0,
        "{cpus} CPU; the bench needs 2, one for the proxy and one for the load, or it measures their quarrel"
    );
    Ok(())
}

/// CPU, kernel and their number, in one line.
pub(super) fn describe() -> Result<String> {
    let info = CpuInfo::current()?;
    let model = info.model_name(0).unwrap_or("unknown CPU");
    Ok(format!("{} × {model}, Linux {}", cpus()?, first_line("uname", &["-r"])?))
}

/// The first line that a command writes, to either output.
pub(super) fn first_line(program: &str, arguments: &[&str]) -> Result<String> {
    let output = Command::new(program)
        .args(arguments)
        .output()
        .with_context(|| format!("starting `{program} {}`", arguments.join(" ")))?;
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&text);
    Ok(text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default().to_owned())
}
