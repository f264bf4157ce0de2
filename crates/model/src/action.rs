use crate::ServerGroupId;
use serde::Serialize;
use std::collections::BTreeMap;

/// What a rule does. Rare and large ones are boxed: a rule of Knative's has three small ones, and there are thousands of rules.
///
/// Source: ALB, "Manage forwarding rules for a listener".
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Action {
    /// More than so many requests a second get 503 with `ALB-QPS-Limited: Limited`.
    TrafficLimit {
        /// In all.
        #[serde(skip_serializing_if = "Option::is_none")]
        qps: Option<u32>,
        /// From one client address.
        #[serde(skip_serializing_if = "Option::is_none")]
        per_ip_qps: Option<u32>,
    },
    /// Sets a header, replacing what is there.
    InsertHeader {
        /// Its name.
        key: String,
        /// Its value.
        value: HeaderValue,
    },
    /// Drops a header.
    RemoveHeader {
        /// Its name.
        key: String,
    },
    /// Changes host, path or query on the way to the backend.
    Rewrite(Box<Rewrite>),
    /// Answers preflight requests and marks answers.
    Cors(Box<Cors>),
    /// Copies requests to these groups, by their ids at Alibaba.
    TrafficMirror {
        /// `sgp-…`.
        server_group_ids: Vec<String>,
    },
    /// Final: to one target by weight.
    ForwardGroup {
        /// None, or weights of 0 only: 503.
        targets: Vec<Target>,
        /// Seconds for which a client stays with its target.
        #[serde(skip_serializing_if = "Option::is_none")]
        sticky_seconds: Option<u32>,
    },
    /// Final: the client goes elsewhere.
    Redirect(Box<Redirect>),
    /// Final: an answer of the load balancer's own.
    FixedResponse(Box<FixedResponse>),
}

impl Action {
    /// Whether it ends a rule.
    pub fn is_final(&self) -> bool {
        matches!(self, Action::ForwardGroup { .. } | Action::Redirect(_) | Action::FixedResponse(_))
    }
}

/// A weighted target of a forward.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Target {
    /// Which group.
    pub server_group: ServerGroupId,
    /// Share = weight / sum of weights; 0 gets nothing.
    pub weight: u32,
    /// Headers set on requests that go here: net-alb's superset (`target-headers`).
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
}

/// Where a header's value comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum HeaderValue {
    /// This text.
    UserDefined(String),
    /// The request header of this name.
    ReferenceHeader(String),
    /// Something that the load balancer knows.
    SystemDefined(SystemValue),
    /// This text where the request's own value of the header is `override`, which is how Knative asks for it; else the request's
    /// own value, if it has one: net-alb's superset (`network-hash`).
    InPlaceOfOverride(String),
}

/// What the load balancer knows of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum SystemValue {
    /// The peer's port.
    ClientSrcPort,
    /// The peer's address.
    ClientSrcIp,
    /// `HTTP/1.1`, ….
    Protocol,
    /// The load balancer's name.
    SLBId,
    /// The listener's port.
    SLBPort,
}

/// Templates: `${host}`, `${path}`, `${query}`, `${protocol}`, `${port}`, and `${1}`–`${3}` from a regex path condition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Rewrite {
    /// A host, or `${host}`.
    pub host: String,
    /// A path, or `${path}`.
    pub path: String,
    /// A query, or `${query}`.
    pub query: String,
}

/// Templates, as in [`Rewrite`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Redirect {
    /// `http`, `https` or `${protocol}`.
    pub protocol: String,
    /// A host, or `${host}`.
    pub host: String,
    /// A port, or `${port}`; left out of the URL where it is the protocol's own.
    pub port: String,
    /// A path, or `${path}`.
    pub path: String,
    /// A query, or `${query}`.
    pub query: String,
    /// 301, 302, 303, 307 or 308.
    pub status: u16,
}

/// An answer of the load balancer's own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FixedResponse {
    /// 2xx, 4xx or 5xx.
    pub status: u16,
    /// `text/plain` and four others.
    pub content_type: String,
    /// At most 1 KB.
    pub content: String,
}

/// Cross-origin requests, from the `cors-*` annotations.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Cors {
    /// `*` or `http(s)://host[:port]`, where the host may be one-level wildcard.
    pub allow_origins: Vec<String>,
    /// Methods.
    pub allow_methods: Vec<String>,
    /// Request headers.
    pub allow_headers: Vec<String>,
    /// Response headers.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub expose_headers: Vec<String>,
    /// Cookies and credentials.
    pub allow_credentials: bool,
    /// −1…172800.
    pub max_age_seconds: i64,
}
