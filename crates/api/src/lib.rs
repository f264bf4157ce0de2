//! The values that go in and out of net-alb, as others spell them, and nothing else: no logic, no client.
//!
//! * Wire types: [`KService`] and [`KIngress`] (Knative's), [`AlbConfig`] (Alibaba's); Kubernetes' own come from
//!   `k8s-openapi`. Fields are named as in the YAML.
//! * [`annotation`]: the `alb.ingress.kubernetes.io/…` vocabulary, typed, with its registry. `convert` writes it and
//!   `model` reads it: the only thing that the two share.
//! * [`Snapshot`]: every object that a run looks at. It's the same type from files, from a cluster and in tests.
//! * [`config`]: `config-network`, `config-domain`, `config-features` and net-alb's own settings, parsed.

mod albconfig;
pub mod annotation;
pub mod config;
pub mod hop;
mod kingress;
mod kservice;
mod network_hash;
mod object;
mod packed;
mod secret;
mod snapshot;

pub use albconfig::{
    AlbConfig, AlbConfigSpec, Certificate, ListenerSpec, LoadBalancerSpec, QuicConfig, XForwardedForConfig,
    ZoneMapping,
};
pub use kingress::{
    HeaderMatch, HttpIngressPath, HttpIngressRule, IngressRule, IngressSpec, IngressTls, KIngress, Split,
    Visibility,
};
pub use kservice::{KService, KServiceSpec, KServiceStatus, RevisionSpec, RevisionTemplate, TrafficTarget};
pub use network_hash::network_hash;
pub use object::Object;
pub use packed::Packed;
pub use secret::lacking;
pub use snapshot::{Objects, Snapshot};

pub use k8s_openapi::api::core::v1::{ConfigMap, Secret, Service};
pub use k8s_openapi::api::discovery::v1::EndpointSlice;
pub use k8s_openapi::api::networking::v1::{Ingress, IngressClass};
pub use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
pub use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use net_alb_diag::ObjectRef;
use std::fmt;

/// Namespace and name. Ordered as the string `namespace/name`, since ALB Ingress Controller breaks ties so
/// (`a-b/a` < `a/x10` < `a/x9`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct ObjectKey {
    /// Empty for what lives in no namespace.
    pub namespace: String,
    /// The name.
    pub name: String,
}

impl ObjectKey {
    /// A key from its two parts.
    pub fn new(namespace: impl Into<String>, name: impl Into<String>) -> Self {
        ObjectKey { namespace: namespace.into(), name: name.into() }
    }

    /// The key of an object; an absent namespace is `default`, as for `kubectl apply`.
    pub fn of(metadata: &ObjectMeta) -> Self {
        let namespace = metadata.namespace.as_deref().unwrap_or("default");
        ObjectKey::new(namespace, metadata.name.as_deref().unwrap_or_default())
    }

    /// Names the object with this key, for a message.
    pub fn to_ref(&self, group: &str, kind: &str) -> ObjectRef {
        ObjectRef {
            group: group.to_owned(),
            kind: kind.to_owned(),
            namespace: self.namespace.clone(),
            name: self.name.clone(),
        }
    }

    fn bytes(&self) -> impl Iterator<Item = u8> + '_ {
        self.namespace.bytes().chain([b'/']).chain(self.name.bytes())
    }
}

impl Ord for ObjectKey {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.bytes().cmp(other.bytes())
    }
}

impl PartialOrd for ObjectKey {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for ObjectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.namespace, self.name)
    }
}
