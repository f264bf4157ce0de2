//! A KIngress' status, worked out from what the gateways say: pure.
//!
//! The conditions are Knative's: `Ready` follows `NetworkConfigured` and `LoadBalancerReady`; False beats Unknown, and is only
//! for what the author of the KIngress must mend. `AnnotationsHonoured` is net-alb's own, there only while an annotation isn't,
//! and no part of `Ready`.
//!
//! Source: networking `pkg/apis/networking/v1alpha1/ingress_lifecycle.go`; knative.dev/pkg `apis/condition_set.go`.

mod wire;

#[cfg(test)]
mod tests;

pub use wire::{Condition, IngressStatus, LoadBalancerIngress, LoadBalancerStatus};

use crate::acknowledgement::{Effect, Problem};

const CONFIGURED: &str = "NetworkConfigured";
const LOAD_BALANCER: &str = "LoadBalancerReady";
const READY: &str = "Ready";
const ANNOTATIONS: &str = "AnnotationsHonoured";

/// What is to be reached.
#[derive(Debug, Clone, Copy)]
pub struct Desired<'a> {
    /// `metadata.generation`.
    pub generation: i64,
    /// The status as it is.
    pub status: &'a IngressStatus,
}

/// One gateway replica and how far it is with a KIngress.
#[derive(Debug, Clone, Copy)]
pub struct Replica<'a> {
    /// The pod's name.
    pub name: &'a str,
    /// How far.
    pub progress: Progress<'a>,
}

/// How far a replica is with a KIngress.
#[derive(Debug, Clone, Copy)]
pub enum Progress<'a> {
    /// It doesn't answer, for this cause.
    Unreachable(&'a str),
    /// It serves another version, or none.
    Behind,
    /// It serves this version, as far as it can.
    Applied(&'a [Problem]),
    /// Not a gateway but the ALB: this version is delivered, as far as it can be.
    Delivered(&'a [Problem]),
    /// The same, and this version isn't delivered yet.
    Undelivered,
}

impl<'a> Progress<'a> {
    /// What is said of the version that was asked for; `None` if there is another.
    pub fn problems(&self) -> Option<&'a [Problem]> {
        match self {
            Progress::Applied(problems) | Progress::Delivered(problems) => Some(problems),
            Progress::Unreachable(_) | Progress::Behind | Progress::Undelivered => None,
        }
    }
}

/// Where the gateways or load balancers are: the names that Knative publishes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Addresses {
    /// The public Service: `net-alb.knative-serving.svc.cluster.local`.
    pub public: String,
    /// The Service for clients inside the cluster.
    pub internal: String,
}

