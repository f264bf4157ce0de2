//! h2load: HTTP/2, and HTTP/1.1 with a connection for each request.

use crate::bench::load::Figures;
use crate::bench::serving::Site;
use crate::bench::workload::{PATH, REQUEST_HEADERS};
use anyhow::{Context, Result};
use std::fs;

/// As many as a page's worth of browsers.
const CONNECTIONS: u32 = 16;
const STREAMS: u32 = 32;
/// New connections in a period, which every proxy can keep up with: none is measured with a queue before it.
const NEW: (u64, u64) = (5, 10);

/// Connections that stay, with many streams.
pub(super) fn arguments(host: &str, site: &Site, seconds: u64) -> Vec<String> {
    let mut arguments = vec![
        format!("--clients={CONNECTIONS}"),
        format!("--max-concurrent-streams={STREAMS}"),
        format!("--duration={seconds}"),
        format!("--header=:authority: {host}"),
    ];
    arguments.extend(common(site));
    arguments
}

/// A connection, a TLS handshake and a request; and again.
pub(super) fn arguments_for_new_connections(host: &str, site: &Site, seconds: u64) -> Vec<String> {
    let (count, milliseconds) = NEW;
    let all = count * (seconds * 1000 / milliseconds);
    let mut arguments = vec![
        "--h1".to_owned(),
        format!("--clients={all}"),
        format!("--requests={all}"),
        format!("--rate={count}"),
        format!("--rate-period={milliseconds}ms"),
        format!("--header=:authority: {host}"),
    ];
    arguments.extend(common(site));
    arguments
}

fn common(site: &Site) -> Vec<String> {
    // It appends to its log.
    let log = site.folder.join("requests.tsv");
    let _ = fs::remove_file(&log);
    let mut arguments = vec!["--threads=1".to_owned(), format!("--log-file={}", log.display())];
    arguments.extend(REQUEST_HEADERS.iter().map(|(name, value)| format!("--header={name}: {value}")));
    arguments.push(format!("{}://127.0.0.1:{}{PATH}", site.scheme(), site.front_port()));
    arguments
}

/// Of its log: when each request began, its status, and how long it took, in microseconds. What h2load prints counts requests
/// that never began.
pub(super) fn figures(output: &str, site: &Site) -> Result<Figures> {
    let log = fs::read_to_string(site.folder.join("requests.tsv")).context("reading h2load's log")?;
    of_log(&log).with_context(|| format!("h2load:\n{output}"))
}

fn of_log(log: &str) -> Result<Figures> {
    let (mut begun, mut waits, mut errors) = ((u64::MAX, 0), Vec::new(), 0.0);
    for line in log.lines() {
        let numbers: Vec<i64> = line.split_whitespace().map(str::parse).collect::<Result<_, _>>()?;
        let [at, status, wait] = numbers[..] else { anyhow::bail!("its log has the line `{line}`") };
        let (at, wait) = (u64::try_from(at)?, u64::try_from(wait)?);
        begun = (begun.0.min(at), begun.1.max(at + wait));
        waits.push(wait);
        errors += if (200..400).contains(&status) { 0.0 } else { 1.0 };
    }
    waits.sort_unstable();
    let at = |percent: usize| waits.get(waits.len() * percent / 100).copied().unwrap_or_default();
    let number = |count: u64| u32::try_from(count).map(f64::from);
    Ok(Figures {
        requests: number(waits.len() as u64)?,
        seconds: number(begun.1.saturating_sub(begun.0))? / 1e6,
        p50: number(at(50))?,
        p99: number(at(99))?,
        errors,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_is_read_from_its_first_begin_to_its_last_end() {
        let log = "1000000\t200\t500\n1000100\t503\t200\n1500000\t200\t500000\n";
        let expected = Figures { requests: 3.0, seconds: 1.0, p50: 500.0, p99: 500_000.0, errors: 1.0 };
        assert_eq!(of_log(log).unwrap(), expected);
    }
}
