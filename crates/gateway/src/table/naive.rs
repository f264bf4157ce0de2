//! The order of rules as ALB documents it, by a scan over all of them with the plainest code that can be. It is the
//! judge of the index in tests, and `explain` asks it why a rule doesn't take a request.

use super::head::{RequestHead, ResponseHead};
use net_alb_model::{Condition, KeyPattern, Pattern, Rule, StatusRange};

/// Why a rule doesn't take a request: the first of its conditions that fails, in words. `Ok` if it does.
pub(crate) fn why_not(
    rule: &Rule,
    request: &RequestHead<'_>,
    response: Option<&ResponseHead<'_>>,
) -> Result<(), String> {
    rule.conditions.iter().try_for_each(|condition| check(condition, request, response))
}

/// Whether the rule's hosts, if it has any, include the request's.
pub(crate) fn host_matches(rule: &Rule, request: &RequestHead<'_>) -> bool {
    let hosts = rule.conditions.iter().filter(|condition| matches!(condition, Condition::Host(_)));
    hosts.into_iter().all(|condition| check(condition, request, None).is_ok())
}

fn check(
    condition: &Condition,
    request: &RequestHead<'_>,
    response: Option<&ResponseHead<'_>>,
) -> Result<(), String> {
    match condition {
        Condition::Host(values) => {
            let host = request.host().to_ascii_lowercase();
            let any = values.iter().any(|value| matches(value, host.as_bytes(), true));
            verdict(any, || format!("host is `{host}`, not {}", alternatives(values)))
        }
        Condition::Path(values) => {
            let any = values.iter().any(|value| matches(value, request.path.as_bytes(), false));
            verdict(any, || format!("path is `{}`, not {}", request.path, alternatives(values)))
        }
        Condition::Header { key, values } => field("header", key, values, request.headers.values(key)),
        Condition::Cookie(wanted) => pairs("cookie", wanted, &request_cookies(request)),
        Condition::QueryString(wanted) => pairs("query parameter", wanted, &request_parameters(request)),
        Condition::Method(methods) => verdict(methods.iter().any(|method| method == request.method), || {
            format!("method is {}, not {}", request.method, methods.join(" or "))
        }),
        Condition::SourceIp(networks) => {
            let client = request.client.to_canonical();
            let inside = |text: &String| {
                super::condition::network(text).is_ok_and(|network| network.contains(&client))
            };
            verdict(networks.iter().any(inside), || {
                format!("client is {client}, not in {}", networks.join(" or "))
            })
        }
        Condition::ResponseHeader { key, values } => match response {
            Some(response) => field("response header", key, values, response.headers.values(key)),
            None => Err("there is no answer yet".to_owned()),
        },
        Condition::ResponseStatusCode(ranges) => status(ranges, response),
    }
}

fn status(ranges: &[StatusRange], response: Option<&ResponseHead<'_>>) -> Result<(), String> {
    let Some(response) = response else { return Err("there is no answer yet".to_owned()) };
    let any = ranges.iter().any(|range| range.first <= response.status && response.status <= range.last);
    let ranges: Vec<_> = ranges.iter().map(|range| format!("{}-{}", range.first, range.last)).collect();
    verdict(any, || format!("status is {}, not {}", response.status, ranges.join(" or ")))
}

fn verdict(holds: bool, why: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(why()) }
}

fn field<'a>(
    what: &str,
    name: &str,
    wanted: &[Pattern],
    found: impl Iterator<Item = &'a [u8]>,
) -> Result<(), String> {
    let found: Vec<_> = found.collect();
    let any = found.iter().any(|value| wanted.iter().any(|pattern| matches(pattern, value, false)));
    verdict(any, || {
        let wanted = alternatives(wanted);
        match found.as_slice() {
            [] => format!("{what} `{name}` is absent, it should be {wanted}"),
            found => format!("{what} `{name}` is {}, not {wanted}", quoted(found)),
        }
    })
}

