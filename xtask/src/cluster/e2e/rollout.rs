use super::cluster::Cluster;
use super::expect;
use super::http::percent;
use anyhow::Result;
use std::time::{Duration, Instant};

const HOST: &str = "gradual.default.example.com";

/// Requests per look.
const SAMPLE: usize = 200;

/// With `rollout-duration`, a new revision takes over in steps, and nothing fails meanwhile.
pub(super) fn run(cluster: &Cluster) -> Result<()> {
    cluster.deploy("rollout/1-first.yaml", "gradual")?;
    let gateway = cluster.public("gradual")?;
    cluster.apply("rollout/2-second.yaml")?;
    let mut shares = Vec::new();
    let began = Instant::now();
    while shares.last() != Some(&100.0) && began.elapsed() < Duration::from_mins(2) {
        let tally = gateway.tally(HOST, &[], SAMPLE)?;
        expect("answers", &format!("{tally:?}"), tally.keys().all(|kind| kind == "one" || kind == "two"))?;
        let share = percent(&tally, "two").round();
        if shares.last() != Some(&share) {
            shares.push(share);
        }
    }
    let between = shares.iter().filter(|share| (1.0..100.0).contains(*share)).count();
    expect(
        "percent of the new revision, step by step",
        &format!("{shares:?}"),
        between >= 3 && shares.last() == Some(&100.0),
    )
}
