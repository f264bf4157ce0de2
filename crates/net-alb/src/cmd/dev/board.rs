//! What `dev` prints: every host with its rules as curl lines, and after that only what has changed.

use super::curl::Route;
use super::curl::Sample;
use super::effect::effects;
use super::notes::{self, Spoken};
use super::serving::Serving;
use crate::destination::Destination;
use crate::render::printable;
use net_alb_model::{
    Action, AddressType, Condition, Direction, Fragment, FragmentListener, ListenerId, ObjectKey, Pattern,
    Protocol, Rule, ServerGroup, ServerGroupId,
};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};
use std::net::SocketAddr;

/// More hosts than this are counted, not shown.
pub(super) const SHOWN: usize = 50;

/// A host of an Ingress and its rules' lines.
#[derive(Debug, Clone, PartialEq)]
struct Host {
    name: String,
    lines: Vec<Line>,
    /// Other names with the same rules: `hello.default`, `hello.default.svc`.
    aliases: Vec<String>,
}

/// One rule.
#[derive(Debug, Clone, PartialEq)]
struct Line {
    /// Why somebody wants it.
    reason: String,
    destination: Destination,
    /// What else is done to the request and the answer; shown when it changes.
    effects: BTreeSet<String>,
    /// The curl line that takes it, or why there is none.
    example: String,
}

/// Where a host stands: whether it is private, on which listener, in which Ingress.
type Place = (bool, String, ObjectKey, String);

/// What there is to say of some Ingresses.
#[derive(Debug, Default)]
pub(super) struct Board {
    hosts: BTreeMap<Place, Host>,
    /// More about an address, by its title and the kind of note.
    notes: BTreeMap<(String, u8), String>,
    /// Ingresses of whose rules before nothing is known, though they were there.
    unknown: Vec<ObjectKey>,
}

impl Board {
    /// These Ingresses, on the listeners that are open.
    pub(super) fn new<'a>(fragments: impl Iterator<Item = &'a Fragment>, serving: &Serving) -> Self {
        let (mut hosts, mut notes) = (BTreeMap::new(), BTreeMap::new());
        for fragment in fragments {
            for listener in &fragment.listeners {
                let Some(at) = At::of(fragment, listener.id, serving) else { continue };
                for (kind, note) in at.notes(listener, serving) {
                    notes.entry((at.title(), kind)).or_insert(note);
                }
                for host in at.hosts(listener, serving) {
                    let private = at.reach == AddressType::Intranet;
                    hosts.insert((private, at.title(), fragment.ingress.clone(), host.name.clone()), host);
                }
            }
        }
        Board { hosts, notes, unknown: Vec::new() }
    }

    /// With Ingresses that were there, too.
    pub(super) fn and(self, unknown: Vec<ObjectKey>) -> Self {
        Board { unknown, ..self }
    }

    /// All of it, of so many hosts.
    pub(super) fn print(&self, count: usize, out: &mut dyn Write) -> io::Result<()> {
        let mut title = None;
        for ((_, listener, ..), host) in self.hosts.iter().take(SHOWN) {
            if title != Some(listener) {
                if title.is_some() {
                    writeln!(out)?;
                }
                writeln!(out, "{listener}")?;
                let notes = self.notes.range((listener.clone(), 0)..=(listener.clone(), u8::MAX));
                notes.map(|(_, note)| note).try_for_each(|note| writeln!(out, "  {}", printable(note)))?;
                title = Some(listener);
            }
            host.print(out, "  ")?;
        }
        print_rest(out, count, "host")?;
        if title.is_some() {
            writeln!(out)?;
        }
        match count {
            0 => writeln!(out, "serving nothing yet")?,
            1 => writeln!(out, "serving 1 host")?,
            count => writeln!(out, "serving {count} hosts")?,
        }
        out.flush()
    }

    /// What differs from `before`; `false` if nothing does.
    pub(super) fn print_changes(&self, before: &Board, out: &mut dyn Write) -> io::Result<bool> {
        let places =
            before.hosts.keys().chain(self.hosts.keys().filter(|at| !before.hosts.contains_key(*at)));
        let changed: Vec<_> =
            places.filter(|place| before.hosts.get(*place) != self.hosts.get(*place)).collect();
        for place @ (_, title, ingress, name) in changed.iter().take(SHOWN) {
            let (old, new) = (before.hosts.get(place), self.hosts.get(place));
            let what = match (old, new) {
                (None, Some(_)) if !before.unknown.contains(ingress) => "added",
                (_, Some(_)) => "changed",
                (_, None) => "removed",
            };
            writeln!(out, "{what} {} on {title}", printable(name))?;
            if let Some(new) = new {
                new.print_difference(old, out)?;
            }
        }
        print_rest(out, changed.len(), "change")?;
        out.flush()?;
        Ok(!changed.is_empty())
    }
}

