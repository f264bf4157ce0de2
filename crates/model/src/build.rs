//! The whole stage: every load balancer of a snapshot.

use crate::bootstrap::implicit_alb_config;
use crate::class::alb_config_name;
use crate::fragment::{Context, Peers, fragment};
use crate::quota::Used;
use crate::review::{Review, explicit_order, missing_alb_config, same_order, service_annotations, shadowed};
use crate::{Alb, Backend, ListenerId, ObjectKey, frame, merge};
use net_alb_api::config::Settings;
use net_alb_api::{AlbConfig, Ingress, Snapshot};
use net_alb_diag::{Diagnostic, Outcome};
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::Arc;

/// All load balancers of a snapshot, by name: every AlbConfig, and net-alb's two Knative classes where an Ingress uses them.
///
/// It is [`frame`], [`fragment`] of every Ingress, [`merge`], and the checks that need the whole: quotas, and rules of several
/// Ingresses that get in each other's way. A data plane does the same piece by piece.
pub fn build(snapshot: &Snapshot, settings: &Settings) -> Outcome<Vec<Alb>> {
    let services = snapshot.services.iter();
    let mut diagnostics: Vec<_> =
        services.flat_map(|(key, service)| service_annotations(key, service, settings)).collect();
    let mut by_alb: BTreeMap<String, Vec<&Arc<Ingress>>> = BTreeMap::new();
    for ingress in snapshot.ingresses.values() {
        let name = alb_config_name(ingress, &snapshot.ingress_classes, settings).drain_into(&mut diagnostics);
        by_alb.entry(name.unwrap_or_default()).or_default().push(ingress);
    }
    by_alb.remove("");
    for name in snapshot.alb_configs.keys() {
        by_alb.entry(name.clone()).or_default();
    }
    let mut albs = Vec::new();
    for (name, ingresses) in by_alb {
        let Some(alb_config) = alb_config(snapshot, &name, settings) else {
            diagnostics
                .extend(ingresses.into_iter().map(|ingress| missing_alb_config(ingress, &name, settings)));
            continue;
        };
        albs.push(load_balancer(&alb_config, &ingresses, snapshot, settings).drain_into(&mut diagnostics));
    }
    Outcome { value: albs, diagnostics }
}

fn alb_config(snapshot: &Snapshot, name: &str, settings: &Settings) -> Option<Arc<AlbConfig>> {
    let declared = snapshot.alb_configs.get(name).cloned();
    declared.or_else(|| implicit_alb_config(name, settings).map(Arc::new))
}

fn load_balancer(
    alb_config: &AlbConfig,
    ingresses: &[&Arc<Ingress>],
    snapshot: &Snapshot,
    settings: &Settings,
) -> Outcome<Alb> {
    let mut diagnostics = Vec::new();
    let frame = frame(alb_config, settings).drain_into(&mut diagnostics);
    let mut peers = Peers::default();
    for ingress in ingresses {
        peers.insert(ingress);
    }
    let mut fragments = Vec::new();
    for ingress in ingresses {
        let peers = peers.of(ingress);
        let context = Context { frame: &frame, peers: &peers, objects: snapshot, settings };
        fragments.extend(fragment(ingress, &context).drain_into(&mut diagnostics));
    }
    let declared = frame.clone();
    let alb = merge(frame, fragments).drain_into(&mut diagnostics);
    let review = Review {
        alb: &alb,
        declared: &declared,
        is_given: snapshot.alb_configs.contains_key(&alb.name),
        settings,
    };
    let first = |id: ListenerId| {
        let listener = alb.listeners.iter().find(|listener| listener.id == id)?;
        Some(listener.rules.first()?.priority.ingress.clone())
    };
    diagnostics.extend(review.listeners(first));
    diagnostics.extend(same_orders(ingresses, settings));
    diagnostics.extend(shadowed(&alb, snapshot).into_iter().map(|(_, diagnostic)| diagnostic));
    let servers = servers_by_service(snapshot);
    let count = |backend: &Backend| servers.get(&backend.service).copied().unwrap_or_default();
    let used = Used::of(&alb, count);
    diagnostics.extend(review.quotas(used));
    Outcome { value: alb, diagnostics }
}

/// Only old controllers mind.
fn same_orders(ingresses: &[&Arc<Ingress>], settings: &Settings) -> Vec<Diagnostic> {
    let mut first: BTreeMap<u16, ObjectKey> = BTreeMap::new();
    let mut diagnostics = Vec::new();
    for ingress in ingresses {
        let Some(order) = explicit_order(ingress, settings) else { continue };
        match first.entry(order) {
            Entry::Vacant(entry) => drop(entry.insert(ObjectKey::of(&ingress.metadata))),
            Entry::Occupied(entry) => diagnostics.push(same_order(ingress, order, entry.get(), settings)),
        }
    }
    diagnostics
}

/// The addresses that the snapshot has for each Service.
fn servers_by_service(snapshot: &Snapshot) -> BTreeMap<ObjectKey, usize> {
    let mut servers = BTreeMap::new();
    for (key, slice) in &snapshot.endpoint_slices {
        let labels = slice.metadata.labels.as_ref();
        let Some(name) = labels.and_then(|labels| labels.get("kubernetes.io/service-name")) else { continue };
        let addresses = slice.endpoints.iter().map(|endpoint| endpoint.addresses.len());
        *servers.entry(ObjectKey::new(key.namespace.clone(), name)).or_default() += addresses.sum::<usize>();
    }
    servers
}
