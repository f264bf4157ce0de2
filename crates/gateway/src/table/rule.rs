use super::action::{Groups, Plan, Remark};
use super::condition::{BadCondition, Check};
use super::head::{RequestHead, ResponseHead};
use crate::endpoints::Registry;
use net_alb_diag::{Diagnostic, FieldPath, codes};
use net_alb_model::{Action, Condition, Direction, Fragment, ObjectKey, Pattern, Rule, ServerGroupId};
use std::sync::Arc;

/// A rule, ready to be matched and executed. Shared by every host, path and table version that needs it.
#[derive(Debug)]
pub struct CompiledRule {
    /// The rule's place in the order, as bytes that compare like it.
    rank: Box<[u8]>,
    fragment: Arc<Fragment>,
    listener: u32,
    position: u32,
    /// The conditions that being found in the index doesn't prove.
    checks: Box<[Check]>,
    tracked: bool,
    pub(crate) plan: Plan,
    diagnostics: Box<[Diagnostic]>,
}

/// Where a rule is in its fragment.
#[derive(Clone, Copy)]
pub(crate) struct Origin<'a> {
    pub(crate) fragment: &'a Arc<Fragment>,
    pub(crate) listener: usize,
    pub(crate) position: usize,
    /// Its targets are counted by themselves.
    pub(crate) tracked: bool,
}

impl Origin<'_> {
    pub(crate) fn rule(&self) -> &Rule {
        &self.fragment.listeners[self.listener].rules[self.position]
    }
}

impl CompiledRule {
    /// Compiles a rule; `Err` is why it is left out.
    pub(crate) fn new(origin: Origin<'_>, registry: &Registry) -> Result<CompiledRule, Box<Diagnostic>> {
        let rule = origin.rule();
        let ingress = &origin.fragment.ingress;
        let proven = [indexed_host(rule), indexed_path(rule), indexed_header(rule)];
        let mut checks = Vec::new();
        for (at, condition) in rule.conditions.iter().enumerate() {
            let check = Check::new(condition).map_err(|bad| refuse(ingress, rule, &bad_condition(&bad)))?;
            if !proven.contains(&Some(at)) {
                checks.push(check);
            }
        }
        let tracked = origin.tracked.then_some(ingress);
        let groups = Groups { all: &origin.fragment.server_groups, registry, tracked };
        let mut remarks = Vec::new();
        let plan = Plan::new(rule, &groups, &mut remarks).map_err(|why| refuse(ingress, rule, &why))?;
        Ok(CompiledRule {
            rank: rank(rule, origin.position),
            fragment: Arc::clone(origin.fragment),
            listener: narrow(origin.listener),
            position: narrow(origin.position),
            checks: checks.into(),
            tracked: origin.tracked,
            plan,
            diagnostics: remarks.iter().map(|remark| diagnostic(ingress, rule, remark)).collect(),
        })
    }

    /// The rule as the model has it.
    pub fn rule(&self) -> &Rule {
        &self.fragment.listeners[self.listener as usize].rules[self.position as usize]
    }

    /// The Ingress that it comes from.
    pub fn ingress(&self) -> &ObjectKey {
        &self.fragment.ingress
    }

    /// What the compiler had to say about it.
    pub(crate) fn diagnostics(&self) -> &[Diagnostic] {
        &self.diagnostics
    }

    /// Sorts as rules are tried: by priority, then by position in the Ingress.
    pub(crate) fn rank(&self) -> &[u8] {
        &self.rank
    }

    /// The server group of the forward's target with this index.
    pub(crate) fn target_group(&self, index: usize) -> Option<&ServerGroupId> {
        self.rule().actions.iter().find_map(|action| match action {
            Action::ForwardGroup { targets, .. } => targets.get(index).map(|target| &target.server_group),
            _ => None,
        })
    }