impl Host {
    fn print(&self, out: &mut dyn Write, indent: &str) -> io::Result<()> {
        let also = match &self.aliases[..] {
            [] => String::new(),
            names => format!(" (also {})", names.join(", ")),
        };
        writeln!(out, "{indent}{}", printable(&format!("{}{also}", self.name)))?;
        self.lines.iter().try_for_each(|line| line.print(out, &format!("{indent}  ")))
    }

    /// The rules that are new, and of the others where they lead now and led before.
    fn print_difference(&self, before: Option<&Host>, out: &mut dyn Write) -> io::Result<()> {
        let old = before.map(|host| host.lines.as_slice()).unwrap_or_default();
        for line in &self.lines {
            let is_like = |other: &&Line| (&other.reason, &other.example) == (&line.reason, &line.example);
            match old.iter().find(is_like) {
                None => line.print(out, "  ")?,
                Some(same) if same == line => {}
                Some(other) => line.print_change(other, out)?,
            }
        }
        for gone in old.iter().filter(|old| !self.lines.iter().any(|line| line.example == old.example)) {
            let text = format!("no longer {}: {}", gone.reason, gone.destination);
            writeln!(out, "  {}", printable(&text))?;
        }
        Ok(())
    }
}

impl Line {
    /// Where it leads now and led before, and what else it does now or did before.
    fn print_change(&self, before: &Line, out: &mut dyn Write) -> io::Result<()> {
        let reason = &self.reason;
        if self.destination != before.destination {
            let change = before.destination.change(&self.destination);
            writeln!(out, "  {}", printable(&format!("{reason}: {change}")))?;
        }
        for effect in self.effects.difference(&before.effects) {
            writeln!(out, "  {}", printable(&format!("{reason}: now {effect}")))?;
        }
        for effect in before.effects.difference(&self.effects) {
            writeln!(out, "  {}", printable(&format!("{reason}: no longer {effect}")))?;
        }
        Ok(())
    }

    fn print(&self, out: &mut dyn Write, indent: &str) -> io::Result<()> {
        writeln!(out, "{indent}{}", printable(&format!("{}: {}", self.reason, self.destination)))?;
        writeln!(out, "{indent}  {}", printable(&self.example))
    }
}

fn print_rest(out: &mut dyn Write, count: usize, what: &str) -> io::Result<()> {
    if count > SHOWN {
        writeln!(out, "  … and {} more {what}s", count - SHOWN)?;
    }
    Ok(())
}

/// An open listener that is shown.
struct At<'a> {
    alb: &'a str,
    id: ListenerId,
    address: SocketAddr,
    reach: AddressType,
    groups: &'a [ServerGroup],
}

impl<'a> At<'a> {
    fn of(fragment: &'a Fragment, id: ListenerId, serving: &Serving) -> Option<Self> {
        let alb = &fragment.alb;
        if serving.is_announced(alb, id) {
            return None;
        }
        let (address, reach) = (serving.address(alb, id)?, serving.reach(alb)?);
        Some(At { alb, id, address, reach, groups: &fragment.server_groups })
    }

    /// `public http://127.0.0.1:8080`.
    fn title(&self) -> String {
        let reach = match self.reach {
            AddressType::Internet => "public",
            AddressType::Intranet => "cluster-local",
        };
        let scheme = if self.id.protocol == Protocol::Http { "http" } else { "https" };
        format!("{reach} {scheme}://{}", self.address)
    }

    fn notes(&self, part: &FragmentListener, serving: &Serving) -> Vec<(u8, String)> {
        let exact = |rule| {
            patterns(rule).into_iter().flatten().find_map(|pattern| match pattern {
                Pattern::Exact(host) => Some(host.as_str()),
                _ => None,
            })
        };
        let named = part.rules.iter().find_map(|rule| Some((rule, exact(rule)?)));
        notes::of(Spoken {
            address: self.address,
            protocol: self.id.protocol,
            leads_to_quic: serving.quic_port(self.alb, self.id).is_some(),
            host: named.map(|(_, host)| host),
            is_http2: named.is_some_and(|(rule, _)| is_http2(rule, self.groups)),
        })
    }

