//! Load: each generator in a file of its own, all with the same figures.

mod ghz;
mod h2load;
mod http3;
mod websocket;
mod wrk;

use super::install;
use super::machine::LOAD_CPU;
use super::process::Program;
use super::routing::Routing;
use super::serving::Site;
use super::workload::Workload;
use anyhow::{Context, Result, ensure};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A generator may need this much longer than it was told.
const GRACE: Duration = Duration::from_secs(20);

/// Who makes the requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Generator {
    /// HTTP/1.1, in clear or by TLS
    Wrk,
    /// A TLS connection for each request: wrk would go on with the session of the one before
    H2loadNew,
    /// HTTP/2
    H2load,
    /// gRPC
    Ghz,
    /// WebSocket
    WebSocket,
    /// HTTP/3
    Http3,
}

/// A generator that is ready to run.
#[derive(Debug)]
pub(super) struct Load {
    generator: Generator,
    program: PathBuf,
    /// What it reads: a script, a description of messages.
    input: PathBuf,
}

/// What a generator saw.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Figures {
    pub requests: f64,
    pub seconds: f64,
    /// Microseconds.
    pub p50: f64,
    /// Microseconds.
    pub p99: f64,
    /// Connections refused or broken, timeouts, answers over 399, gRPC statuses other than OK.
    pub errors: f64,
}

impl Load {
    /// Finds the generator, installs it if need be, and writes what it reads into the folder.
    pub(super) fn new(workload: Workload, root: &Path, folder: &Path) -> Result<Self> {
        let generator = workload.generator();
        let program = match generator {
            Generator::Wrk => install::wrk()?,
            Generator::H2load | Generator::H2loadNew => install::h2load()?,
            Generator::Ghz => install::ghz()?,
            Generator::WebSocket => super::backend::own_program()?.into(),
            Generator::Http3 => install::go(root, "http3")?,
        };
        let input = match generator {
            Generator::Ghz => root.join("bench/grpc/health.proto"),
            _ => folder.join(format!("{}.lua", workload.name())),
        };
        if generator == Generator::Wrk {
            std::fs::write(&input, workload.script()).context("writing wrk's script")?;
        }
        Ok(Load { generator, program, input })
    }

    /// Loads the proxy for so many seconds.
    pub(super) fn run(&self, site: &Site, seconds: u64) -> Result<Figures> {
        let (host, port) = (Routing::host(0), site.front_port());
        let arguments = match self.generator {
            Generator::Wrk => wrk::arguments(&self.input, site, seconds),
            Generator::H2load => h2load::arguments(&host, site, seconds),
            Generator::H2loadNew => h2load::arguments_for_new_connections(&host, site, seconds),
            Generator::Ghz => ghz::arguments(&self.input, &host, port, seconds),
            Generator::WebSocket => websocket::arguments(&host, port, seconds),
            Generator::Http3 => http3::arguments(&host, port, seconds),
        };
        let mut command = vec![self.program.display().to_string()];
        command.extend(arguments);
        let mut program = Program::start("load", LOAD_CPU, &command, &site.folder)?;
        let status = program.finish(Duration::from_secs(seconds) + GRACE)?;
        ensure!(status.success(), "{:?} ended with {status}: {}", self.generator, program.last_words());
        let output = program.output()?;
        let figures = match self.generator {
            Generator::Wrk | Generator::WebSocket | Generator::Http3 => wrk::figures(&output),
            Generator::H2load | Generator::H2loadNew => h2load::figures(&output, site),
            Generator::Ghz => ghz::figures(&output),
        }?;
        ensure!(figures.requests > 0.0, "{:?} got no answer at all:\n{output}", self.generator);
        Ok(figures)
    }
}
