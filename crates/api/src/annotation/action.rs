//! `actions.NAME`: a JSON array of actions. Source: ACK, "Customize the routing rules of an ALB Ingress".

use serde::Serialize;

/// One action, spelled as Alibaba's manual spells it; [`serde`] writes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "type")]
pub enum Action {
    /// Final: to one or more server groups by weight.
    ForwardGroup {
        /// The groups.
        #[serde(rename = "ForwardConfig")]
        config: ForwardConfig,
    },
    /// Final: an answer of ALB's own.
    FixedResponse {
        /// The answer.
        #[serde(rename = "FixedResponseConfig")]
        config: FixedResponse,
    },
    /// Final: 301, 302, 303, 307 or 308.
    Redirect {
        /// Where to.
        #[serde(rename = "RedirectConfig")]
        config: Redirect,
    },
    /// Sets a request header (a response header in a response rule), replacing the client's.
    InsertHeader {
        /// Which, and to what.
        #[serde(rename = "InsertHeaderConfig")]
        config: InsertHeader,
    },
    /// Drops a header.
    RemoveHeader {
        /// Which.
        #[serde(rename = "RemoveHeaderConfig")]
        config: KeyConfig,
    },
    /// Changes host, path or query on the way to the backend.
    Rewrite {
        /// What to write.
        #[serde(rename = "RewriteConfig")]
        config: Rewrite,
    },
    /// Copies requests to a server group and drops its answers.
    TrafficMirror {
        /// Where to.
        #[serde(rename = "TrafficMirrorConfig")]
        config: TrafficMirror,
    },
    /// Requests per second, in all or by client address.
    TrafficLimit {
        /// How many.
        #[serde(rename = "TrafficLimitConfig")]
        config: TrafficLimit,
    },
}

/// `ForwardConfig`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ForwardConfig {
    /// At most five on the real ALB.
    pub server_groups: Vec<ServerGroup>,
    /// Whether a client stays with its group.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server_group_sticky_session: Option<StickySession>,
}

/// One weighted target: a Service by name and port, or a server group by id, which wins.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ServerGroup {
    /// A Service in the Ingress' namespace.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub service_name: String,
    /// A number: named ports become 0 in Alibaba's controller.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_port: Option<u16>,
    /// `sgp-…`, a group made by hand.
    #[serde(rename = "ServerGroupID", skip_serializing_if = "String::is_empty")]
    pub server_group_id: String,
    /// Share = weight / sum of weights. Default 100.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weight: Option<u32>,
}

/// `ServerGroupStickySession`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct StickySession {
    /// On or off.
    pub enabled: bool,
    /// Seconds, 1–86400, default 1000.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout: Option<u32>,
}

/// `FixedResponseConfig`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FixedResponse {
    /// `text/plain` and four others.
    pub content_type: String,
    /// 2xx, 4xx or 5xx, as a string.
    pub http_code: String,
    /// At most 1 KB of ASCII.
    pub content: String,
}

/// `RedirectConfig`: every field is written out, since Alibaba's controller turns an absent one into `""`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Redirect {
    /// Default `${host}`.
    pub host: String,
    /// Default `${path}`.
    pub path: String,
    /// Default `${port}`.
    pub port: String,
    /// `http`, `https` or `${protocol}`.
    pub protocol: String,
    /// Default `${query}`.
    pub query: String,
    /// `301`, `302`, `303`, `307` or `308`, as a string.
    pub http_code: String,
}

/// `InsertHeaderConfig`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct InsertHeader {
    /// 1–40 of `[A-Za-z0-9_-]`.
    pub key: String,
    /// The text, the name of another header, or one of ALB's words, by `value_type`.
    pub value: String,
    /// `UserDefined`, `ReferenceHeader` or `SystemDefined`.
    pub value_type: String,
}

/// `RemoveHeaderConfig`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct KeyConfig {
    /// The header's name.
    pub key: String,
}

/// `RewriteConfig`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Rewrite {
    /// A host, or `${host}`.
    pub host: String,
    /// A path, `${path}`, or with `${1}`–`${3}` from a regex path condition.
    pub path: String,
    /// A query, or `${query}`.
    pub query: String,
}

/// `TrafficMirrorConfig`, flattened to what it says: groups by id.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(into = "serde_json::Value")]
pub struct TrafficMirror {
    /// `sgp-…`.
    pub server_group_ids: Vec<String>,
}

impl From<TrafficMirror> for serde_json::Value {
    fn from(mirror: TrafficMirror) -> Self {
        let tuples: Vec<_> = mirror
            .server_group_ids
            .into_iter()
            .map(|id| serde_json::json!({ "ServerGroupID": id }))
            .collect();
        serde_json::json!({"TargetType": "ForwardGroupMirror", "MirrorGroupConfig": {"ServerGroupTuples": tuples}})
    }
}

/// `TrafficLimitConfig`: numbers as strings.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct TrafficLimit {
    /// Requests per second in all, 1–1000000.
    #[serde(rename = "QPS", skip_serializing_if = "String::is_empty")]
    pub qps: String,
    /// Per client address; lower than `QPS`.
    #[serde(rename = "QPSPerIp", skip_serializing_if = "String::is_empty")]
    pub qps_per_ip: String,
}
