//! Load, by wrk.

use super::machine::LOAD_CPU;
use super::process::Program;
use anyhow::{Context, Result, ensure};
use std::path::Path;
use std::time::Duration;

/// Connections that are kept alive, and busy.
const CONNECTIONS: u32 = 64;
/// wrk may need this much longer than it was told.
const GRACE: Duration = Duration::from_secs(20);

/// What wrk saw.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Figures {
    pub requests: f64,
    pub seconds: f64,
    /// Microseconds.
    pub p50: f64,
    /// Microseconds.
    pub p99: f64,
    /// Connections refused or broken, timeouts, answers over 399.
    pub errors: f64,
}

/// Loads the proxy on `port` for so many seconds with the requests of `script`.
pub(super) fn run(wrk: &Path, script: &Path, port: u16, seconds: u64) -> Result<Figures> {
    let folder = script.parent().context("the script is in a folder")?;
    let command = [
        &wrk.display().to_string(),
        "--threads=1",
        &format!("--connections={CONNECTIONS}"),
        &format!("--duration={seconds}s"),
        &format!("--script={}", script.display()),
        &format!("http://127.0.0.1:{port}/"),
    ]
    .map(str::to_owned);
    let mut program = Program::start("wrk", LOAD_CPU, &command, folder)?;
    let status = program.finish(Duration::from_secs(seconds) + GRACE)?;
    ensure!(status.success(), "wrk ended with {status}: {}", program.last_words());
    figures(&program.output()?)
}

/// Reads the line that our script prints at its end.
fn figures(output: &str) -> Result<Figures> {
    let line = output.lines().find_map(|line| line.strip_prefix("figures"));
    let line = line.with_context(|| format!("wrk printed no figures:\n{output}"))?;
    let numbers: Vec<f64> = line.split_whitespace().map(str::parse).collect::<Result<_, _>>()?;
    let [requests, microseconds, p50, p99, errors] = numbers[..] else {
        anyhow::bail!("wrk's figures are {numbers:?}, not five numbers");
    };
    ensure!(requests > 0.0, "wrk got no answer at all:\n{output}");
    Ok(Figures { requests, seconds: microseconds / 1e6, p50, p99, errors })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_stand_among_what_wrk_says_itself() {
        let output = "Running 1s test @ http://127.0.0.1:1/\nfigures\t41909\t1500000\t1250.5\t8710\t3\n";
        let expected = Figures { requests: 41_909.0, seconds: 1.5, p50: 1250.5, p99: 8710.0, errors: 3.0 };
        assert_eq!(figures(output).unwrap(), expected);
    }

    #[test]
    fn a_load_without_an_answer_is_no_measurement() {
        let silence = figures("figures 0 1000250 0 0 64").unwrap_err();
        assert!(silence.to_string().contains("no answer at all"), "{silence}");
    }
}
