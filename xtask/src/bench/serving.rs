//! The stage: a folder that goes away, the backend, and proxies that have shown to do the work.

use super::backend::{Backend, Kind};
use super::front::{Certificate, Front};
use super::load::Load;
use super::machine::PROXY_CPU;
use super::peer::Peer;
use super::process::{Program, wait_until};
use super::routing::Routing;
use super::workload::Workload;
use anyhow::{Context, Result, bail, ensure};
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
    pub rounds: usize,
    pub seconds: u64,
    backends: Vec<Backend>,
    certificate: Certificate,
    folder: TempDir,
}

/// Where a proxy stands: its ports and its folder.
#[derive(Debug, Clone)]
pub(super) struct Site {
    /// Where it listens for HTTP/1.1 in clear.
    pub listen: u16,
    /// A second way in, and its port.
    pub front: Option<(Front, u16)>,
    /// What the backends speak.
    pub backend: Kind,
    /// The ports of the two backends.
    pub upstreams: [u16; 2],
    /// Its configuration is here.
    pub folder: PathBuf,
}

impl Site {
    /// Where the load goes.
    pub(super) fn front_port(&self) -> u16 {
        self.front.map_or(self.listen, |(_, port)| port)
    }

    /// For the load's URL.
    pub(super) fn scheme(&self) -> &'static str {
        match self.front {
            Some((Front::Tls | Front::Quic, _)) => "https",
            Some((Front::Http2, _)) | None => "http",
        }
    }
}

/// A proxy that serves.
#[derive(Debug)]
pub(super) struct Serving {
    pub peer: Peer,
    pub program: Program,
    pub site: Site,
}

impl Bench {
    /// Starts the backends of these workloads.
    pub(super) fn start(
        peers: Vec<(Peer, PathBuf)>,
        root: &Path,
        workloads: &[Workload],
        (rounds, seconds): (usize, u64),
    ) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("net-alb-bench-").tempdir()?;
        let mut backends: Vec<Backend> = Vec::new();
        for workload in workloads {
            if !backends.iter().any(|backend| backend.kind == workload.backend()) {
                backends.push(Backend::start(workload.backend(), root, folder.path())?);
            }
        }
        let certificate = Certificate::new(&Routing::host(0))?;
        Ok(Bench { peers, rounds, seconds, backends, certificate, folder })
    }

    /// The servers of a workload.
    pub(super) fn backend(&self, workload: Workload) -> Result<&Backend> {
        let found = self.backends.iter().find(|backend| backend.kind == workload.backend());
        found.context("every workload's backend was started")
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
    pub(super) fn serve(
        &self,
        peer: Peer,
        binary: &Path,
        routing: &Routing,
        workload: Workload,
    ) -> Result<Serving> {
        let folder = self.folder().join(format!("{}-{}", workload.name(), peer.name()));
        fs::create_dir(&folder)?;
        self.certificate.write(&folder)?;
        let [listen, second] = free_ports()?;
        let port = |front| if peer.shares_port(front) { listen } else { second };
        let site = Site {
            listen,
            front: workload.front().map(|front| (front, port(front))),
            backend: workload.backend(),
            upstreams: self.backend(workload)?.ports,
            folder,
        };
        let command = peer.configure(binary, &site, routing)?;
        // What it prints doesn't go to its own folder, which net-alb watches: each line would wake it.
        let log = format!("{}-{}", workload.name(), peer.name());
        let program = Program::start(&log, PROXY_CPU, &command, self.folder())?;
        Ok(Serving { peer, program, site })
    }
}

impl Serving {
    /// Waits until the proxy does all that it should, or says what it doesn't.
    pub(super) fn verify(&mut self, routing: &Routing, workload: Workload) -> Result<()> {
        if workload.backend() != Kind::Http {
            return Ok(()); // These backends serve nobody on whom the proxy hasn't done its work.
        }
        let (path, body) = workload.body();
        self.until(workload, |site| routing.verify(site.listen, path, body))
    }

    /// Waits until a second of load goes through without an error.
    pub(super) fn warm_up(&mut self, load: &Load, workload: Workload) -> Result<()> {
        self.until(workload, |site| {
            let figures = load.run(site, 1)?;
            ensure!(figures.errors == 0.0, "{} of {} requests failed", figures.errors, figures.requests);
            Ok(())
        })
    }

    fn until(&mut self, workload: Workload, mut check: impl FnMut(&Site) -> Result<()>) -> Result<()> {
        let mut last = None;
        wait_until(START, || {
            if !self.program.is_running()? {
                bail!("{} ended:\n{}", self.peer.title(), self.program.last_words());
            }
            last = check(&self.site).err();
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
pub(super) fn free_ports() -> Result<[u16; 2]> {
    let (a, b) = (TcpListener::bind("127.0.0.1:0")?, TcpListener::bind("127.0.0.1:0")?);
    Ok([a.local_addr()?.port(), b.local_addr()?.port()])
}
