//! The actions of a rule, in their order. Source: alibaba-load-balancer-controller, `buildRuleActions`; ALB API, CreateRule.

use super::clause::Clause;
use super::everywhere::Everywhere;
use crate::site::Site;
use crate::{Action, Direction, Edition, Redirect};
use net_alb_diag::FieldPath;
use net_alb_diag::codes::build;

/// The actions of a rule that are the same on every listener.
pub(crate) struct Assembled {
    /// Everything but the final action.
    pub(crate) steps: Vec<Action>,
    /// `None` in a rule for answers that has none.
    pub(crate) last: Option<Action>,
}

/// The answer of a rule whose actions were refused: nobody but this rule was meant to answer its requests.
pub(crate) fn refused() -> Action {
    Action::ForwardGroup { targets: Vec::new(), sticky_seconds: None }
}

/// First the limit, then what changes the request in the order in which it is written, then the final action: the path's own
/// forward, or with `use-annotation` the one of `actions.NAME`.
///
/// `None` is a rule for answers that can't be; a rule for requests that can't be answers 503.
pub(crate) fn assemble(
    site: &mut Site<'_>,
    everywhere: &Everywhere,
    clause: &Clause,
    own: Option<Action>,
    at: &FieldPath,
) -> Option<Assembled> {
    if clause.direction == Direction::Response {
        return response(site, everywhere, clause, own.as_ref(), at);
    }
    let Some(actions) = &clause.actions else {
        return Some(Assembled { steps: Vec::new(), last: Some(refused()) });
    };
    let before = site.errors();
    let gathered = everywhere.before.iter().chain(actions).chain(&everywhere.after).cloned().chain(own);
    let (mut last, mut steps): (Vec<Action>, Vec<Action>) = gathered.partition(Action::is_final);
    check_final(site, &last, clause, at);
    let last = if last.len() == 1 { last.pop() } else { None };
    check_once(site, &steps, at);
    if let Some(last) = &last {
        drop_without_forward(site, &mut steps, last, at);
    }
    // A stable sort: the others keep their order.
    steps.sort_by_key(|action| !matches!(action, Action::TrafficLimit { .. }));
    if site.errors() > before {
        return Some(Assembled { steps: Vec::new(), last: Some(refused()) });
    }
    Some(Assembled { steps, last })
}

fn check_final(site: &mut Site<'_>, last: &[Action], clause: &Clause, at: &FieldPath) {
    match last {
        [] => {
            let message =
                "the port is `use-annotation`, but no `ForwardGroup`, `Redirect` or `FixedResponse` is there";
            let help = "add one to `actions.NAME`, or name a port of the Service";
            site.say(site.at(&build::NO_FINAL_ACTION, at.clone(), message).help(help));
        }
        [_] => {}
        several => {
            let names: Vec<_> = several.iter().map(name).collect();
            let message =
                format!("the rule ends {} times, not once: `{}`", several.len(), names.join("`, `"));
            let help = "take one out; a backend with a port of its own is a `ForwardGroup` already";
            site.say(site.at(&build::SEVERAL_FINAL_ACTIONS, clause.actions_at.clone(), message).help(help));
        }
    }
}

fn check_once(site: &mut Site<'_>, steps: &[Action], at: &FieldPath) {
    let limits = steps.iter().filter(|action| matches!(action, Action::TrafficLimit { .. })).count();
    let rewrites = steps.iter().filter(|action| matches!(action, Action::Rewrite(_))).count();
    for (count, what, annotation) in
        [(limits, "TrafficLimit", "traffic-limit-qps"), (rewrites, "Rewrite", "rewrite-target")]
    {
        if count > 1 {
            let message = format!("the rule has {count} `{what}` actions, not one");
            let help = format!("take one out of `actions.NAME`, or take `{annotation}` out");
            site.say(site.at(&build::ACTION_CONFLICT, at.clone(), message).help(help));
        }
    }
}

/// Without a forward there is nothing to rewrite or mirror.
fn drop_without_forward(site: &mut Site<'_>, steps: &mut Vec<Action>, last: &Action, at: &FieldPath) {
    if matches!(last, Action::ForwardGroup { .. }) {
        return;
    }
    let needs_forward = |action: &Action| matches!(action, Action::Rewrite(_) | Action::TrafficMirror { .. });
    let names: Vec<_> = steps.iter().filter(|action| needs_forward(action)).map(name).collect();
    for what in names {
        let message =
            format!("`{what}` does nothing before a `{}`, and ALB refuses the two together", name(last));
        site.say(
            site.limit(&build::ACTION_CONFLICT, at.clone(), message).help(format!("take the `{what}` out")),
        );
    }
    steps.retain(|action| !needs_forward(action));
}

