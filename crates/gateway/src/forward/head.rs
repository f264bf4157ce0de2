//! The head of a request on its way to a backend, and of its answer on the way back.

use super::{Changes, Incoming};
use crate::http1::Framing;
use crate::http1::field::FieldKind;
use crate::http1::request::Version;
use crate::http1::response::Response;
use crate::table::action::RewritePlan;
use crate::table::cors::CorsPolicy;
use crate::table::edits::{Computed, HeaderEdits};
use crate::table::template::{Template, Variables};
use crate::table::{CompiledRule, Headers, RequestHead};
use net_alb_model::SystemValue;
use std::io::Write;
use std::net::IpAddr;

/// How long a client may remember that there is HTTP/3: a day.
const ALT_SVC_SECONDS: u32 = 86_400;

/// What a rewrite has made of a request; `None` is "as it was".
#[derive(Debug, Default)]
pub(crate) struct Rewritten {
    pub(crate) host: Option<String>,
    pub(crate) path: Option<String>,
    pub(crate) query: Option<String>,
}

impl Rewritten {
    pub(crate) fn new(plan: &RewritePlan, rule: &CompiledRule, incoming: &Incoming<'_>) -> Rewritten {
        let head = &incoming.head;
        let fill = |template: &Option<Template>| {
            let template = template.as_ref()?;
            Some(incoming.expand(template, Some(rule)))
        };
        let path = fill(&plan.path).map(|path| if path.starts_with('/') { path } else { format!("/{path}") });
        let query = fill(&plan.query).filter(|query| head.query != Some(query));
        Rewritten { host: fill(&plan.host), path, query }
    }

    fn is_nothing(&self) -> bool {
        self.host.is_none() && self.path.is_none() && self.query.is_none()
    }

    /// The request as the backend gets it: what response rules look at.
    pub(crate) fn apply<'a>(&'a self, head: &RequestHead<'a>) -> RequestHead<'a> {
        RequestHead {
            authority: self.host.as_deref().unwrap_or(head.authority),
            path: self.path.as_deref().unwrap_or(head.path),
            query: self.query.as_deref().or(head.query),
            ..*head
        }
    }
}

impl Incoming<'_> {
    /// Fills a template in. Groups come from the rule's own path condition.
    pub(crate) fn expand(&self, template: &Template, rule: Option<&CompiledRule>) -> String {
        let mut out = String::new();
        let head = &self.head;
        let captures = rule.filter(|_| template.has_captures()).and_then(|rule| rule.captures(head.path));
        let port = self.frame_port();
        let variables = Variables {
            host: head.host(),
            path: head.path,
            query: head.query.unwrap_or_default(),
            protocol: self.scheme(),
            port: head.port().unwrap_or(&port),
            captures: captures.as_ref(),
        };
        template.expand(&variables, &mut out);
        out
    }

    fn frame_port(&self) -> String {
        self.listener.id.port.to_string()
    }

    /// Appends what tells the client that the same is to be had by HTTP/3. Where both listeners have the same port, so have
    /// their addresses, whatever they are bound to and whatever forwards to them: the port is the one that the client used.
    ///
    /// Source: RFC 9114 §3.1.1, RFC 7838.
    pub(crate) fn push_alt_svc(&self, out: &mut Vec<u8>) {
        let Some(port) = self.alt_svc() else { return };
        let used = self.head.port().and_then(|port| port.parse().ok());
        let port = if port == self.listener.id.port { used.unwrap_or(443) } else { port };
        // Writing into memory can't fail.
        let _ = write!(out, "alt-svc: h3=\":{port}\"; ma={ALT_SVC_SECONDS}\r\n");
    }

    /// The port that is announced for HTTP/3.
    fn alt_svc(&self) -> Option<u16> {
        self.frame.quic_port.filter(|_| self.facts.version != Version::Http3)
    }

    /// Appends the fields that an edit computes from the request.
    pub(crate) fn push_computed(&self, edits: &HeaderEdits, out: &mut Vec<u8>) {
        for (name, computed) in edits.computed() {
            let copied = match computed {
                Computed::Header(from) => self.head.headers.values(from).next(),
                Computed::Override(value) => {
                    let own = self.head.headers.values(name).next();
                    own.map(|own| if own == b"override" { value } else { own })
                }
                Computed::System(_) => Some(&b""[..]),
            };
            let Some(copied) = copied else { continue };
            out.extend_from_slice(name);
            out.extend_from_slice(b": ");
            match computed {
                Computed::Header(_) | Computed::Override(_) => out.extend_from_slice(copied),
                Computed::System(SystemValue::ClientSrcPort) => push_number(self.peer.port(), out),
                Computed::System(SystemValue::ClientSrcIp) => push_address(self.peer.ip(), out),
                Computed::System(SystemValue::Protocol) => {
                    out.extend_from_slice(self.facts.version.as_str().as_bytes());
                }
                Computed::System(SystemValue::SLBId) => out.extend_from_slice(self.listener.alb.as_bytes()),
                Computed::System(SystemValue::SLBPort) => push_number(self.listener.id.port, out),
            }
            out.extend_from_slice(b"\r\n");
        }
    }
}

