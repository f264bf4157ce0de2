//! Paths to rules.

use super::assembly::{self, Assembled};
use super::canary::{self, Main, Weighted};
use super::clause::Clause;
use super::everywhere::Everywhere;
use super::forward::{Groups, port_of};
use super::listening::Listening;
use super::server_group::Treatment;
use super::{Context, action, condition, path};
use crate::paths::{PathRef, paths};
use crate::site::Site;
use crate::{
    Action, Condition, Direction, FragmentListener, HeaderValue, ListenerId, ObjectKey, Pattern, Priority,
    Protocol, Rule, RuleId, ServerGroup, ServerGroupId, Target, limit,
};
use net_alb_api::annotation::{knative, registry};
use net_alb_api::{Ingress, Objects};
use net_alb_diag::codes::build;
use std::collections::{BTreeMap, BTreeSet};

/// The rules of one Ingress in the making.
pub(crate) struct Rules<'a, O> {
    ingress: &'a Ingress,
    key: ObjectKey,
    order: u16,
    context: &'a Context<'a, O>,
    listening: &'a Listening,
    /// `Some` for a canary by header or cookie: its conditions.
    canary: Option<&'a [Condition]>,
    /// The Ingresses that this one is a canary of.
    mains: Vec<Main<'a>>,
    /// The canaries by weight of this one.
    weighted: Vec<Weighted<'a, O>>,
    groups: Groups<'a, O>,
    regex: bool,
    /// What Knative's probes ask for.
    probe: Option<Action>,
}

/// A rule before it is on a listener.
pub(crate) struct Draft<'a> {
    path: PathRef<'a>,
    /// Its path as it shows in the rule's id.
    pattern: String,
    /// How many rules of the Ingress have the same host, path and backend and come before.
    repetition: usize,
    direction: Direction,
    reason: Option<String>,
    conditions: Vec<Condition>,
    steps: Vec<Action>,
    last: Option<Action>,
    /// Whether the last action is the path's own forward, into which canaries fold.
    is_own: bool,
}

impl<'a, O: Objects> Rules<'a, O> {
    pub(crate) fn new(
        site: &mut Site<'_>,
        ingress: &'a Ingress,
        context: &'a Context<'a, O>,
        listening: &'a Listening,
        canary: Option<&'a [Condition]>,
    ) -> Self {
        let treatment = Treatment::read(site);
        treatment.check(site, listening);
        let (mains, weighted) = match canary {
            Some(_) => (Main::all(context), Vec::new()),
            None => (Vec::new(), Weighted::all(context, ingress)),
        };
        Rules {
            ingress,
            key: ObjectKey::of(&ingress.metadata),
            order: super::order(site),
            context,
            listening,
            canary,
            mains,
            weighted,
            groups: Groups::new(ingress, treatment, context.objects),
            regex: path::uses_regex(site),
            probe: probe(site),
        }
    }

    /// The rule of every path that can be honoured.
    pub(crate) fn drafts(&mut self, site: &mut Site<'_>) -> Vec<Draft<'a>> {
        let everywhere = Everywhere::read(site);
        let mut clauses: BTreeMap<&str, Clause> = BTreeMap::new();
        let mut repetitions: BTreeMap<(&str, String, String), usize> = BTreeMap::new();
        let mut drafts = Vec::new();
        for path in paths(self.ingress) {
            let backend = path.backend();
            let clause = match clauses.entry(backend) {
                std::collections::btree_map::Entry::Occupied(entry) => entry.into_mut(),
                std::collections::btree_map::Entry::Vacant(entry) => {
                    entry.insert(Clause::read(site, backend, &mut self.groups))
                }
            };
            if self.canary.is_some() {
                canary::check_matched(site, &path, self.order, &self.mains, self.listening);
            }
            let Some(mut draft) = self.draft(site, path, clause, &everywhere) else { continue };
            let like = (path.host, backend_name(&path), draft.pattern.clone());
            let count = repetitions.entry(like).or_default();
            draft.repetition = *count;
            *count += 1;
            drafts.push(draft);
        }
        drafts
    }

    fn draft(
        &mut self,
        site: &mut Site<'_>,
        path: PathRef<'a>,
        clause: &Clause,
        everywhere: &Everywhere,
    ) -> Option<Draft<'a>> {
        let patterns = path::patterns(site, &path, self.regex);
        let host = match path.host {
            "" => Some(None),
            host => condition::host_pattern(site, host, path.host_at()).map(Some),
        };
        let (patterns, host, joined) = (patterns?, host?, clause.conditions.as_ref()?);
        let pattern = patterns.last().map(ToString::to_string).unwrap_or_default();
        let conditions = joined.with(host, patterns, self.canary.unwrap_or_default());
        let before = site.errors();
        limit::check_rule(site, &conditions, self.context.frame.edition, &path.at());
        if site.errors() > before {
            return None;
        }
        let own = self.own_forward(site, &path, clause);
        let is_own = own.is_some();
        let Assembled { steps, last } = assembly::assemble(site, everywhere, clause, own, &path.at())?;
        check_captures(site, &steps, &conditions, &path);
        let is_own = is_own
            && last.as_ref().is_some_and(
                |last| matches!(last, Action::ForwardGroup { targets, .. } if !targets.is_empty()),
            );
        let mut draft = Draft {
            path,
            pattern,
            repetition: 0,
            direction: clause.direction,
            reason: clause.reason.clone(),
            conditions,
            steps,
            last,
            is_own,
        };
        self.check_actions(site, &mut draft);
        Some(draft)
    }

