//! The rules of one listener as a lookup structure: pure, immutable, and cheap to change.
//!
//! [`Table::route`] takes a request to the rule with the smallest priority that matches, as a scan over all rules in
//! order would, without the scan: host by hash, then path, then exact headers and cookies. [`Table::apply`] makes the next
//! version in time proportional to the rules that changed; everything else is shared with the version before.

pub(crate) mod action;
mod condition;
pub(crate) mod cors;
pub(crate) mod edits;
mod explain;
mod fragments;
mod head;
mod index;
mod limit;
mod map;
mod naive;
mod pattern;
#[cfg(test)]
mod props;
mod rule;
mod split;
pub(crate) mod template;
#[cfg(test)]
mod tests;

pub use explain::{Answer, Explanation, Skipped, TargetShare};
pub use fragments::fragments;
pub(crate) use head::FieldSpan;
pub use head::{Headers, RequestHead, ResponseHead};
pub use rule::CompiledRule;

use crate::endpoints::Registry;
use crate::metrics::revision::is_gray;
use index::Index;
use net_alb_diag::{Diagnostic, Outcome};
use net_alb_model::{Alb, Direction, Fragment, Listener, ListenerId, ObjectKey};
use rule::{Keys, Origin};
use smallvec::SmallVec;
use std::borrow::Borrow;
use std::collections::BTreeMap;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// What becomes of one Ingress.
#[derive(Debug, Clone)]
pub enum Change {
    /// It's new or has changed: these are its rules now.
    Put {
        /// The Ingress.
        ingress: ObjectKey,
        /// All of its rules, for every listener.
        fragment: Arc<Fragment>,
    },
    /// It's gone.
    Remove {
        /// The Ingress.
        ingress: ObjectKey,
    },
}

/// The rules of one listener, compiled.
#[derive(Debug, Clone, Default)]
pub struct Table {
    requests: Index,
    responses: Index,
    /// By their Ingress.
    ingresses: map::Trie<OfIngress>,
    len: usize,
    registry: Arc<Registry>,
}

/// The rules of one Ingress, in its order; at least one.
#[derive(Debug, Clone)]
struct OfIngress(SmallVec<[Arc<CompiledRule>; 2]>);

impl Borrow<ObjectKey> for OfIngress {
    fn borrow(&self) -> &ObjectKey {
        self.0[0].ingress()
    }
}

impl Hash for OfIngress {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0[0].ingress().hash(state);
    }
}

impl PartialEq for OfIngress {
    fn eq(&self, other: &Self) -> bool {
        self.0[0].ingress() == other.0[0].ingress()
    }
}

impl Eq for OfIngress {}

impl Table {
    /// An empty table whose rules will find their backends here.
    pub(crate) fn new(registry: Arc<Registry>) -> Table {
        Table { registry, ..Table::default() }
    }

    /// The rule that takes a request: the one with the smallest priority whose conditions all hold.
    pub fn route(&self, request: &RequestHead<'_>) -> Option<&Arc<CompiledRule>> {
        self.requests.find(request, None)
    }

    /// The response rule that edits an answer. Request conditions look at the request as it went to the backend.
    pub fn route_response(
        &self,
        request: &RequestHead<'_>,
        response: &ResponseHead<'_>,
    ) -> Option<&Arc<CompiledRule>> {
        self.responses.find(request, Some(response))
    }

    /// Whether there are response rules at all.
    pub fn has_response_rules(&self) -> bool {
        !self.responses.is_empty()
    }

    /// Whether any rule names this host, exactly or by a wildcard in front.
    pub fn knows_host(&self, host: &str) -> bool {
        self.requests.knows(host)
    }

    /// Whether any of its rules comes from this Ingress.
    pub fn contains(&self, ingress: &ObjectKey) -> bool {
        self.ingresses.contains_key(ingress)
    }

    /// How many rules there are.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are no rules.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The table after these changes, and what the compiler has to say about every rule that was put. Rules that are as they
    /// were stay the same objects, with their place in the split and their count of requests.
    pub fn apply(&self, changes: &[Change], listener: ListenerId) -> Outcome<Table> {
        let mut table = self.clone();
        let mut diagnostics = Vec::new();
        for change in changes {
            match change {
                Change::Put { ingress, fragment } => {
                    diagnostics.extend(table.put(ingress, fragment, listener));
                }
                Change::Remove { ingress } => table.replace(ingress, SmallVec::new()),
            }
        }
        Outcome { value: table, diagnostics }
    }

