//! `net-alb.knative.dev/…`: the small superset by which the embedded ALB says what ALB can't. Alibaba's controller
//! ignores these keys, so an Ingress that carries them is still a valid ALB Ingress.
//!
//! Keys that end in `.NAME` belong to the rules whose backend is the Service `NAME`, like `actions.NAME`. The longest of
//! them, `literal-conditions.`, leaves a NAME 44 of the 63 characters that Kubernetes allows after the slash.

use crate::IntOrString;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The prefix of net-alb's own keys.
pub const PREFIX: &str = "net-alb.knative.dev/";

/// `net-alb.knative.dev/target-headers.NAME`: a JSON array of [`TargetHeaders`], the headers that each weighted target
/// of `actions.NAME` sets. ALB's `InsertHeader` is an action of the whole rule; Knative's activator needs to
/// know the chosen revision. They are set after the rule's own `InsertHeader`s and win over them.
pub fn target_headers_key(backend: &str) -> String {
    format!("{PREFIX}target-headers.{backend}")
}

/// `net-alb.knative.dev/literal-conditions.NAME: "true"`: `*` and `?` in the header, cookie and query values of
/// `conditions.NAME` stand for themselves. Knative matches headers letter by letter; ALB has no escape.
pub fn literal_conditions_key(backend: &str) -> String {
    format!("{PREFIX}literal-conditions.{backend}")
}

/// `net-alb.knative.dev/literal-paths.NAME: "true"`: the `ImplementationSpecific` paths of the rules with this backend
/// are plain string prefixes. Their last `*` is any run of characters, as ever; every other `*` and `?` stands for itself.
/// Knative's paths are plain prefixes; ALB has no escape.
pub fn literal_paths_key(backend: &str) -> String {
    format!("{PREFIX}literal-paths.{backend}")
}

/// `net-alb.knative.dev/rule-reason.NAME`: why a request takes the rule, for `explain`, the access log and the dump:
/// `acme challenge`, `tag header`, `header`, `cookie`, `path`, `weight` or `redirect`.
pub fn rule_reason_key(backend: &str) -> String {
    format!("{PREFIX}rule-reason.{backend}")
}

/// On an Ingress: the network hash of its KIngress. A request to one of its backends whose header `K-Network-Hash` says `override`
/// arrives there with this value instead, so that whoever answers the probe can say which version is served.
pub const NETWORK_HASH: &str = "net-alb.knative.dev/network-hash";

/// On an Ingress that net-alb wrote for target `alb`: a digest of what it wrote.
pub const HASH: &str = "net-alb.knative.dev/hash";

/// On an Ingress that net-alb wrote for target `alb`: the generation of the KIngress when the Ingress changed last.
pub const GENERATION: &str = "net-alb.knative.dev/generation";

/// On an AlbConfig: the status that a listener of the embedded ALB answers when no rule matches. Without it ALB's own
/// 503 (an empty default group); Knative wants 404.
pub const DEFAULT_STATUS: &str = "net-alb.knative.dev/default-status";

/// The headers that one weighted target sets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TargetHeaders {
    /// The target's Service, as in `ServerGroups`.
    pub service_name: String,
    /// The target's port, as in `ServerGroups`.
    pub service_port: IntOrString,
    /// Set, replacing the client's.
    pub headers: BTreeMap<String, String>,
}
