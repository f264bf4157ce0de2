//! What the annotations say about a backend's name: read once, used by every path that has it.

use super::action;
use super::condition::{self, Joined};
use super::forward::Groups;
use crate::fragment::rule::forwarded_to;
use crate::limit;
use crate::site::Site;
use crate::{Action, Backend, Direction, ServerGroupId};
use net_alb_api::annotation::decode;
use net_alb_api::annotation::extension::TargetHeaders;
use net_alb_api::annotation::header::is_token;
use net_alb_api::annotation::registry::{self, Annotation};
use net_alb_api::{IntOrString, Objects};
use net_alb_diag::FieldPath;
use net_alb_diag::codes::build;

/// The annotations of one backend's name.
#[derive(Debug, Clone)]
pub(crate) struct Clause {
    /// `None`: refused, and every rule with it.
    pub(crate) conditions: Option<Joined>,
    /// `None`: refused; the rules answer 503. A forward among them has its targets.
    pub(crate) actions: Option<Vec<Action>>,
    pub(crate) direction: Direction,
    /// `rule-reason.NAME`.
    pub(crate) reason: Option<String>,
    pub(crate) target_headers: Vec<TargetHeaders>,
    /// `actions.NAME`, for messages.
    pub(crate) actions_at: FieldPath,
}

impl Clause {
    pub(crate) fn read<O: Objects>(site: &mut Site<'_>, backend: &str, groups: &mut Groups<'_, O>) -> Self {
        let direction = direction(site, backend);
        let target_headers = target_headers(site, backend);
        let actions_key = registry::ACTIONS.for_backend(backend);
        let actions_at = FieldPath::annotation(&actions_key);
        let reading = action::Reading { at: actions_at.clone(), target_headers: &target_headers };
        let actions = actions(site, &actions_key, direction, &reading, groups);
        check_target_headers(site, backend, &target_headers, actions.as_deref().unwrap_or_default());
        let reason = site.annotations.get(&registry::RULE_REASON.for_backend(backend)).cloned();
        let conditions_key = registry::CONDITIONS.for_backend(backend);
        let literal = is_literal(site, &registry::LITERAL_CONDITIONS, backend);
        let reading =
            condition::Reading { key: &conditions_key, literal, direction: direction.unwrap_or_default() };
        Clause {
            conditions: direction.and(conditions(site, &reading)),
            actions,
            direction: direction.unwrap_or_default(),
            reason: reason.filter(|reason| !reason.is_empty()),
            target_headers,
            actions_at,
        }
    }
}

/// `None` is refused: nobody knows which way the rule was meant to look.
fn direction(site: &mut Site<'_>, backend: &str) -> Option<Direction> {
    let key = registry::RULE_DIRECTION.for_backend(backend);
    match site.annotations.get(&key).map(String::as_str) {
        None | Some("Request") => Some(Direction::Request),
        Some("Response") => Some(Direction::Response),
        Some(other) => {
            let message = format!("`{key}` must be {}, but is `{other}`", registry::RULE_DIRECTION.value);
            site.say(site.at(&build::BAD_ANNOTATION_VALUE, FieldPath::annotation(&key), message));
            None
        }
    }
}

/// Whether a `literal-…` flag is set for this backend.
pub(crate) fn is_literal(site: &mut Site<'_>, flag: &Annotation, backend: &str) -> bool {
    let key = flag.for_backend(backend);
    match site.annotations.get(&key).map(String::as_str) {
        Some("true") => true,
        None | Some("false") => false,
        Some(other) => {
            let message = format!("`{key}` must be {}, but is `{other}`", flag.value);
            site.say(site.at(&build::BAD_ANNOTATION_VALUE, FieldPath::annotation(&key), message));
            false
        }
    }
}

fn target_headers(site: &mut Site<'_>, backend: &str) -> Vec<TargetHeaders> {
    let key = registry::TARGET_HEADERS.for_backend(backend);
    let Some(text) = site.annotations.get(&key) else { return Vec::new() };
    let source = decode::Source { object: &site.object.clone(), key: &key, settings: site.settings };
    let outcome = decode::target_headers(text, source);
    site.say_all(outcome.diagnostics);
    let mut entries = outcome.value;
    for entry in &mut entries {
        let message = |name: &str| format!("`{name}` is no header, or its value has control characters");
        let usable = |name: &str, value: &str| is_token(name) && !value.contains(|c: char| c.is_control());
        let bad: Vec<_> = entry.headers.iter().filter(|(name, value)| !usable(name, value)).collect();
        let bad: Vec<String> = bad.into_iter().map(|(name, _)| name.clone()).collect();
        for name in bad {
            entry.headers.remove(&name);
            site.say(site.at(&build::BAD_ACTION, FieldPath::annotation(&key), message(&name)));
        }
    }
    entries
}

/// Names headers for a target that the backend doesn't have.
fn check_target_headers(site: &mut Site<'_>, backend: &str, headers: &[TargetHeaders], actions: &[Action]) {
    let targets: Vec<ServerGroupId> = actions.iter().flat_map(forwarded_to).collect();
    let is_target = |entry: &TargetHeaders, id: &ServerGroupId| match id {
        ServerGroupId::Service { backend, .. } => {
            let port = Backend::new(backend.service.clone(), &entry.service_port).port;
            (&entry.service_name, port) == (&backend.service.name, backend.port.clone())
        }
        ServerGroupId::External(_) => false,
    };
    let idle = |entry: &&TargetHeaders| {
        entry.service_name != backend && !targets.iter().any(|target| is_target(entry, target))
    };
    let key = registry::TARGET_HEADERS.for_backend(backend);
    for entry in headers.iter().filter(idle) {
        let message = format!(
            "no target of `{backend}` is port `{}` of `{}`",
            port_text(&entry.service_port),
            entry.service_name
        );
        let help = "write service and port as in `ServerGroups`";
        site.say(site.at(&build::UNUSED_ANNOTATION, FieldPath::annotation(&key), message).help(help));
    }
}

fn port_text(port: &IntOrString) -> String {
    match port {
        IntOrString::Int(number) => number.to_string(),
        IntOrString::String(name) => name.clone(),
    }
}

fn conditions(site: &mut Site<'_>, reading: &condition::Reading<'_>) -> Option<Joined> {
    let Some(text) = site.annotations.get(reading.key) else { return Some(Joined::default()) };
    let before = site.errors();
    let source = decode::Source { object: &site.object.clone(), key: reading.key, settings: site.settings };
    let outcome = decode::conditions(text, source);
    site.say_all(outcome.diagnostics);
    let joined = Joined::new(site, outcome.value, reading);
    (site.errors() == before).then_some(joined)
}

fn actions<O: Objects>(
    site: &mut Site<'_>,
    key: &str,
    direction: Option<Direction>,
    reading: &action::Reading<'_>,
    groups: &mut Groups<'_, O>,
) -> Option<Vec<Action>> {
    let Some(text) = site.annotations.get(key) else { return Some(Vec::new()) };
    let before = site.errors();
    let source = decode::Source { object: &site.object.clone(), key, settings: site.settings };
    let outcome = decode::actions(text, source);
    site.say_all(outcome.diagnostics);
    let mut refused = site.errors() > before;
    let mut actions = Vec::new();
    for action in outcome.value {
        let Some(action) = action::read(site, action, reading, groups) else {
            refused = true;
            continue;
        };
        let before = site.errors();
        limit::check_action(site, &action, direction.unwrap_or_default(), &reading.at);
        refused |= site.errors() > before;
        actions.push(action);
    }
    (!refused).then_some(actions)
}
