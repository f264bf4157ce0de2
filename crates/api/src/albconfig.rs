//! Alibaba's AlbConfig (`alibabacloud.com/v1`): one load balancer and its listeners.

use crate::{IntOrString, ObjectMeta};
use net_alb_diag::ObjectRef;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// An AlbConfig; it lives in no namespace.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct AlbConfig {
    /// The name, which IngressClasses point at.
    #[serde(default)]
    pub metadata: ObjectMeta,
    /// The load balancer and its listeners.
    #[serde(default)]
    pub spec: AlbConfigSpec,
    /// What ALB Ingress Controller reports; never read by a stage.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<serde_json::Value>,
}

impl AlbConfig {
    /// The API group and version.
    pub const API_VERSION: &'static str = "alibabacloud.com/v1";
    /// The kind.
    pub const KIND: &'static str = "AlbConfig";

    /// The name.
    pub fn name(&self) -> &str {
        self.metadata.name.as_deref().unwrap_or_default()
    }

    /// Names this object in a message.
    pub fn to_ref(&self) -> ObjectRef {
        ObjectRef {
            group: "alibabacloud.com".into(),
            kind: Self::KIND.into(),
            namespace: String::new(),
            name: self.name().into(),
        }
    }
}

/// `spec`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct AlbConfigSpec {
    /// The load balancer.
    pub config: LoadBalancerSpec,
    /// Its listeners.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub listeners: Vec<ListenerSpec>,
}

/// `spec.config`: what the gateway needs is typed, what only the cloud needs is kept as it is.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[serde(default)]
pub struct LoadBalancerSpec {
    /// An existing load balancer, `alb-…`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The load balancer's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// `Internet` (default) or `Intranet`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address_type: Option<String>,
    /// `Standard`, `StandardWithWaf` or `Basic`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub edition: Option<String>,
    /// At least two zones.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub zone_mappings: Vec<ZoneMapping>,
    /// Every other field.
    #[serde(flatten)]
    pub other: BTreeMap<String, serde_json::Value>,
}

/// One zone of the load balancer.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[serde(default)]
pub struct ZoneMapping {
    /// `vsw-…`.
    pub v_switch_id: String,
    /// `cn-…`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zone_id: Option<String>,
    /// An EIP, `eip-…`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allocation_id: Option<String>,
    /// `Common` or `Anycast`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub eip_type: Option<String>,
}

/// One of `spec.listeners`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[serde(default)]
pub struct ListenerSpec {
    /// 1 to 65535, as a number or a string; default 80.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub port: Option<IntOrString>,
    /// `HTTP` (default), `HTTPS` or `QUIC`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub protocol: Option<String>,
    /// Free text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Certificates of Certificate Management Service.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub certificates: Vec<Certificate>,
    /// Mutual TLS.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ca_enabled: Option<bool>,
    /// The CA of mutual TLS.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ca_certificates: Vec<Certificate>,
    /// A TLS policy by name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub security_policy_id: Option<String>,
    /// HTTPS only; default true.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub http2_enabled: Option<bool>,
    /// Default true.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gzip_enabled: Option<bool>,
    /// Seconds, 1–600, default 15: how long a client connection may be idle.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub idle_timeout: Option<i64>,
    /// Seconds, 1–600, default 60: how long a backend may take to answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_timeout: Option<i64>,
    /// HTTP/3 beside this HTTPS listener.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quic_config: Option<QuicConfig>,
    /// Which `X-Forwarded-*` headers the backend gets; none unless said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub x_forwarded_for_config: Option<XForwardedForConfig>,
    /// Every other field.
    #[serde(flatten)]
    pub other: BTreeMap<String, serde_json::Value>,
}

/// A certificate by id; the CRD spells these two keys with capitals.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
#[serde(default)]
pub struct Certificate {
    /// `123-cn-hangzhou`.
    pub certificate_id: String,
    /// For clients without SNI.
    pub is_default: bool,
}

/// `quicConfig`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[serde(default)]
pub struct QuicConfig {
    /// Whether answers announce the QUIC listener.
    pub quic_upgrade_enabled: bool,
    /// The QUIC listener's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quic_listener_id: Option<String>,
}

/// `xForwardedForConfig`; these keys have capitals in the CRD, and unset means off.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[allow(missing_docs, reason = "each field is named after the header it switches on")]
pub struct XForwardedForConfig {
    #[serde(rename = "XForwardedForEnabled")]
    pub x_forwarded_for: bool,
    #[serde(rename = "XForwardedForProtoEnabled")]
    pub proto: bool,
    #[serde(rename = "XForwardedForSLBIdEnabled")]
    pub slb_id: bool,
    #[serde(rename = "XForwardedForSLBPortEnabled")]
    pub slb_port: bool,
    #[serde(rename = "XForwardedForClientSrcPortEnabled")]
    pub client_src_port: bool,
    #[serde(rename = "XForwardedForHostEnabled")]
    pub host: bool,
    /// Client certificates, trusted sources, processing mode: kept as they are.
    #[serde(flatten)]
    pub other: BTreeMap<String, serde_json::Value>,
}
