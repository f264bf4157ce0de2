use crate::{Rule, ServerGroup};
use net_alb_api::ObjectKey;
use serde::Serialize;

/// One Application Load Balancer: an AlbConfig and every Ingress of its classes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Alb {
    /// The AlbConfig's name.
    pub name: String,
    /// Who can reach it.
    pub address_type: AddressType,
    /// By port, then protocol.
    pub listeners: Vec<Listener>,
    /// Every group that a rule forwards to, by id.
    pub server_groups: Vec<ServerGroup>,
}

/// Who can reach a load balancer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum AddressType {
    /// Anybody: the public hosts.
    Internet,
    /// Only the private network: the cluster-local hosts.
    Intranet,
}

/// A listener's port and protocol; QUIC and HTTPS may share a port number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct ListenerId {
    /// 1–65535.
    pub port: u16,
    /// What is spoken there.
    pub protocol: Protocol,
}

/// What a listener speaks. Source: ALB, "Create and manage listeners".
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Protocol {
    /// HTTP/1.1 in clear (net-alb's gateway: h2c too).
    Http,
    /// TLS, HTTP/1.1 and HTTP/2.
    Https,
    /// HTTP/3.
    Quic,
}

/// One listener.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Listener {
    /// Port and protocol.
    #[serde(flatten)]
    pub id: ListenerId,
    /// How long a client connection may be idle. 1–600, default 15.
    pub idle_timeout_seconds: u16,
    /// How long a backend may take to begin its answer. 1–600, default 60.
    pub request_timeout_seconds: u16,
    /// HTTPS only.
    pub http2: bool,
    /// Whether text answers are compressed.
    pub gzip: bool,
    /// TLS policy by name, HTTPS only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub security_policy: Option<String>,
    /// Secrets with certificates, by key.
    #[serde(skip_serializing_if = "Vec::is_empty", serialize_with = "keys_as_strings")]
    pub certificate_secrets: Vec<ObjectKey>,
    /// Certificates of Certificate Management Service, by id.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub certificate_ids: Vec<String>,
    /// Which headers tell the backend about the client.
    pub x_forwarded_for: XForwardedFor,
    /// What a request gets that no rule takes.
    pub default_action: DefaultAction,
    /// In the order in which they are tried.
    pub rules: Vec<Rule>,
}

fn keys_as_strings<S: serde::Serializer>(keys: &[ObjectKey], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(keys.iter().map(ToString::to_string))
}

/// Which headers tell the backend about the client; AlbConfig's `xForwardedForConfig`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct XForwardedFor {
    /// `X-Forwarded-For`: the peer's address is appended.
    pub x_forwarded_for: bool,
    /// `X-Forwarded-Proto`: `http` or `https`.
    pub proto: bool,
    /// `X-Forwarded-Port`: the listener's port.
    pub slb_port: bool,
    /// `X-Forwarded-Host`: the client's `Host`.
    pub host: bool,
    /// `X-Forwarded-Client-srcport`: the peer's port.
    pub client_src_port: bool,
    /// `SLB-ID`: the load balancer's name.
    pub slb_id: bool,
}

/// What a request gets that no rule takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum DefaultAction {
    /// The empty server group of ALB Ingress: 503.
    EmptyServerGroup,
    /// This status: net-alb answers 404 for Knative, which demands it.
    Status(u16),
}

/// What one Ingress adds to its load balancer. It depends on that Ingress, on what that refers to, and on canary
/// Ingresses of the same host and path: on nothing else, so a change costs what it changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fragment {
    /// The Ingress.
    pub ingress: ObjectKey,
    /// The AlbConfig, by name.
    pub alb: String,
    /// Rules and certificates by listener.
    pub listeners: Vec<FragmentListener>,
    /// The groups that these rules forward to.
    pub server_groups: Vec<ServerGroup>,
}

/// A fragment's share of one listener.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FragmentListener {
    /// Which listener.
    pub id: ListenerId,
    /// By priority.
    pub rules: Vec<Rule>,
    /// Secrets with certificates.
    pub certificate_secrets: Vec<ObjectKey>,
}
