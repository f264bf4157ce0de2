use super::cluster::{Cluster, wait};
use super::expect;
use super::http::percent;
use anyhow::Result;
use std::time::Instant;

const HOST: &str = "sleepy.default.example.com";

/// A revision goes to no pods and comes back with a request; half of a split may do so beside one that stays.
pub(super) fn run(cluster: &Cluster) -> Result<()> {
    cluster.deploy("zero/1-first.yaml", "sleepy")?;
    cluster.deploy("zero/2-second.yaml", "sleepy")?;
    let gateway = cluster.public("sleepy")?;
    let asleep = || Ok(cluster.pods("sleepy-00002")? == 0);
    wait("the second revision going to no pods", asleep)?;
    let began = Instant::now();
    let answer = gateway.get(HOST, "/", &[])?;
    let seen = format!("{} {} after {:.1} s", answer.status, answer.hello, began.elapsed().as_secs_f64());
    expect("the first request to no pods", &seen, answer.status == 200 && answer.hello == "asleep")?;

    cluster.deploy("zero/3-half.yaml", "sleepy")?;
    wait("one side of the split going to no pods", asleep)?;
    let tally = gateway.tally(HOST, &[], 10_000)?;
    let half = percent(&tally, "asleep");
    let right = (48.0..=52.0).contains(&half) && tally.len() == 2;
    expect("half of 10,000 requests to no pods", &format!("{tally:?}"), right)
}
