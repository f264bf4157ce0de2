use crate::listener::ListenerKey;
use crate::reason::Reason;
use crate::table::RequestHead;
use crate::tls::TlsFacts;
use crate::trace::SpanContext;
use net_alb_model::{RuleId, ServerGroupId};
use serde::Serialize;
use std::borrow::Cow;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, SystemTime};

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
    /// `HTTP/1.1`, …: what the client speaks.
    pub version: &'static str,
    /// `http` or `https`, as the client spoke.
    pub scheme: &'static str,
    /// What the TLS handshake has shown.
    pub tls: Option<&'a TlsFacts>,
    /// The request's head; `None` if it couldn't be read.
    pub request: Option<RequestHead<'a>>,
    /// Its place in a trace, where requests are traced.
    pub trace: Option<SpanContext>,
    /// The answer's status; 499 if the client went away first.
    pub status: u16,
    /// What the server answered, if it did.
    pub upstream_status: Option<u16>,
    /// Bytes of the request's head and body.
    pub received: u64,
    /// Bytes of the answer's head and body.
    pub sent: u64,
    /// Bytes of the answer's body.
    pub body_sent: u64,
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

/// The record's fields as JSON has them: first those of ALB's own access log, with its names and units, then net-alb's.
///
/// Source: Log Service, "ALB access log fields" (topic `alb_layer7_access_log`).
#[derive(Serialize)]
struct JsonRecord<'a> {
    time: String,
    app_lb_id: &'a str,
    slb_vport: u16,
    client_ip: IpAddr,
    client_port: u16,
    scheme: &'a str,
    server_protocol: &'a str,
    #[serde(flatten)]
    tls: Option<JsonTls<'a>>,
    #[serde(flatten)]
    request: Option<JsonRequest<'a>>,
    request_length: u64,
    status: u16,
    body_bytes_sent: u64,
    /// Seconds.
    request_time: f64,
    #[serde(flatten)]
    upstream: Option<JsonUpstream>,
    listener: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    rule: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    target: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    revision: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    trace_id: Option<String>,
}

/// How the client spoke TLS.
#[derive(Serialize)]
struct JsonTls<'a> {
    ssl_protocol: &'a str,
    ssl_cipher: &'a str,
}

/// What the client asked for.
#[derive(Serialize)]
struct JsonRequest<'a> {
    request_method: &'a str,
    host: &'a str,
    http_host: &'a str,
    request_uri: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    http_user_agent: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    http_referer: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    http_x_forwarded_for: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    http_x_real_ip: Option<Cow<'a, str>>,
}

/// What the server did.
#[derive(Serialize)]
struct JsonUpstream {
    #[serde(rename = "upstream_addr")]
    address: SocketAddr,
    #[serde(rename = "upstream_status", skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    /// Seconds, from choosing the server to the end of its answer.
    #[serde(rename = "upstream_response_time")]
    response_time: f64,
}

impl<'a> JsonRequest<'a> {
    fn new(head: &RequestHead<'a>) -> JsonRequest<'a> {
        let header = |name| head.headers.values(name).next().map(String::from_utf8_lossy);
        let query = head.query.map(|query| format!("?{query}")).unwrap_or_default();
        JsonRequest {
            request_method: head.method,
            host: head.host(),
            http_host: head.authority,
            request_uri: format!("{}{query}", head.path),
            http_user_agent: header("user-agent"),
            http_referer: header("referer"),
            http_x_forwarded_for: header("x-forwarded-for"),
            http_x_real_ip: header("x-real-ip"),
        }
    }
}

impl Record<'_> {
    /// One line of JSON, without a line end, about a request that was over at this time. Fields that say nothing are left out.
    pub fn to_json(&self, now: SystemTime) -> String {
        let seconds = (self.duration.as_secs_f64() * 1e6).round() / 1e6;
        let upstream = self.endpoint.map(|address| JsonUpstream {
            address,
            status: self.upstream_status,
            response_time: seconds,
        });
        let record = JsonRecord {
            time: rfc3339(now),
            app_lb_id: &self.listener.alb,
            slb_vport: self.listener.id.port,
            client_ip: self.client.ip().to_canonical(),
            client_port: self.client.port(),
            scheme: self.scheme,
            server_protocol: self.version,
            tls: self.tls.map(|tls| JsonTls { ssl_protocol: tls.version, ssl_cipher: &tls.cipher }),
            request: self.request.as_ref().map(JsonRequest::new),
            request_length: self.received,
            status: self.status,
            body_bytes_sent: self.body_sent,
            request_time: seconds,
            upstream,
            listener: self.listener.to_string(),
            rule: self.rule.map(|rule| rule.0.as_str()),
            reason: self.reason,
            target: self.target.map(ToString::to_string),
            revision: self.revision(),
            error: self.error.map(Reason::as_str),
            trace_id: self.trace_id(),
        };
        serde_json::to_string(&record).unwrap_or_default()
    }