    /// The groups of the regular expression in the path condition that matches.
    pub(crate) fn captures<'p>(&self, path: &'p str) -> Option<regex::bytes::Captures<'p>> {
        self.checks.iter().find_map(|check| check.captures(path))
    }

    /// Whether compiling this origin's rule again would give the same.
    pub(crate) fn is_same(&self, origin: &Origin<'_>) -> bool {
        let groups = |fragment: &'_ Fragment, rule: &Rule| {
            let targets = rule.actions.iter().flat_map(|action| match action {
                Action::ForwardGroup { targets, .. } => targets.as_slice(),
                _ => &[],
            });
            let group =
                |id: &ServerGroupId| fragment.server_groups.iter().find(|group| group.id == *id).cloned();
            targets.map(|target| group(&target.server_group)).collect::<Vec<_>>()
        };
        self.position == narrow(origin.position)
            && self.tracked == origin.tracked
            && self.rule() == origin.rule()
            && groups(&self.fragment, self.rule()) == groups(origin.fragment, origin.rule())
    }

    /// Whether the conditions hold that the index doesn't prove.
    pub(crate) fn holds(&self, request: &RequestHead<'_>, response: Option<&ResponseHead<'_>>) -> bool {
        self.checks.iter().all(|check| check.holds(request, response))
    }
}

fn bad_condition(bad: &BadCondition) -> Remark {
    match bad {
        BadCondition::Regex(pattern, why) => Remark(
            &codes::gateway::BAD_REGEX,
            format!("`{}` can't be used as a regular expression: {why}", pattern.escape_debug()),
        ),
        BadCondition::Network(text) => Remark(
            &codes::build::BAD_CONDITION,
            format!("`{}` is no network in CIDR notation such as `10.0.0.0/8`", text.escape_debug()),
        ),
    }
}

fn refuse(ingress: &ObjectKey, rule: &Rule, why: &Remark) -> Box<Diagnostic> {
    let mut diagnostic = diagnostic(ingress, rule, why);
    diagnostic.message += "; the rule is left out";
    Box::new(diagnostic)
}

fn diagnostic(ingress: &ObjectKey, rule: &Rule, Remark(code, message): &Remark) -> Diagnostic {
    let object = ingress.to_ref("networking.k8s.io", "Ingress");
    let message = format!("rule `{}`: {message}", rule.id);
    Diagnostic::new(code, object, FieldPath::root(), message).help(code.fix)
}

/// No Ingress has billions of rules.
fn narrow(position: usize) -> u32 {
    u32::try_from(position).unwrap_or(u32::MAX)
}

/// Bytes that compare as [`net_alb_model::Priority`] does. A name has no byte 0, so that a shorter name sorts first.
fn rank(rule: &Rule, position: usize) -> Box<[u8]> {
    let priority = &rule.priority;
    let mut rank = Vec::with_capacity(64);
    rank.extend(priority.order.to_be_bytes());
    rank.extend(
        priority.ingress.namespace.bytes().chain([b'/']).chain(priority.ingress.name.bytes()).chain([0]),
    );
    rank.extend(priority.index.to_be_bytes());
    rank.extend(narrow(position).to_be_bytes());
    rank.into()
}

/// Where the index keeps a rule by its host, in lower case.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum HostKey {
    Exact(Box<[u8]>),
    /// From `*` and a literal rest.
    Suffix(Box<[u8]>),
    Any,
}

/// Where the index keeps a rule by its path.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum PathKey {
    Exact(Box<[u8]>),
    /// From a literal text and `*`.
    Prefix(Box<[u8]>),
    /// From `/*`: nearly every request.
    Rooted,
    Any,
}

/// A header or cookie by which the index may narrow down the rules of one host and path.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum FieldKey {
    /// Name in lower case, values.
    Header(Box<[u8]>, Vec<Box<[u8]>>),
    /// `name=value`, in lower case.
    Cookie(Vec<Box<[u8]>>),
}

/// The position of the Host condition that the index proves.
fn indexed_host(rule: &Rule) -> Option<usize> {
    let all = |values: &[Pattern]| values.iter().all(|value| host_key(value).is_some());
    rule.conditions.iter().position(|condition| matches!(condition, Condition::Host(values) if all(values)))
}

