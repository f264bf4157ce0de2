//! What `explain` found out, for people and for programs.

use super::ExplainFormat;
use super::request::Request;
use crate::destination::{Destination, Share};
use crate::render::printable;
use net_alb_gateway::table::{Explanation, Skipped};
use net_alb_model::{Alb, Listener, Protocol};
use serde::Serialize;
use std::io::{self, Write};

/// The whole answer, as `-o json` prints it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Answered {
    request: String,
    /// `NAME HTTP:80`; `None` if nobody listens.
    listener: Option<String>,
    /// The rule that takes the request; `None` is the listener's default.
    rule: Option<String>,
    /// `header`, `cookie`, `tag header`, `weight`, ….
    reason: Option<String>,
    /// The only target's revision or Service.
    #[serde(skip_serializing_if = "Option::is_none")]
    revision: Option<String>,
    /// Several targets and their shares.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    targets: Vec<Share>,
    /// The status, if the load balancer answers by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    /// Rules of the same host that are tried before, in order, and why they don't take it.
    skipped: Vec<Skipped>,
    /// How many rules of other hosts are tried before.
    other_hosts: usize,
    /// Headers of the request that stay behind, since they are Knative's own.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    internal_headers: Vec<String>,
    #[serde(skip)]
    destination: String,
}

impl Answered {
    pub(super) fn new(request: &Request, alb: &Alb, listener: &Listener, explanation: Explanation) -> Self {
        let Explanation { rule, reason, skipped, other_hosts, internal_headers, .. } = explanation;
        let taken = rule.as_ref().and_then(|id| listener.rules.iter().find(|rule| rule.id == *id));
        let destination =
            taken.map_or_else(|| Destination::of_default(listener.default_action), Destination::of);
        let protocol = match listener.id.protocol {
            Protocol::Http => "HTTP",
            Protocol::Https => "HTTPS",
            Protocol::Quic => "QUIC",
        };
        let (revision, targets) = match destination.shares() {
            [only] => (Some(only.revision.clone()), Vec::new()),
            shares => (None, shares.to_vec()),
        };
        Answered {
            request: request.line(),
            listener: Some(format!("{} {protocol}:{}", alb.name, listener.id.port)),
            rule: rule.map(|rule| rule.0),
            reason,
            revision,
            targets,
            status: destination.status(),
            skipped,
            other_hosts,
            internal_headers,
            destination: destination.to_string(),
        }
    }

    /// No listener of this reach and protocol.
    pub(super) fn nobody(request: &Request, local: bool) -> Self {
        let reach = if local { "cluster-local" } else { "public" };
        let protocol = if request.is_https() { "HTTPS" } else { "HTTP" };
        Answered {
            request: request.line(),
            listener: None,
            rule: None,
            reason: None,
            revision: None,
            targets: Vec::new(),
            status: None,
            skipped: Vec::new(),
            other_hosts: 0,
            internal_headers: Vec::new(),
            destination: format!("nobody: there is no {reach} {protocol} listener"),
        }
    }

    pub(super) fn print(&self, format: ExplainFormat) -> io::Result<()> {
        let mut out = anstream::stdout().lock();
        match format {
            ExplainFormat::Json => writeln!(out, "{}", serde_json::to_string_pretty(self)?),
            ExplainFormat::Text => self.print_text(&mut out),
        }
    }

    fn print_text(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "{} → {}", printable(&self.request), self.destination)?;
        let Some(listener) = &self.listener else { return Ok(()) };
        writeln!(out, "\n  listener  {listener}")?;
        match (&self.rule, &self.reason) {
            (Some(rule), Some(reason)) => {
                writeln!(out, "  rule      {}", printable(rule))?;
                writeln!(out, "  reason    {}", printable(reason))?;
            }
            _ => writeln!(out, "  rule      none: the listener's default answer")?,
        }
        if !self.internal_headers.is_empty() {
            let names: Vec<_> =
                self.internal_headers.iter().map(|name| printable(name).to_string()).collect();
            let names = names.join(", ");
            writeln!(out, "  dropped   {names}: internal to Knative, so that only a rule may set it")?;
        }
        if !self.skipped.is_empty() {
            writeln!(out, "\nThese rules of the host are tried before, in this order:")?;
        }
        for (number, skipped) in self.skipped.iter().enumerate() {
            let (rule, reason) = (printable(&skipped.rule.0), printable(&skipped.reason));
            writeln!(out, "  {}. {rule} ({reason})\n     {}", number + 1, printable(&skipped.why))?;
        }
        match self.other_hosts {
            0 => Ok(()),
            1 => writeln!(out, "\n1 rule of another host is tried before."),
            count => writeln!(out, "\n{count} rules of other hosts are tried before."),
        }
    }
}
