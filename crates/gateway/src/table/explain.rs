use super::action::End;
use super::naive;
use super::{CompiledRule, RequestHead, Table};
use crate::forward::head::internal_headers;
use net_alb_model::{Action, Direction, RuleId};
use serde::Serialize;
use std::collections::BTreeMap;

/// Which rule takes a request and why, and why those before it don't.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Explanation {
    /// The rule; `None` is the listener's default action.
    pub rule: Option<RuleId>,
    /// Why somebody wants that rule: `header`, `cookie`, `weight`, ….
    pub reason: Option<String>,
    /// What the rule does in the end.
    pub answer: Answer,
    /// The rules of the same host (or of any host) that are tried before, in order.
    pub skipped: Vec<Skipped>,
    /// How many rules of other hosts are tried before.
    pub other_hosts: usize,
    /// Headers of the request that are internal to Knative and never reach a backend as the client sent them.
    pub internal_headers: Vec<String>,
}

/// What a rule does in the end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Answer {
    /// To one of these targets, by weight.
    Forward {
        /// In the rule's order.
        targets: Vec<TargetShare>,
    },
    /// The client is sent elsewhere, with this status.
    Redirect(u16),
    /// The rule's own answer, with this status.
    FixedResponse(u16),
    /// No rule matches: the listener's default action.
    Default,
}

/// A target and its share.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TargetShare {
    /// The server group: `namespace/ingress/service:port`.
    pub server_group: String,
    /// Its weight.
    pub weight: u32,
    /// The sum of all weights, so that the share is `weight / total`.
    pub total: u32,
    /// Headers that are set on requests that go here.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    /// Servers known at the moment.
    pub endpoints: usize,
}

/// A rule that doesn't take the request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Skipped {
    /// The rule.
    pub rule: RuleId,
    /// Why somebody wants that rule.
    pub reason: String,
    /// The first condition that fails, in words.
    pub why: String,
}

impl Table {
    /// Which rule takes a request and why. Scans every rule: for people, not for traffic.
    pub fn explain(&self, request: &RequestHead<'_>) -> Explanation {
        let mut skipped = Vec::new();
        let mut other_hosts = 0;
        let internal_headers = internal_headers(request.headers);
        for rule in self.in_order(Direction::Request) {
            match naive::why_not(rule.rule(), request, None) {
                Ok(()) => {
                    return Explanation {
                        rule: Some(rule.rule().id.clone()),
                        reason: Some(rule.rule().reason.clone()),
                        answer: answer(rule),
                        skipped,
                        other_hosts,
                        internal_headers,
                    };
                }
                Err(why) if naive::host_matches(rule.rule(), request) => {
                    let (rule, reason) = (rule.rule().id.clone(), rule.rule().reason.clone());
                    skipped.push(Skipped { rule, reason, why });
                }
                Err(_) => other_hosts += 1,
            }
        }
        Explanation {
            rule: None,
            reason: None,
            answer: Answer::Default,
            skipped,
            other_hosts,
            internal_headers,
        }
    }
}

fn answer(rule: &CompiledRule) -> Answer {
    let forward = match &rule.plan.end {
        End::Forward(forward) => forward,
        End::Redirect(redirect) => return Answer::Redirect(redirect.status),
        End::Fixed(fixed) => return Answer::FixedResponse(fixed.status),
        End::Edit(_) => return Answer::Default,
    };
    let model = rule.rule().actions.iter().flat_map(|action| match action {
        Action::ForwardGroup { targets, .. } => targets.as_slice(),
        _ => &[],
    });
    let total = u32::try_from(forward.split.total()).unwrap_or(u32::MAX);
    let share = |(target, plan): (&net_alb_model::Target, &super::action::TargetPlan)| TargetShare {
        server_group: target.server_group.to_string(),
        weight: target.weight,
        total,
        headers: target.headers.clone(),
        endpoints: plan.endpoints.as_ref().map_or(0, |endpoints| endpoints.addresses().len()),
    };
    Answer::Forward { targets: model.zip(forward.targets.as_slice()).map(share).collect() }
}
