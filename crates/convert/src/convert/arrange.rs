//! The order of rules in an Ingress, and which hosts share one.
//!
//! ALB takes the first rule that matches, so the order is what decides. It is made in three steps:
//!
//! 1. A rule that an earlier one of its host covers is left out: no request reaches it.
//! 2. Each host's rules are put in *normal form*: of the rules that no remaining earlier rule overlaps, the most specific comes
//!    next. Overlapping rules keep the order of the KIngress; for all others the KIngress' order doesn't show.
//! 3. The lists of all hosts are merged by kind of rule. Rules of the same content at the same place in their lists are one, with
//!    several hosts.
//!
//! A rule without hosts matches every host, so it overlaps with all of them: rules before and after it stay before and after.

use super::assemble::MOST_CONDITIONS;
use super::blocks::{Block, Hosts};
use super::overlap::shapes;
use super::rule::{Content, Reason, Rule};
use std::collections::{BTreeMap, BTreeSet};

/// A rule with its hosts; none means every host.
pub(super) struct Placed<'r> {
    pub(super) hosts: Vec<&'r str>,
    pub(super) rule: &'r Rule,
    /// What its action is called unless another needs the same name.
    pub(super) name: &'r str,
}

/// A rule that no request reaches, and the one that takes them all.
pub(super) struct Shadowed<'r> {
    pub(super) host: Option<&'r str>,
    pub(super) rule: &'r Rule,
    pub(super) by: &'r Rule,
}

/// All rules in the order in which they are tried, and those that never would be.
pub(super) fn arrange(blocks: &[Block], is_shared: bool) -> (Vec<Placed<'_>>, Vec<Shadowed<'_>>) {
    let mut merged: BTreeMap<Place<'_>, Shared<'_>> = BTreeMap::new();
    let mut shadowed = Vec::new();
    for ((segment, indexes), hosts) in groups(blocks) {
        let list: Vec<&Rule> = indexes.iter().flat_map(|index| &blocks[*index].rules).collect();
        let (list, unreached) = normal_form(&list);
        shadowed.extend(unreached.into_iter().map(|(rule, by)| Shadowed { host: hosts[0], rule, by }));
        let (mut level, mut position) = (Reason::AcmeChallenge, 0);
        for rule in list {
            if rule.reason > level {
                (level, position) = (rule.reason, 0);
            }
            let shared = merged.entry((segment, level, position, rule.content())).or_insert_with(|| Shared {
                rule,
                name: &rule.name,
                hosts: BTreeSet::new(),
            });
            shared.hosts.extend(hosts.iter().flatten());
            shared.name = shared.name.min(&rule.name);
            position += 1;
        }
    }
    let mut rules: Vec<(Place<'_>, Shared<'_>)> = merged.into_iter().collect();
    rules.sort_by(|(a, left), (b, right)| {
        (a.0, a.1, a.2, left.hosts.first(), a.3).cmp(&(b.0, b.1, b.2, right.hosts.first(), b.3))
    });
    let placed = rules.into_iter().flat_map(|(_, shared)| split(shared, is_shared)).collect();
    (placed, shadowed)
}

/// Where a rule stands: segment, kind, place among its host's rules of that kind, and what it says.
type Place<'r> = (usize, Reason, usize, Content<'r>);

struct Shared<'r> {
    rule: &'r Rule,
    name: &'r str,
    hosts: BTreeSet<&'r str>,
}

/// Hosts by the blocks that they are in, in segments that a block for every host separates.
fn groups(blocks: &[Block]) -> BTreeMap<(usize, Vec<usize>), Vec<Option<&str>>> {
    let mut by_host: BTreeMap<(usize, Option<&str>), Vec<usize>> = BTreeMap::new();
    let mut segment = 0;
    for (index, block) in blocks.iter().enumerate() {
        match &block.hosts {
            Hosts::Any => {
                by_host.insert((segment + 1, None), vec![index]);
                segment += 2;
            }
            Hosts::These(hosts) => {
                for host in hosts {
                    by_host.entry((segment, Some(host))).or_default().push(index);
                }
            }
        }
    }
    let mut groups: BTreeMap<(usize, Vec<usize>), Vec<Option<&str>>> = BTreeMap::new();
    for ((segment, host), indexes) in by_host {
        groups.entry((segment, indexes)).or_default().push(host);
    }
    groups
}

/// A rule, and the earlier one that takes all of its requests.
type Unreached<'r> = Vec<(&'r Rule, &'r Rule)>;

/// The rules that some request reaches, the most specific first wherever that changes nothing: the same for any two lists that
/// differ only in the order of rules that can't match one request. Also the others.
fn normal_form<'r>(list: &[&'r Rule]) -> (Vec<&'r Rule>, Unreached<'r>) {
    let shapes = shapes(list);
    let (mut kept, mut unreached) = (Vec::new(), Vec::new());
    for (index, shape) in shapes.iter().enumerate() {
        match kept.iter().find(|earlier: &&usize| shapes[**earlier].covers(shape)) {
            Some(earlier) => unreached.push((list[index], list[*earlier])),
            None => kept.push(index),
        }
    }
    let overlaps = |a: usize, b: usize| shapes[kept[a]].overlaps(&shapes[kept[b]]);
    let mut waits_for: Vec<usize> =
        (0..kept.len()).map(|index| (0..index).filter(|earlier| overlaps(*earlier, index)).count()).collect();
    let mut ready: BTreeSet<(Content<'r>, usize)> = BTreeSet::new();
    ready.extend((0..kept.len()).filter(|i| waits_for[*i] == 0).map(|i| (list[kept[i]].content(), i)));
    let mut ordered = Vec::with_capacity(kept.len());
    while let Some((_, index)) = ready.pop_first() {
        ordered.push(list[kept[index]]);
        for later in index + 1..kept.len() {
            if overlaps(index, later) {
                waits_for[later] -= 1;
                if waits_for[later] == 0 {
                    ready.insert((list[kept[later]].content(), later));
                }
            }
        }
    }
    (ordered, unreached)
}

/// As many rules as the hosts need: a rule has ten values in all its conditions, its path and its matches among them.
fn split(shared: Shared<'_>, is_shared: bool) -> Vec<Placed<'_>> {
    let Shared { rule, name, hosts } = shared;
    let hosts: Vec<&str> = hosts.into_iter().collect();
    if hosts.is_empty() {
        return vec![Placed { hosts, rule, name }];
    }
    let room = MOST_CONDITIONS.saturating_sub(1 + rule.matches.len()).max(1);
    let room = if is_shared { room } else { 1 };
    hosts.chunks(room).map(|hosts| Placed { hosts: hosts.to_vec(), rule, name }).collect()
}
