//! Answers that the gateway makes by itself.

use crate::forward::Incoming;
use crate::forward::head::{push_field, push_number_field};
use crate::http1::response::push_status_code;
use crate::reason::Reason;
use crate::table::action::RedirectPlan;
use net_alb_model::FixedResponse;

/// An answer of the gateway's own. Its head says so: `x-net-alb-error` where it's an error.
#[derive(Debug, Default)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) reason: Option<Reason>,
    /// More header lines, each with its line end.
    pub(crate) lines: Vec<u8>,
    pub(crate) content_type: Option<String>,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    /// An error, at its usual status.
    pub(crate) fn error(reason: Reason) -> Reply {
        let lines = match reason {
            // ALB's own header for this.
            Reason::TrafficLimit => b"alb-qps-limited: Limited\r\n".to_vec(),
            Reason::MethodNotAllowed => b"allow: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS\r\n".to_vec(),
            _ => Vec::new(),
        };
        Reply {
            status: reason.status(),
            reason: Some(reason),
            lines,
            content_type: Some("text/plain; charset=utf-8".to_owned()),
            body: format!("net-alb: {reason}: {}\n", reason.advice()).into_bytes(),
        }
    }

    /// A rule's fixed response.
    pub(crate) fn fixed(fixed: &FixedResponse) -> Reply {
        let content_type = Some(fixed.content_type.clone()).filter(|text| !text.is_empty());
        Reply {
            status: fixed.status,
            content_type,
            body: fixed.content.clone().into_bytes(),
            ..Reply::default()
        }
    }

    /// A rule's redirect. The port is left out where it is the protocol's own.
    pub(crate) fn redirect(plan: &RedirectPlan, incoming: &Incoming<'_>) -> Reply {
        let fill = |template| incoming.expand(template, None);
        let (protocol, host, port) = (fill(&plan.protocol), fill(&plan.host), fill(&plan.port));
        let (path, query) = (fill(&plan.path), fill(&plan.query));
        let protocol = protocol.to_ascii_lowercase();
        let port = match (protocol.as_str(), port.as_str()) {
            (_, "") | ("http", "80") | ("https", "443") => String::new(),
            (_, port) => format!(":{port}"),
        };
        let slash = if path.starts_with('/') { "" } else { "/" };
        let mark = if query.is_empty() { "" } else { "?" };
        let location = format!("{protocol}://{host}{port}{slash}{path}{mark}{query}");
        let mut lines = Vec::new();
        push_field(b"location", location.as_bytes(), &mut lines);
        Reply { status: plan.status, lines, ..Reply::default() }
    }

    /// Appends the fields, without those that frame the message.
    pub(crate) fn push_fields(&self, out: &mut Vec<u8>, date: &[u8]) {
        push_field(b"date", date, out);
        push_field(b"server", b"net-alb", out);
        if let Some(reason) = self.reason {
            push_field(b"x-net-alb-error", reason.as_str().as_bytes(), out);
        }
        if let Some(content_type) = &self.content_type {
            push_field(b"content-type", content_type.as_bytes(), out);
        }
        out.extend_from_slice(&self.lines);
    }

    /// Appends head and body, for HTTP/1.1.
    pub(crate) fn push(&self, out: &mut Vec<u8>, date: &[u8], is_head: bool, connection: &[u8]) {
        out.extend_from_slice(b"HTTP/1.1 ");
        push_status_code(self.status, out);
        out.push(b' ');
        out.extend_from_slice(phrase(self.status).as_bytes());
        out.extend_from_slice(b"\r\n");
        self.push_fields(out, date);
        if self.status != 204 && self.status != 304 {
            push_number_field(b"content-length", self.body.len(), out);
        }
        out.extend_from_slice(connection);
        out.extend_from_slice(b"\r\n");
        if !is_head && self.status != 204 && self.status != 304 {
            out.extend_from_slice(&self.body);
        }
    }
}

/// The usual words for a status (RFC 9110 §15); none for an unusual one.
fn phrase(status: u16) -> &'static str {
    match status {
        200 => "OK",
        201 => "Created",
        202 => "Accepted",
        204 => "No Content",
        301 => "Moved Permanently",
        302 => "Found",
        303 => "See Other",
        307 => "Temporary Redirect",
        308 => "Permanent Redirect",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        408 => "Request Timeout",
        410 => "Gone",
        414 => "URI Too Long",
        429 => "Too Many Requests",
        500 => "Internal Server Error",
        501 => "Not Implemented",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        _ => "",
    }
}