fn pairs(what: &str, wanted: &[KeyPattern], found: &[(Vec<u8>, Vec<u8>)]) -> Result<(), String> {
    let one = |pair: &KeyPattern| {
        found.iter().any(|(name, value)| matches(&pair.key, name, true) && matches(&pair.value, value, true))
    };
    verdict(wanted.iter().any(one), || {
        let texts: Vec<_> =
            wanted.iter().map(|pair| format!("`{}={}`", text(&pair.key), text(&pair.value))).collect();
        let same_name =
            |(name, _): &&(Vec<u8>, Vec<u8>)| wanted.iter().any(|pair| matches(&pair.key, name, true));
        let near: Vec<_> =
            found.iter().filter(same_name).map(|(name, value)| [name, &b"="[..], value].concat()).collect();
        match near.as_slice() {
            [] => format!("no {what} {}", texts.join(" or ")),
            near => format!("{what} is {}, not {}", quoted(near), texts.join(" or ")),
        }
    })
}

fn request_cookies(request: &RequestHead<'_>) -> Vec<(Vec<u8>, Vec<u8>)> {
    let mut found = Vec::new();
    for line in request.headers.values("cookie") {
        for pair in line.split(|b| *b == b';') {
            let mut halves = pair.splitn(2, |b| *b == b'=');
            let name = halves.next().unwrap_or_default().trim_ascii().to_vec();
            let mut value = halves.next().unwrap_or_default().trim_ascii().to_vec();
            if value.len() >= 2 && value.starts_with(b"\"") && value.ends_with(b"\"") {
                value = value[1..value.len() - 1].to_vec();
            }
            if !pair.trim_ascii().is_empty() && !pair.trim_ascii().starts_with(b"=") {
                found.push((name, value));
            }
        }
    }
    found
}

fn request_parameters(request: &RequestHead<'_>) -> Vec<(Vec<u8>, Vec<u8>)> {
    let query = request.query.unwrap_or_default();
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    let halves = pairs.map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    halves.map(|(name, value)| (name.as_bytes().to_vec(), value.as_bytes().to_vec())).collect()
}

fn matches(pattern: &Pattern, value: &[u8], ignore_case: bool) -> bool {
    let fold = |text: &[u8]| if ignore_case { text.to_ascii_lowercase() } else { text.to_vec() };
    match pattern {
        Pattern::Exact(exact) => fold(exact.as_bytes()) == fold(value),
        Pattern::Wildcard(wildcard) => wildcard_matches(&fold(wildcard.as_bytes()), &fold(value)),
        Pattern::Regex { pattern, ignore_case: own } => {
            super::pattern::regex(pattern, *own || ignore_case).is_ok_and(|regex| regex.is_match(value))
        }
    }
}

/// Which prefixes of the value each prefix of the pattern matches, one row a pattern character.
fn wildcard_matches(pattern: &[u8], value: &[u8]) -> bool {
    let mut row: Vec<bool> = vec![false; value.len() + 1];
    row[0] = true;
    for byte in pattern {
        let mut next = vec![false; value.len() + 1];
        next[0] = *byte == b'*' && row[0];
        for end in 1..=value.len() {
            next[end] = match byte {
                b'*' => row[end] || next[end - 1],
                b'?' => row[end - 1],
                byte => row[end - 1] && *byte == value[end - 1],
            };
        }
        row = next;
    }
    row[value.len()]
}

fn text(pattern: &Pattern) -> String {
    match pattern {
        Pattern::Exact(text) | Pattern::Wildcard(text) => text.clone(),
        Pattern::Regex { pattern, ignore_case: true } => format!("~*{pattern}"),
        Pattern::Regex { pattern, ignore_case: false } => format!("~{pattern}"),
    }
}

fn alternatives(patterns: &[Pattern]) -> String {
    let texts: Vec<_> = patterns.iter().map(|pattern| format!("`{}`", text(pattern))).collect();
    texts.join(" or ")
}

fn quoted(values: &[impl AsRef<[u8]>]) -> String {
    let texts: Vec<_> =
        values.iter().map(|value| format!("`{}`", String::from_utf8_lossy(value.as_ref()))).collect();
    texts.join(" and ")
}
