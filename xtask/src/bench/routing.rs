//! What every proxy is asked to route, and how the answers show that it does.

use super::client::{Answer, Connection, Question};
use anyhow::{Context, Result, ensure};
use std::net::IpAddr;

/// Set on every request, as Knative does.
pub(super) const NAMESPACE_HEADER: &str = "Knative-Serving-Namespace";
/// Set on every request, with a value of its own for each host.
pub(super) const REVISION_HEADER: &str = "Knative-Serving-Revision";
/// The value of [`NAMESPACE_HEADER`].
pub(super) const NAMESPACE: &str = "default";
/// The request header that picks one of the rules.
pub(super) const RULE_HEADER: &str = "x-rule";
/// The backend answers this path with what it saw.
pub(super) const SEEN_PATH: &str = "/seen";

/// Hosts, and rules on each. Every host goes half to each of two upstreams, with two headers set and
/// `X-Forwarded-For` appended; an unknown host is refused.
#[derive(Debug, Clone)]
pub(super) struct Routing {
    /// How many hosts, `h0…`.
    pub hosts: usize,
    /// How many rules on each host, rule K for requests with `x-rule: K`; 0 is one rule for every request.
    pub rules: usize,
    /// A host whose revision isn't the first, and which it is.
    pub changed: Option<(usize, usize)>,
}

impl Routing {
    /// A host's name.
    pub(super) fn host(index: usize) -> String {
        format!("h{index}.default.example.com")
    }

    /// The value that a host sets in [`REVISION_HEADER`].
    pub(super) fn revision(&self, host: usize) -> String {
        let number = self.changed.filter(|(changed, _)| *changed == host).map_or(1, |(_, number)| number);
        format!("h{host}-{number:05}")
    }

    /// Whether the proxy on `port` does all of it, tried on the first, a middle and the last host and rule.
    pub(super) fn verify(&self, port: u16, path: &str, body: usize) -> Result<()> {
        let mut connection = Connection::open(port)?;
        for host in [0, self.hosts / 2, self.hosts - 1] {
            let name = Self::host(host);
            for rule in self.rules_to_try() {
                let seen = connection.get(Question { host: &name, path: SEEN_PATH, rule })?;
                self.check_seen(host, &seen).with_context(|| format!("host {name}, rule {rule:?}"))?;
                let answer = connection.get(Question { host: &name, path, rule })?;
                ensure!(answer.body.len() == body, "{} bytes, not {body}", answer.body.len());
            }
        }
        refused(port, "unknown.example.com", self.rules_to_try()[0])?;
        if self.rules > 0 {
            refused(port, &Self::host(0), Some(self.rules))?;
        }
        balanced(&mut connection, path, self.rules_to_try()[0])
    }

    fn rules_to_try(&self) -> Vec<Option<usize>> {
        match self.rules {
            0 => vec![None],
            rules => vec![Some(0), Some(rules / 2), Some(rules - 1)],
        }
    }

    /// The address isn't compared: Envoy puts its own for a client on loopback.
    fn check_seen(&self, host: usize, answer: &Answer) -> Result<()> {
        let expected = format!("{NAMESPACE} {} ", self.revision(host));
        let seen = String::from_utf8_lossy(&answer.body);
        let address = seen.strip_prefix(&expected).map(str::parse::<IpAddr>);
        ensure!(
            answer.status == 200 && matches!(address, Some(Ok(_))),
            "status {}, the backend saw `{seen}`, not `{expected}` and one address",
            answer.status
        );
        Ok(())
    }
}

fn refused(port: u16, host: &str, rule: Option<usize>) -> Result<()> {
    let answer = Connection::open(port)?.get(Question { host, path: "/", rule })?;
    ensure!(answer.status == 404, "{host} with rule {rule:?}: {}, not 404", answer.status);
    Ok(())
}

/// Half to each upstream; random choices of fair weights stay within 30 and 70 of 100.
fn balanced(connection: &mut Connection, path: &str, rule: Option<usize>) -> Result<()> {
    let mut first = 0;
    for _ in 0..100 {
        let answer = connection.get(Question { host: &Routing::host(0), path, rule })?;
        first += usize::from(answer.backend == "a");
    }
    ensure!((30..=70).contains(&first), "backend `a` answered {first} of 100 requests, not about 50");
    Ok(())
}
