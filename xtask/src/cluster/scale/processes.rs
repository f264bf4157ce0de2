//! What the layer's processes use, wherever their containers are: all of them are this machine's.

use super::super::Layer;
use anyhow::Result;
use procfs::process::{Process, all_processes};
use serde::{Deserialize, Serialize};

/// One process of the layer.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Usage {
    pub(super) name: String,
    /// User and system time since it began, in seconds.
    pub(super) cpu: f64,
    /// Resident memory, in MiB.
    pub(super) resident: f64,
}

/// What they have used until now.
pub(super) fn usage(layer: Layer) -> Result<Vec<Usage>> {
    let mut all: Vec<Usage> = all_processes()?.filter_map(|process| of(&process.ok()?, layer)).collect();
    all.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(all)
}

fn of(process: &Process, layer: Layer) -> Option<Usage> {
    let words = process.cmdline().ok()?;
    let program = words.first()?.rsplit('/').next()?;
    let name = match (layer, program, words.get(1).map(String::as_str)) {
        (Layer::NetAlb, "net-alb", Some(role @ ("controller" | "gateway"))) => format!("net-alb {role}"),
        (Layer::Kourier, "kourier" | "envoy", _) => program.to_owned(),
        _ => return None,
    };
    let stat = process.stat().ok()?;
    let ticks = u32::try_from(stat.utime + stat.stime).ok()?;
    let per_second = u32::try_from(procfs::ticks_per_second()).ok()?;
    let kib = u32::try_from(process.status().ok()?.vmrss?).ok()?;
    Some(Usage { name, cpu: f64::from(ticks) / f64::from(per_second), resident: f64::from(kib) / 1024.0 })
}
