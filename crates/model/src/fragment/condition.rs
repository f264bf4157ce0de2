//! `conditions.NAME`, joined with a path's own host and path.

use crate::limit;
use crate::site::Site;
use crate::{Condition, Direction, KeyPattern, Pattern, StatusRange};
use net_alb_api::annotation as wire;
use net_alb_api::annotation::header::is_token;
use net_alb_diag::FieldPath;
use net_alb_diag::codes::build;
use std::net::IpAddr;

/// What `conditions.NAME` adds to every path of the backend `NAME`.
#[derive(Debug, Clone, Default)]
pub(crate) struct Joined {
    /// Headers, cookies and queries: each must hold.
    separate: Vec<Condition>,
    hosts: Vec<Pattern>,
    paths: Vec<Pattern>,
    methods: Vec<String>,
    source_ips: Vec<String>,
    statuses: Vec<StatusRange>,
}

/// How the conditions of one annotation are read.
pub(crate) struct Reading<'a> {
    pub(crate) key: &'a str,
    /// `*` and `?` in headers, cookies and queries stand for themselves.
    pub(crate) literal: bool,
    pub(crate) direction: Direction,
}

impl Reading<'_> {
    fn at(&self) -> FieldPath {
        FieldPath::annotation(self.key)
    }

    fn pattern(&self, text: &str) -> Pattern {
        if self.literal { Pattern::Exact(text.to_owned()) } else { Pattern::wildcard(text) }
    }

    fn pairs(&self, values: wire::KeyValues) -> Vec<KeyPattern> {
        let pair = |pair: wire::KeyValue| KeyPattern {
            key: self.pattern(&pair.key),
            value: self.pattern(&pair.value),
        };
        values.values.into_iter().map(pair).collect()
    }

    fn patterns(&self, values: &[String]) -> Vec<Pattern> {
        values.iter().map(|text| self.pattern(text)).collect()
    }
}

impl Joined {
    /// Sorts the conditions into what joins the rule's own and what stands beside it. What can't match anything is an error;
    /// the caller leaves such a rule out.
    ///
    /// Source: alibaba-load-balancer-controller, `buildRuleConditions`.
    pub(crate) fn new(site: &mut Site<'_>, conditions: Vec<wire::Condition>, reading: &Reading<'_>) -> Self {
        let mut joined = Joined::default();
        for condition in conditions {
            joined.add(site, condition, reading);
        }
        joined
    }

    fn add(&mut self, site: &mut Site<'_>, condition: wire::Condition, reading: &Reading<'_>) {
        limit::check_values(site, &condition, reading);
        match condition {
            wire::Condition::Host { host_config } => {
                self.hosts.extend(
                    host_config.values.iter().filter_map(|host| host_pattern(site, host, reading.at())),
                );
            }
            wire::Condition::Path { path_config } => {
                self.paths.extend(
                    path_config.values.iter().filter_map(|path| path_pattern(site, path, reading.at())),
                );
            }
            wire::Condition::Method { method_config } => {
                self.methods
                    .extend(method_config.values.iter().filter_map(|text| method(site, text, reading)));
            }
            wire::Condition::SourceIp { source_ip_config } => {
                self.source_ips
                    .extend(source_ip_config.values.iter().filter_map(|text| network(site, text, reading)));
            }
            wire::Condition::ResponseStatusCode { response_status_code_config: config } => {
                only_in_response(site, "ResponseStatusCode", reading);
                self.statuses.extend(config.values.iter().filter_map(|text| statuses(site, text, reading)));
            }
            wire::Condition::Header { header_config: config } => {
                let (key, values) =
                    (header_name(site, config.key, reading), reading.patterns(&config.values));
                self.separate.push(Condition::Header { key, values });
            }
            wire::Condition::ResponseHeader { response_header_config: config } => {
                only_in_response(site, "ResponseHeader", reading);
                let (key, values) =
                    (header_name(site, config.key, reading), reading.patterns(&config.values));
                self.separate.push(Condition::ResponseHeader { key, values });
            }
            wire::Condition::Cookie { cookie_config } => {
                self.separate.push(Condition::Cookie(reading.pairs(cookie_config)));
            }
            wire::Condition::QueryString { query_string_config } => {
                self.separate.push(Condition::QueryString(reading.pairs(query_string_config)));
            }
        }
    }

