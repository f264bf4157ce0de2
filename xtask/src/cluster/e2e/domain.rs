use super::cluster::Cluster;
use super::expect;
use anyhow::Result;

const DOMAIN: &str = "hello.example.org";

/// A DomainMapping: another host, the same Service.
pub(super) fn run(cluster: &Cluster) -> Result<()> {
    cluster.deploy("domain/1-service.yaml", "mapped")?;
    cluster.apply("domain/2-mapping.yaml")?;
    cluster.ready("domainmapping", DOMAIN)?;
    let answer = cluster.public(DOMAIN)?.get(DOMAIN, "/", &[])?;
    expect(
        "the domain",
        &format!("{} {}", answer.status, answer.hello),
        answer.status == 200 && answer.hello == "mapped",
    )
}
