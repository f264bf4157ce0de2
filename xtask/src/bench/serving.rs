//! The stage: a folder that goes away, the backend, and proxies that have shown to do the work.

use super::machine::{LOAD_CPU, PROXY_CPU};
use super::peer::{self, Peer, Site};
use super::process::{Program, wait_until};
use super::routing::Routing;
use super::{install, workload::Workload};
use anyhow::{Context, Result, bail};
use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tempfile::TempDir;

/// The slowest start is 10,000 hosts.
const START: Duration = Duration::from_secs(30);

/// What all measurements share. Fields are dropped in this order: programs end before their folder goes.
#[derive(Debug)]
pub(super) struct Bench {
    pub peers: Vec<(Peer, PathBuf)>,
    pub wrk: PathBuf,
    pub backend: Program,
    pub upstreams: [u16; 2],
    pub rounds: usize,
    pub seconds: u64,
    folder: TempDir,
}

/// A proxy that serves.
#[derive(Debug)]
pub(super) struct Serving {
    pub peer: Peer,
    pub program: Program,
    pub site: Site,
}

impl Bench {
    /// Finds wrk and starts the backend.
    pub(super) fn start(peers: Vec<(Peer, PathBuf)>, rounds: usize, seconds: u64) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("net-alb-bench-").tempdir()?;
        let upstreams = free_ports()?;
        let place = folder.path().join("backend");
        fs::create_dir(&place)?;
        let mut command = vec![install::backend()?.display().to_string()];
        command.extend(peer::backend(&place, upstreams)?);
        let backend = Program::start("backend", LOAD_CPU, &command, &place)?;
        Ok(Bench { peers, wrk: install::wrk()?, backend, upstreams, rounds, seconds, folder })
    }

    /// Whether a proxy is measured.
    pub(super) fn has(&self, peer: Peer) -> bool {
        self.peers.iter().any(|(one, _)| *one == peer)
    }

    /// For files of a measurement.
    pub(super) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Starts a proxy.
    pub(super) fn serve(&self, peer: Peer, binary: &Path, routing: &Routing, name: &str) -> Result<Serving> {
        let folder = self.folder().join(format!("{name}-{}", peer.name()));
        fs::create_dir(&folder)?;
        let [listen, _] = free_ports()?;
        let site = Site { listen, upstreams: self.upstreams, folder };
        let command = peer.configure(binary, &site, routing)?;
        // What it prints doesn't go to its own folder, which net-alb watches: each line would wake it.
        let log = format!("{name}-{}", peer.name());
        let program = Program::start(&log, PROXY_CPU, &command, self.folder())?;
        Ok(Serving { peer, program, site })
    }
}

impl Serving {
    /// Waits until the proxy does all that it should, or says what it doesn't.
    pub(super) fn verify(&mut self, routing: &Routing, workload: Workload) -> Result<()> {
        let (path, body) = workload.body();
        let mut last = None;
        wait_until(START, || {
            if !self.program.is_running()? {
                bail!("{} ended:\n{}", self.peer.title(), self.program.last_words());
            }
            last = routing.verify(self.site.listen, path, body).err();
            Ok(last.is_none())
        })?;
        let Some(error) = last else { return Ok(()) };
        Err(error).with_context(|| {
            let words = self.program.last_words();
            format!("{} doesn't do the work of `{}`; it says:\n{words}", self.peer.title(), workload.name())
        })
    }
}

/// Two ports that nobody uses now. They are both held while they are chosen, so they differ.
fn free_ports() -> Result<[u16; 2]> {
    let (a, b) = (TcpListener::bind("127.0.0.1:0")?, TcpListener::bind("127.0.0.1:0")?);
    Ok([a.local_addr()?.port(), b.local_addr()?.port()])
}
