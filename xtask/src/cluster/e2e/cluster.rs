use super::super::Layer;
use super::http::Gateway;
use anyhow::{Context, Result, ensure};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

/// The cluster, from inside of its network.
#[derive(Debug)]
pub(super) struct Cluster {
    folder: PathBuf,
    /// Where the scenarios' objects are, which the hosts in them say too.
    namespace: &'static str,
    pub(super) layer: Layer,
}

/// How long anything may take: the first pod of an image is slow to start.
const PATIENCE: Duration = Duration::from_mins(2);

/// How often a wait looks again.
const GLANCE: Duration = Duration::from_millis(100);

/// What the scenarios take for granted: `(ConfigMap, key, value)`.
const SETTINGS: [(&str, &str, &str); 6] = [
    ("config-features", "tag-header-based-routing", "Enabled"),
    ("config-domain", "example.com", ""),
    ("config-network", "autocreate-cluster-domain-claims", "true"),
    ("config-autoscaler", "scale-to-zero-grace-period", "6s"),
    ("config-autoscaler", "scale-to-zero-pod-retention-period", "0s"),
    ("config-autoscaler", "stable-window", "6s"),
];

impl Cluster {
    /// Sets Knative Serving up for the scenarios, and makes this layer its own.
    pub(super) fn prepare(root: &Path, layer: Layer) -> Result<Cluster> {
        let cluster = Cluster { folder: root.join("e2e"), namespace: "default", layer };
        for (name, key, value) in
            SETTINGS.into_iter().chain([("config-network", "ingress-class", layer.class())])
        {
            cluster.set(name, key, value)?;
        }
        Ok(cluster)
    }

    /// Sets a key of one of Knative's ConfigMaps.
    pub(super) fn set(&self, config_map: &str, key: &str, value: &str) -> Result<()> {
        let patch = serde_json::json!({ "data": { key: value } }).to_string();
        let patch = ["patch", "configmap", config_map, "--type=merge", "-p", &patch];
        self.kubectl(&[&["-n", "knative-serving"], &patch[..]].concat()).map(|_| ())
    }

    /// Applies a file of `e2e/`.
    pub(super) fn apply(&self, file: &str) -> Result<()> {
        let path = self.folder.join(file);
        // The webhook of Knative Serving may just have been restarted.
        wait(&format!("applying {file}"), || {
            Ok(self.kubectl(&["apply", "-f", &path.to_string_lossy()]).is_ok())
        })
    }

    /// Applies a Knative Service and waits until its newest generation is ready.
    pub(super) fn deploy(&self, file: &str, service: &str) -> Result<()> {
        self.apply(file)?;
        self.ready("ksvc", service)
    }

    /// Waits until an object of Knative's is ready at its newest generation.
    pub(super) fn ready(&self, kind: &str, name: &str) -> Result<()> {
        wait(&format!("{kind} {name} becoming ready"), || {
            let object = self.get(kind, name)?;
            let current = object["status"]["observedGeneration"] == object["metadata"]["generation"];
            let conditions = object["status"]["conditions"].as_array().cloned().unwrap_or_default();
            let ready = conditions
                .iter()
                .any(|condition| condition["type"] == "Ready" && condition["status"] == "True");
            Ok(current && ready)
        })
    }

    pub(super) fn get(&self, kind: &str, name: &str) -> Result<Value> {
        Ok(serde_json::from_str(&self.kubectl(&["get", kind, name, "-o", "json"])?)?)
    }

    /// Pods of a revision that are neither ended nor ending.
    pub(super) fn pods(&self, revision: &str) -> Result<usize> {
        let selector = format!("serving.knative.dev/revision={revision}");
        let list: Value =
            serde_json::from_str(&self.kubectl(&["get", "pods", "-l", &selector, "-o", "json"])?)?;
        let alive = |pod: &&Value| pod["metadata"]["deletionTimestamp"].is_null();
        Ok(list["items"].as_array().map_or(0, |pods| pods.iter().filter(alive).count()))
    }

    /// Where the public hosts of a KIngress are served, as its status says.
    pub(super) fn public(&self, kingress: &str) -> Result<Gateway> {
        self.gateway(kingress, "publicLoadBalancer")
    }

    /// Where its cluster-local hosts are served.
    pub(super) fn private(&self, kingress: &str) -> Result<Gateway> {
        self.gateway(kingress, "privateLoadBalancer")
    }

    fn gateway(&self, kingress: &str, side: &str) -> Result<Gateway> {
        let object = self.get("kingress", kingress)?;
        let entry = &object["status"][side]["ingress"][0];
        let name = entry["domainInternal"].as_str().or(entry["domain"].as_str()).or(entry["ip"].as_str());
        Ok(Gateway::new(name.with_context(|| format!("KIngress {kingress} has no {side}"))?))
    }

    pub(super) fn kubectl(&self, arguments: &[&str]) -> Result<String> {
        let namespace = ["--namespace", self.namespace];
        let output =
            Command::new("kubectl").args(namespace).args(arguments).output().context("starting kubectl")?;
        let words = arguments.join(" ");
        ensure!(
            output.status.success(),
            "kubectl {words}: {}",
            String::from_utf8_lossy(&output.stderr).trim()
        );
        Ok(String::from_utf8(output.stdout)?)
    }
}

/// Looks again and again until `done` says so.
pub(super) fn wait(what: &str, mut done: impl FnMut() -> Result<bool>) -> Result<()> {
    let began = Instant::now();
    while began.elapsed() < PATIENCE {
        if done().unwrap_or(false) {
            return Ok(());
        }
        thread::sleep(GLANCE);
    }
    let last = done().with_context(|| format!("{what}: not within {} s", PATIENCE.as_secs()))?;
    ensure!(last, "{what}: not within {} s", PATIENCE.as_secs());
    Ok(())
}