    fn hosts(&self, part: &FragmentListener, serving: &Serving) -> Vec<Host> {
        let host = |(rules, mut patterns): (Vec<usize>, Vec<Option<&Pattern>>)| {
            patterns
                .sort_by_key(|pattern| std::cmp::Reverse(pattern.map_or(0, |pattern| text(pattern).len())));
            let pattern = patterns.remove(0);
            let lines = rules.into_iter().map(|index| self.line(&part.rules[index], pattern, serving));
            let mut aliases: Vec<String> = patterns.into_iter().flatten().map(text).collect();
            aliases.sort();
            Host { name: pattern.map_or("any host".to_owned(), text), lines: lines.collect(), aliases }
        };
        groups(part).into_iter().map(host).collect()
    }

    /// `weight: hello-00002 80% · hello-00001 20%`, and the curl line that shows it.
    fn line(&self, rule: &Rule, host: Option<&Pattern>, serving: &Serving) -> Line {
        let example = self.example(rule, host, serving);
        Line {
            reason: rule.reason.clone(),
            destination: Destination::of(rule),
            effects: effects(rule),
            example,
        }
    }

    fn example(&self, rule: &Rule, host: Option<&Pattern>, serving: &Serving) -> String {
        let Some(sample) = Sample::of(rule, host) else {
            return "(no curl line: a regular expression or address decides)".to_owned();
        };
        let table = serving.table(self.alb, self.id);
        let taken = table.and_then(|table| {
            sample.with_head(self.address, |head| table.route(head).map(|taken| taken.rule().id.clone()))
        });
        if let Some(taken) = taken.filter(|taken| *taken != rule.id) {
            return format!("(never reached: {} takes its requests)", taken.0);
        }
        let host = host.map(text);
        let route = match self.id.protocol {
            Protocol::Http => Route::Plain { is_http2: is_http2(rule, self.groups) },
            _ => Route::Tls(serving.https.trust(host.as_deref().unwrap_or("localhost"))),
        };
        sample.command(self.address, route)
    }
}

/// Hosts by the rules that they have, in the order of the rules.
pub(super) fn groups(part: &FragmentListener) -> BTreeMap<Vec<usize>, Vec<Option<&Pattern>>> {
    let mut rules: BTreeMap<Option<String>, (Vec<usize>, Option<&Pattern>)> = BTreeMap::new();
    let requests = part.rules.iter().enumerate().filter(|(_, rule)| rule.direction == Direction::Request);
    for (index, rule) in requests {
        for pattern in patterns(rule) {
            let (own, _) = rules.entry(pattern.map(text)).or_insert_with(|| (Vec::new(), pattern));
            own.push(index);
        }
    }
    let mut groups: BTreeMap<Vec<usize>, Vec<Option<&Pattern>>> = BTreeMap::new();
    for (own, pattern) in rules.into_values() {
        groups.entry(own).or_default().push(pattern);
    }
    groups
}

/// The hosts that a rule names; `None` is any host.
fn patterns(rule: &Rule) -> Vec<Option<&Pattern>> {
    let hosts = rule.conditions.iter().filter_map(|condition| match condition {
        Condition::Host(patterns) => Some(patterns),
        _ => None,
    });
    let named: Vec<_> = hosts.flatten().map(Some).collect();
    if named.is_empty() { vec![None] } else { named }
}

fn text(pattern: &Pattern) -> String {
    match pattern {
        Pattern::Exact(text) | Pattern::Wildcard(text) => text.clone(),
        Pattern::Regex { pattern, .. } => format!("~{pattern}"),
    }
}

/// Whether a server of this rule speaks HTTP/2.
fn is_http2(rule: &Rule, groups: &[ServerGroup]) -> bool {
    let targets = rule.actions.iter().flat_map(|action| match action {
        Action::ForwardGroup { targets, .. } => targets.as_slice(),
        _ => &[],
    });
    let is_group = |id: &ServerGroupId, group: &ServerGroup| group.id == *id && group.protocol.is_http2();
    targets.map(|target| &target.server_group).any(|id| groups.iter().any(|group| is_group(id, group)))
}
