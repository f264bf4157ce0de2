use super::super::Layer;
use super::cluster::{Cluster, wait};
use super::expect;
use super::http::{Gateway, percent};
use anyhow::Result;

const SERVICE: &str = "helloworld-go";
const HOST: &str = "helloworld-go.default.example.com";

/// The article's four ways to call, each set up by `kubectl apply`.
pub(super) fn run(cluster: &Cluster) -> Result<()> {
    run_with(cluster, &|_| Ok(()))
}

/// The same, with a look at each of them before it is called.
pub(super) fn run_with(cluster: &Cluster, look: &dyn Fn(&str) -> Result<()>) -> Result<()> {
    cluster.deploy("article/1-first.yaml", SERVICE)?;
    cluster.deploy("article/2-second.yaml", SERVICE)?;
    cluster.deploy("article/3-weights.yaml", SERVICE)?;
    look(SERVICE)?;
    let gateway = cluster.public(SERVICE)?;
    let tally = gateway.tally(HOST, &[], 1000)?;
    let half = percent(&tally, "Knative 2");
    expect(
        "weights 50/50, 1,000 requests",
        &format!("{tally:?}"),
        (48.0..=52.0).contains(&half) && tally.len() == 2,
    )?;

    cluster.deploy("article/4-tag.yaml", SERVICE)?;
    look(SERVICE)?;
    all(&gateway, "no tag", &[], "Knative")?;
    all(&gateway, "Knative-Serving-Tag: rev1", &[("knative-serving-tag", "rev1")], "Knative 2")?;
    if cluster.layer == Layer::Kourier {
        return Ok(());
    }
    cluster.deploy("article/5-headers.yaml", SERVICE)?;
    settled(&gateway, &[("demo", "always"), ("header2", "v2")])?;
    look(SERVICE)?;
    all(&gateway, "both headers", &[("demo", "always"), ("header2", "v2")], "Knative 2")?;
    all(&gateway, "one header of two", &[("demo", "always")], "Knative")?;

    cluster.deploy("article/6-cookies.yaml", SERVICE)?;
    settled(&gateway, &[("cookie", "demo=always; cookie2=v2")])?;
    look(SERVICE)?;
    all(&gateway, "both cookies", &[("cookie", "demo=always; cookie2=v2")], "Knative 2")?;
    all(
        &gateway,
        "both cookies, the other way round",
        &[("cookie", "cookie2=v2; demo=always")],
        "Knative 2",
    )?;
    all(&gateway, "one cookie of two", &[("cookie", "demo=always")], "Knative")
}

/// An annotation on the metadata bumps no generation: nothing in Knative's status says when it has got through.
fn settled(gateway: &Gateway, headers: &[(&str, &str)]) -> Result<()> {
    wait("the gray annotation taking effect", || Ok(gateway.get(HOST, "/", headers)?.hello == "Knative 2"))
}

fn all(gateway: &Gateway, what: &str, headers: &[(&str, &str)], revision: &str) -> Result<()> {
    let tally = gateway.tally(HOST, headers, 50)?;
    expect(what, &format!("{tally:?}"), tally.len() == 1 && tally.contains_key(revision))
}
