//! What each role calls at the API server: what RBAC must allow, and nothing else.

use crate::watch::Kind;

/// One permission.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Access {
    /// Empty for the core group.
    pub group: &'static str,
    /// The plural, with the subresource after a `/`.
    pub resource: &'static str,
    /// As RBAC spells it.
    pub verb: &'static str,
    /// Where.
    pub scope: Scope,
}

/// In which namespaces something is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// In all of them, or outside of any.
    Cluster,
    /// In the pod's own.
    Own,
    /// In that of Knative Serving's ConfigMaps.
    System,
}

/// What a gateway calls: it watches every kind, and writes nothing.
pub fn gateway() -> Vec<Access> {
    Kind::ALL.iter().flat_map(|kind| watching(*kind, scope(*kind))).collect()
}

/// What a controller calls, whatever the target.
pub fn controller() -> Vec<Access> {
    let mut all: Vec<_> = [
        watching(Kind::KIngress, Scope::Cluster),
        watching(Kind::ConfigMap, Scope::System),
        watching(Kind::EndpointSlice, Scope::Own),
    ]
    .concat();
    let (kingresses, ..) = Kind::KIngress.names();
    let lease = |verb| Access { group: "coordination.k8s.io", resource: "leases", verb, scope: Scope::Own };
    let event = |verb| Access { group: "events.k8s.io", resource: "events", verb, scope: Scope::Cluster };
    all.push(Access {
        group: kingresses,
        resource: "ingresses/status",
        verb: "patch",
        scope: Scope::Cluster,
    });
    all.extend(["create", "patch"].map(event));
    all.extend(["list", "watch", "create", "update"].map(lease));
    all.extend(delivering());
    all
}

/// What it calls with target `alb` only: it applies the objects for ALB Ingress Controller, and watches what they are made of.
fn delivering() -> Vec<Access> {
    let endpoints = |verb| Access { group: "", resource: "endpoints", verb, scope: Scope::Cluster };
    let events = |verb| Access { group: "", resource: "events", verb, scope: Scope::Cluster };
    let mut all = watching(Kind::Secret, Scope::Cluster);
    for kind in [Kind::Ingress, Kind::IngressClass, Kind::AlbConfig, Kind::Service] {
        let (group, _, resource) = kind.names();
        all.extend(watching(kind, Scope::Cluster));
        all.extend(["create", "patch"].map(|verb| Access { group, resource, verb, scope: Scope::Cluster }));
        if matches!(kind, Kind::Ingress | Kind::Service) {
            all.push(Access { group, resource, verb: "delete", scope: Scope::Cluster });
        }
    }
    all.extend(["list", "watch", "create", "patch", "delete"].map(endpoints));
    all.extend(["list", "watch"].map(events));
    all
}

fn watching(kind: Kind, scope: Scope) -> Vec<Access> {
    let (group, _, resource) = kind.names();
    ["list", "watch"].map(|verb| Access { group, resource, verb, scope }).to_vec()
}

fn scope(kind: Kind) -> Scope {
    if kind == Kind::ConfigMap { Scope::System } else { Scope::Cluster }
}
