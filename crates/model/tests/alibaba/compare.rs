//! Where two load balancers differ.

use crate::fact::{AlbFact, GroupFact, ListenerFact, RuleFact};
use serde_json::Value;
use std::fmt;

/// One difference.
pub(crate) struct Finding {
    /// Its kind, by which a reason names it.
    pub(crate) place: &'static str,
    /// Where, and what both have.
    what: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.what)
    }
}

struct Findings(Vec<Finding>);

impl Findings {
    fn add(&mut self, place: &'static str, what: impl Into<String>) {
        self.0.push(Finding { place, what: what.into() });
    }
}

/// Every difference between ours and theirs.
pub(crate) fn compare(ours: &[AlbFact], theirs: &[AlbFact]) -> Vec<Finding> {
    let mut findings = Findings(Vec::new());
    for their in theirs {
        match ours.iter().find(|our| our.name == their.name) {
            _ if their.outcome != "applied" => findings.add("outcome", &their.outcome),
            Some(our) => load_balancers(&mut findings, our, their),
            None => findings.add("load balancer", format!("only theirs: {}", their.name)),
        }
    }
    for our in ours.iter().filter(|our| !theirs.iter().any(|their| their.name == our.name)) {
        findings.add("load balancer", format!("only ours: {}", our.name));
    }
    findings.0
}

fn load_balancers(findings: &mut Findings, our: &AlbFact, their: &AlbFact) {
    let same = |a: &ListenerFact, b: &ListenerFact| a.port == b.port && a.protocol == b.protocol;
    for a in &our.listeners {
        match their.listeners.iter().find(|b| same(a, b)) {
            Some(b) => listeners(findings, a, b),
            None => findings.add("listener", format!("only ours: {}/{}", a.port, a.protocol)),
        }
    }
    for b in their.listeners.iter().filter(|b| !our.listeners.iter().any(|a| same(a, b))) {
        findings.add("listener", format!("only theirs: {}/{}", b.port, b.protocol));
    }
    groups(findings, &our.server_groups, &their.server_groups);
}

fn listeners(findings: &mut Findings, a: &ListenerFact, b: &ListenerFact) {
    if a.certificate_secrets != b.certificate_secrets {
        let what = format!("ours {:?}, theirs {:?}", a.certificate_secrets, b.certificate_secrets);
        findings.add("certificates", what);
    }
    let (ours, theirs) = unmatched(&a.rules, &b.rules);
    for i in 0..ours.len().max(theirs.len()) {
        match (ours.get(i), theirs.get(i)) {
            (Some(a), Some(b)) if a.direction == b.direction => rules(findings, a, b),
            (a, b) => findings.add("rule", format!("ours {a:?}\n    theirs {b:?}")),
        }
    }
}

/// What is left of two lists of rules without the longest run of rules, in order, that both have.
fn unmatched<'a>(a: &'a [RuleFact], b: &'a [RuleFact]) -> (Vec<&'a RuleFact>, Vec<&'a RuleFact>) {
    let mut length = vec![vec![0_usize; b.len() + 1]; a.len() + 1];
    for i in (0..a.len()).rev() {
        for j in (0..b.len()).rev() {
            let skipped = length[i + 1][j].max(length[i][j + 1]);
            length[i][j] = if a[i] == b[j] { length[i + 1][j + 1] + 1 } else { skipped };
        }
    }
    let (mut ours, mut theirs, mut i, mut j) = (Vec::new(), Vec::new(), 0, 0);
    while i < a.len() && j < b.len() {
        if a[i] == b[j] {
            (i, j) = (i + 1, j + 1);
        } else if length[i + 1][j] >= length[i][j + 1] {
            ours.push(&a[i]);
            i += 1;
        } else {
            theirs.push(&b[j]);
            j += 1;
        }
    }
    ours.extend(&a[i..]);
    theirs.extend(&b[j..]);
    (ours, theirs)
}

fn rules(findings: &mut Findings, a: &RuleFact, b: &RuleFact) {
    parts(findings, "conditions", &a.conditions, &b.conditions);
    parts(findings, "actions", &a.actions, &b.actions);
}

fn parts(findings: &mut Findings, place: &'static str, a: &[Value], b: &[Value]) {
    if a.len() != b.len() {
        findings.add(place, format!("ours {}\n    theirs {}", list(a), list(b)));
        return;
    }
    for (a, b) in a.iter().zip(b).filter(|(a, b)| a != b) {
        findings.add(part(a, b).unwrap_or(place), format!("ours {a}\n    theirs {b}"));
    }
}

fn list(values: &[Value]) -> String {
    values.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
}

/// The differences with a name of their own.
fn part(a: &Value, b: &Value) -> Option<&'static str> {
    let same_without = |pointer: &str, field: &str| {
        let mut a = a.clone();
        let targets = a.pointer_mut(pointer).and_then(Value::as_array_mut)?;
        targets.iter_mut().filter_map(Value::as_object_mut).for_each(|target| drop(target.remove(field)));
        (a == *b).then_some(())
    };
    if same_without("/forwardGroup/targets", "headers").is_some() {
        return Some("target headers");
    }
    let (a, b) = (a.to_string(), b.to_string());
    if a.to_lowercase() == b.to_lowercase() {
        return Some("case of letters");
    }
    if a.contains(r#"{"exact":"#) {
        return Some("literal text");
    }
    (a.replace("/32", "") == b).then_some("address")
}

fn groups(findings: &mut Findings, ours: &[GroupFact], theirs: &[GroupFact]) {
    for a in ours {
        match theirs.iter().find(|b| a.id == b.id) {
            Some(b) if a == b => {}
            Some(b) if a.protocol == "h2c" && b.protocol == "http" => findings.add("h2c", &a.id),
            Some(b) => findings.add("server group", format!("ours {a:?}\n    theirs {b:?}")),
            None => findings.add("server group", format!("only ours: {}", a.id)),
        }
    }
    for b in theirs.iter().filter(|b| !ours.iter().any(|a| a.id == b.id)) {
        findings.add("server group", format!("only theirs: {}", b.id));
    }
}