    /// The forward that a backend with a port of its own makes; one to nothing for a backend that can't be.
    fn own_forward(&mut self, site: &mut Site<'_>, path: &PathRef<'_>, clause: &Clause) -> Option<Action> {
        if path.uses_annotation() {
            return None;
        }
        if path.service.is_none() {
            let message = "a `resource` backend is no Service, so its requests get 503";
            let at = path.at().key("backend");
            site.say(site.at(&build::RESOURCE_BACKEND, at, message).help("name a Service"));
            return Some(assembly::refused());
        }
        let at = path.service_at();
        let Some(port) = port_of(site, path.port(), &at) else { return Some(assembly::refused()) };
        if clause.direction == Direction::Response {
            // Only to say that it doesn't belong there; no group is made for it.
            return Some(assembly::refused());
        }
        let server_group = self.groups.of_service(site, path.backend(), &port, &at);
        let headers = action::headers_of(&clause.target_headers, path.backend(), &port).unwrap_or_default();
        Some(Action::ForwardGroup {
            targets: vec![Target { server_group, weight: 100, headers }],
            sticky_seconds: None,
        })
    }

    /// Counts, on the listener where most canaries fold in.
    fn check_actions(&mut self, site: &mut Site<'_>, draft: &mut Draft<'a>) {
        let before = site.errors();
        let mut actions: Vec<Action> = draft.steps.clone();
        if draft.is_own && !self.weighted.is_empty() {
            let listeners = self.listening.ids.clone();
            let most = listeners
                .into_iter()
                .map(|id| self.last_on(draft, id))
                .max_by_key(|last| target_count(last.as_ref()));
            actions.extend(most.flatten());
        } else {
            actions.extend(draft.last.clone());
        }
        assembly::check_counts(site, &actions, self.context.frame.edition, &draft.path.at());
        if let Some(Action::Redirect(redirect)) = &draft.last
            && redirect.protocol == "http"
            && self.listening.ids.iter().any(|id| id.protocol != Protocol::Http)
        {
            let message = "an HTTPS listener redirects to HTTPS only, to ALB";
            site.say(site.limit(&build::ACTION_BEYOND_ALB, draft.path.at(), message));
        }
        if site.errors() > before && draft.direction == Direction::Request {
            draft.steps.clear();
            draft.last = Some(assembly::refused());
            draft.is_own = false;
        }
    }

    /// The rule on a listener; `None` if it isn't on it.
    pub(crate) fn on(&mut self, draft: &Draft<'a>, id: ListenerId) -> Option<Rule> {
        let redirects = self.listening.ssl_redirect && id.port != 443;
        let answers = draft.direction == Direction::Response;
        if !self.listening.serves(id, draft.path.host) || (redirects && answers) {
            return None;
        }
        if self.canary.is_some() && !self.mains.iter().any(|main| main.has(&draft.path, id)) {
            return None;
        }
        let actions = if redirects {
            assembly::ssl_redirect(&draft.steps)
        } else {
            let last = self.last_on(draft, id);
            let forwards = matches!(last, Some(Action::ForwardGroup { .. }));
            let probe = self.probe.iter().filter(|_| forwards);
            probe.chain(&draft.steps).cloned().chain(last).collect()
        };
        let reason = match &draft.reason {
            Some(reason) => reason.clone(),
            None => reason(&draft.conditions, &actions).to_owned(),
        };
        Some(Rule {
            id: self.id(draft, id),
            priority: Priority { order: self.order, ingress: self.key.clone(), index: draft.path.index },
            direction: draft.direction,
            reason,
            conditions: draft.conditions.clone(),
            actions,
        })
    }

    /// The final action, with the canaries of this listener folded in.
    fn last_on(&mut self, draft: &Draft<'a>, id: ListenerId) -> Option<Action> {
        let mut last = draft.last.clone();
        if let Some(Action::ForwardGroup { targets, .. }) = &mut last
            && draft.is_own
        {
            let canaries = canary::targets(&mut self.weighted, &draft.path, id, self.context);
            let taken: u32 = canaries.iter().map(|(_, target)| target.weight).sum();
            for own in targets.iter_mut() {
                own.weight = 100 - taken;
            }
            // At 100 the main Ingress' own group is dropped.
            targets.retain(|own| own.weight > 0);
            targets.extend(canaries.into_iter().map(|(_, target)| target));
        }
        last
    }