/// The status that a KIngress should have, at these addresses; without, those that it has stay. `now` is RFC 3339 in UTC; it marks the conditions that change.
pub fn status(
    desired: Desired<'_>,
    replicas: &[Replica<'_>],
    addresses: Option<&Addresses>,
    now: &str,
) -> IngressStatus {
    let old = desired.status;
    let was_ready = old.observed_generation == desired.generation && old.is_true(READY);
    let verdict = if was_ready { keep(replicas) } else { judge(replicas) };
    let mut status = old.clone();
    status.observed_generation = desired.generation;
    let annotations = annotations(replicas);
    let ready = match (&verdict.configured, &verdict.load_balancer) {
        (no @ Verdict::False(..), _) | (_, no @ Verdict::False(..)) => no.clone(),
        (Verdict::True, other) | (other, _) => other.clone(),
    };
    status.conditions = [
        annotations.map(|message| wire::warning(ANNOTATIONS, "AnnotationIgnored", message)),
        Some(condition(LOAD_BALANCER, &verdict.load_balancer)),
        Some(condition(CONFIGURED, &verdict.configured)),
        Some(condition(READY, &ready)),
    ]
    .into_iter()
    .flatten()
    .map(|condition| condition.since(&old.conditions, now))
    .collect();
    if let Some(addresses) = addresses
        && (verdict.load_balancer == Verdict::True || old.public_load_balancer.is_some())
    {
        status.public_load_balancer = Some(LoadBalancerStatus::of(&addresses.public));
        status.private_load_balancer = Some(LoadBalancerStatus::of(&addresses.internal));
    }
    status
}

/// Whether every replica has reached the version, so that nothing more will come by itself.
pub fn is_settled(replicas: &[Replica<'_>]) -> bool {
    let applied = |replica: &Replica<'_>| {
        replica.progress.problems().is_some_and(|problems| !has(problems, Effect::Waiting))
    };
    !replicas.is_empty() && replicas.iter().all(applied)
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Verdict {
    True,
    Unknown(String, String),
    False(String, String),
}

struct Verdicts {
    configured: Verdict,
    load_balancer: Verdict,
}

/// This generation was ready before: it stays so, whatever happens to backends or replicas that come later, unless a replica refuses
/// it now. Knative counts backends as no matter of the network.
fn keep(replicas: &[Replica<'_>]) -> Verdicts {
    let load_balancer = refusal(replicas).unwrap_or(Verdict::True);
    Verdicts { configured: Verdict::True, load_balancer }
}

fn judge(replicas: &[Replica<'_>]) -> Verdicts {
    if let Some(refused) = refusal(replicas) {
        return Verdicts { configured: Verdict::True, load_balancer: refused };
    }
    if replicas.is_empty() {
        let why = Verdict::Unknown("NoGateway".to_owned(), "no gateway replica is ready to serve".to_owned());
        return Verdicts { configured: why.clone(), load_balancer: why };
    }
    let pending: Vec<_> = replicas.iter().filter_map(pending).collect();
    let Some((reason, first)) = pending.first() else {
        return Verdicts { configured: Verdict::True, load_balancer: Verdict::True };
    };
    let message = match pending.len() {
        1 => first.clone(),
        count => format!("{first}; {count} of {} replicas aren't there yet", replicas.len()),
    };
    let told = replicas.iter().any(|replica| replica.progress.problems().is_some());
    let load_balancer = Verdict::Unknown(reason.clone(), message);
    let configured = if told { Verdict::True } else { load_balancer.clone() };
    Verdicts { configured, load_balancer }
}

/// Why a replica isn't done yet; `None` if it is.
fn pending(replica: &Replica<'_>) -> Option<(String, String)> {
    let name = replica.name;
    let waits = replica
        .progress
        .problems()
        .and_then(|problems| problems.iter().find(|problem| problem.effect == Effect::Waiting));
    let (reason, message) = match replica.progress {
        Progress::Unreachable(cause) => {
            ("GatewayUnreachable", format!("gateway {name} doesn't answer: {cause}"))
        }
        Progress::Behind => ("Uninitialized", format!("waiting for gateway {name} to serve this version")),
        Progress::Applied(_) => ("BackendNotReady", format!("gateway {name}: {}", waits?.message)),
        Progress::Delivered(_) => (waits?.reason.as_str(), waits?.message.clone()),
        Progress::Undelivered => ("Uninitialized", "waiting for this version's Ingresses".to_owned()),
    };
    Some((reason.to_owned(), message))
}

/// What must be mended, if any replica says so. All of them see the same objects, so one is enough.
fn refusal(replicas: &[Replica<'_>]) -> Option<Verdict> {
    let refused: Vec<_> = problems(replicas).filter(|problem| problem.effect == Effect::Refused).collect();
    let first = refused.first()?;
    let others = refused.iter().filter(|problem| problem.message != first.message).count();
    let message = match others {
        0 => first.message.clone(),
        _ => format!("{}; and {others} more", first.message),
    };
    Some(Verdict::False(first.reason.clone(), message))
}

/// What isn't honoured of the annotations.
fn annotations(replicas: &[Replica<'_>]) -> Option<String> {
    let mut messages: Vec<_> = problems(replicas)
        .filter(|problem| problem.effect == Effect::Annotation)
        .map(|problem| problem.message.as_str())
        .collect();
    messages.sort_unstable();
    messages.dedup();
    (!messages.is_empty()).then(|| messages.join("; "))
}

fn problems<'a>(replicas: &[Replica<'a>]) -> impl Iterator<Item = &'a Problem> {
    replicas.iter().flat_map(|replica| replica.progress.problems().unwrap_or_default())
}

fn has(problems: &[Problem], effect: Effect) -> bool {
    problems.iter().any(|problem| problem.effect == effect)
}

fn condition(kind: &str, verdict: &Verdict) -> Condition {
    match verdict {
        Verdict::True => Condition::new(kind, "True", "", ""),
        Verdict::Unknown(reason, message) => Condition::new(kind, "Unknown", reason, message),
        Verdict::False(reason, message) => Condition::new(kind, "False", reason, message),
    }
}