    /// The Service that was chosen: with Knative it's the revision's.
    pub fn revision(&self) -> Option<&str> {
        match self.target? {
            ServerGroupId::Service { backend, .. } => Some(&backend.service.name),
            ServerGroupId::External(_) => None,
        }
    }

    /// The id of the trace that the request belongs to: ours, or the one that the client named.
    pub fn trace_id(&self) -> Option<String> {
        let named = || {
            let value = self.request?.headers.values("traceparent").next()?;
            SpanContext::parse(value)
        };
        self.trace.or_else(named).map(|span| span.trace_id())
    }
}

/// `2026-11-22T22:05:00.123Z`.
fn rfc3339(time: SystemTime) -> String {
    jiff::Timestamp::try_from(time).map(|time| format!("{time:.3}")).unwrap_or_default()
}

/// `GET hello.example/path 200 1.234ms header → default/hello/v2:80 at 10.0.0.7:8080`. Without the query, which may hold secrets.
impl fmt::Display for Record<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.request {
            Some(head) => {
                write!(f, "{} {}{}", head.method, head.authority.escape_debug(), head.path.escape_debug())?;
            }
            None => f.write_str("-")?,
        }
        let milliseconds = self.duration.as_secs_f64() * 1e3;
        write!(f, " {} {milliseconds:.3}ms", self.status)?;
        self.reason.iter().try_for_each(|reason| write!(f, " {reason}"))?;
        self.target.iter().try_for_each(|target| write!(f, " → {target}"))?;
        self.endpoint.iter().try_for_each(|endpoint| write!(f, " at {endpoint}"))?;
        self.error.iter().try_for_each(|error| write!(f, " error={error}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::Headers;
    use net_alb_model::{Backend, ListenerId, ObjectKey, Protocol};

    fn with_record(test: impl FnOnce(Record<'_>)) {
        let alb = "knative-internet".to_owned();
        let listener = ListenerKey { alb, id: ListenerId { port: 80, protocol: Protocol::Http } };
        let rule = RuleId("default/hello/v2".to_owned());
        let service = ObjectKey::new("default", "hello-00002");
        let backend = Backend { service, port: "80".to_owned() };
        let target = ServerGroupId::Service { ingress: "hello".into(), backend: backend.into() };
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let headers = [
            pair("User-Agent", "curl/8 \"x\""),
            pair("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"),
        ];
        let client = SocketAddr::from(([127, 0, 0, 1], 5));
        let head = RequestHead {
            method: "GET",
            authority: "hello.example:80",
            path: "/a\"b",
            query: Some("q=1"),
            headers: Headers::pairs(&headers),
            client: client.ip(),
        };
        test(Record {
            listener: &listener,
            client,
            version: "HTTP/1.1",
            scheme: "http",
            tls: None,
            request: Some(head),
            trace: None,
            status: 502,
            upstream_status: Some(200),
            received: 10,
            sent: 20,
            body_sent: 3,
            duration: Duration::from_micros(1234),
            rule: Some(&rule),
            reason: Some("header"),
            target: Some(&target),
            endpoint: Some(SocketAddr::from(([10, 0, 0, 7], 8080))),
            error: Some(Reason::ResponseAborted),
        });
    }

    #[test]
    fn a_record_is_a_line_of_text() {
        with_record(|record| {
            assert_eq!(
                record.to_string(),
                "GET hello.example:80/a\\\"b 502 1.234ms header → default/hello/hello-00002:80 at 10.0.0.7:8080 \
                 error=response-aborted"
            );
        });
    }

    #[test]
    fn a_record_is_a_line_of_json_with_albs_names() {
        with_record(|record| {
            let time = SystemTime::UNIX_EPOCH + Duration::from_millis(1_795_386_000_123);
            assert_eq!(
                record.to_json(time),
                "{\"time\":\"2026-11-22T22:20:00.123Z\",\"app_lb_id\":\"knative-internet\",\"slb_vport\":80,\
                 \"client_ip\":\"127.0.0.1\",\"client_port\":5,\"scheme\":\"http\",\"server_protocol\":\"HTTP/1.1\",\
                 \"request_method\":\"GET\",\"host\":\"hello.example\",\"http_host\":\"hello.example:80\",\
                 \"request_uri\":\"/a\\\"b?q=1\",\"http_user_agent\":\"curl/8 \\\"x\\\"\",\"request_length\":10,\
                 \"status\":502,\"body_bytes_sent\":3,\"request_time\":0.001234,\"upstream_addr\":\"10.0.0.7:8080\",\
                 \"upstream_status\":200,\"upstream_response_time\":0.001234,\
                 \"listener\":\"knative-internet/HTTP:80\",\"rule\":\"default/hello/v2\",\"reason\":\"header\",\
                 \"target\":\"default/hello/hello-00002:80\",\"revision\":\"hello-00002\",\
                 \"error\":\"response-aborted\",\"trace_id\":\"4bf92f3577b34da6a3ce929d0e0e4736\"}"
            );
        });
    }
}
