use anyhow::{Context, Result};
use std::collections::BTreeMap;
use std::time::Duration;
use ureq::Agent;

/// Where requests go: one listener of the layer, by the name of its Service.
#[derive(Debug)]
pub(super) struct Gateway {
    address: String,
    agent: Agent,
}

/// What came back.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    /// Which revision answered: the header `x-hello`, the application's TARGET.
    pub(super) hello: String,
    pub(super) body: String,
}

/// How many answers were of each kind: a revision's TARGET, or the status of a refusal.
pub(super) type Tally = BTreeMap<String, usize>;

impl Gateway {
    pub(super) fn new(address: &str) -> Gateway {
        // A pod that must start first takes its time.
        let config =
            Agent::config_builder().http_status_as_error(false).timeout_global(Some(Duration::from_mins(1)));
        Gateway { address: address.to_owned(), agent: config.build().into() }
    }

    /// The name or address that a socket connects to.
    pub(super) fn address(&self) -> &str {
        &self.address
    }

    pub(super) fn get(&self, host: &str, path: &str, headers: &[(&str, &str)]) -> Result<Answer> {
        let mut request = self.agent.get(format!("http://{}{path}", self.address)).header("host", host);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut response = request.call().with_context(|| format!("GET {host}{path} at {}", self.address))?;
        let hello = response.headers().get("x-hello").and_then(|value| value.to_str().ok());
        let (status, hello) = (response.status().as_u16(), hello.unwrap_or_default().to_owned());
        Ok(Answer { status, hello, body: response.body_mut().read_to_string()? })
    }

    /// Asks so often, one after the other.
    pub(super) fn tally(&self, host: &str, headers: &[(&str, &str)], count: usize) -> Result<Tally> {
        let mut tally = Tally::new();
        for _ in 0..count {
            let answer = self.get(host, "/", headers)?;
            let kind = if answer.status == 200 { answer.hello } else { format!("status {}", answer.status) };
            *tally.entry(kind).or_default() += 1;
        }
        Ok(tally)
    }
}

/// The share of one kind of answer, in percent.
pub(super) fn percent(tally: &Tally, kind: &str) -> f64 {
    let all: usize = tally.values().sum();
    let of_kind = tally.get(kind).copied().unwrap_or_default();
    // Counts are far below 2^32.
    100.0 * f64::from(u32::try_from(of_kind).unwrap_or(u32::MAX))
        / f64::from(u32::try_from(all).unwrap_or(u32::MAX))
}
