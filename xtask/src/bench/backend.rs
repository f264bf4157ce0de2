//! The servers behind the proxies.

use super::machine::LOAD_CPU;
use super::process::Program;
use super::serving::free_ports;
use super::{install, peer};
use anyhow::{Context, Result};
use std::env;
use std::fs;
use std::path::Path;

/// What a backend speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Pages by HTTP/1.1, from an nginx.
    Http,
    /// WebSocket messages, which it sends back: `cargo xtask websocket echo`.
    WebSocket,
    /// gRPC's health service, from `bench/grpc`.
    Grpc,
}

/// One program that serves at two ports.
#[derive(Debug)]
pub(super) struct Backend {
    pub kind: Kind,
    pub program: Program,
    pub ports: [u16; 2],
}

impl Backend {
    /// Starts it, in a folder of its own.
    pub(super) fn start(kind: Kind, root: &Path, folder: &Path) -> Result<Self> {
        let (ports, place) = (free_ports()?, folder.join(format!("backend-{kind:?}")));
        fs::create_dir(&place)?;
        let mut command = match kind {
            Kind::Http => vec![install::backend()?.display().to_string()],
            Kind::WebSocket => vec![own_program()?, "websocket".to_owned(), "echo".to_owned()],
            Kind::Grpc => vec![install::go(root, "grpc")?.display().to_string()],
        };
        command.extend(match kind {
            Kind::Http => peer::backend(&place, ports)?,
            Kind::WebSocket | Kind::Grpc => ports.map(|port| port.to_string()).to_vec(),
        });
        let program = Program::start("backend", LOAD_CPU, &command, &place)?;
        Ok(Backend { kind, program, ports })
    }
}

/// This program, which is a WebSocket server and client too.
pub(super) fn own_program() -> Result<String> {
    Ok(env::current_exe().context("finding this program")?.display().to_string())
}
