//! A rule as the curl line that takes it, ready to paste.

use net_alb_gateway::table::{Headers, RequestHead};
use net_alb_model::{Condition, KeyPattern, Pattern, Rule};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;

/// How the server is reached.
#[derive(Debug, Clone, Copy)]
pub(super) enum Route<'a> {
    /// In clear; to a server of HTTP/2 without the way round by HTTP/1.1.
    Plain { is_http2: bool },
    /// By TLS; the certificate is of this CA, or of one that only its owner knows.
    Tls(Option<&'a Path>),
}

/// A request that a rule is meant for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Sample {
    method: Option<String>,
    /// `None`: whatever the URL says.
    host: Option<String>,
    path: String,
    query: Vec<String>,
    headers: Vec<(String, String)>,
    cookies: Vec<String>,
}

impl Sample {
    /// A request to `host`, one of the rule's if it has any, that meets every condition of `rule`; `None` if one is a
    /// regular expression or an address, which no text can be made up for.
    pub(super) fn of(rule: &Rule, host: Option<&Pattern>) -> Option<Sample> {
        let host = match host {
            None => None,
            Some(Pattern::Wildcard(text)) => Some(text.replace('*', "www").replace('?', "x")),
            Some(pattern) => Some(example(pattern)?),
        };
        let mut sample = Sample { host, path: "/".to_owned(), ..Sample::default() };
        for condition in &rule.conditions {
            sample.meet(condition)?;
        }
        Some(sample)
    }

    fn meet(&mut self, condition: &Condition) -> Option<()> {
        match condition {
            Condition::Host(_) => {}
            Condition::Path(patterns) => {
                let path = shortest(patterns)?;
                self.path = if path.starts_with('/') { path } else { format!("/{path}") };
            }
            Condition::Header { key, values } => self.headers.push((key.clone(), shortest(values)?)),
            Condition::Cookie(pairs) => self.cookies.push(pair(pairs)?),
            Condition::QueryString(pairs) => self.query.push(pair(pairs)?),
            Condition::Method(methods) => self.method = Some(methods.first()?.clone()),
            Condition::SourceIp(networks) => {
                networks.iter().find(|network| network.starts_with("127.0.0.") || *network == "0.0.0.0/0")?;
            }
            Condition::ResponseHeader { .. } | Condition::ResponseStatusCode(_) => return None,
        }
        Some(())
    }

