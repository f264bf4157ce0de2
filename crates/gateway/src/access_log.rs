use crate::listener::ListenerKey;
use crate::reason::Reason;
use net_alb_model::{RuleId, ServerGroupId};
use serde::Serialize;
use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

/// Where finished requests are recorded. Called on the thread that served the request, so it should not wait: put the line
/// into a channel or buffer.
pub trait AccessLog: Send + Sync + fmt::Debug {
    /// A request is over.
    fn record(&self, record: &Record<'_>);
}

/// One request and what became of it. Prints as one line of text.
#[derive(Debug, Clone, Copy)]
pub struct Record<'a> {
    /// The listener that it came to.
    pub listener: &'a ListenerKey,
    /// The peer.
    pub client: SocketAddr,
    /// `GET`, …; empty if the request's head couldn't be read.
    pub method: &'a str,
    /// The host as the client sent it.
    pub host: &'a str,
    /// The path, without the query: queries may hold secrets.
    pub path: &'a str,
    /// The answer's status; 499 if the client went away first.
    pub status: u16,
    /// Bytes of the request's head and body.
    pub received: u64,
    /// Bytes of the answer's head and body.
    pub sent: u64,
    /// From the request's head to the end of the answer.
    pub duration: Duration,
    /// The rule that took it.
    pub rule: Option<&'a RuleId>,
    /// Why somebody wanted that rule: `header`, `cookie`, `weight`, ….
    pub reason: Option<&'a str>,
    /// The server group that was chosen.
    pub target: Option<&'a ServerGroupId>,
    /// The server that answered.
    pub endpoint: Option<SocketAddr>,
    /// Why the gateway answered by itself or gave up.
    pub error: Option<Reason>,
}

/// The record's fields as JSON has them.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
struct JsonRecord<'a> {
    listener: String,
    client: SocketAddr,
    method: &'a str,
    host: &'a str,
    path: &'a str,
    status: u16,
    received: u64,
    sent: u64,
    duration_ms: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    rule: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    target: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    endpoint: Option<SocketAddr>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'static str>,
}

impl Record<'_> {
    /// One line of JSON, without a line end. Fields that say nothing are left out.
    pub fn to_json(&self) -> String {
        let record = JsonRecord {
            listener: self.listener.to_string(),
            client: self.client,
            method: self.method,
            host: self.host,
            path: self.path,
            status: self.status,
            received: self.received,
            sent: self.sent,
            duration_ms: (self.duration.as_secs_f64() * 1e6).round() / 1e3,
            rule: self.rule.map(|rule| rule.0.as_str()),
            reason: self.reason,
            target: self.target.map(ToString::to_string),
            endpoint: self.endpoint,
            error: self.error.map(Reason::as_str),
        };
        serde_json::to_string(&record).unwrap_or_default()
    }
}

/// `GET hello.example/path 200 1.234ms header → default/hello/v2:80 at 10.0.0.7:8080`.
impl fmt::Display for Record<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (method, host, path) = (self.method, self.host.escape_debug(), self.path.escape_debug());
        let milliseconds = self.duration.as_secs_f64() * 1e3;
        write!(f, "{method} {host}{path} {} {milliseconds:.3}ms", self.status)?;
        self.reason.iter().try_for_each(|reason| write!(f, " {reason}"))?;
        self.target.iter().try_for_each(|target| write!(f, " → {target}"))?;
        self.endpoint.iter().try_for_each(|endpoint| write!(f, " at {endpoint}"))?;
        self.error.iter().try_for_each(|error| write!(f, " error={error}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use net_alb_model::{ListenerId, Protocol};

    #[test]
    fn a_record_is_a_line_of_text_or_json() {
        let listener = ListenerKey {
            alb: "knative-internet".to_owned(),
            id: ListenerId { port: 80, protocol: Protocol::Http },
        };
        let rule = RuleId("default/hello/v2".to_owned());
        let target = ServerGroupId::External("sgp-1".to_owned());
        let record = Record {
            listener: &listener,
            client: SocketAddr::from(([127, 0, 0, 1], 5)),
            method: "GET",
            host: "hello.example",
            path: "/a\"b",
            status: 503,
            received: 10,
            sent: 20,
            duration: Duration::from_micros(1234),
            rule: Some(&rule),
            reason: Some("header"),
            target: Some(&target),
            endpoint: None,
            error: Some(Reason::ExternalServerGroup),
        };
        assert_eq!(
            record.to_string(),
            "GET hello.example/a\\\"b 503 1.234ms header → sgp-1 error=external-server-group"
        );
        assert_eq!(
            record.to_json(),
            "{\"listener\":\"knative-internet/HTTP:80\",\"client\":\"127.0.0.1:5\",\"method\":\"GET\",\
             \"host\":\"hello.example\",\"path\":\"/a\\\"b\",\"status\":503,\"received\":10,\"sent\":20,\
             \"duration_ms\":1.234,\"rule\":\"default/hello/v2\",\"reason\":\"header\",\"target\":\"sgp-1\",\
             \"error\":\"external-server-group\"}"
        );
    }
}
