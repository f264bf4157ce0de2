use super::head::{RequestHead, ResponseHead, cookies, parameters};
use super::pattern::{Case, Matcher};
use ipnet::IpNet;
use net_alb_model::{Condition, KeyPattern, Pattern, StatusRange};
use std::net::IpAddr;

/// A compiled [`Condition`].
#[derive(Debug)]
pub(crate) enum Check {
    Host(Box<[Matcher]>),
    Path(Box<[Matcher]>),
    Header { name: Box<str>, values: Box<[Matcher]> },
    Cookie(Box<[(Matcher, Matcher)]>),
    QueryString(Box<[(Matcher, Matcher)]>),
    Method(Box<[Box<str>]>),
    SourceIp(Box<[IpNet]>),
    ResponseHeader { name: Box<str>, values: Box<[Matcher]> },
    ResponseStatus(Box<[StatusRange]>),
}

/// A value in a condition that can't be understood.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum BadCondition {
    /// The regular expression and what is wrong with it.
    Regex(String, String),
    /// No address and no network.
    Network(String),
}

impl Check {
    pub(crate) fn new(condition: &Condition) -> Result<Check, BadCondition> {
        Ok(match condition {
            Condition::Host(values) => Check::Host(matchers(values, Case::Insensitive)?),
            Condition::Path(values) => Check::Path(matchers(values, Case::Sensitive)?),
            Condition::Header { key, values } => {
                Check::Header { name: key.as_str().into(), values: matchers(values, Case::Sensitive)? }
            }
            Condition::Cookie(pairs) => Check::Cookie(key_matchers(pairs)?),
            Condition::QueryString(pairs) => Check::QueryString(key_matchers(pairs)?),
            Condition::Method(methods) => Check::Method(methods.iter().map(|m| m.as_str().into()).collect()),
            Condition::SourceIp(networks) => {
                Check::SourceIp(networks.iter().map(|text| network(text)).collect::<Result<_, _>>()?)
            }
            Condition::ResponseHeader { key, values } => Check::ResponseHeader {
                name: key.as_str().into(),
                values: matchers(values, Case::Sensitive)?,
            },
            Condition::ResponseStatusCode(ranges) => Check::ResponseStatus(ranges.as_slice().into()),
        })
    }

    /// Whether the condition holds. What looks at an answer holds for none while there is no answer.
    pub(crate) fn holds(&self, request: &RequestHead<'_>, response: Option<&ResponseHead<'_>>) -> bool {
        match self {
            Check::Host(values) => any(values, request.host().as_bytes(), Case::Insensitive),
            Check::Path(values) => any(values, request.path.as_bytes(), Case::Sensitive),
            Check::Header { name, values } => {
                request.headers.values(&**name).any(|value| any(values, value, Case::Sensitive))
            }
            Check::Cookie(pairs) => any_pair(pairs, cookies(request.headers)),
            Check::QueryString(pairs) => any_pair(pairs, parameters(request.query)),
            Check::Method(methods) => methods.iter().any(|method| **method == *request.method),
            Check::SourceIp(networks) => {
                let client = request.client.to_canonical();
                networks.iter().any(|network| network.contains(&client))
            }
            Check::ResponseHeader { name, values } => response.is_some_and(|response| {
                response.headers.values(&**name).any(|value| any(values, value, Case::Sensitive))
            }),
            Check::ResponseStatus(ranges) => response.is_some_and(|response| {
                ranges.iter().any(|range| (range.first..=range.last).contains(&response.status))
            }),
        }
    }

    /// The groups of the first regular expression for paths that matches.
    pub(crate) fn captures<'p>(&self, path: &'p str) -> Option<regex::bytes::Captures<'p>> {
        let Check::Path(values) = self else { return None };
        values.iter().find_map(|value| match value {
            Matcher::Regex(regex) => regex.captures(path.as_bytes()),
            _ => None,
        })
    }
}

fn any(values: &[Matcher], text: &[u8], case: Case) -> bool {
    values.iter().any(|value| value.matches(text, case))
}

fn any_pair<'a>(
    wanted: &[(Matcher, Matcher)],
    mut pairs: impl Iterator<Item = (&'a [u8], &'a [u8])>,
) -> bool {
    pairs.any(|(name, text)| {
        wanted.iter().any(|(key, value)| {
            key.matches(name, Case::Insensitive) && value.matches(text, Case::Insensitive)
        })
    })
}

fn matchers(patterns: &[Pattern], case: Case) -> Result<Box<[Matcher]>, BadCondition> {
    patterns.iter().map(|pattern| matcher(pattern, case)).collect()
}

fn key_matchers(pairs: &[KeyPattern]) -> Result<Box<[(Matcher, Matcher)]>, BadCondition> {
    let both = |pair: &KeyPattern| {
        Ok((matcher(&pair.key, Case::Insensitive)?, matcher(&pair.value, Case::Insensitive)?))
    };
    pairs.iter().map(both).collect()
}

fn matcher(pattern: &Pattern, case: Case) -> Result<Matcher, BadCondition> {
    Matcher::new(pattern, case).map_err(|error| {
        let text = match pattern {
            Pattern::Exact(text) | Pattern::Wildcard(text) => text,
            Pattern::Regex { pattern, .. } => pattern,
        };
        BadCondition::Regex(text.clone(), last_line(&error))
    })
}

/// The regex crate draws the pattern over several lines; its last line says what is wrong.
fn last_line(error: &regex::Error) -> String {
    let text = error.to_string();
    text.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned()
}

/// A network in CIDR notation, or one address.
pub(crate) fn network(text: &str) -> Result<IpNet, BadCondition> {
    let text = text.trim();
    let single = text.parse::<IpAddr>().map(IpNet::from);
    text.parse::<IpNet>().or(single).map_err(|_| BadCondition::Network(text.to_owned()))
}
