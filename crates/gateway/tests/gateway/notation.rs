//! Rules in one line each, for tests:
//!
//! ```text
//! shop/web: host=a.example path=/api/* header=x-tag:blue|green -> set x-a=1; forward v1 90, v2 10 +x-rev=v2
//! shop/web@5: cookie=demo=always -> redirect 301 https ${host} 443 /login ${query}
//! shop/web response: status=500-599 -> set x-failed=yes
//! ```
//!
//! A service whose name begins with `h2c` speaks HTTP/2. `@5` is the annotation `order`; a rule's id is its Ingress and conditions. Empty lines and `#` comments are skipped.

use net_alb_model::{
    Action, Backend, BackendProtocol, Condition, Cors, Direction, FixedResponse, Fragment, FragmentListener,
    HeaderValue, KeyPattern, ListenerId, ObjectKey, Pattern, Priority, Protocol, Redirect, Rewrite, Rule,
    RuleId, Scheduler, ServerGroup, ServerGroupId, StatusRange, SystemValue, Target,
};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The listener of all rules.
pub(crate) const LISTENER: ListenerId = ListenerId { port: 80, protocol: Protocol::Http };

/// A backend in namespace `default`, port 80.
pub(crate) fn backend(service: &str) -> Backend {
    Backend { service: ObjectKey::new("default", service), port: "80".to_owned() }
}

/// One fragment an Ingress, in order of their names.
pub(crate) fn fragments(text: &str) -> Vec<Arc<Fragment>> {
    let mut rules: BTreeMap<ObjectKey, Vec<Rule>> = BTreeMap::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let rule = rule(line, &rules);
        rules.entry(rule.priority.ingress.clone()).or_default().push(rule);
    }
    rules.into_iter().map(|(ingress, rules)| Arc::new(fragment(ingress, rules))).collect()
}

/// A fragment of these rules, with a server group for every target.
pub(crate) fn fragment(ingress: ObjectKey, rules: Vec<Rule>) -> Fragment {
    let mut server_groups: Vec<ServerGroup> = Vec::new();
    for target in rules.iter().flat_map(|rule| &rule.actions).flat_map(targets) {
        if !server_groups.iter().any(|group| group.id == target.server_group) {
            server_groups.push(server_group(target.server_group.clone()));
        }
    }
    let listeners = vec![FragmentListener { id: LISTENER, rules, certificate_secrets: vec![] }];
    Fragment { ingress, alb: "test".to_owned(), listeners, server_groups }
}

fn targets(action: &Action) -> &[Target] {
    match action {
        Action::ForwardGroup { targets, .. } => targets,
        _ => &[],
    }
}

fn server_group(id: ServerGroupId) -> ServerGroup {
    let is_h2c = |backend: &Backend| backend.service.name.starts_with("h2c");
    let protocol = match &id {
        ServerGroupId::Service { backend, .. } if is_h2c(backend) => BackendProtocol::H2c,
        _ => BackendProtocol::Http,
    };
    ServerGroup {
        id,
        protocol,
        scheduler: Scheduler::Wrr,
        keepalive: true,
        stickiness: None,
        health_check: None,
    }
}

fn rule(line: &str, before: &BTreeMap<ObjectKey, Vec<Rule>>) -> Rule {
    let (head, actions) = line.split_once("->").expect("conditions -> actions");
    let (owner, conditions) = head.split_once(": ").unwrap_or((head.trim_end_matches([':', ' ']), ""));
    let (owner, direction) = match owner.strip_suffix(" response") {
        Some(owner) => (owner, Direction::Response),
        None => (owner, Direction::Request),
    };
    let (name, order) = owner.split_once('@').unwrap_or((owner, "10"));
    let (namespace, name) = name.split_once('/').expect("namespace/name");
    let ingress = ObjectKey::new(namespace.trim(), name.trim());
    let index = before.get(&ingress).map_or(0, Vec::len);
    Rule {
        id: RuleId(format!("{ingress} {}", conditions.trim())),
        priority: Priority {
            order: order.trim().parse().expect("an order"),
            ingress,
            index: u32::try_from(index).expect("few rules"),
        },
        direction,
        reason: conditions.split(['=', ' ']).next().unwrap_or_default().to_owned(),
        conditions: conditions.split_whitespace().map(condition).collect(),
        actions: actions.split("; ").map(|text| action(text.trim())).collect(),
    }
}

