//! What `dev` prints: every host with its rules as curl lines, and after that only what has changed.

use super::curl::Route;
use super::curl::Sample;
use super::serving::{Serving, served_listeners};
use crate::destination::Destination;
use crate::render::printable;
use net_alb_model::{
    Action, AddressType, Alb, Condition, Direction, Listener, Pattern, Protocol, Rule, ServerGroup,
    ServerGroupId,
};
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::process::Command;
use std::sync::OnceLock;

/// More hosts than this are counted, not shown.
const SHOWN: usize = 50;

/// One listener's hosts, in the order in which rules name them.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Panel {
    /// `public http://127.0.0.1:8080`.
    title: String,
    /// More about the address.
    note: Option<String>,
    hosts: Vec<Host>,
}

/// A host and its rules' lines.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Host {
    name: String,
    lines: Vec<String>,
    /// Other names with the same rules: `hello.default`, `hello.default.svc`.
    aliases: Vec<String>,
}

/// Everything that can be said of what is served.
#[derive(Debug, Default)]
pub(super) struct Board {
    panels: Vec<Panel>,
}

impl Board {
    pub(super) fn new(albs: &[Alb], serving: &Serving) -> Self {
        let announced = |alb: &Alb, listener: &Listener| {
            let port = Some(listener.id.port).filter(|_| listener.id.protocol == Protocol::Quic);
            port.is_some() && alb.listeners.iter().any(|other| other.quic_port == port)
        };
        let shown = |(alb, listener): &(&Alb, &Listener)| !announced(alb, listener);
        let mut all: Vec<_> = served_listeners(albs).filter(shown).collect();
        all.sort_by_key(|(alb, _)| alb.address_type == AddressType::Intranet);
        let panels = all.into_iter().filter_map(|(alb, listener)| panel(alb, listener, serving));
        Board { panels: panels.collect() }
    }

    /// All of it.
    pub(super) fn print(&self, out: &mut dyn Write) -> io::Result<()> {
        for panel in &self.panels {
            writeln!(out, "{}", panel.title)?;
            panel.note.iter().try_for_each(|note| writeln!(out, "  {note}"))?;
            for host in panel.hosts.iter().take(SHOWN) {
                host.print(out, "  ")?;
            }
            print_rest(out, panel.hosts.len(), "host")?;
            writeln!(out)?;
        }
        let hosts: usize =
            self.panels.iter().flat_map(|panel| &panel.hosts).map(|host| 1 + host.aliases.len()).sum();
        match hosts {
            0 => writeln!(out, "serving nothing yet")?,
            1 => writeln!(out, "serving 1 host")?,
            count => writeln!(out, "serving {count} hosts")?,
        }
        out.flush()
    }

    /// What differs from `before`; `false` if nothing does.
    pub(super) fn print_changes(&self, before: &Board, out: &mut dyn Write) -> io::Result<bool> {
        let (old, new) = (before.by_place(), self.by_place());
        let mut changes = Vec::new();
        for (place, host) in &new {
            match old.get(place) {
                None => changes.push(("added", place, Some(host))),
                Some(same) if same == host => {}
                Some(_) => changes.push(("changed", place, Some(host))),
            }
        }
        changes.extend(
            old.keys().filter(|place| !new.contains_key(*place)).map(|place| ("removed", place, None)),
        );
        for (what, (title, name), host) in changes.iter().take(SHOWN) {
            writeln!(out, "{what} {} on {title}", printable(name))?;
            host.iter().flat_map(|host| &host.lines).try_for_each(|line| writeln!(out, "  {line}"))?;
        }
        print_rest(out, changes.len(), "change")?;
        out.flush()?;
        Ok(!changes.is_empty())
    }

    fn by_place(&self) -> BTreeMap<(&str, &str), &Host> {
        let hosts = self.panels.iter().flat_map(|panel| panel.hosts.iter().map(|host| (&*panel.title, host)));
        hosts.map(|(title, host)| ((title, &*host.name), host)).collect()
    }
}

impl Host {
    fn print(&self, out: &mut dyn Write, indent: &str) -> io::Result<()> {
        let also = match &self.aliases[..] {
            [] => String::new(),
            names => format!(" (also {})", names.join(", ")),
        };
        writeln!(out, "{indent}{}", printable(&format!("{}{also}", self.name)))?;
        self.lines.iter().try_for_each(|line| writeln!(out, "{indent}  {line}"))
    }
}

fn print_rest(out: &mut dyn Write, count: usize, what: &str) -> io::Result<()> {
    if count > SHOWN {
        writeln!(out, "  … and {} more {what}s", count - SHOWN)?;
    }
    Ok(())
}

