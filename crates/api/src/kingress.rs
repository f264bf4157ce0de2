//! Knative's Ingress (`networking.internal.knative.dev/v1alpha1`): what Serving asks of a networking layer.
//!
//! Order, optionality and "leave out when empty" follow `ingress_types.go` of knative.dev/networking field by field,
//! because the network hash is computed over this very JSON.

use crate::{IntOrString, ObjectKey, ObjectMeta};
use net_alb_diag::ObjectRef;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A KIngress.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct KIngress {
    /// Name, namespace, labels, annotations.
    #[serde(default)]
    pub metadata: ObjectMeta,
    /// What to route.
    #[serde(default)]
    pub spec: IngressSpec,
    /// What the networking layer reports; never read by a stage.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<serde_json::Value>,
}

impl KIngress {
    /// The API group and version.
    pub const API_VERSION: &'static str = "networking.internal.knative.dev/v1alpha1";
    /// The kind; Kubernetes' own Ingress has the same.
    pub const KIND: &'static str = "Ingress";

    /// Namespace and name.
    pub fn key(&self) -> ObjectKey {
        ObjectKey::of(&self.metadata)
    }

    /// Names this object in a message.
    pub fn to_ref(&self) -> ObjectRef {
        self.key().to_ref("networking.internal.knative.dev", Self::KIND)
    }
}

/// `spec`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct IngressSpec {
    /// Certificates, by the hosts they cover.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tls: Vec<IngressTls>,
    /// Hosts and what to do for them; a host's first rule wins.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<IngressRule>,
    /// `Enabled` (also when empty) serves plain HTTP, `Redirected` answers it with 301 to HTTPS.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub http_option: String,
}

/// One certificate.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct IngressTls {
    /// The hosts it covers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hosts: Vec<String>,
    /// A Secret with `tls.crt` and `tls.key`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub secret_name: String,
    /// Where the Secret is.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub secret_namespace: String,
}

/// Hosts of one visibility and the paths under them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct IngressRule {
    /// Exact host names; none means every host.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hosts: Vec<String>,
    /// Who may reach them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub visibility: Option<Visibility>,
    /// The paths.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub http: Option<HttpIngressRule>,
}

impl IngressRule {
    /// The visibility, with Knative's default.
    pub fn visibility(&self) -> Visibility {
        self.visibility.unwrap_or(Visibility::ExternalIP)
    }

    /// The paths, none if there is no `http`.
    pub fn paths(&self) -> &[HttpIngressPath] {
        self.http.as_ref().and_then(|http| http.paths.as_deref()).unwrap_or_default()
    }
}

/// Who may reach a rule's hosts: a security boundary.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Visibility {
    /// Anybody who reaches the public listener.
    ExternalIP,
    /// Only clients inside the cluster.
    ClusterLocal,
}

/// `rules[].http`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HttpIngressRule {
    /// First match wins. `None` and empty are both invalid but hash differently in Go.
    #[serde(default)]
    pub paths: Option<Vec<HttpIngressPath>>,
}

/// One path under the rule's hosts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HttpIngressPath {
    /// A plain string prefix (`/foo` matches `/foobar`); empty matches everything.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub path: String,
    /// The `Host` that the backend sees; empty keeps the client's.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub rewrite_host: String,
    /// All must match.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, HeaderMatch>,
    /// Percentages add up to 100.
    #[serde(default)]
    pub splits: Option<Vec<Split>>,
    /// Set (not appended) on the request whichever split is chosen.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub append_headers: BTreeMap<String, String>,
}

impl HttpIngressPath {
    /// The splits, none if absent.
    pub fn splits(&self) -> &[Split] {
        self.splits.as_deref().unwrap_or_default()
    }
}

/// How a header must look.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeaderMatch {
    /// The whole value, letter by letter.
    #[serde(default)]
    pub exact: String,
}

/// A share of the requests and the Service that gets it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Split {
    /// Must be the KIngress' own namespace.
    #[serde(default)]
    pub service_namespace: String,
    /// A Kubernetes Service.
    #[serde(default)]
    pub service_name: String,
    /// Its port's number or name, never the target port.
    #[serde(default = "zero_port")]
    pub service_port: IntOrString,
    /// 0 to 100. A single split with 0 means 100.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub percent: i32,
    /// Set (not appended) on the requests that go here.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub append_headers: BTreeMap<String, String>,
}

fn zero_port() -> IntOrString {
    IntOrString::Int(0)
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
fn is_zero(percent: &i32) -> bool {
    *percent == 0
}