/// Appends the head for the backend.
pub(crate) fn push_request(
    incoming: &Incoming<'_>,
    to: &Rewritten,
    edits: &HeaderEdits,
    keepalive: bool,
    out: &mut Vec<u8>,
) {
    let copied = incoming.head.headers.first_line().filter(|_| incoming.facts.plain && to.is_nothing());
    match copied {
        Some(line) => out.extend_from_slice(line),
        None => push_line(&to.apply(&incoming.head), out),
    }
    incoming.head.headers.copy(out, |name, kind| match kind {
        FieldKind::Host => copied.is_some(),
        kind => passes(kind, incoming) && !edits.drops(name),
    });
    push_forwarded(incoming, out);
    if let Some(span) = &incoming.span {
        span.push(out);
    }
    match incoming.facts.framing {
        Framing::None | Framing::UntilClose => {}
        Framing::Length(length) => {
            push_number_field(b"content-length", length, out);
        }
        Framing::Chunked => out.extend_from_slice(b"transfer-encoding: chunked\r\n"),
    }
    if incoming.facts.upgrade {
        out.extend_from_slice(b"connection: upgrade\r\n");
    } else if !keepalive {
        out.extend_from_slice(b"connection: close\r\n");
    }
    if incoming.facts.takes_trailers {
        out.extend_from_slice(b"te: trailers\r\n");
    }
    out.extend_from_slice(edits.fixed());
    incoming.push_computed(edits, out);
    out.extend_from_slice(b"\r\n");
}

/// Appends the fields of an answer that go on to the client, but none that frame it.
pub(crate) fn push_answer(
    response: &Response,
    changes: &Changes<'_>,
    incoming: &Incoming<'_>,
    out: &mut Vec<u8>,
) {
    let announces = incoming.alt_svc().is_some();
    response.head().headers.copy(out, |name, kind| {
        let passes = match kind {
            FieldKind::Connection | FieldKind::Hop | FieldKind::TransferEncoding => false,
            FieldKind::Upgrade => response.status == 101,
            FieldKind::ContentLength => response.status >= 200 && response.status != 204,
            _ => true,
        };
        let ours = changes.edits.is_some_and(|edits| edits.drops(name))
            || (changes.cors.is_some() && CorsPolicy::owns(name))
            // A backend's own would lead around the gateway.
            || (announces && name.eq_ignore_ascii_case(b"alt-svc"));
        passes && !ours
    });
    incoming.push_alt_svc(out);
    if let Some((policy, origin)) = changes.cors {
        policy.allow(origin, false, out);
    }
    if let Some(edits) = changes.edits {
        out.extend_from_slice(edits.fixed());
        incoming.push_computed(edits, out);
    }
}

/// Appends request line and host.
fn push_line(head: &RequestHead<'_>, out: &mut Vec<u8>) {
    let query_mark: &[u8] = if head.query.is_some() { b"?" } else { b"" };
    let query = head.query.unwrap_or_default().as_bytes();
    let target = [head.method.as_bytes(), b" ", head.path.as_bytes(), query_mark, query];
    let host = [b" HTTP/1.1\r\nhost: ", head.authority.as_bytes(), b"\r\n"];
    for part in target.into_iter().chain(host) {
        out.extend_from_slice(part);
    }
}

