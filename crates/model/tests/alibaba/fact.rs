//! What both sides say of a load balancer, in the words of `2-alb.yaml`.

use net_alb_model::{Alb, Listener, Rule, Scheduler, ServerGroup};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What Alibaba's controller made of a case; `said` in the file are its Events, for the reader.
#[derive(Debug, Deserialize)]
struct File {
    #[serde(default)]
    albs: Vec<AlbFact>,
}

/// A load balancer.
#[derive(Debug, Deserialize)]
pub(crate) struct AlbFact {
    /// The AlbConfig's name.
    pub(crate) name: String,
    /// `applied`, or what went wrong: nothing of what was built is served then.
    pub(crate) outcome: String,
    #[serde(default)]
    pub(crate) listeners: Vec<ListenerFact>,
    #[serde(default, rename = "serverGroups")]
    pub(crate) server_groups: Vec<GroupFact>,
}

/// A listener with its rules in their order.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ListenerFact {
    pub(crate) port: u32,
    pub(crate) protocol: String,
    #[serde(default)]
    pub(crate) certificate_secrets: Vec<String>,
    #[serde(default)]
    pub(crate) rules: Vec<RuleFact>,
}

/// A rule; its conditions and actions are as they are printed.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(crate) struct RuleFact {
    #[serde(default)]
    pub(crate) direction: String,
    pub(crate) conditions: Vec<Value>,
    pub(crate) actions: Vec<Value>,
}

/// A server group, without what the controller of 1.2 didn't know.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
pub(crate) struct GroupFact {
    pub(crate) id: String,
    pub(crate) protocol: String,
    pub(crate) scheduler: String,
}

/// Reads an `alibaba.yaml`.
pub(crate) fn read(text: &str) -> Vec<AlbFact> {
    let mut file: File = serde_saphyr::from_str(text).expect("the fact is well formed");
    for alb in &mut file.albs {
        alb.server_groups.sort();
        alb.listeners.iter_mut().for_each(|listener| listener.certificate_secrets.sort());
    }
    file.albs
}

/// The same of ours.
pub(crate) fn ours(albs: &[Alb]) -> Vec<AlbFact> {
    let mut facts: Vec<AlbFact> = albs.iter().map(alb).collect();
    for alb in &mut facts {
        alb.server_groups.sort();
    }
    facts
}

fn alb(alb: &Alb) -> AlbFact {
    AlbFact {
        name: alb.name.clone(),
        outcome: "applied".to_owned(),
        listeners: alb.listeners.iter().map(listener).collect(),
        server_groups: alb.server_groups.iter().map(group).collect(),
    }
}

fn listener(listener: &Listener) -> ListenerFact {
    let mut certificate_secrets: Vec<String> =
        listener.certificate_secrets.iter().map(ToString::to_string).collect();
    certificate_secrets.sort();
    ListenerFact {
        port: u32::from(listener.id.port),
        protocol: listener.id.protocol.to_string(),
        certificate_secrets,
        rules: listener.rules.iter().map(rule).collect(),
    }
}

fn rule(rule: &Rule) -> RuleFact {
    let is_response = rule.direction == net_alb_model::Direction::Response;
    RuleFact {
        direction: if is_response { "Response".to_owned() } else { String::new() },
        conditions: rule.conditions.iter().map(value).collect(),
        actions: rule.actions.iter().map(value).collect(),
    }
}

fn group(group: &ServerGroup) -> GroupFact {
    let word = |value: Value| value.as_str().unwrap_or_default().to_owned();
    let scheduler = match &group.scheduler {
        Scheduler::Uch { key } => format!("uch {key}"),
        plain => word(value(plain)),
    };
    GroupFact { id: group.id.to_string(), protocol: word(value(&group.protocol)), scheduler }
}

fn value<T: Serialize>(value: &T) -> Value {
    serde_json::to_value(value).expect("a part of the model is JSON")
}