fn panel(alb: &Alb, listener: &Listener, serving: &Serving) -> Option<Panel> {
    let address = serving.address(alb, listener)?;
    let reach = match alb.address_type {
        AddressType::Internet => "public",
        AddressType::Intranet => "cluster-local",
    };
    let mut hosts: Vec<Host> = Vec::new();
    let mut index: BTreeMap<String, usize> = BTreeMap::new();
    let requests = listener.rules.iter().filter(|rule| rule.direction == Direction::Request);
    for rule in requests {
        for pattern in patterns(rule) {
            let name = pattern.map_or("any host".to_owned(), text);
            let at = *index.entry(name.clone()).or_insert_with(|| {
                hosts.push(Host { name, lines: Vec::new(), aliases: Vec::new() });
                hosts.len() - 1
            });
            hosts[at].lines.extend(lines(rule, pattern, address, alb, listener, serving));
        }
    }
    let scheme = if listener.id.protocol == Protocol::Http { "http" } else { "https" };
    let title = format!("{reach} {scheme}://{address}");
    Some(Panel { title, note: http3_note(listener), hosts: join_aliases(hosts) })
}

/// What there is to say about HTTP/3.
fn http3_note(listener: &Listener) -> Option<String> {
    let announced = match (listener.quic_port, listener.id.protocol) {
        (Some(_), _) => "HTTP/3 too, announced by Alt-Svc",
        (None, Protocol::Quic) => "HTTP/3 only",
        _ => return None,
    };
    let option = if curl_has_http3() { ": add --http3-only to a curl line" } else { "" };
    Some(format!("{announced}{option}"))
}

/// Whether the curl that is installed can do it.
fn curl_has_http3() -> bool {
    static HAS: OnceLock<bool> = OnceLock::new();
    *HAS.get_or_init(|| {
        let version = Command::new("curl").arg("--version").output();
        version.is_ok_and(|version| String::from_utf8_lossy(&version.stdout).contains("HTTP3"))
    })
}

/// Hosts with the same rules become one, named by the longest.
fn join_aliases(hosts: Vec<Host>) -> Vec<Host> {
    let mut joined: Vec<Host> = Vec::new();
    let mut index: BTreeMap<Vec<String>, usize> = BTreeMap::new();
    for mut host in hosts {
        // What is left of the lines without the name is what the hosts have in common.
        let (own, url) = (format!("Host: {}'", host.name), format!("https://{}/", host.name));
        let bare = |line: &String| line.replace(&own, "Host: '").replace(&url, "https:///");
        let shape = host.lines.iter().map(bare).collect();
        let Some(at) = index.get(&shape) else {
            index.insert(shape, joined.len());
            joined.push(host);
            continue;
        };
        let first = &mut joined[*at];
        if host.name.len() > first.name.len() {
            std::mem::swap(first, &mut host);
            first.aliases = std::mem::take(&mut host.aliases);
        }
        first.aliases.push(host.name);
        first.aliases.sort();
    }
    joined
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
fn is_http2(rule: &Rule, alb: &Alb) -> bool {
    let targets = rule.actions.iter().flat_map(|action| match action {
        Action::ForwardGroup { targets, .. } => targets.as_slice(),
        _ => &[],
    });
    let is_group = |id: &ServerGroupId, group: &ServerGroup| group.id == *id && group.protocol.is_http2();
    targets
        .map(|target| &target.server_group)
        .any(|id| alb.server_groups.iter().any(|group| is_group(id, group)))
}

/// `weight: hello-00002 80% · hello-00001 20%`, and the curl line that shows it.
fn lines(
    rule: &Rule,
    host: Option<&Pattern>,
    address: SocketAddr,
    alb: &Alb,
    listener: &Listener,
    serving: &Serving,
) -> [String; 2] {
    let destination = Destination::of(rule);
    let first = printable(&format!("{}: {destination}", rule.reason)).into_owned();
    let Some(sample) = Sample::of(rule, host) else {
        return [first, "  (no curl line: a regular expression or address decides)".to_owned()];
    };
    let table = serving.table(alb, listener);
    let taken = table.and_then(|table| {
        sample.with_head(address, |head| table.route(head).map(|taken| taken.rule().id.clone()))
    });
    match taken {
        Some(taken) if taken != rule.id => {
            [first, format!("  (never reached: {} takes its requests)", printable(&taken.0))]
        }
        _ => {
            let host = host.map(text);
            let route = match listener.id.protocol {
                Protocol::Http => Route::Plain { is_http2: is_http2(rule, alb) },
                _ => Route::Tls(serving.https.trust(host.as_deref().unwrap_or("localhost"))),
            };
            [first, format!("  {}", printable(&sample.command(address, route)))]
        }
    }
}
