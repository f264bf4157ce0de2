//! From a request and the listener's table to what is to be done. No protocol, no socket.

use super::reply::Reply;
use crate::forward::Incoming;
use crate::listener::Serving;
use crate::reason::Reason;
use crate::table::CompiledRule;
use crate::table::action::{End, Forward};
use crate::table::cors::CorsPolicy;
use net_alb_model::DefaultAction;
use std::time::Instant;

/// What is to be done with a request.
pub(super) enum Decision<'a> {
    /// The gateway answers.
    Reply(Reply),
    /// A backend answers, by this rule.
    Forward(&'a CompiledRule, &'a Forward),
}

/// Decides about a request that this rule takes, or none.
///
/// Source: ALB, "Manage forwarding rules for a listener": limits come first, the final action last.
pub(super) fn decide<'a>(
    serving: &'a Serving,
    incoming: &Incoming<'_>,
    rule: Option<&'a CompiledRule>,
    epoch: Instant,
) -> Decision<'a> {
    let Some(rule) = rule else { return Decision::Reply(default_reply(serving, incoming)) };
    if let Some(limit) = &rule.plan.limit {
        let now = u64::try_from(epoch.elapsed().as_nanos()).unwrap_or(u64::MAX);
        if !limit.admits(incoming.peer.ip().to_canonical(), now) {
            return Decision::Reply(Reply::error(Reason::TrafficLimit));
        }
    }
    let origin = || incoming.head.headers.values("origin").next();
    let cors = rule.plan.cors.as_deref().and_then(|policy| Some((policy, origin()?)));
    if let Some((policy, origin)) = cors
        && is_preflight(incoming)
    {
        return Decision::Reply(preflight(policy, origin));
    }
    let mut reply = match &rule.plan.end {
        End::Forward(forward) => return Decision::Forward(rule, forward),
        End::Redirect(redirect) => Reply::redirect(redirect, incoming),
        End::Fixed(fixed) => Reply::fixed(fixed),
        // Response rules take no requests.
        End::Edit(_) => default_reply(serving, incoming),
    };
    if let Some((policy, origin)) = cors {
        policy.allow(origin, false, &mut reply.lines);
    }
    Decision::Reply(reply)
}

/// What a request gets that no rule takes.
fn default_reply(serving: &Serving, incoming: &Incoming<'_>) -> Reply {
    let known = serving.table.knows_host(incoming.head.host());
    let mut reply = Reply::error(if known { Reason::NoRule } else { Reason::UnknownHost });
    if let DefaultAction::Status(status) = serving.frame.default_action {
        reply.status = status;
    }
    reply
}

/// Whether a browser asks if it may (Fetch standard, "CORS-preflight request").
fn is_preflight(incoming: &Incoming<'_>) -> bool {
    let asks = || incoming.head.headers.values("access-control-request-method").next().is_some();
    incoming.head.method == "OPTIONS" && asks()
}

fn preflight(policy: &CorsPolicy, origin: &[u8]) -> Reply {
    let mut reply = Reply { status: 204, ..Reply::default() };
    policy.allow(origin, true, &mut reply.lines);
    reply
}