fn response(
    site: &mut Site<'_>,
    everywhere: &Everywhere,
    clause: &Clause,
    own: Option<&Action>,
    at: &FieldPath,
) -> Option<Assembled> {
    let actions = clause.actions.clone()?;
    let before = site.errors();
    if own.is_some() {
        let message = "a rule for answers has no backend, but the port is not `use-annotation`";
        let help = "use the port name `use-annotation`";
        site.say(site.limit(&build::RESPONSE_ACTION, at.clone(), message).help(help));
    }
    for action in everywhere.before.iter().chain(&everywhere.after) {
        let message = format!(
            "ALB Ingress Controller adds `{}` to this rule for answers too, which ALB refuses",
            name(action)
        );
        let help = "move the rule to an Ingress without that annotation";
        site.say(site.limit(&build::RESPONSE_ACTION, at.clone(), message).help(help));
    }
    let fits = |action: &Action| {
        matches!(action, Action::InsertHeader { .. } | Action::RemoveHeader { .. } | Action::FixedResponse(_))
    };
    for action in actions.iter().filter(|action| !fits(action)) {
        let message = format!("a rule for answers can't do `{}`", name(action));
        let help = "it can do `InsertHeader`, `RemoveHeader` and `FixedResponse`";
        site.say(site.at(&build::RESPONSE_ACTION, clause.actions_at.clone(), message).help(help));
    }
    let (mut last, steps): (Vec<Action>, Vec<Action>) = actions.into_iter().partition(Action::is_final);
    if last.len() > 1 {
        check_final(site, &last, clause, at);
    }
    (site.errors() == before).then(|| Assembled { steps, last: last.pop() })
}

/// More actions than ALB takes.
pub(crate) fn check_counts(site: &mut Site<'_>, actions: &[Action], edition: Edition, at: &FieldPath) {
    let limits = edition.limits();
    if actions.len() > limits.actions {
        let message =
            format!("the rule has {} actions, ALB ({edition:?}) takes {}", actions.len(), limits.actions);
        site.say(site.limit(&build::TOO_MANY_ACTIONS, at.clone(), message).help("take some out"));
    }
    for action in actions {
        if let Action::ForwardGroup { targets, .. } = action
            && targets.len() > limits.targets
        {
            let message = format!("the forward has {} targets, ALB takes {}", targets.len(), limits.targets);
            let help = "forward to fewer Services; one with weight 0 counts too";
            site.say(site.limit(&build::TOO_MANY_TARGETS, at.clone(), message).help(help));
        }
    }
}

/// What `ssl-redirect` leaves of a rule: what marks and limits, and the redirect. 308 as in Alibaba's code (301 in its manual),
/// so that a POST stays a POST.
pub(crate) fn ssl_redirect(steps: &[Action]) -> Vec<Action> {
    let stays = |action: &&Action| !matches!(action, Action::Rewrite(_) | Action::TrafficMirror { .. });
    let redirect = Redirect {
        protocol: "https".to_owned(),
        host: "${host}".to_owned(),
        port: "443".to_owned(),
        path: "${path}".to_owned(),
        query: "${query}".to_owned(),
        status: 308,
    };
    steps.iter().filter(stays).cloned().chain([Action::Redirect(Box::new(redirect))]).collect()
}

/// The action's type, as annotations write it.
pub(crate) fn name(action: &Action) -> &'static str {
    match action {
        Action::TrafficLimit { .. } => "TrafficLimit",
        Action::InsertHeader { .. } => "InsertHeader",
        Action::RemoveHeader { .. } => "RemoveHeader",
        Action::Rewrite(_) => "Rewrite",
        Action::Cors(_) => "Cors",
        Action::TrafficMirror { .. } => "TrafficMirror",
        Action::ForwardGroup { .. } => "ForwardGroup",
        Action::Redirect(_) => "Redirect",
        Action::FixedResponse(_) => "FixedResponse",
    }
}
