//! wrk: HTTP/1.1 with keep-alive.

use crate::bench::load::Figures;
use crate::bench::serving::Site;
use anyhow::{Context, Result};
use std::path::Path;

/// Connections that are kept alive, and busy.
const CONNECTIONS: u32 = 64;

pub(super) fn arguments(script: &Path, site: &Site, seconds: u64) -> Vec<String> {
    vec![
        "--threads=1".to_owned(),
        format!("--connections={CONNECTIONS}"),
        format!("--duration={seconds}s"),
        format!("--script={}", script.display()),
        format!("{}://127.0.0.1:{}/", site.scheme(), site.front_port()),
    ]
}

/// Reads the line that our script prints at its end.
pub(super) fn figures(output: &str) -> Result<Figures> {
    let line = output.lines().find_map(|line| line.strip_prefix("figures"));
    let line = line.with_context(|| format!("no figures are printed:\n{output}"))?;
    let numbers: Vec<f64> = line.split_whitespace().map(str::parse).collect::<Result<_, _>>()?;
    let [requests, microseconds, p50, p99, errors] = numbers[..] else {
        anyhow::bail!("the figures are {numbers:?}, not five numbers");
    };
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
}