fn condition(text: &str) -> Condition {
    let (kind, rest) = text.split_once('=').expect("kind=values");
    let values = || rest.split('|').map(str::to_owned).collect::<Vec<_>>();
    match kind {
        "host" => Condition::Host(values().iter().map(|v| Pattern::parse(v)).collect()),
        "path" => Condition::Path(values().iter().map(|v| Pattern::parse(v)).collect()),
        "header" | "response-header" => {
            let (key, values) = rest.split_once(':').expect("header=name:values");
            let (key, values) = (key.to_owned(), values.split('|').map(Pattern::wildcard).collect());
            match kind {
                "header" => Condition::Header { key, values },
                _ => Condition::ResponseHeader { key, values },
            }
        }
        "cookie" => Condition::Cookie(values().iter().map(|v| key_pattern(v)).collect()),
        "query" => Condition::QueryString(values().iter().map(|v| key_pattern(v)).collect()),
        "method" => Condition::Method(values()),
        "ip" => Condition::SourceIp(values()),
        "status" => Condition::ResponseStatusCode(values().iter().map(|v| status_range(v)).collect()),
        other => panic!("no condition `{other}`"),
    }
}

fn key_pattern(text: &str) -> KeyPattern {
    let (key, value) = text.split_once('=').expect("key=value");
    KeyPattern { key: Pattern::wildcard(key), value: Pattern::wildcard(value) }
}

fn status_range(text: &str) -> StatusRange {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    StatusRange { first: first.parse().expect("a status"), last: last.parse().expect("a status") }
}

fn action(text: &str) -> Action {
    let (verb, rest) = text.split_once(' ').unwrap_or((text, ""));
    let pair =
        || rest.split_once('=').map(|(key, value)| (key.to_owned(), value.to_owned())).expect("key=value");
    let insert = |value: fn(String) -> HeaderValue| {
        let (key, text) = pair();
        Action::InsertHeader { key, value: value(text) }
    };
    match verb {
        "set" => insert(HeaderValue::UserDefined),
        "copy" => insert(HeaderValue::ReferenceHeader),
        "override" => insert(HeaderValue::InPlaceOfOverride),
        "system" => insert(|name| HeaderValue::SystemDefined(system_value(&name))),
        "remove" => Action::RemoveHeader { key: rest.to_owned() },
        "limit" => Action::TrafficLimit { qps: rest.parse().ok(), per_ip_qps: None },
        "limit-ip" => Action::TrafficLimit { qps: None, per_ip_qps: rest.parse().ok() },
        "rewrite" => Action::Rewrite(Box::new(rewrite(rest))),
        "cors" => Action::Cors(Box::new(cors(rest))),
        "forward" => Action::ForwardGroup {
            targets: rest.split(',').map(str::trim).filter(|t| !t.is_empty()).map(target).collect(),
            sticky_seconds: None,
        },
        "redirect" => Action::Redirect(Box::new(redirect(rest))),
        "fixed" => Action::FixedResponse(Box::new(fixed(rest))),
        other => panic!("no action `{other}`"),
    }
}

fn system_value(name: &str) -> SystemValue {
    match name {
        "ClientSrcPort" => SystemValue::ClientSrcPort,
        "ClientSrcIp" => SystemValue::ClientSrcIp,
        "Protocol" => SystemValue::Protocol,
        "SLBId" => SystemValue::SLBId,
        _ => SystemValue::SLBPort,
    }
}

fn rewrite(text: &str) -> Rewrite {
    let part = |name: &str| {
        let found = text.split_whitespace().find_map(|part| part.strip_prefix(name)?.strip_prefix('='));
        found.map_or_else(|| format!("${{{name}}}"), str::to_owned)
    };
    Rewrite { host: part("host"), path: part("path"), query: part("query") }
}

fn cors(origins: &str) -> Cors {
    Cors {
        allow_origins: origins.split(' ').map(str::to_owned).collect(),
        allow_methods: vec!["GET".to_owned(), "PUT".to_owned()],
        allow_headers: vec!["X-A".to_owned()],
        expose_headers: vec![],
        allow_credentials: true,
        max_age_seconds: 60,
    }
}

fn target(text: &str) -> Target {
    let mut words = text.split_whitespace();
    let service = words.next().expect("a service");
    let mut target = Target {
        server_group: ServerGroupId::Service { ingress: "test".into(), backend: backend(service).into() },
        weight: 100,
        headers: BTreeMap::new(),
    };
    for word in words {
        match word.strip_prefix('+').and_then(|header| header.split_once('=')) {
            Some((name, value)) => drop(target.headers.insert(name.to_owned(), value.to_owned())),
            None => target.weight = word.parse().expect("a weight"),
        }
    }
    target
}

fn redirect(text: &str) -> Redirect {
    let parts: Vec<_> = text.split_whitespace().map(str::to_owned).collect();
    let [status, protocol, host, port, path, query] = parts.try_into().expect("six words");
    Redirect { protocol, host, port, path, query, status: status.parse().expect("a status") }
}

fn fixed(text: &str) -> FixedResponse {
    let mut words = text.splitn(3, ' ');
    FixedResponse {
        status: words.next().and_then(|word| word.parse().ok()).expect("a status"),
        content_type: words.next().expect("a content type").to_owned(),
        content: words.next().unwrap_or_default().to_owned(),
    }
}
