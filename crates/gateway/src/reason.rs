use std::fmt;

/// Why the gateway answered by itself or gave up: the value of the header `x-net-alb-error`, and `error` in the access
/// log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reason {
    /// 400: the request's head is no HTTP/1.1.
    MalformedRequest,
    /// 400: no `Host`, two of them, or one that is no host.
    BadHost,
    /// 400: `Content-Length` and `Transfer-Encoding` contradict each other or themselves.
    BadFraming,
    /// 400: the body's chunks are broken.
    BadChunk,
    /// 400: more header fields than allowed.
    HeaderTooLarge,
    /// 400: a request in clear where TLS is spoken.
    PlainHttp,
    /// 405: TRACE or CONNECT.
    MethodNotAllowed,
    /// 408: the client took too long to send its request.
    RequestTimeout,
    /// 414: the URL is longer than allowed.
    UriTooLong,
    /// No rule names this host: the listener's default, 404 or 503.
    UnknownHost,
    /// Rules name this host, but none takes this request: the listener's default, 404 or 503.
    NoRule,
    /// 503: more requests than the rule allows in a second.
    TrafficLimit,
    /// 503: every target of the rule has weight 0, or there is none.
    NoTarget,
    /// 503: the chosen server group has no servers.
    NoEndpoints,
    /// 503: the chosen server group exists only at Alibaba Cloud.
    ExternalServerGroup,
    /// 502: the TLS handshake with the server failed.
    UpstreamTls,
    /// 502: the server refused the connection.
    ConnectFailed,
    /// 504: the server didn't accept the connection in time.
    ConnectTimeout,
    /// 502: the server closed the connection before it answered.
    UpstreamClosed,
    /// 502: the server's answer is no HTTP/1.1.
    MalformedResponse,
    /// 504: the server didn't answer in time.
    UpstreamTimeout,
    /// 499, only in the access log: the client went away before it was answered.
    ClientGone,
    /// Only in the access log: the answer broke off after it had begun.
    ResponseAborted,
    /// 503: the gateway is shutting down and its grace period is over.
    ShuttingDown,
}

impl Reason {
    /// Every reason.
    pub const ALL: [Reason; 24] = [
        Reason::MalformedRequest,
        Reason::BadHost,
        Reason::BadFraming,
        Reason::BadChunk,
        Reason::HeaderTooLarge,
        Reason::PlainHttp,
        Reason::MethodNotAllowed,
        Reason::RequestTimeout,
        Reason::UriTooLong,
        Reason::UnknownHost,
        Reason::NoRule,
        Reason::TrafficLimit,
        Reason::NoTarget,
        Reason::NoEndpoints,
        Reason::ExternalServerGroup,
        Reason::UpstreamTls,
        Reason::ConnectFailed,
        Reason::ConnectTimeout,
        Reason::UpstreamClosed,
        Reason::MalformedResponse,
        Reason::UpstreamTimeout,
        Reason::ClientGone,
        Reason::ResponseAborted,
        Reason::ShuttingDown,
    ];

    /// The status that goes with it. A listener's default action may choose another one for unknown hosts.
    ///
    /// Source: ALB, "ALB status codes".
    pub fn status(self) -> u16 {
        match self {
            Reason::MalformedRequest
            | Reason::BadHost
            | Reason::BadFraming
            | Reason::BadChunk
            | Reason::PlainHttp
            | Reason::HeaderTooLarge => 400,
            Reason::MethodNotAllowed => 405,
            Reason::RequestTimeout => 408,
            Reason::UriTooLong => 414,
            Reason::ClientGone => 499,
            Reason::UpstreamTls
            | Reason::ConnectFailed
            | Reason::UpstreamClosed
            | Reason::ResponseAborted
            | Reason::MalformedResponse => 502,
            Reason::UnknownHost
            | Reason::NoRule
            | Reason::TrafficLimit
            | Reason::NoTarget
            | Reason::NoEndpoints
            | Reason::ExternalServerGroup
            | Reason::ShuttingDown => 503,
            Reason::ConnectTimeout | Reason::UpstreamTimeout => 504,
        }
    }