    /// Looks at the request as the gateway would see it.
    pub(super) fn with_head<T>(&self, server: SocketAddr, look: impl FnOnce(&RequestHead<'_>) -> T) -> T {
        let server = server.to_string();
        let mut headers = self.headers.clone();
        if !self.cookies.is_empty() {
            headers.push(("cookie".to_owned(), self.cookies.join("; ")));
        }
        let query = self.query.join("&");
        look(&RequestHead {
            method: self.method.as_deref().unwrap_or("GET"),
            authority: self.host.as_deref().unwrap_or(&server),
            path: &self.path,
            query: (!query.is_empty()).then_some(&*query),
            headers: Headers::pairs(&headers),
            client: IpAddr::V4(Ipv4Addr::LOCALHOST),
        })
    }

    /// The command.
    pub(super) fn command(&self, server: SocketAddr, route: Route<'_>) -> String {
        let mut command = "curl".to_owned();
        match route {
            Route::Plain { is_http2: false } => {}
            Route::Plain { is_http2: true } => command.push_str(" --http2-prior-knowledge"),
            Route::Tls(Some(authority)) => {
                command.extend([" --cacert ", &word(&authority.display().to_string())]);
            }
            Route::Tls(None) => command.push_str(" -k"),
        }
        match self.method.as_deref() {
            None | Some("GET") => {}
            Some("HEAD") => command += " -I",
            Some(method) => command.extend([" -X ", &quote(method)]),
        }
        if let (Some(host), Route::Plain { .. }) = (&self.host, route) {
            command.extend([" -H ", &quote(&format!("Host: {host}"))]);
        }
        for (name, value) in &self.headers {
            // `Name:` with nothing behind it would take the header away.
            let field = if value.is_empty() { format!("{name};") } else { format!("{name}: {value}") };
            command.extend([" -H ", &quote(&field)]);
        }
        if !self.cookies.is_empty() {
            command.extend([" --cookie ", &quote(&self.cookies.join("; "))]);
        }
        let query = if self.query.is_empty() { String::new() } else { format!("?{}", self.query.join("&")) };
        let url = match (&self.host, route) {
            (_, Route::Plain { .. }) => format!("http://{server}{}{query}", self.path),
            (None, Route::Tls(_)) => format!("https://{server}{}{query}", self.path),
            (Some(host), Route::Tls(_)) => {
                // The URL's host is what the certificate must be for; the connection goes here all the same.
                command.extend([" --connect-to ", &word(&format!("::{server}"))]);
                format!("https://{host}{}{query}", self.path)
            }
        };
        // curl reads braces and brackets in a URL as a set of URLs.
        let glob = if url.contains(['{', '[', ']', '}']) { " -g" } else { "" };
        format!("{command}{glob} {}", word(&url))
    }
}

fn pair(pairs: &[KeyPattern]) -> Option<String> {
    pairs.iter().find_map(|pair| {
        let (key, value) = (example(&pair.key)?, example(&pair.value)?);
        Some(if value.is_empty() { key } else { format!("{key}={value}") })
    })
}

fn shortest(patterns: &[Pattern]) -> Option<String> {
    patterns.iter().filter_map(example).min_by_key(String::len)
}

/// A text that a pattern matches.
fn example(pattern: &Pattern) -> Option<String> {
    match pattern {
        Pattern::Exact(text) => Some(text.clone()),
        Pattern::Wildcard(text) if text.chars().all(|c| c == '*') => Some(String::new()),
        Pattern::Wildcard(text) => Some(text.replace('*', "").replace('?', "x")),
        Pattern::Regex { .. } => None,
    }
}

/// One word of a shell, quoted if it must be.
fn word(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/:.-_~%".contains(c);
    if text.chars().all(plain) && !text.starts_with('~') { text.to_owned() } else { quote(text) }
}

/// As a shell takes it letter by letter.
pub(super) fn quote(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn command(conditions: Vec<Condition>) -> Option<String> {
        let rule = Rule {
            id: net_alb_model::RuleId("a".into()),
            priority: net_alb_model::Priority {
                order: 10,
                ingress: net_alb_api::ObjectKey::default(),
                index: 0,
            },
            direction: net_alb_model::Direction::Request,
            reason: "header".into(),
            conditions,
            actions: Vec::new(),
        };
        Some(
            Sample::of(&rule, Some(&Pattern::Exact("a.example".into())))?
                .command(SocketAddr::from(([127, 0, 0, 1], 8080)), Route::Plain { is_http2: false }),
        )
    }

    #[test]
    fn every_condition_is_met() {
        let header = Condition::Header { key: "demo".into(), values: vec![Pattern::Exact("it's".into())] };
        let cookie = |key: &str| {
            let (key, value) = (Pattern::Exact(key.into()), Pattern::Exact("1".into()));
            Condition::Cookie(vec![KeyPattern { key, value }])
        };
        let path = Condition::Path(vec![Pattern::Wildcard("/api/*".into()), Pattern::Exact("/a".into())]);
        let conditions = vec![header, cookie("a"), cookie("b"), path, Condition::Method(vec!["PUT".into()])];
        assert_eq!(
            command(conditions).unwrap(),
            r"curl -X 'PUT' -H 'Host: a.example' -H 'demo: it'\''s' --cookie 'a=1; b=1' http://127.0.0.1:8080/a"
        );
    }

    #[test]
    fn nothing_is_made_up_for_a_regular_expression() {
        let regex = Pattern::Regex { pattern: "^/a".into(), ignore_case: false };
        assert_eq!(command(vec![Condition::Path(vec![regex])]), None);
    }
}
