use crate::{Rule, ServerGroup};
use net_alb_api::ObjectKey;
use net_alb_api::config::AddressType;
use serde::Serialize;
use std::fmt;

/// One Application Load Balancer: an AlbConfig and every Ingress of its classes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Alb {
    /// The AlbConfig's name.
    pub name: String,
    /// Who can reach it.
    pub address_type: AddressType,
    /// What was bought; it decides the limits.
    pub edition: Edition,
    /// What a listener gets that an Ingress asks for and the AlbConfig doesn't declare.
    #[serde(skip)]
    pub undeclared: ListenerDefaults,
    /// By port, then protocol.
    pub listeners: Vec<Listener>,
    /// Every group that a rule forwards to, by id.
    pub server_groups: Vec<ServerGroup>,
}

/// What was bought. Source: ALB, "Quotas and limits".
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub enum Edition {
    /// The cheap one, with the smallest limits; no longer offered with Ingress.
    Basic,
    /// The usual one.
    #[default]
    Standard,
    /// As `Standard`, with a web application firewall.
    StandardWithWaf,
}

/// What listeners of one load balancer have in common.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ListenerDefaults {
    /// Which headers tell the backend about the client.
    pub x_forwarded_for: XForwardedFor,
    /// What a request gets that no rule takes.
    pub default_action: DefaultAction,
}

/// A listener's port and protocol; QUIC and HTTPS may share a port number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct ListenerId {
    /// 1–65535.
    pub port: u16,
    /// What is spoken there.
    pub protocol: Protocol,
}

impl ListenerId {
    /// Whether both can't be there: HTTP and HTTPS need the port's TCP side for themselves, QUIC uses UDP.
    pub fn conflicts_with(self, other: ListenerId) -> bool {
        let tcp = |id: ListenerId| id.protocol != Protocol::Quic;
        self.port == other.port && self != other && tcp(self) && tcp(other)
    }
}

/// As ALB Ingress Controller prints it: `443/HTTPS`.
impl fmt::Display for ListenerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.port, self.protocol)
    }
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

impl Protocol {
    /// Reads `HTTP`, `HTTPS` or `QUIC`.
    pub fn parse(text: &str) -> Option<Self> {
        [Protocol::Http, Protocol::Https, Protocol::Quic].into_iter().find(|protocol| protocol.name() == text)
    }

    /// `HTTP`, `HTTPS` or `QUIC`.
    pub fn name(self) -> &'static str {
        match self {
            Protocol::Http => "HTTP",
            Protocol::Https => "HTTPS",
            Protocol::Quic => "QUIC",
        }
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
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
    /// The port of the QUIC listener that answers announce (`Alt-Svc`), HTTPS only; AlbConfig's `quicConfig`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quic_port: Option<u16>,
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
    /// Secrets with the CAs of one of which every client must show a certificate (mutual TLS); none: clients show nothing.
    #[serde(skip_serializing_if = "Vec::is_empty", serialize_with = "keys_as_strings")]
    pub client_ca_secrets: Vec<ObjectKey>,
    /// Which headers tell the backend about the client.
    pub x_forwarded_for: XForwardedFor,
    /// What a request gets that no rule takes.
    pub default_action: DefaultAction,
    /// In the order in which they are tried.
    pub rules: Vec<Rule>,
}

impl Listener {
    /// A listener with nothing but its defaults.
    pub(crate) fn plain(id: ListenerId, defaults: ListenerDefaults) -> Self {
        let is_tls = id.protocol == Protocol::Https;
        Listener {
            id,
            idle_timeout_seconds: 15,
            request_timeout_seconds: 60,
            http2: is_tls,
            quic_port: None,
            gzip: true,
            security_policy: is_tls.then(|| "tls_cipher_policy_1_0".to_owned()),
            certificate_secrets: Vec::new(),
            certificate_ids: Vec::new(),
            client_ca_secrets: Vec::new(),
            x_forwarded_for: defaults.x_forwarded_for,
            default_action: defaults.default_action,
            rules: Vec::new(),
        }
    }
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
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum DefaultAction {
    /// The empty server group of ALB Ingress: 503.
    #[default]
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