    /// The conditions of a rule: headers, cookies and queries in their order, then host, path, method, address, status, then
    /// the canary's.
    pub(crate) fn with(
        &self,
        host: Option<Pattern>,
        paths: Vec<Pattern>,
        canary: &[Condition],
    ) -> Vec<Condition> {
        let hosts: Vec<_> = self.hosts.iter().cloned().chain(host).collect();
        let paths: Vec<_> = self.paths.iter().cloned().chain(paths).collect();
        let lists = [
            (!hosts.is_empty()).then_some(Condition::Host(hosts)),
            (!paths.is_empty()).then_some(Condition::Path(paths)),
            (!self.methods.is_empty()).then(|| Condition::Method(self.methods.clone())),
            (!self.source_ips.is_empty()).then(|| Condition::SourceIp(self.source_ips.clone())),
            (!self.statuses.is_empty()).then(|| Condition::ResponseStatusCode(self.statuses.clone())),
        ];
        self.separate
            .iter()
            .cloned()
            .chain(lists.into_iter().flatten())
            .chain(canary.iter().cloned())
            .collect()
    }
}

/// A host, which may have wildcards, or `~` and a regular expression.
pub(crate) fn host_pattern(site: &mut Site<'_>, host: &str, at: FieldPath) -> Option<Pattern> {
    let is_host_letter = |c: char| c.is_ascii_alphanumeric() || "-_.*?".contains(c);
    if !host.is_empty() && (host.starts_with('~') || host.chars().all(is_host_letter)) {
        return Some(Pattern::parse(host));
    }
    let message =
        format!("`{host}` is no host: letters, digits, `-`, `_`, `.`, and `*` and `?` as wildcards");
    site.say(
        site.at(&build::BAD_HOST, at, message).help("write the bare host, without scheme, port and path"),
    );
    None
}

fn path_pattern(site: &mut Site<'_>, path: &str, at: FieldPath) -> Option<Pattern> {
    if path.starts_with(['/', '~']) {
        return Some(Pattern::parse(path));
    }
    let message =
        format!("a path begins with `/`, or with `~` if it is a regular expression, but is `{path}`");
    site.say(site.at(&build::BAD_PATH, at, message).help(format!("write `/{path}`")));
    None
}

fn refuse(site: &mut Site<'_>, reading: &Reading<'_>, message: String) {
    site.say(site.at(&build::BAD_CONDITION, reading.at(), message));
}

fn header_name(site: &mut Site<'_>, name: String, reading: &Reading<'_>) -> String {
    if !is_token(&name) {
        refuse(site, reading, format!("`{name}` is no header's name"));
    }
    name
}

fn method(site: &mut Site<'_>, text: &str, reading: &Reading<'_>) -> Option<String> {
    if is_token(text) && !text.contains(|c: char| c.is_ascii_lowercase()) {
        return Some(text.to_owned());
    }
    refuse(site, reading, format!("a method is upper-case, such as `GET`, but is `{text}`"));
    None
}

/// An address becomes a network of its own.
fn network(site: &mut Site<'_>, text: &str, reading: &Reading<'_>) -> Option<String> {
    let (address, length) =
        text.split_once('/').map_or((text, None), |(address, length)| (address, Some(length)));
    let network = address.parse().ok().and_then(|address: IpAddr| {
        let bits = if address.is_ipv4() { 32 } else { 128 };
        let length = length.map_or(Some(bits), |length| length.parse().ok())?;
        (length <= bits).then(|| format!("{address}/{length}"))
    });
    if network.is_none() {
        refuse(site, reading, format!("`{text}` is neither an address nor a network such as `10.0.0.0/8`"));
    }
    network
}

fn statuses(site: &mut Site<'_>, text: &str, reading: &Reading<'_>) -> Option<StatusRange> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let range = match (first.trim().parse(), last.trim().parse()) {
        (Ok(first), Ok(last)) => Some(StatusRange { first, last }),
        _ => None,
    };
    let range = range.filter(|range| 100 <= range.first && range.first <= range.last && range.last <= 599);
    if range.is_none() {
        refuse(
            site,
            reading,
            format!("`{text}` is neither a status from 100 to 599 nor a range such as `200-299`"),
        );
    }
    range
}

fn only_in_response(site: &mut Site<'_>, kind: &str, reading: &Reading<'_>) {
    if reading.direction == Direction::Response {
        return;
    }
    let message = format!("a `{kind}` condition in a rule for requests");
    let help = "add `alb.ingress.kubernetes.io/rule-direction.NAME: Response`";
    site.say(site.at(&build::RESPONSE_CONDITION, reading.at(), message).help(help));
}
