//! oha: HTTP/3.

use crate::bench::load::Figures;
use crate::bench::workload::{PATH, REQUEST_HEADERS};
use anyhow::{Context, Result};
use serde::Deserialize;
use std::collections::BTreeMap;

const CONNECTIONS: u32 = 16;
const STREAMS: u32 = 4;

pub(super) fn arguments(host: &str, port: u16, seconds: u64) -> Vec<String> {
    let mut arguments = vec![
        "--http-version=3".to_owned(),
        "--insecure".to_owned(),
        "--no-tui".to_owned(),
        "--output-format=json".to_owned(),
        format!("--connect-to={host}:{port}:127.0.0.1:{port}"),
        format!("-c{CONNECTIONS}"),
        format!("-p{STREAMS}"),
        format!("-z{seconds}s"),
    ];
    arguments.extend(
        REQUEST_HEADERS.iter().flat_map(|(name, value)| ["-H".to_owned(), format!("{name}: {value}")]),
    );
    arguments.push(format!("https://{host}:{port}{PATH}"));
    arguments
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Report {
    summary: Summary,
    /// Seconds.
    latency_percentiles: BTreeMap<String, f64>,
    status_code_distribution: BTreeMap<u16, f64>,
    error_distribution: BTreeMap<String, f64>,
}

#[derive(Deserialize)]
struct Summary {
    /// Seconds.
    total: f64,
}

pub(super) fn figures(output: &str) -> Result<Figures> {
    let report: Report = serde_json::from_str(output).with_context(|| format!("oha:\n{output}"))?;
    let at = |wanted: &str| report.latency_percentiles.get(wanted).copied().unwrap_or_default() * 1e6;
    let answers: f64 = report.status_code_distribution.values().sum();
    let good: f64 = report.status_code_distribution.range(200..400).map(|(_, count)| count).sum();
    let broken: f64 = report.error_distribution.values().sum();
    Ok(Figures {
        requests: answers,
        seconds: report.summary.total,
        p50: at("p50"),
        p99: at("p99"),
        errors: answers - good + broken,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_over_399_and_broken_connections_are_errors() {
        let output = r#"{"summary": {"total": 2.0}, "latencyPercentiles": {"p50": 0.001, "p99": 0.004},
            "statusCodeDistribution": {"200": 8, "503": 1}, "errorDistribution": {"timeout": 2}}"#;
        let expected = Figures { requests: 9.0, seconds: 2.0, p50: 1000.0, p99: 4000.0, errors: 3.0 };
        assert_eq!(figures(output).unwrap(), expected);
    }
}
