//! What the layer's processes use, wherever their containers are: all of them are this machine's.

use super::super::{Layer, kubectl};
use anyhow::{Result, ensure};
use procfs::process::{Process, all_processes};
use serde::{Deserialize, Serialize};
use std::thread;
use std::time::{Duration, Instant};

/// One program of the layer, in all of its processes.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Usage {
    pub(super) name: String,
    /// How many processes.
    pub(super) count: usize,
    /// User and system time since it began, in seconds.
    pub(super) cpu: f64,
    /// Resident memory, in MiB.
    pub(super) resident: f64,
}

/// What they have used until now.
pub(super) fn usage(layer: Layer) -> Result<Vec<Usage>> {
    let mut all: Vec<Usage> = Vec::new();
    for one in all_processes()?.filter_map(|process| of(&process.ok()?, layer)) {
        match all.iter_mut().find(|usage| usage.name == one.name) {
            Some(usage) => {
                usage.count += 1;
                usage.cpu += one.cpu;
                usage.resident += one.resident;
            }
            None => all.push(one),
        }
    }
    all.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(all)
}

/// What has been used since.
pub(super) fn since(before: &[Usage], after: Vec<Usage>) -> Vec<Usage> {
    let used = |name: &str| before.iter().find(|usage| usage.name == name).map_or(0.0, |usage| usage.cpu);
    after.into_iter().map(|usage| Usage { cpu: usage.cpu - used(&usage.name), ..usage }).collect()
}

/// As many replicas of each program, and no process of another one left.
pub(super) fn settle(layer: Layer, replicas: usize) -> Result<()> {
    let deployments: [(&str, &str); 2] = match layer {
        Layer::NetAlb => [("net-alb", "net-alb-controller"), ("net-alb", "net-alb-gateway")],
        Layer::Kourier => {
            [("knative-serving", "net-kourier-controller"), ("kourier-system", "3scale-kourier-gateway")]
        }
    };
    // An autoscaler would set its own least number again.
    let (namespace, gateway) = deployments[1];
    let least = serde_json::json!({ "spec": { "minReplicas": replicas } }).to_string();
    kubectl(&["-n", namespace, "patch", "hpa", gateway, "--type=merge", "-p", &least])?;
    for (namespace, deployment) in deployments {
        kubectl(&["-n", namespace, "scale", "deployment", deployment, &format!("--replicas={replicas}")])?;
    }
    for (namespace, deployment) in deployments {
        kubectl(&["-n", namespace, "rollout", "status", "deployment", deployment, "--timeout=60s"])?;
    }
    let began = Instant::now();
    while usage(layer)?.iter().any(|usage| usage.count != replicas) {
        ensure!(began.elapsed() < ENDING, "there aren't {replicas} of each process: {:?}", usage(layer)?);
        thread::sleep(Duration::from_millis(100));
    }
    Ok(())
}

/// How long a replica too many may take to end.
const ENDING: Duration = Duration::from_mins(1);

fn of(process: &Process, layer: Layer) -> Option<Usage> {
    let words = process.cmdline().ok()?;
    let program = words.first()?.rsplit('/').next()?;
    let name = match (layer, program, words.get(1).map(String::as_str)) {
        // A program that was given by hand may have another name.
        (Layer::NetAlb, _, Some(role @ ("controller" | "gateway"))) if program.starts_with("net-alb") => {
            format!("net-alb {role}")
        }
        (Layer::Kourier, "kourier" | "envoy", _) => program.to_owned(),
        _ => return None,
    };
    let stat = process.stat().ok()?;
    let ticks = u32::try_from(stat.utime + stat.stime).ok()?;
    let per_second = u32::try_from(procfs::ticks_per_second()).ok()?;
    let kib = u32::try_from(process.status().ok()?.vmrss?).ok()?;
    let cpu = f64::from(ticks) / f64::from(per_second);
    Some(Usage { name, count: 1, cpu, resident: f64::from(kib) / 1024.0 })
}
