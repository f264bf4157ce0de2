//! What a plan counts. Source of the limits: ALB, Quotas and limits.

use crate::pipeline::Stages;
use net_alb_api::hop;
use net_alb_model::{
    Action, AddressType, Alb, Condition, Listener, ObjectKey, Protocol, Rule, ServerGroupId, quota,
};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// Which load balancers it takes.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Plan {
    /// By kind: how many there are, and how many there are at least.
    pub(super) needed: Vec<Needed>,
    pub(super) load_balancers: Vec<LoadBalancer>,
    /// What each KIngress, and each Ingress that somebody wrote, costs; the dearest first.
    pub(super) routes: Vec<Route>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Needed {
    pub(super) address_type: AddressType,
    pub(super) load_balancers: usize,
    /// As many as the rules, or the certificates, need however they are spread.
    pub(super) lower_bound: usize,
    pub(super) rules: usize,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct LoadBalancer {
    pub(super) name: String,
    pub(super) address_type: AddressType,
    pub(super) rules: Used,
    pub(super) certificates: Used,
    /// Of all listeners together; they have no quota of their own.
    pub(super) server_groups: usize,
    pub(super) listeners: Vec<OnListener>,
}

#[derive(Debug, Serialize)]
pub(super) struct Used {
    pub(super) used: usize,
    pub(super) limit: usize,
}

#[derive(Debug, Serialize)]
pub(super) struct OnListener {
    pub(super) port: u16,
    pub(super) protocol: String,
    pub(super) rules: usize,
    /// Values of all conditions, as ALB counts them.
    pub(super) conditions: usize,
    pub(super) targets: usize,
    pub(super) certificates: usize,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Route {
    /// `namespace/name`.
    pub(super) name: String,
    /// `KIngress` or `Ingress`.
    pub(super) kind: &'static str,
    /// On all listeners.
    pub(super) rules: usize,
    /// Those of them that lead to net-alb's gateway.
    pub(super) hops: usize,
    pub(super) load_balancers: BTreeSet<String>,
}

/// Counts.
pub(super) fn plan(stages: &Stages) -> Plan {
    let albs: Vec<&Alb> = stages.albs.iter().filter(|alb| has_rules(alb)).collect();
    let needed = AddressType::ALL.into_iter().map(|kind| needed(kind, &albs));
    Plan {
        needed: needed.filter(|needed| needed.load_balancers > 0).collect(),
        load_balancers: albs.iter().map(|alb| load_balancer(alb)).collect(),
        routes: routes(&albs, &stages.kingresses),
    }
}

fn has_rules(alb: &Alb) -> bool {
    alb.listeners.iter().any(|listener| !listener.rules.is_empty())
}

fn needed(address_type: AddressType, albs: &[&Alb]) -> Needed {
    let of_kind: Vec<&&Alb> = albs.iter().filter(|alb| alb.address_type == address_type).collect();
    let listeners = || of_kind.iter().flat_map(|alb| &alb.listeners);
    let rules = listeners().map(|listener| listener.rules.len()).sum::<usize>();
    let certificates: BTreeSet<_> = listeners()
        .flat_map(|listener| listener.certificate_secrets.iter().map(move |secret| (listener.id, secret)))
        .collect();
    let tls: BTreeSet<_> = certificates.iter().map(|(id, _)| id).collect();
    let limits = of_kind.iter().map(|alb| alb.edition.limits());
    let most = limits.reduce(|a, b| if a.rules >= b.rules { a } else { b });
    // A listener's default certificate is no additional one.
    let bound = |limits: net_alb_model::Limits| {
        let by_rules = rules.div_ceil(limits.rules);
        by_rules.max(certificates.len().div_ceil(limits.certificates + tls.len()))
    };
    Needed { address_type, load_balancers: of_kind.len(), lower_bound: most.map_or(0, bound), rules }
}

fn load_balancer(alb: &Alb) -> LoadBalancer {
    let quota = quota(alb, alb.edition);
    let used = |usage: net_alb_model::Usage| Used { used: usage.used, limit: usage.limit };
    LoadBalancer {
        name: alb.name.clone(),
        address_type: alb.address_type,
        rules: used(quota.rules),
        certificates: used(quota.certificates),
        server_groups: alb.server_groups.len(),
        listeners: alb.listeners.iter().map(on_listener).collect(),
    }
}

fn on_listener(listener: &Listener) -> OnListener {
    let certificates = listener.certificate_secrets.len() + listener.certificate_ids.len();
    OnListener {
        port: listener.id.port,
        protocol: listener.id.protocol.to_string(),
        rules: listener.rules.len(),
        conditions: listener.rules.iter().flat_map(|rule| &rule.conditions).map(values).sum(),
        targets: listener.rules.iter().map(|rule| targets(rule).count()).sum(),
        certificates: if listener.id.protocol == Protocol::Http { 0 } else { certificates },
    }
}

fn values(condition: &Condition) -> usize {
    match condition {
        Condition::Host(values)
        | Condition::Path(values)
        | Condition::Header { values, .. }
        | Condition::ResponseHeader { values, .. } => values.len(),
        Condition::Cookie(pairs) | Condition::QueryString(pairs) => pairs.len(),
        Condition::Method(values) | Condition::SourceIp(values) => values.len(),
        Condition::ResponseStatusCode(ranges) => ranges.len(),
    }
}

fn targets(rule: &Rule) -> impl Iterator<Item = &ServerGroupId> {
    let forwards = rule.actions.iter().filter_map(|action| match action {
        Action::ForwardGroup { targets, .. } => Some(targets),
        _ => None,
    });
    forwards.flatten().map(|target| &target.server_group)
}

fn is_hop(rule: &Rule) -> bool {
    targets(rule).any(
        |id| matches!(id, ServerGroupId::Service { backend, .. } if backend.service.name == hop::SERVICE),
    )
}

/// `kingresses` says which Ingress was made of which KIngress.
fn routes(albs: &[&Alb], kingresses: &BTreeMap<ObjectKey, ObjectKey>) -> Vec<Route> {
    let mut routes: BTreeMap<(&'static str, &ObjectKey), Route> = BTreeMap::new();
    for alb in albs {
        for rule in alb.listeners.iter().flat_map(|listener| &listener.rules) {
            let ingress = &rule.priority.ingress;
            let (kind, key) = kingresses.get(ingress).map_or(("Ingress", ingress), |key| ("KIngress", key));
            let route = routes.entry((kind, key)).or_insert_with(|| Route {
                name: key.to_string(),
                kind,
                rules: 0,
                hops: 0,
                load_balancers: BTreeSet::new(),
            });
            route.rules += 1;
            route.hops += usize::from(is_hop(rule));
            if !route.load_balancers.contains(&alb.name) {
                route.load_balancers.insert(alb.name.clone());
            }
        }
    }
    let mut routes: Vec<Route> = routes.into_values().collect();
    routes.sort_by_key(|route| std::cmp::Reverse(route.rules));
    routes
}
