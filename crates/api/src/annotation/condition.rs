//! `conditions.NAME`: a JSON array of conditions. Source: ACK, "Customize the routing rules of an ALB Ingress".
//!
//! All conditions of a rule must hold; the values inside one are alternatives. Text may hold `*` and `?`.

use serde::Serialize;

/// One condition, spelled as Alibaba's manual spells it; [`serde`] writes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all_fields = "camelCase")]
pub enum Condition {
    /// Joins the rule's own host: either matches.
    Host { host_config: Values },
    /// Joins the rule's own path: either matches.
    Path { path_config: Values },
    /// One header.
    Header { header_config: KeyedValues },
    /// One of these query parameters.
    QueryString { query_string_config: KeyValues },
    /// `GET`, `POST`, ….
    Method { method_config: Values },
    /// One of these cookies.
    Cookie { cookie_config: KeyValues },
    /// Addresses and CIDRs, at most five.
    SourceIp { source_ip_config: Values },
    /// One response header; only in a response rule.
    ResponseHeader { response_header_config: KeyedValues },
    /// `200-299`, `301`; only in a response rule.
    ResponseStatusCode { response_status_code_config: Values },
}

/// Alternatives.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Values {
    /// Any of them.
    pub values: Vec<String>,
}

/// A name and alternatives for its value.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct KeyedValues {
    /// The header's name.
    pub key: String,
    /// Any of them.
    pub values: Vec<String>,
}

/// Alternatives, each a name and a value.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct KeyValues {
    /// Any of them.
    pub values: Vec<KeyValue>,
}

/// A name and a value.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct KeyValue {
    /// The cookie's or parameter's name.
    pub key: String,
    /// Its value.
    pub value: String,
}
