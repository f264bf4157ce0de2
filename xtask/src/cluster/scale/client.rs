//! Requests to the layer's gateway, again and again until the answer is right.

use super::super::objects::host;
use std::net::SocketAddr;
use std::thread;
use std::time::{Duration, Instant};
use ureq::Agent;

/// A status and the server that answered.
pub(super) type Answer<'a> = (u16, &'a str);

/// Asks for a host until the answer is right, or `deadline` is over; when it was right.
pub(super) fn until(
    gateway: SocketAddr,
    name: &str,
    deadline: Instant,
    right: impl Fn(Answer<'_>) -> bool,
) -> Option<Instant> {
    let agent = agent();
    while Instant::now() < deadline {
        if let Some((status, server)) = ask(&agent, gateway, name)
            && right((status, &server))
        {
            return Some(Instant::now());
        }
        thread::sleep(Duration::from_millis(1));
    }
    None
}

/// Waits until nobody answers any more, at most a second: a new pod may be that quick.
pub(super) fn until_refused(gateway: SocketAddr, name: &str) {
    let began = Instant::now();
    while began.elapsed() < Duration::from_secs(1) && ask(&agent(), gateway, name).is_some() {
        thread::sleep(Duration::from_millis(1));
    }
}

fn agent() -> Agent {
    let patience = Some(Duration::from_secs(2));
    Agent::config_builder().http_status_as_error(false).timeout_global(patience).build().into()
}

fn ask(agent: &Agent, gateway: SocketAddr, name: &str) -> Option<(u16, String)> {
    let response = agent.get(format!("http://{gateway}/")).header("host", host(name)).call().ok()?;
    let server = response.headers().get("x-server").and_then(|value| value.to_str().ok()).unwrap_or_default();
    Some((response.status().as_u16(), server.to_owned()))
}
