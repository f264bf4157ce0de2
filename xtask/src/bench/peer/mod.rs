//! The proxies: one file each, which writes the configuration that makes it do what [`Routing`] says.

mod envoy;
mod haproxy;
mod net_alb;
mod nginx;

use super::front::Front;
use super::process::Program;
use super::routing::Routing;
use super::serving::Site;
use anyhow::{Context, Result};
use clap::ValueEnum;
use std::fs;
use std::path::Path;

pub(super) use nginx::backend;

/// A proxy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub(super) enum Peer {
    /// This project's gateway
    NetAlb,
    /// Debian's nginx
    Nginx,
    /// Debian's HAProxy
    Haproxy,
    /// Envoy
    Envoy,
}

impl Peer {
    /// As its own project writes it.
    pub(super) fn title(self) -> &'static str {
        match self {
            Peer::NetAlb => "net-alb",
            Peer::Nginx => "nginx",
            Peer::Haproxy => "HAProxy",
            Peer::Envoy => "Envoy",
        }
    }

    /// For file names; also the program's usual name.
    pub(super) fn name(self) -> &'static str {
        match self {
            Peer::NetAlb => "net-alb",
            Peer::Nginx => "nginx",
            Peer::Haproxy => "haproxy",
            Peer::Envoy => "envoy",
        }
    }

    /// Whether it can do a workload with this way in. Debian's nginx and HAProxy are built without QUIC.
    pub(super) fn speaks(self, front: Option<Front>) -> bool {
        front != Some(Front::Quic) || matches!(self, Peer::NetAlb | Peer::Envoy)
    }

    /// Whether it serves this way in at the port of HTTP/1.1.
    pub(super) fn shares_port(self, front: Front) -> bool {
        front == Front::Http2 && self == Peer::NetAlb
    }

    /// What prints its version.
    pub(super) fn version_flag(self) -> &'static str {
        match self {
            Peer::Nginx | Peer::Haproxy => "-v",
            Peer::NetAlb | Peer::Envoy => "--version",
        }
    }

    /// Writes the configuration; returns the command that serves it.
    pub(super) fn configure(self, binary: &Path, site: &Site, routing: &Routing) -> Result<Vec<String>> {
        for (name, text) in self.files(site, routing)? {
            write(&site.folder.join(name), &text)?;
        }
        let mut command = match self {
            // Whose folder the CA of `--https` is kept in.
            Peer::NetAlb => vec!["env".to_owned(), format!("XDG_STATE_HOME={}", site.folder.display())],
            _ => Vec::new(),
        };
        command.push(binary.display().to_string());
        command.extend(match self {
            Peer::NetAlb => net_alb::arguments(site),
            Peer::Nginx => nginx::arguments(site),
            Peer::Haproxy => haproxy::arguments(site),
            Peer::Envoy => envoy::arguments(site),
        });
        Ok(command)
    }

    /// Its configuration: file names and their text. The first is the one that a changed route changes.
    pub(super) fn files(self, site: &Site, routing: &Routing) -> Result<Vec<(&'static str, String)>> {
        match self {
            Peer::NetAlb => Ok(net_alb::files(site, routing)),
            Peer::Nginx => Ok(nginx::files(site, routing)),
            Peer::Haproxy => Ok(haproxy::files(site, routing)),
            Peer::Envoy => envoy::files(site, routing),
        }
    }

    /// Makes a running proxy take the file that [`Self::files`] lists first.
    pub(super) fn reload(self, program: &Program) -> Result<()> {
        match self {
            Peer::NetAlb | Peer::Envoy => Ok(()), // both watch the file
            Peer::Nginx => nginx::reload(program),
            Peer::Haproxy => haproxy::reload(program),
        }
    }
}

/// Replaces a file in one step, as a careful operator does: nobody reads half of it.
pub(super) fn write(file: &Path, text: &str) -> Result<()> {
    let beside = file.with_extension("new");
    fs::write(&beside, text).with_context(|| format!("writing {}", beside.display()))?;
    fs::rename(&beside, file).with_context(|| format!("renaming to {}", file.display()))
}
