//! ghz: unary gRPC calls.

use crate::bench::load::Figures;
use crate::bench::workload::REQUEST_HEADERS;
use anyhow::{Context, Result};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::Path;

const CONNECTIONS: u32 = 16;
const CALLS: u32 = 64;

pub(super) fn arguments(messages: &Path, host: &str, port: u16, seconds: u64) -> Vec<String> {
    // gRPC libraries say themselves who they are and what they accept.
    let fields = REQUEST_HEADERS.into_iter().filter(|(name, _)| ["Accept-Language", "Cookie"].contains(name));
    let metadata: BTreeMap<_, _> = fields.collect();
    vec![
        "--insecure".to_owned(),
        format!("--proto={}", messages.display()),
        "--call=grpc.health.v1.Health.Check".to_owned(),
        format!("--authority={host}"),
        format!("--metadata={}", serde_json::json!(metadata)),
        format!("--connections={CONNECTIONS}"),
        format!("--concurrency={CALLS}"),
        format!("--duration={seconds}s"),
        // A call that is under way at the end is waited for: it is no error.
        "--duration-stop=wait".to_owned(),
        "--format=json".to_owned(),
        format!("127.0.0.1:{port}"),
    ]
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Report {
    count: f64,
    /// Nanoseconds.
    total: f64,
    status_code_distribution: BTreeMap<String, f64>,
    latency_distribution: Option<Vec<Share>>,
}

#[derive(Deserialize)]
struct Share {
    percentage: u8,
    /// Nanoseconds.
    latency: f64,
}

pub(super) fn figures(output: &str) -> Result<Figures> {
    let report: Report = serde_json::from_str(output).with_context(|| format!("ghz:\n{output}"))?;
    let shares = report.latency_distribution.unwrap_or_default();
    let at = |wanted: u8| {
        shares.iter().find(|share| share.percentage == wanted).map_or(0.0, |share| share.latency / 1e3)
    };
    let good = report.status_code_distribution.get("OK").copied().unwrap_or_default();
    Ok(Figures {
        requests: report.count,
        seconds: report.total / 1e9,
        p50: at(50),
        p99: at(99),
        errors: report.count - good,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_other_than_ok_is_an_error() {
        let output = r#"{"count": 10, "total": 2000000000, "statusCodeDistribution": {"OK": 9, "Unavailable": 1},
            "latencyDistribution": [{"percentage": 50, "latency": 1500}, {"percentage": 99, "latency": 9000}]}"#;
        let expected = Figures { requests: 10.0, seconds: 2.0, p50: 1.5, p99: 9.0, errors: 1.0 };
        assert_eq!(figures(output).unwrap(), expected);
    }
}