    /// `namespace/ingress/backend http://host/path`: what the rule is for, wherever it stands.
    fn id(&self, draft: &Draft<'_>, id: ListenerId) -> RuleId {
        let (scheme, usual) = match id.protocol {
            Protocol::Http => ("http", 80),
            Protocol::Https => ("https", 443),
            Protocol::Quic => ("quic", 443),
        };
        let host = if draft.path.host.is_empty() { "*" } else { draft.path.host };
        let port = if id.port == usual { String::new() } else { format!(":{}", id.port) };
        let space = if draft.pattern.starts_with('/') { "" } else { " " };
        let again = if draft.repetition == 0 { String::new() } else { format!(" #{}", draft.repetition + 1) };
        let backend = backend_name(&draft.path);
        RuleId(format!("{}/{backend} {scheme}://{host}{port}{space}{}{again}", self.key, draft.pattern))
    }

    /// The groups that the rules forward to, the canaries' too.
    pub(crate) fn server_groups(&self, listeners: &[FragmentListener]) -> Vec<ServerGroup> {
        let actions = listeners.iter().flat_map(|listener| &listener.rules).flat_map(|rule| &rule.actions);
        let used: BTreeSet<ServerGroupId> = actions.flat_map(forwarded_to).collect();
        let all = [&self.groups].into_iter().chain(self.weighted.iter().map(|canary| &canary.groups));
        let all: BTreeMap<&ServerGroupId, &ServerGroup> = all.flat_map(|groups| &groups.by_id).collect();
        used.iter().filter_map(|id| all.get(id).map(|group| (*group).clone())).collect()
    }
}

/// The action that answers Knative's probes: it counts towards no limit of ALB, which doesn't know it.
fn probe(site: &Site<'_>) -> Option<Action> {
    let hash = site.text(&registry::NETWORK_HASH).filter(|hash| !hash.is_empty())?;
    let key = knative::NETWORK_HASH_HEADER.to_owned();
    Some(Action::InsertHeader { key, value: HeaderValue::InPlaceOfOverride(hash.to_owned()) })
}

/// The backend as it shows in the rule's id: with its port, unless the forward is in the annotation.
fn backend_name(path: &PathRef<'_>) -> String {
    let port = path.port().filter(|_| !path.uses_annotation());
    let port = port.and_then(|port| port.number.map(|n| n.to_string()).or_else(|| port.name.clone()));
    match port {
        Some(port) => format!("{}:{port}", path.backend()),
        None => path.backend().to_owned(),
    }
}

/// Every group that an action sends requests to.
pub(crate) fn forwarded_to(action: &Action) -> Vec<ServerGroupId> {
    match action {
        Action::ForwardGroup { targets, .. } => {
            targets.iter().map(|target| target.server_group.clone()).collect()
        }
        Action::TrafficMirror { server_group_ids } => {
            server_group_ids.iter().cloned().map(ServerGroupId::External).collect()
        }
        _ => Vec::new(),
    }
}

fn target_count(last: Option<&Action>) -> usize {
    match last {
        Some(Action::ForwardGroup { targets, .. }) => targets.len(),
        _ => 0,
    }
}

/// Why somebody wants a rule, where no annotation says it.
fn reason(conditions: &[Condition], actions: &[Action]) -> &'static str {
    let word = |condition: &Condition| match condition {
        Condition::Header { .. } => Some("header"),
        Condition::Cookie(_) => Some("cookie"),
        Condition::QueryString(_) => Some("query"),
        Condition::Method(_) => Some("method"),
        Condition::SourceIp(_) => Some("source address"),
        Condition::ResponseHeader { .. } | Condition::ResponseStatusCode(_) => Some("response"),
        Condition::Host(_) | Condition::Path(_) => None,
    };
    if let Some(word) = conditions.iter().find_map(word) {
        return word;
    }
    match actions.last() {
        Some(Action::ForwardGroup { targets, .. }) if targets.len() > 1 => return "weight",
        Some(Action::Redirect(_)) => return "redirect",
        _ => {}
    }
    let everything = [Pattern::Wildcard("/*".to_owned())];
    let narrow =
        |condition: &Condition| matches!(condition, Condition::Path(paths) if paths[..] != everything);
    match conditions.iter().any(narrow) {
        true => "path",
        false if conditions.iter().any(|condition| matches!(condition, Condition::Host(_))) => "host",
        false => "default",
    }
}

/// Names captures that nothing fills.
fn check_captures(site: &mut Site<'_>, steps: &[Action], conditions: &[Condition], path: &PathRef<'_>) {
    let captures = |text: &str| ["${1}", "${2}", "${3}"].iter().any(|capture| text.contains(capture));
    let rewrites = |action: &Action| matches!(action, Action::Rewrite(rewrite) if captures(&rewrite.path));
    let is_regex = |pattern: &Pattern| matches!(pattern, Pattern::Regex { .. });
    let regex =
        |condition: &Condition| matches!(condition, Condition::Path(paths) if paths.iter().any(is_regex));
    if steps.iter().any(rewrites) && !conditions.iter().any(regex) {
        let message = format!("the rewrite has a capture, but `{}` is no regular expression", path.text);
        let help = "write a path with parentheses, such as `/a/(.*)`, and `use-regex: \"true\"`";
        site.say(site.at(&build::CAPTURE_WITHOUT_REGEX, path.at().key("path"), message).help(help));
    }
}