/// The position of the Path condition that the index proves.
fn indexed_path(rule: &Rule) -> Option<usize> {
    let all = |values: &[Pattern]| values.iter().all(|value| path_key(value).is_some());
    rule.conditions.iter().position(|condition| matches!(condition, Condition::Path(values) if all(values)))
}

/// The position of the Header condition that the index proves: of several headers and cookies it may have looked at any.
fn indexed_header(rule: &Rule) -> Option<usize> {
    let mut fields = indexed_fields(rule);
    match (fields.next(), fields.next()) {
        (Some((at, FieldKey::Header(..))), None) => Some(at),
        _ => None,
    }
}

/// The headers and cookies by which the index may keep a rule, and the positions of their conditions.
fn indexed_fields(rule: &Rule) -> impl Iterator<Item = (usize, FieldKey)> {
    let conditions = rule.conditions.iter().enumerate();
    conditions
        .filter(|_| rule.direction == Direction::Request)
        .filter_map(|(at, condition)| Some((at, field_key(condition)?)))
}

fn host_key(pattern: &Pattern) -> Option<HostKey> {
    match pattern {
        Pattern::Exact(host) => Some(HostKey::Exact(host.to_ascii_lowercase().into_bytes().into())),
        Pattern::Wildcard(text) => {
            let suffix = text.strip_prefix('*').filter(|rest| !rest.contains(['*', '?']))?;
            Some(HostKey::Suffix(suffix.to_ascii_lowercase().into_bytes().into()))
        }
        Pattern::Regex { .. } => None,
    }
}

fn path_key(pattern: &Pattern) -> Option<PathKey> {
    match pattern {
        Pattern::Exact(path) => Some(PathKey::Exact(path.as_bytes().into())),
        Pattern::Wildcard(text) => {
            let prefix = text.strip_suffix('*').filter(|rest| !rest.contains(['*', '?']))?;
            Some(if prefix == "/" { PathKey::Rooted } else { PathKey::Prefix(prefix.as_bytes().into()) })
        }
        Pattern::Regex { .. } => None,
    }
}

/// Everything by which the index finds a rule. It depends on the rule alone, so that removing finds what adding made.
pub(crate) struct Keys {
    pub(crate) hosts: Vec<HostKey>,
    pub(crate) paths: Vec<PathKey>,
    pub(crate) fields: Vec<FieldKey>,
}

impl Keys {
    pub(crate) fn of(rule: &Rule) -> Keys {
        let mut hosts = match indexed_host(rule).map(|at| &rule.conditions[at]) {
            Some(Condition::Host(values)) => values.iter().filter_map(host_key).collect(),
            _ => vec![HostKey::Any],
        };
        let mut paths = match indexed_path(rule).map(|at| &rule.conditions[at]) {
            Some(Condition::Path(values)) => values.iter().filter_map(path_key).collect(),
            _ => vec![PathKey::Any],
        };
        hosts.sort_unstable();
        hosts.dedup();
        paths.sort_unstable();
        paths.dedup();
        let fields = indexed_fields(rule).map(|(_, key)| key).collect();
        Keys { hosts, paths, fields }
    }
}

fn field_key(condition: &Condition) -> Option<FieldKey> {
    fn exact(pattern: &Pattern) -> Option<&str> {
        match pattern {
            Pattern::Exact(text) => Some(text),
            _ => None,
        }
    }
    match condition {
        Condition::Header { key, values } => {
            let values = values.iter().map(|value| Some(exact(value)?.as_bytes().into()));
            Some(FieldKey::Header(
                key.to_ascii_lowercase().into_bytes().into(),
                values.collect::<Option<_>>()?,
            ))
        }
        Condition::Cookie(pairs) => {
            let pair = |key: &str, value: &str| {
                format!("{key}={value}").to_ascii_lowercase().into_bytes().into_boxed_slice()
            };
            let pairs = pairs.iter().map(|wanted| Some(pair(exact(&wanted.key)?, exact(&wanted.value)?)));
            Some(FieldKey::Cookie(pairs.collect::<Option<_>>()?))
        }
        _ => None,
    }
}