    /// In kebab-case, as the header has it.
    pub fn as_str(self) -> &'static str {
        match self {
            Reason::MalformedRequest => "malformed-request",
            Reason::BadHost => "bad-host",
            Reason::BadFraming => "bad-framing",
            Reason::BadChunk => "bad-chunk",
            Reason::HeaderTooLarge => "header-too-large",
            Reason::PlainHttp => "plain-http",
            Reason::MethodNotAllowed => "method-not-allowed",
            Reason::RequestTimeout => "request-timeout",
            Reason::UriTooLong => "uri-too-long",
            Reason::UnknownHost => "unknown-host",
            Reason::NoRule => "no-rule",
            Reason::TrafficLimit => "traffic-limit",
            Reason::NoTarget => "no-target",
            Reason::NoEndpoints => "no-endpoints",
            Reason::ExternalServerGroup => "external-server-group",
            Reason::UpstreamTls => "upstream-tls",
            Reason::ConnectFailed => "connect-failed",
            Reason::ConnectTimeout => "connect-timeout",
            Reason::UpstreamClosed => "upstream-closed",
            Reason::MalformedResponse => "malformed-response",
            Reason::UpstreamTimeout => "upstream-timeout",
            Reason::ClientGone => "client-gone",
            Reason::ResponseAborted => "response-aborted",
            Reason::ShuttingDown => "shutting-down",
        }
    }

    /// What happened and what to do, for the person in front of curl.
    pub fn advice(self) -> &'static str {
        match self {
            Reason::MalformedRequest => "the request is no valid HTTP/1.1; send it with a standard client",
            Reason::BadHost => "the request needs exactly one valid Host header",
            Reason::BadFraming => {
                "Content-Length and Transfer-Encoding contradict each other; send one of them, once"
            }
            Reason::BadChunk => "the chunks of the request's body are broken; send it with a standard client",
            Reason::HeaderTooLarge => {
                "the header fields are too many or too large; 32 KiB and 128 fields are allowed"
            }
            Reason::PlainHttp => "this port speaks TLS; use https:// in the URL",
            Reason::MethodNotAllowed => "the gateway forwards neither TRACE nor CONNECT",
            Reason::RequestTimeout => "the request didn't arrive in time; send it faster",
            Reason::UriTooLong => "the URL is too long; 32 KiB are allowed",
            Reason::UnknownHost => {
                "no rule is for this host; check the Host header, and that the Ingress is of this load balancer"
            }
            Reason::NoRule => {
                "rules are for this host, but none takes this request; `net-alb explain` says why not"
            }
            Reason::TrafficLimit => "more requests a second than the rule allows; try again later",
            Reason::NoTarget => {
                "the rule forwards nowhere: all weights are 0; give a target a weight in the Ingress"
            }
            Reason::NoEndpoints => "the backend has no ready servers; check the Service's endpoints",
            Reason::ExternalServerGroup => {
                "the rule forwards to a server group that only Alibaba Cloud has; name a Service instead"
            }
            Reason::UpstreamTls => {
                "no TLS session with the server: check that it speaks TLS, and its certificate's names and CA"
            }
            Reason::ConnectFailed => "the server refused the connection; check that it listens on its port",
            Reason::ConnectTimeout => {
                "the server didn't accept the connection in time; check network and load"
            }
            Reason::UpstreamClosed => {
                "the server closed the connection before it answered; look into the server's log"
            }
            Reason::MalformedResponse => {
                "the server's answer is no valid HTTP/1.1; look into the server's log"
            }
            Reason::UpstreamTimeout => {
                "the server didn't answer in time; make it faster or raise the listener's requestTimeout"
            }
            Reason::ClientGone => "the client closed the connection before it was answered",
            Reason::ResponseAborted => "the answer broke off after it had begun",
            Reason::ShuttingDown => "the gateway is shutting down; try again",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_is_listed_once_in_kebab_case_with_advice() {
        let mut names: Vec<_> = Reason::ALL.iter().map(|reason| reason.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), Reason::ALL.len());
        assert!(names.iter().all(|name| name.bytes().all(|b| b.is_ascii_lowercase() || b == b'-')));
        assert!(Reason::ALL.iter().all(|reason| !reason.advice().ends_with('.')));
    }
}
