//! What only the real ALB refuses: lengths, letters and counts. Source: ALB API, CreateRule; ALB, Quotas and limits.

use crate::fragment::condition::Reading;
use crate::site::Site;
use crate::{Action, Condition, Direction, Edition, HeaderValue, Pattern, Redirect};
use net_alb_api::annotation as wire;
use net_alb_api::annotation::header::{RESERVED_REQUEST, RESERVED_RESPONSE, is_token};
use net_alb_diag::FieldPath;
use net_alb_diag::codes::build;

/// What a load balancer and its rules may have; ALB raises some of it on request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Listeners of a load balancer.
    pub listeners: usize,
    /// Rules of all its listeners, default ones excluded.
    pub rules: usize,
    /// Conditions of a rule.
    pub conditions: usize,
    /// Values of a rule with wildcards or regular expressions.
    pub wildcards: usize,
    /// Addresses in a rule.
    pub source_ips: usize,
    /// Actions of a rule, the final one included.
    pub actions: usize,
    /// Server groups of a forward.
    pub targets: usize,
    /// Certificates beside each listener's default one.
    pub certificates: usize,
    /// Servers, counted for each rule that forwards to them.
    pub servers: usize,
}

impl Edition {
    /// What ALB takes without asking. Source: ALB, Quotas and limits; ALB API, CreateRule (targets).
    pub fn limits(self) -> Limits {
        let standard = Limits {
            listeners: 50,
            rules: 100,
            conditions: 10,
            wildcards: 10,
            source_ips: 5,
            actions: 5,
            targets: 5,
            certificates: 25,
            servers: 1000,
        };
        match self {
            Edition::Standard | Edition::StandardWithWaf => standard,
            Edition::Basic => Limits {
                rules: 40,
                conditions: 5,
                wildcards: 5,
                actions: 3,
                certificates: 10,
                servers: 200,
                ..standard
            },
        }
    }
}

/// Counts of a whole rule.
pub(crate) fn check_rule(site: &mut Site<'_>, conditions: &[Condition], edition: Edition, at: &FieldPath) {
    let limits = edition.limits();
    let edition = format!("{edition:?}");
    if conditions.len() > limits.conditions {
        let message = format!(
            "the rule has {} conditions, ALB ({edition}) takes {}",
            conditions.len(),
            limits.conditions
        );
        site.say(site.limit(&build::TOO_MANY_CONDITIONS, at.clone(), message).help("split the rule"));
    }
    let wildcards = conditions.iter().flat_map(patterns).filter(|p| !matches!(p, Pattern::Exact(_))).count();
    if wildcards > limits.wildcards {
        let message =
            format!("the rule has {wildcards} wildcards, ALB ({edition}) takes {}", limits.wildcards);
        site.say(site.limit(&build::TOO_MANY_WILDCARDS, at.clone(), message).help("split the rule"));
    }
    for condition in conditions {
        let (what, values) = match condition {
            Condition::Host(values) => ("host", values),
            Condition::Path(values) => ("path", values),
            Condition::SourceIp(values) if values.len() > limits.source_ips => {
                let message =
                    format!("the rule has {} addresses, ALB takes {}", values.len(), limits.source_ips);
                site.say(
                    site.limit(&build::CONDITION_BEYOND_ALB, at.clone(), message).help("write networks"),
                );
                continue;
            }
            _ => continue,
        };
        for value in values.iter().map(ToString::to_string).filter(|value| value.chars().count() > 256) {
            let length = value.chars().count();
            let message = format!("a {what} has {length} characters, ALB takes 256");
            site.say(site.limit(&build::CONDITION_BEYOND_ALB, at.clone(), message));
        }
    }
}

/// Every text that a condition compares with.
pub(crate) fn patterns(condition: &Condition) -> Vec<&Pattern> {
    match condition {
        Condition::Host(values)
        | Condition::Path(values)
        | Condition::Header { values, .. }
        | Condition::ResponseHeader { values, .. } => values.iter().collect(),
        Condition::Cookie(pairs) | Condition::QueryString(pairs) => {
            pairs.iter().flat_map(|pair| [&pair.key, &pair.value]).collect()
        }
        Condition::Method(_) | Condition::SourceIp(_) | Condition::ResponseStatusCode(_) => Vec::new(),
    }
}

/// Values of one condition.
pub(crate) fn check_values(site: &mut Site<'_>, condition: &wire::Condition, reading: &Reading<'_>) {
    let mut beyond = Vec::new();
    match condition {
        wire::Condition::Header { header_config: config }
        | wire::Condition::ResponseHeader { response_header_config: config } => {
            beyond.extend(header_key(&config.key, &["cookie", "host"]));
            beyond.extend(config.values.iter().filter_map(|value| header_value(value)));
            literal(site, reading, config.values.iter());
        }
        wire::Condition::Cookie { cookie_config: config } => {
            beyond.extend(config.values.iter().filter_map(|pair| key_value(pair, 100, ";#[]{}|<>&\" ")));
            literal(site, reading, config.values.iter().flat_map(|pair| [&pair.key, &pair.value]));
        }
        wire::Condition::QueryString { query_string_config: config } => {
            beyond.extend(config.values.iter().filter_map(|pair| key_value(pair, 128, "#[]{}|<>&\" ")));
            literal(site, reading, config.values.iter().flat_map(|pair| [&pair.key, &pair.value]));
        }
        wire::Condition::Method { method_config } => {
            let known = ["GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH"];
            let is_method = |text: &str| is_token(text) && !text.contains(|c: char| c.is_ascii_lowercase());
            let unknown = method_config
                .values
                .iter()
                .filter(|method| is_method(method) && !known.contains(&method.as_str()));
            beyond.extend(unknown.map(|method| format!("ALB doesn't know the method `{method}`")));
        }
        wire::Condition::SourceIp { source_ip_config } => {
            let any = source_ip_config.values.iter().filter(|value| value.starts_with("0.0.0.0/"));
            beyond.extend(any.map(|value| format!("ALB doesn't take `{value}`")));
        }
        wire::Condition::Host { .. }
        | wire::Condition::Path { .. }
        | wire::Condition::ResponseStatusCode { .. } => {}
    }
    for message in beyond {
        site.say(site.limit(&build::CONDITION_BEYOND_ALB, FieldPath::annotation(reading.key), message));
    }
}

