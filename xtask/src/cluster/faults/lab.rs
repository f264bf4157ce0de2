//! What every fault needs: a KIngress that is served, two servers behind it, and ways to look and to wait.

use super::super::api::{Api, Kind, Watch};
use super::super::objects::{NAMESPACE, endpoint_slice, kingress, service};
use super::super::{Layer, kubectl, server};
use anyhow::{Context, Result, ensure};
use procfs::process::{Process, all_processes};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use std::net::{SocketAddr, ToSocketAddrs};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

/// The namespace of net-alb's own pods.
pub(super) const SYSTEM: &str = "net-alb";

/// The KIngress that is under load.
pub(super) const LOADED: &str = "loaded";

#[derive(Debug)]
pub(super) struct Lab {
    pub(super) api: Api,
    pub(super) watch: Watch,
    /// The ports of the two servers.
    pub(super) servers: [u16; 2],
    pub(super) gateway: SocketAddr,
    root: PathBuf,
}

/// How long anything may take.
const PATIENCE: Duration = Duration::from_mins(2);

impl Lab {
    pub(super) fn prepare(root: &Path) -> Result<Lab> {
        let servers = [server::start("a")?, server::start("b")?];
        kubectl(&["delete", "namespace", NAMESPACE, "--ignore-not-found", "--timeout=60s"])?;
        let api = Api::connect()?;
        api.create_namespace()?;
        let watch = api.watch();
        api.create(Kind::Services, &service(LOADED, servers[0]))?;
        api.create(Kind::EndpointSlices, &endpoint_slice(LOADED, servers[0]))?;
        api.create(Kind::KIngresses, &kingress(LOADED, Layer::NetAlb, LOADED))?;
        let ready = watch.one(LOADED, 1, Instant::now() + PATIENCE);
        ensure!(ready.is_some(), "the first KIngress isn't ready after {} s", PATIENCE.as_secs());
        let gateway = ("net-alb.net-alb.svc.cluster.local", 80).to_socket_addrs()?.next();
        let gateway = gateway.context("the gateway's Service has an address")?;
        Ok(Lab { api, watch, servers, gateway, root: root.to_owned() })
    }

    /// Makes one more KIngress; how long it took to be ready.
    pub(super) fn one_more(&self, name: &str) -> Result<Duration> {
        let began = Instant::now();
        self.api.create(Kind::KIngresses, &kingress(name, Layer::NetAlb, LOADED))?;
        let ready = self.watch.one(name, 1, began + PATIENCE);
        Ok(ready.with_context(|| format!("{name} isn't ready after {} s", PATIENCE.as_secs()))? - began)
    }

    /// Runs one of the testbed's commands.
    pub(super) fn testbed(&self, arguments: &[&str]) -> Result<()> {
        let status = Command::new(self.root.join("testbed/testbed")).args(arguments).status()?;
        ensure!(status.success(), "`testbed {}` ended with {status}", arguments.join(" "));
        Ok(())
    }
}

/// An object of the lab's namespace.
pub(super) fn get(kind: &str, name: &str) -> Result<Value> {
    Ok(serde_json::from_str(&kubectl(&["-n", NAMESPACE, "get", kind, name, "-o", "json"])?)?)
}

/// A condition of a KIngress: its status, reason and message.
pub(super) fn condition(kingress: &str, kind: &str) -> Result<(String, String, String)> {
    let object = get("kingress", kingress)?;
    let conditions = object["status"]["conditions"].as_array().cloned().unwrap_or_default();
    let found = conditions.into_iter().find(|condition| condition["type"] == kind).unwrap_or_default();
    let text = |key: &str| found[key].as_str().unwrap_or_default().to_owned();
    Ok((text("status"), text("reason"), text("message")))
}

/// The pod that writes status. One that a new version has just replaced may still be named.
pub(super) fn leader() -> Result<String> {
    let path = "-o=jsonpath={.spec.holderIdentity}";
    let mut leader = String::new();
    wait("one of the controllers leading", || {
        leader = kubectl(&["-n", SYSTEM, "get", "lease", "net-alb-controller", path])?;
        Ok(pods("controller")?.contains(&leader))
    })?;
    Ok(leader)
}

/// The pods of a role.
pub(super) fn pods(role: &str) -> Result<Vec<String>> {
    let selector = format!("app.kubernetes.io/component={role}");
    let names = kubectl(&["-n", SYSTEM, "get", "pods", "-l", &selector, "-o=name"])?;
    Ok(names.lines().map(|name| name.trim_start_matches("pod/").to_owned()).collect())
}

/// Waits until every gateway that should be there is ready.
pub(super) fn rolled(deployment: &str) -> Result<()> {
    kubectl(&["-n", SYSTEM, "rollout", "status", "deployment", deployment, "--timeout=120s"]).map(|_| ())
}

/// Sends a signal to net-alb's process in a pod.
pub(super) fn signal(pod: &str, signal: Signal) -> Result<()> {
    let uid = kubectl(&["-n", SYSTEM, "get", "pod", pod, "-o=jsonpath={.metadata.uid}"])?;
    let is_it = |process: &Process| {
        let words = process.cmdline().unwrap_or_default();
        let is_ours = matches!(words.get(1).map(String::as_str), Some("controller" | "gateway"));
        // Where a container's groups are, its pod is named.
        is_ours
            && process.cgroups().is_ok_and(|all| all.into_iter().any(|group| group.pathname.contains(&uid)))
    };
    let process = all_processes()?.filter_map(Result::ok).find(is_it);
    let pid = process.with_context(|| format!("pod {pod} has no process of net-alb"))?.pid();
    kill_process(Pid::from_raw(pid).context("a process has a number")?, signal)?;
    Ok(())
}

/// Looks again and again until `done` says so; how long it took.
pub(super) fn wait(what: &str, mut done: impl FnMut() -> Result<bool>) -> Result<Duration> {
    let began = Instant::now();
    while began.elapsed() < PATIENCE {
        if done().unwrap_or(false) {
            return Ok(began.elapsed());
        }
        thread::sleep(Duration::from_millis(50));
    }
    anyhow::bail!("{what}: not within {} s", PATIENCE.as_secs())
}
