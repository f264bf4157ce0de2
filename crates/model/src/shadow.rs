//! Rules that can never be taken, since an earlier one has the same conditions.

use crate::{Alb, Condition, Direction, Fragment, ListenerId, Priority, Rule};
use std::collections::BTreeMap;

/// Two rules of which the second gets nothing, for these hosts and paths.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shadow {
    /// The rule that is taken.
    pub first: Priority,
    /// The rule that isn't.
    pub second: Priority,
    /// What both want, as `host/path`.
    pub urls: Vec<String>,
    /// Whether the second rule has nothing else.
    pub whole: bool,
}

/// One request that a rule wants: what it has to have in all. Of two rules of a load balancer with the same claim the first one
/// gets the request.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Claim {
    listener: ListenerId,
    direction: Direction,
    url: String,
    rest: Vec<Condition>,
}

/// Every rule of the load balancer that an earlier one with the same host, path and other conditions takes requests from: the same on
/// several listeners is said once. Source: ALB, Manage forwarding rules for a listener (the first match wins).
pub fn shadows(alb: &Alb) -> Vec<Shadow> {
    let mut claimed: BTreeMap<Claim, &Priority> = BTreeMap::new();
    let mut shadows: BTreeMap<(&Priority, &Priority), Shadow> = BTreeMap::new();
    for listener in &alb.listeners {
        for rule in &listener.rules {
            let claims = claims_of(listener.id, rule);
            let count = claims.len();
            for claim in claims {
                let url = claim.url.clone();
                let first = *claimed.entry(claim).or_insert(&rule.priority);
                if *first == rule.priority {
                    continue;
                }
                let shadow = shadows.entry((&rule.priority, first)).or_insert_with(|| Shadow {
                    first: first.clone(),
                    second: rule.priority.clone(),
                    urls: Vec::new(),
                    whole: false,
                });
                if !shadow.urls.contains(&url) {
                    shadow.urls.push(url);
                }
                shadow.whole = shadow.urls.len() == count;
            }
        }
    }
    shadows.into_values().collect()
}

/// Everything that the rules of a fragment want.
pub fn claims(fragment: &Fragment) -> impl Iterator<Item = Claim> {
    let rules = fragment.listeners.iter().flat_map(|part| part.rules.iter().map(move |rule| (part.id, rule)));
    rules.flat_map(|(id, rule)| claims_of(id, rule))
}

/// Each pair of a host and a path with everything else that the rule asks for.
fn claims_of(listener: ListenerId, rule: &Rule) -> Vec<Claim> {
    let any = || vec![String::new()];
    let (mut hosts, mut paths, mut rest) = (any(), any(), Vec::new());
    for condition in &rule.conditions {
        match condition {
            Condition::Host(values) => {
                hosts = values.iter().map(|v| v.to_string().to_ascii_lowercase()).collect();
            }
            Condition::Path(values) => paths = values.iter().map(ToString::to_string).collect(),
            Condition::Header { key, values } => {
                rest.push(Condition::Header { key: key.to_ascii_lowercase(), values: values.clone() });
            }
            other => rest.push(other.clone()),
        }
    }
    rest.sort();
    let url = |host: &String, path: &String| {
        if host.is_empty() { format!("*{path}") } else { format!("{host}{path}") }
    };
    let urls = hosts.iter().flat_map(|host| paths.iter().map(move |path| url(host, path)));
    urls.map(|url| Claim { listener, direction: rule.direction, url, rest: rest.clone() }).collect()
}