fn literal<'v>(site: &mut Site<'_>, reading: &Reading<'_>, values: impl Iterator<Item = &'v String>) {
    for value in values.filter(|value| reading.literal && value.contains(['*', '?'])) {
        let message = format!("`{value}` is literal, but to ALB its `*` and `?` are wildcards");
        site.say(site.limit(&build::LITERAL_WILDCARD, FieldPath::annotation(reading.key), message));
    }
}

/// A name that is no token is refused elsewhere.
fn header_key(key: &str, reserved: &[&str]) -> Option<String> {
    if !is_token(key) {
        return None;
    }
    let letters = key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    if reserved.contains(&key.to_ascii_lowercase().as_str()) {
        return Some(format!("ALB doesn't take the header `{key}` here"));
    }
    if !letters || key.len() > 40 {
        return Some(format!(
            "ALB takes header names of 1 to 40 letters, digits, `-` and `_`, but not `{key}`"
        ));
    }
    None
}

fn header_value(value: &str) -> Option<String> {
    let printable = value.bytes().all(|b| (32..=126).contains(&b)) && value.trim() == value;
    let fits = printable && !value.is_empty() && value.len() <= 128;
    let wanted = "ALB takes header values of 1 to 128 printable characters without a space at the ends";
    (!fits).then(|| format!("{wanted}, but not {}", shown(value)))
}

fn key_value(pair: &wire::KeyValue, longest: usize, forbidden: &str) -> Option<String> {
    let fits = |text: &str, longest| {
        (1..=longest).contains(&text.chars().count()) && !text.contains(|c| forbidden.contains(c))
    };
    if fits(&pair.key, 100) && fits(&pair.value, longest) {
        return None;
    }
    Some(format!(
        "ALB takes keys of 1 to 100 and values of 1 to {longest} characters without any of `{}` or a space, but not `{}={}`",
        forbidden.trim_end(),
        pair.key,
        pair.value
    ))
}

fn shown(text: &str) -> String {
    if text.chars().count() > 40 { format!("one of {}", text.chars().count()) } else { format!("`{text}`") }
}

const CONTENT_TYPES: &[&str] =
    &["text/plain", "text/css", "text/html", "application/javascript", "application/json"];

/// Values of one action.
pub(crate) fn check_action(site: &mut Site<'_>, action: &Action, direction: Direction, at: &FieldPath) {
    let reserved = match direction {
        Direction::Request => RESERVED_REQUEST,
        Direction::Response => RESERVED_RESPONSE,
    };
    let mut beyond: Vec<String> = Vec::new();
    match action {
        Action::InsertHeader { key, value } => {
            beyond.extend(header_key(key, reserved));
            if let HeaderValue::UserDefined(text) = value {
                let quoted = text.contains('"') || text.ends_with('\\');
                let quoted = quoted
                    .then(|| format!("ALB takes no `\"` and no `\\` at the end, but {} has", shown(text)));
                beyond.extend(header_value(text).or(quoted));
            }
        }
        Action::RemoveHeader { key } => beyond.extend(header_key(key, reserved)),
        Action::ForwardGroup { targets, .. } => {
            let heavy = targets.iter().filter(|target| target.weight > 100);
            beyond.extend(
                heavy.map(|target| format!("ALB takes weights from 0 to 100, but not `{}`", target.weight)),
            );
        }
        Action::FixedResponse(response) => {
            let class = response.status / 100;
            beyond.extend(
                (![2, 4, 5].contains(&class))
                    .then(|| format!("ALB answers 2xx, 4xx and 5xx, not `{}`", response.status)),
            );
            let known = CONTENT_TYPES.contains(&response.content_type.as_str());
            beyond.extend(
                (!known).then(|| format!("ALB's content types are `{}`", CONTENT_TYPES.join("`, `"))),
            );
            let ascii = response.content.is_ascii();
            beyond.extend((!ascii).then(|| "ALB takes content of ASCII letters only".to_owned()));
            let length = response.content.len();
            beyond.extend((length > 1024).then(|| format!("ALB takes 1024 bytes of content, not {length}")));
        }
        Action::Redirect(redirect) => beyond.extend(redirect_beyond(redirect)),
        Action::Rewrite(_) | Action::Cors(_) | Action::TrafficMirror { .. } | Action::TrafficLimit { .. } => {
        }
    }
    for message in beyond {
        site.say(site.limit(&build::ACTION_BEYOND_ALB, at.clone(), message));
    }
}

fn redirect_beyond(redirect: &Redirect) -> Option<String> {
    let all = [&redirect.protocol, &redirect.host, &redirect.port, &redirect.path, &redirect.query];
    let own = ["${protocol}", "${host}", "${port}", "${path}", "${query}"];
    let loops = all.iter().zip(own).all(|(text, own)| text.as_str() == own);
    loops.then(|| "the redirect leads to the request's own URL".to_owned())
}
