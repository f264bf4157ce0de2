//! Programs that are measured: pinned to one CPU, each in a process group of its own, gone when their value is.

use anyhow::{Context, Result, bail};
use procfs::process::{Process, all_processes};
use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use std::fs::{self, File};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// How often a wait looks again.
const GLANCE: Duration = Duration::from_millis(5);
/// How long a program may take to end when asked.
const GRACE: Duration = Duration::from_secs(3);

/// A running program and whatever it started.
#[derive(Debug)]
pub(super) struct Program {
    child: Child,
    log: PathBuf,
}

/// What a program and all that it started have used.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Usage {
    /// CPU time of every process and thread since the program began, ended ones included.
    pub cpu: Duration,
    /// Resident memory, in bytes, of the largest process: nginx' master and worker share most of theirs.
    pub resident: u64,
}

impl Program {
    /// Starts `command` on these CPUs; both of its outputs go to `NAME.log` in `folder`.
    ///
    /// `setpriv --pdeathsig` ends it even when this program is killed and can't clean up.
    pub(super) fn start(name: &str, cpus: &str, command: &[String], folder: &Path) -> Result<Self> {
        let log = folder.join(format!("{name}.log"));
        let output = File::create(&log).with_context(|| format!("creating {}", log.display()))?;
        let child = Command::new("setpriv")
            .args(["--pdeathsig", "TERM", "taskset", "--cpu-list", cpus])
            .args(command)
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output)
            .process_group(0)
            .spawn()
            .with_context(|| format!("starting {name} with `setpriv` and `taskset` (Debian: util-linux)"))?;
        Ok(Program { child, log })
    }

    /// Sends a signal to the program itself, not to what it started.
    pub(super) fn signal(&self, signal: Signal) -> Result<()> {
        kill_process(self.pid(), signal).context("sending a signal to a peer")
    }

    /// Whether it still runs.
    pub(super) fn is_running(&mut self) -> Result<bool> {
        Ok(self.child.try_wait()?.is_none())
    }

    /// Waits for it to end by itself, at most so long.
    pub(super) fn finish(&mut self, limit: Duration) -> Result<ExitStatus> {
        let mut status = None;
        wait_until(limit, || {
            status = self.child.try_wait()?;
            Ok(status.is_some())
        })?;
        status.with_context(|| format!("still running after {limit:?}: {}", self.last_words()))
    }

    /// What it has used until now.
    pub(super) fn usage(&self) -> Result<Usage> {
        let mut usage = Usage::default();
        for process in self.group()? {
            // A process that ends meanwhile is in its parent's account at the next look.
            let Ok(one) = usage_of(&process) else { continue };
            usage.cpu += one.cpu;
            usage.resident = usage.resident.max(one.resident);
        }
        Ok(usage)
    }

    /// The end of its output, for a message.
    pub(super) fn last_words(&self) -> String {
        let text = fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(15)..].join("\n")
    }

    /// Everything that it has written.
    pub(super) fn output(&self) -> Result<String> {
        fs::read_to_string(&self.log).with_context(|| format!("reading {}", self.log.display()))
    }

    fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }

    fn group(&self) -> Result<Vec<Process>> {
        let group = self.pid().as_raw_nonzero().get();
        let in_group = |process: &Process| process.stat().is_ok_and(|stat| stat.pgrp == group);
        Ok(all_processes()?.filter_map(Result::ok).filter(in_group).collect())
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = kill_process_group(self.pid(), Signal::TERM);
        let end = Instant::now() + GRACE;
        while Instant::now() < end && matches!(self.child.try_wait(), Ok(None)) {
            thread::sleep(GLANCE);
        }
        let _ = kill_process_group(self.pid(), Signal::KILL);
        let _ = self.child.wait();
    }
}

fn usage_of(process: &Process) -> Result<Usage> {
    let mut nanoseconds = 0;
    for task in process.tasks()? {
        nanoseconds += task?.schedstat()?.sum_exec_runtime;
    }
    let stat = process.stat()?;
    let reaped = ticks(u64::try_from(stat.cutime + stat.cstime).unwrap_or_default());
    let resident = process.status()?.vmrss.unwrap_or_default() * 1024;
    Ok(Usage { cpu: Duration::from_nanos(nanoseconds) + reaped, resident })
}

/// The CPU time of programs that this one started and that have ended.
pub(super) fn ended_children() -> Result<Duration> {
    let stat = Process::myself()?.stat()?;
    Ok(ticks(u64::try_from(stat.cutime + stat.cstime).unwrap_or_default()))
}

/// The kernel's clock ticks as a time.
pub(super) fn ticks(count: u64) -> Duration {
    Duration::from_millis(count * 1000 / procfs::ticks_per_second())
}

/// Looks every few milliseconds until `done` says so. False when `limit` is over; an error when the user interrupts.
pub(super) fn wait_until(limit: Duration, mut done: impl FnMut() -> Result<bool>) -> Result<bool> {
    let end = Instant::now() + limit;
    loop {
        if interruption()?.load(Ordering::Relaxed) {
            bail!("interrupted; every program that was started is stopped");
        }
        if done()? {
            return Ok(true);
        }
        if Instant::now() >= end {
            return Ok(false);
        }
        thread::sleep(GLANCE);
    }
}

/// Set by Ctrl-C and SIGTERM, so that temporary folders are removed and programs stopped on the way out.
pub(super) fn interruption() -> Result<&'static Arc<AtomicBool>> {
    static FLAG: OnceLock<Arc<AtomicBool>> = OnceLock::new();
    if let Some(flag) = FLAG.get() {
        return Ok(flag);
    }
    let flag = Arc::new(AtomicBool::new(false));
    for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
        signal_hook::flag::register(signal, Arc::clone(&flag)).context("catching Ctrl-C")?;
    }
    Ok(FLAG.get_or_init(|| flag))
}
