//! Chores that need a cluster: the single-node Kubernetes of `testbed/`, with net-alb and with Kourier as the control.

mod api;
pub(crate) mod conformance;
pub(crate) mod e2e;
pub(crate) mod faults;
mod objects;
pub(crate) mod scale;
mod server;
mod testbed;

use anyhow::{Context, Result, ensure};
use std::path::{Path, PathBuf};
use std::process::Command;
use testbed::Testbed;

/// Who serves a cluster's KIngresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Layer {
    NetAlb,
    /// The control: what fails there too is no fault of ours.
    Kourier,
}

impl Layer {
    fn name(self) -> &'static str {
        match self {
            Layer::NetAlb => "net-alb",
            Layer::Kourier => "Kourier",
        }
    }

    /// The class of KIngresses that it serves.
    fn class(self) -> &'static str {
        match self {
            Layer::NetAlb => "alb.ingress.networking.knative.dev",
            Layer::Kourier => "kourier.ingress.networking.knative.dev",
        }
    }

    /// Makes it the cluster's only layer.
    fn install(self, testbed: &Testbed, binary: &Path) -> Result<()> {
        match self {
            Layer::NetAlb => {
                testbed.run(&["kourier-remove"])?;
                testbed.run(&["net-alb", &binary.to_string_lossy()])
            }
            Layer::Kourier => {
                testbed.run(&["net-alb-remove"])?;
                testbed.run(&["kourier"])
            }
        }
    }
}

/// The program that goes into the image: the one given, or a release build.
fn net_alb(root: &Path, given: Option<&PathBuf>) -> Result<PathBuf> {
    if let Some(path) = given {
        return Ok(path.canonicalize()?);
    }
    let build = ["build", "--release", "--locked", "--package", "net-alb"];
    let status = Command::new("cargo").args(build).current_dir(root).status()?;
    ensure!(status.success(), "building net-alb ended with {status}");
    let metadata = cargo_metadata::MetadataCommand::new().current_dir(root).no_deps().exec()?;
    Ok(metadata.target_directory.as_std_path().join("release/net-alb"))
}

/// Runs `kubectl`, inside of the cluster's network; returns what it prints.
fn kubectl(arguments: &[&str]) -> Result<String> {
    let output = Command::new("kubectl").args(arguments).output().context("starting kubectl")?;
    let error = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "kubectl {}: {}", arguments.join(" "), error.trim());
    Ok(String::from_utf8(output.stdout)?)
}
