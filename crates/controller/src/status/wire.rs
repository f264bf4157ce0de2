use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A KIngress' `status`. Source: networking `pkg/apis/networking/v1alpha1/ingress_types.go`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct IngressStatus {
    /// The generation that the rest is about.
    #[serde(default)]
    pub observed_generation: i64,
    /// By type.
    #[serde(default)]
    pub conditions: Vec<Condition>,
    /// Others' annotations, kept as they are.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
    /// Where clients outside find the hosts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub public_load_balancer: Option<LoadBalancerStatus>,
    /// Where clients inside find them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub private_load_balancer: Option<LoadBalancerStatus>,
}

impl IngressStatus {
    /// Whether the condition of this type is True.
    pub fn is_true(&self, kind: &str) -> bool {
        self.conditions.iter().any(|condition| condition.kind == kind && condition.status == "True")
    }
}

/// A condition. Source: knative.dev/pkg `apis/condition_types.go`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Condition {
    /// `Ready`, ….
    #[serde(rename = "type")]
    pub kind: String,
    /// `True`, `False` or `Unknown`.
    pub status: String,
    /// Empty for an error; `Warning` or `Info` for what doesn't count towards `Ready`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub severity: String,
    /// When anything else in it changed last.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub last_transition_time: String,
    /// `CamelCase`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// For people.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub message: String,
}

impl Condition {
    pub(super) fn new(kind: &str, status: &str, reason: &str, message: &str) -> Condition {
        Condition {
            kind: kind.to_owned(),
            status: status.to_owned(),
            severity: String::new(),
            last_transition_time: String::new(),
            reason: reason.to_owned(),
            message: message.to_owned(),
        }
    }

    /// The condition with the time of its last change: the old one's if nothing differs, else `now`.
    pub(super) fn since(mut self, old: &[Condition], now: &str) -> Condition {
        let old = old.iter().find(|old| old.kind == self.kind);
        let same = old.filter(|old| {
            (&old.status, &old.severity, &old.reason, &old.message)
                == (&self.status, &self.severity, &self.reason, &self.message)
        });
        self.last_transition_time = same.map_or(now, |old| &old.last_transition_time).to_owned();
        self
    }
}

/// A condition beside `Ready` that says No.
pub(super) fn warning(kind: &str, reason: &str, message: String) -> Condition {
    Condition { severity: "Warning".to_owned(), message, ..Condition::new(kind, "False", reason, "") }
}

/// A load balancer's addresses: always exactly one, since Serving takes no other number.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoadBalancerStatus {
    /// The addresses.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ingress: Vec<LoadBalancerIngress>,
}

impl LoadBalancerStatus {
    pub(super) fn of(domain: &str) -> LoadBalancerStatus {
        let ingress =
            LoadBalancerIngress { domain_internal: domain.to_owned(), ..LoadBalancerIngress::default() };
        LoadBalancerStatus { ingress: vec![ingress] }
    }
}

/// One address.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LoadBalancerIngress {
    /// An IP address.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub ip: String,
    /// A name that resolves outside.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub domain: String,
    /// A name that resolves inside the cluster.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub domain_internal: String,
    /// Only through a service mesh.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub mesh_only: bool,
}
