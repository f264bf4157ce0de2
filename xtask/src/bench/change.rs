//! One route among 10,000 changes while the proxy serves: how long until requests go by it, what it costs, and which
//! connections are closed for it.

use super::client::{Connection, Question};
use super::machine::BOTH_CPUS;
use super::peer::{Peer, write};
use super::process::{Program, wait_until};
use super::routing::{Routing, SEEN_PATH};
use super::serving::{Bench, Serving};
use super::workload::Workload;
use anyhow::{Context, Result, ensure};
use std::path::Path;
use std::time::{Duration, Instant};

/// Kept open by clients that have nothing to ask at the moment.
const IDLE_CONNECTIONS: usize = 32;
/// The host whose route changes.
const HOST: usize = 5000;
/// How many changes for a round that was asked for.
const CHANGES: usize = 2;
/// A change must be in effect by then.
const LIMIT: Duration = Duration::from_mins(1);
/// A proxy is done with a change when it takes less than [`IDLE`] of CPU in this time.
const CALM: Duration = Duration::from_millis(300);
const IDLE: Duration = Duration::from_millis(2);

/// What one change took, its whole configuration being in a file.
#[derive(Debug, Clone, Copy)]
pub(super) struct Change {
    pub peer: Peer,
    /// From the new file being in place until a request goes by it.
    pub effect: Duration,
    /// Of the whole process tree, until it is calm again.
    pub cpu: Duration,
    /// How many of 32 idle keep-alive connections were closed.
    pub closed: usize,
}

/// Changes one route several times on every peer.
pub(super) fn measure(bench: &Bench) -> Result<Vec<Change>> {
    let mut changes = Vec::new();
    for (peer, binary) in &bench.peers {
        let mut routing = Workload::Change.routing();
        let mut serving = bench.serve(*peer, binary, &routing, Workload::Change)?;
        serving.verify(&routing, Workload::Change)?;
        for number in 0..bench.rounds * CHANGES {
            routing.changed = Some((HOST, number + 2));
            let change = one(&serving, &routing)?;
            println!(
                "  {:<8} in effect after {:8.1} ms, {:8.1} ms of CPU, {} of {IDLE_CONNECTIONS} connections closed",
                peer.title(),
                change.effect.as_secs_f64() * 1e3,
                change.cpu.as_secs_f64() * 1e3,
                change.closed
            );
            changes.push(change);
        }
    }
    Ok(changes)
}

/// The gateway's own part of it, without files: what `route_change` prints.
pub(super) fn in_process(bench: &Bench, example: &Path) -> Result<String> {
    let command = [example.display().to_string()];
    let mut program = Program::start("route_change", BOTH_CPUS, &command, bench.folder())?;
    let status = program.finish(LIMIT)?;
    ensure!(status.success(), "route_change ended with {status}: {}", program.last_words());
    program.output()
}

fn one(serving: &Serving, routing: &Routing) -> Result<Change> {
    let files = serving.peer.files(&serving.site, routing)?;
    let (name, text) = files.first().context("a proxy has a configuration file")?;
    let idle = idle_connections(serving.site.listen)?;
    let before = calm(serving)?;
    let start = Instant::now();
    write(&serving.site.folder.join(name), text)?;
    serving.peer.reload(&serving.program)?;
    let expected = routing.revision(HOST);
    let mut poll = Poll { port: serving.site.listen, connection: None };
    let mut effect = Duration::ZERO;
    let seen = wait_until(LIMIT, || {
        let there = poll.revision_is(&expected);
        effect = start.elapsed();
        Ok(there)
    })?;
    ensure!(seen, "{}: the change isn't in effect after {LIMIT:?}", serving.peer.title());
    let cpu = calm(serving)?.saturating_sub(before);
    let mut closed = 0;
    for connection in &idle {
        closed += usize::from(connection.is_closed()?);
    }
    Ok(Change { peer: serving.peer, effect, cpu, closed })
}

/// Connections that have each had an answer.
fn idle_connections(port: u16) -> Result<Vec<Connection>> {
    let open = |index: usize| {
        let mut connection = Connection::open(port)?;
        connection.get(Question { host: &Routing::host(index), path: "/", rule: None })?;
        Ok(connection)
    };
    (0..IDLE_CONNECTIONS).map(open).collect()
}

/// Waits until the proxy takes no CPU; returns what it has taken until then.
fn calm(serving: &Serving) -> Result<Duration> {
    let mut last = (Instant::now(), serving.program.usage()?.cpu);
    wait_until(LIMIT, || {
        if last.0.elapsed() < CALM {
            return Ok(false);
        }
        let now = serving.program.usage()?.cpu;
        let done = now.saturating_sub(last.1) < IDLE;
        last = (Instant::now(), now);
        Ok(done)
    })?;
    Ok(last.1)
}

/// Asks again and again over one connection, and over a new one when the proxy closes it.
struct Poll {
    port: u16,
    connection: Option<Connection>,
}

impl Poll {
    fn revision_is(&mut self, expected: &str) -> bool {
        let answer = self.ask();
        if answer.is_err() {
            self.connection = None;
        }
        answer.is_ok_and(|body| body.contains(expected))
    }

    fn ask(&mut self) -> Result<String> {
        let connection = match &mut self.connection {
            Some(connection) => connection,
            none => none.insert(Connection::open(self.port)?),
        };
        let answer = connection.get(Question { host: &Routing::host(HOST), path: SEEN_PATH, rule: None })?;
        Ok(String::from_utf8_lossy(&answer.body).into_owned())
    }
}