    fn put(
        &mut self,
        ingress: &ObjectKey,
        fragment: &Arc<Fragment>,
        listener: ListenerId,
    ) -> Vec<Diagnostic> {
        let mut diagnostics = Vec::new();
        let old = self.of_ingress(ingress);
        let old: BTreeMap<_, _> = old.iter().map(|rule| (rule.rule().id.clone(), rule)).collect();
        let tracked = is_gray(fragment);
        let shares = fragment.listeners.iter().enumerate().filter(|(_, share)| share.id == listener);
        let origins = shares.flat_map(|(index, share)| {
            (0..share.rules.len()).map(move |position| Origin {
                fragment,
                listener: index,
                position,
                tracked,
            })
        });
        let mut rules = SmallVec::new();
        for origin in origins {
            match compile_rule(origin, old.get(&origin.rule().id).copied(), &self.registry) {
                Ok(rule) => {
                    diagnostics.extend_from_slice(rule.diagnostics());
                    rules.push(rule);
                }
                Err(diagnostic) => diagnostics.push(*diagnostic),
            }
        }
        self.replace(ingress, rules);
        diagnostics
    }

    /// Makes these the rules of an Ingress. Only the difference touches the indexes.
    fn replace(&mut self, ingress: &ObjectKey, rules: SmallVec<[Arc<CompiledRule>; 2]>) {
        let old = self.of_ingress(ingress);
        let stays = |rule: &Arc<CompiledRule>, others: &[Arc<CompiledRule>]| {
            let at = others.partition_point(|other| other.rank() < rule.rank());
            others.get(at).is_some_and(|other| Arc::ptr_eq(other, rule))
        };
        let mut sorted = rules.clone();
        sorted.sort_by(|a, b| a.rank().cmp(b.rank()));
        let mut old_sorted = old.to_vec();
        old_sorted.sort_by(|a, b| a.rank().cmp(b.rank()));
        for gone in old.iter().filter(|rule| !stays(rule, &sorted)) {
            self.index(gone).remove(gone, &Keys::of(gone.rule()));
        }
        for new in rules.iter().filter(|rule| !stays(rule, &old_sorted)) {
            self.index(new).insert(new, &Keys::of(new.rule()));
        }
        self.len = self.len + rules.len() - old.len();
        if rules.is_empty() {
            self.ingresses.remove(ingress);
        } else {
            self.ingresses.insert(OfIngress(rules), ());
        }
    }

    fn of_ingress(&self, ingress: &ObjectKey) -> SmallVec<[Arc<CompiledRule>; 2]> {
        self.ingresses.get_key_value(ingress).map(|(rules, ())| rules.0.clone()).unwrap_or_default()
    }

    fn index(&mut self, rule: &CompiledRule) -> &mut Index {
        match rule.rule().direction {
            Direction::Request => &mut self.requests,
            Direction::Response => &mut self.responses,
        }
    }

    /// Every rule, in the order in which they are tried. Walks over all of them.
    pub(crate) fn in_order(&self, direction: Direction) -> Vec<&Arc<CompiledRule>> {
        let all = self.ingresses.keys().flat_map(|rules| rules.0.iter());
        let mut rules: Vec<_> = all.filter(|rule| rule.rule().direction == direction).collect();
        rules.sort_by(|a, b| a.rank().cmp(b.rank()));
        rules
    }
}

fn compile_rule(
    origin: Origin<'_>,
    old: Option<&Arc<CompiledRule>>,
    registry: &Registry,
) -> Result<Arc<CompiledRule>, Box<Diagnostic>> {
    if let Some(old) = old
        && old.is_same(&origin)
    {
        return Ok(Arc::clone(old));
    }
    let mut rule = CompiledRule::new(origin, registry)?;
    if let Some(old) = old {
        rule.plan.continue_from(&old.plan);
    }
    Ok(Arc::new(rule))
}

/// The table of one listener by itself, without sockets: for `explain`, tests and lint. It has no endpoints.
pub fn compile(alb: &Alb, listener: &Listener) -> Outcome<Table> {
    let put = |(ingress, fragment)| Change::Put { ingress, fragment: Arc::new(fragment) };
    let changes: Vec<_> = fragments(alb).into_iter().map(put).collect();
    Table::default().apply(&changes, listener.id)
}
