//! Where a rule sends a request, in the words that `dev` and `explain` print.

use net_alb_model::{Action, DefaultAction, Rule, ServerGroupId, Target};
use serde::Serialize;
use std::collections::BTreeSet;
use std::fmt;

/// Where a request goes in the end.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Destination {
    /// To one of these, by weight. None, or weights of 0 only, is 503.
    Forward(Vec<Share>),
    /// The client is sent elsewhere, to a URL with ALB's variables in it.
    Redirect(u16, String),
    /// The load balancer's own answer.
    Answer(u16),
}

/// One target's part of the requests.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Share {
    /// The revision, or the Service where there is no Knative.
    pub(crate) revision: String,
    pub(crate) weight: u32,
    pub(crate) percent: f64,
}

impl Destination {
    /// What a rule's final action does.
    pub(crate) fn of(rule: &Rule) -> Destination {
        match rule.actions.iter().find(|action| action.is_final()) {
            Some(Action::ForwardGroup { targets, .. }) => Destination::Forward(shares(targets)),
            Some(Action::Redirect(to)) => {
                Destination::Redirect(to.status, format!("{}://{}{}", to.protocol, to.host, to.path))
            }
            Some(Action::FixedResponse(response)) => Destination::Answer(response.status),
            _ => Destination::Answer(503),
        }
    }

    /// What a listener does with a request that no rule takes.
    pub(crate) fn of_default(action: DefaultAction) -> Destination {
        match action {
            DefaultAction::EmptyServerGroup => Destination::Answer(503),
            DefaultAction::Status(status) => Destination::Answer(status),
        }
    }

    /// From here to there: `hello-00001 50% → 90% · hello-00002 50% → 10%`.
    pub(crate) fn change(&self, to: &Destination) -> String {
        let (Destination::Forward(before), Destination::Forward(after)) = (self, to) else {
            return format!("{self} → {to}");
        };
        let share = |shares: &[Share], name: &str| {
            let own = shares.iter().filter(|share| share.revision == name);
            own.map(|share| share.percent).fold(0.0, |sum, percent| sum + percent)
        };
        let names: BTreeSet<&str> = before.iter().chain(after).map(|share| &*share.revision).collect();
        let part = |name: &str| match (percent(share(before, name)), percent(share(after, name))) {
            (old, new) if old == new => format!("{name} {new}"),
            (old, new) => format!("{name} {old} → {new}"),
        };
        names.into_iter().map(part).collect::<Vec<_>>().join(" · ")
    }

    /// The targets that get anything.
    pub(crate) fn shares(&self) -> &[Share] {
        match self {
            Destination::Forward(shares) => shares,
            _ => &[],
        }
    }

    /// The status, where the load balancer answers by itself.
    pub(crate) fn status(&self) -> Option<u16> {
        match self {
            Destination::Forward(shares) => shares.is_empty().then_some(503),
            Destination::Redirect(status, _) | Destination::Answer(status) => Some(*status),
        }
    }
}

fn shares(targets: &[Target]) -> Vec<Share> {
    let total: u64 = targets.iter().map(|target| u64::from(target.weight)).sum();
    let served = targets.iter().filter(|target| target.weight > 0);
    let share = |target: &Target| {
        let revision = match &target.server_group {
            ServerGroupId::Service { backend, .. } => backend.service.name.clone(),
            ServerGroupId::External(id) => id.clone(),
        };
        #[allow(clippy::cast_precision_loss, reason = "a sum of weights is far below 2^52")]
        let percent = f64::from(target.weight) * 100.0 / total as f64;
        Share { revision, weight: target.weight, percent }
    };
    served.map(share).collect()
}

/// `hello-00001`, `hello-00002 80% · hello-00001 20%`, `301 to https://${host}${path}`, `404`.
impl fmt::Display for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Destination::Forward(shares) => match &shares[..] {
                [] => f.write_str("503: no target has a weight"),
                [only] => f.write_str(&only.revision),
                several => {
                    let part = |share: &Share| format!("{} {}", share.revision, percent(share.percent));
                    f.write_str(&several.iter().map(part).collect::<Vec<_>>().join(" · "))
                }
            },
            Destination::Redirect(status, to) => write!(f, "{status} to {to}"),
            Destination::Answer(status) => write!(f, "{status}"),
        }
    }
}

/// `33.3%`, `50%`.
fn percent(value: f64) -> String {
    let text = format!("{value:.1}");
    format!("{}%", text.strip_suffix(".0").unwrap_or(&text))
}
