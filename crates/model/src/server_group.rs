use net_alb_api::{IntOrString, ObjectKey};
use serde::{Serialize, Serializer};
use std::fmt;
use std::sync::Arc;

/// What a server group stands for: a port of a Service. Two groups of the same backend (from two Ingresses) share its endpoints.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Backend {
    /// The Service.
    pub service: ObjectKey,
    /// Its port's number or name.
    pub port: String,
}

impl Backend {
    /// A port of a Service.
    pub fn new(service: ObjectKey, port: &IntOrString) -> Self {
        let port = match port {
            IntOrString::Int(number) => number.to_string(),
            IntOrString::String(name) => name.clone(),
        };
        Backend { service, port }
    }
}

impl fmt::Display for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.service, self.port)
    }
}

/// A group's identity: the Ingress that asks for it and the backend, as Alibaba's controller keys them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ServerGroupId {
    /// `namespace/ingress/service:port`. Both parts are shared: each stands in every target that leads there.
    Service {
        /// The Ingress' name; its namespace is the Service's.
        ingress: Arc<str>,
        /// The Service and port.
        backend: Arc<Backend>,
    },
    /// `sgp-…`: made by hand at Alibaba; the gateway has no servers for it.
    External(String),
}

impl fmt::Display for ServerGroupId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ServerGroupId::Service { ingress, backend } => {
                write!(f, "{}/{ingress}/{}:{}", backend.service.namespace, backend.service.name, backend.port)
            }
            ServerGroupId::External(id) => f.write_str(id),
        }
    }
}

impl Serialize for ServerGroupId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Servers that answer alike, and how to treat them. Which addresses are in it is no part of the model: they come and
/// go with the endpoints.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ServerGroup {
    /// Its identity.
    pub id: ServerGroupId,
    /// What the servers speak.
    pub protocol: BackendProtocol,
    /// How a server is chosen.
    pub scheduler: Scheduler,
    /// Whether connections to servers are kept open.
    pub keepalive: bool,
    /// Whether a client stays with its server.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stickiness: Option<Stickiness>,
    /// How servers are checked; off by default through the Ingress.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub health_check: Option<Box<HealthCheck>>,
}

/// What a group's servers speak.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum BackendProtocol {
    /// HTTP/1.1.
    Http,
    /// HTTP/1.1 over TLS.
    Https,
    /// gRPC over HTTP/2.
    Grpc,
    /// HTTP/2 in clear, by the Service port's `appProtocol: kubernetes.io/h2c` or name: net-alb's superset.
    H2c,
}

impl BackendProtocol {
    /// Whether it's HTTP/2.
    pub fn is_http2(self) -> bool {
        matches!(self, BackendProtocol::Grpc | BackendProtocol::H2c)
    }
}

/// How a server is chosen in its group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Scheduler {
    /// Weighted round robin.
    Wrr,
    /// Weighted least connections.
    Wlc,
    /// Consistent hash of the client's address.
    Sch,
    /// Consistent hash of a query parameter.
    Uch {
        /// The parameter's name.
        key: String,
    },
}

/// How a client stays with its server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Stickiness {
    /// ALB's own cookie `SERVERID`, for so long (1–86400).
    Insert {
        /// Seconds.
        timeout_seconds: u32,
    },
    /// The application's cookie of this name.
    Server {
        /// The cookie's name.
        cookie: String,
    },
}

/// How servers are checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct HealthCheck {
    /// `HTTP`, `HTTPS`, `TCP` or `GRPC`.
    pub protocol: String,
    /// 1–80 characters from `/`.
    pub path: String,
    /// `HEAD`, `GET` or `POST`.
    pub method: String,
    /// `HTTP1.0` or `HTTP1.1`.
    pub http_version: String,
    /// `http_2xx`, … or gRPC codes.
    pub codes: Vec<String>,
    /// 1–300.
    pub timeout_seconds: u32,
    /// 1–50.
    pub interval_seconds: u32,
    /// 2–10.
    pub healthy_threshold: u32,
    /// 2–10.
    pub unhealthy_threshold: u32,
    /// 0 is the backend's own port.
    pub port: u16,
}