/// Whether a field of the client's goes on as it is.
fn passes(kind: FieldKind, incoming: &Incoming<'_>) -> bool {
    let set = &incoming.frame.x_forwarded_for;
    match kind {
        FieldKind::Other => true,
        FieldKind::Upgrade => incoming.facts.upgrade,
        FieldKind::Expect => incoming.facts.expects_continue,
        FieldKind::XForwardedFor => !set.x_forwarded_for,
        FieldKind::XForwardedProto => !set.proto,
        FieldKind::XForwardedPort => !set.slb_port,
        FieldKind::XForwardedHost => !set.host,
        FieldKind::XForwardedClientSrcPort => !set.client_src_port,
        FieldKind::SlbId => !set.slb_id,
        FieldKind::Traceparent => incoming.span.is_none(),
        // A body of length 0 is none, but its sender may want it said.
        FieldKind::ContentLength => incoming.facts.framing == Framing::None,
        FieldKind::NetworkProbe | FieldKind::NetworkHash => incoming.facts.is_probe,
        FieldKind::Internal
        | FieldKind::Lookalike
        | FieldKind::Host
        | FieldKind::TransferEncoding
        | FieldKind::Connection
        | FieldKind::Te
        | FieldKind::Hop => false,
    }
}

/// The names of the headers that are Knative's own and so stay behind.
pub(crate) fn internal_headers(headers: Headers<'_>) -> Vec<String> {
    let probes: Vec<_> = headers.values("k-network-probe").collect();
    let is_probe = probes == [b"probe"];
    let stays_behind = |kind| match kind {
        FieldKind::Internal => true,
        FieldKind::NetworkProbe | FieldKind::NetworkHash => !is_probe,
        _ => false,
    };
    let dropped = headers.fields().filter(|(_, _, kind)| stays_behind(*kind));
    dropped.map(|(name, _, _)| String::from_utf8_lossy(name).into_owned()).collect()
}

/// The headers that tell the backend about the client.
///
/// Source: ALB, "X-Forwarded headers"; AlbConfig's `xForwardedForConfig`.
fn push_forwarded(incoming: &Incoming<'_>, out: &mut Vec<u8>) {
    let set = &incoming.frame.x_forwarded_for;
    let peer = incoming.peer;
    if set.x_forwarded_for {
        out.extend_from_slice(b"x-forwarded-for: ");
        for value in incoming.head.headers.values("x-forwarded-for").filter(|value| !value.is_empty()) {
            out.extend_from_slice(value);
            out.extend_from_slice(b", ");
        }
        push_address(peer.ip(), out);
        out.extend_from_slice(b"\r\n");
    }
    if set.proto {
        push_field(b"x-forwarded-proto", incoming.scheme().as_bytes(), out);
    }
    if set.slb_port {
        push_number_field(b"x-forwarded-port", incoming.listener.id.port, out);
    }
    if set.host {
        push_field(b"x-forwarded-host", incoming.head.authority.as_bytes(), out);
    }
    if set.client_src_port {
        push_number_field(b"x-forwarded-client-srcport", peer.port(), out);
    }
    if set.slb_id {
        push_field(b"slb-id", incoming.listener.alb.as_bytes(), out);
    }
}

pub(crate) fn push_field(name: &[u8], value: &[u8], out: &mut Vec<u8>) {
    for part in [name, b": ", value, b"\r\n"] {
        out.extend_from_slice(part);
    }
}

pub(crate) fn push_number_field(name: &[u8], number: impl itoa::Integer, out: &mut Vec<u8>) {
    push_field(name, itoa::Buffer::new().format(number).as_bytes(), out);
}

fn push_number(number: impl itoa::Integer, out: &mut Vec<u8>) {
    out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
}

/// Appends an address, an IPv4 one always as such. Every request has one, so it isn't left to the slow `Display`.
fn push_address(address: IpAddr, out: &mut Vec<u8>) {
    match address.to_canonical() {
        IpAddr::V4(address) => {
            for (at, number) in address.octets().into_iter().enumerate() {
                if at > 0 {
                    out.push(b'.');
                }
                push_number(number, out);
            }
        }
        IpAddr::V6(address) => out.extend_from_slice(address.to_string().as_bytes()),
    }
}
