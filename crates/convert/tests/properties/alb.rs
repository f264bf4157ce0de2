//! What an ALB does with Ingresses, read naively: every rule in order, every condition of each.

use net_alb_api::annotation::decode::{self, Source};
use net_alb_api::annotation::{Action, Condition, actions_key, conditions_key, extension};
use net_alb_api::config::{ClusterLocal, Settings};
use net_alb_api::{Ingress, IntOrString, ObjectKey};
use net_alb_diag::Diagnostic;
use net_alb_diag::codes::build;
use std::collections::BTreeMap;

/// A request and the listener that it comes to.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    /// To the intranet load balancer.
    pub local: bool,
    /// To port 443.
    pub https: bool,
    pub host: String,
    pub path: String,
    pub headers: Vec<(String, String)>,
}

impl Request {
    pub(crate) fn cookies(&self) -> impl Iterator<Item = (&str, &str)> {
        let lines = self.headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case("cookie"));
        lines.flat_map(|(_, line)| line.split(';')).filter_map(|pair| pair.trim().split_once('='))
    }

    pub(crate) fn has_header(&self, name: &str, matches: impl Fn(&str) -> bool) -> bool {
        self.headers.iter().any(|(other, value)| other.eq_ignore_ascii_case(name) && matches(value))
    }
}

/// What comes of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Answer {
    Nothing,
    RedirectToHttps,
    Forward { rewrite_host: Option<String>, targets: Vec<Target> },
}

/// One target with its weight and the headers that it gets to see, by lower-case name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Target {
    pub service: String,
    pub port: u16,
    pub weight: u32,
    pub headers: BTreeMap<String, String>,
}

/// Tries the rules of all Ingresses of the listener, in ALB Ingress Controller's order.
pub(crate) fn answer(ingresses: &[Ingress], settings: &Settings, request: &Request) -> Answer {
    let is_local = request.local && settings.cluster_local == ClusterLocal::Separate;
    let class = if is_local { &settings.intranet_class } else { &settings.internet_class };
    let mut ingresses: Vec<&Ingress> = ingresses.iter().collect();
    ingresses.sort_by_key(|ingress| ObjectKey::of(&ingress.metadata));
    for ingress in ingresses {
        let spec = ingress.spec.as_ref().unwrap();
        if spec.ingress_class_name.as_ref() != Some(class) || !listens(ingress, settings, request.https) {
            continue;
        }
        for rule in spec.rules.iter().flatten() {
            for path in rule.http.iter().flat_map(|http| &http.paths) {
                let service = path.backend.service.as_ref().unwrap();
                assert_eq!(service.port.as_ref().unwrap().name.as_deref(), Some("use-annotation"));
                let reader = Reader { ingress, settings, name: &service.name };
                let own = (rule.host.as_deref(), path.path.as_deref().unwrap(), path.path_type.as_str());
                if reader.matches(own, request) {
                    return reader.act();
                }
            }
        }
    }
    Answer::Nothing
}

fn listens(ingress: &Ingress, settings: &Settings, https: bool) -> bool {
    let key = "alb.ingress.kubernetes.io/listen-ports";
    let Some(text) = annotation(ingress, key) else { return !https };
    let object = ObjectKey::of(&ingress.metadata).to_ref("networking.k8s.io", "Ingress");
    let ports = decode::listen_ports(text, Source { object: &object, key, settings });
    assert_clean(&ports.diagnostics);
    let wanted = if https { ("HTTPS", 443) } else { ("HTTP", 80) };
    ports.value.iter().any(|port| (port.protocol, port.port) == wanted)
}

/// Nothing is wrong with what was written; the article's form is just old.
fn assert_clean(diagnostics: &[Diagnostic]) {
    assert!(diagnostics.iter().all(|d| d.code == &build::ARTICLE_FORM), "{diagnostics:?}");
}

fn annotation<'a>(ingress: &'a Ingress, key: &str) -> Option<&'a str> {
    ingress.metadata.annotations.as_ref()?.get(key).map(String::as_str)
}

/// Reads the annotations of one backend name.
struct Reader<'a> {
    ingress: &'a Ingress,
    settings: &'a Settings,
    name: &'a str,
}

impl Reader<'_> {
    fn matches(&self, (host, path, path_type): (Option<&str>, &str, &str), request: &Request) -> bool {
        let conditions = self.conditions();
        let mut hosts: Vec<&str> = host.into_iter().collect();
        for condition in &conditions {
            if let Condition::Host { host_config } = condition {
                hosts.extend(host_config.values.iter().map(String::as_str));
            }
        }
        let is_literal = self.flag(&extension::literal_conditions_key(self.name));
        (hosts.is_empty() || hosts.contains(&request.host.as_str()))
            && self.path_matches(path, path_type, &request.path)
            && conditions.iter().all(|condition| condition_holds(condition, is_literal, request))
    }

    fn path_matches(&self, path: &str, path_type: &str, of: &str) -> bool {
        match path_type {
            "Prefix" => {
                assert_eq!(path, "/", "other prefixes end at a slash, Knative's don't");
                true
            }
            "ImplementationSpecific" if self.flag(&extension::literal_paths_key(self.name)) => {
                of.starts_with(path.strip_suffix('*').unwrap())
            }
            "ImplementationSpecific" => wildcard(path, of),
            other => panic!("pathType {other}"),
        }
    }

    fn flag(&self, key: &str) -> bool {
        annotation(self.ingress, key).is_some_and(|text| text == "true")
    }

    fn conditions(&self) -> Vec<Condition> {
        let key = conditions_key(self.name);
        let Some(text) = annotation(self.ingress, &key) else { return Vec::new() };
        let object = ObjectKey::of(&self.ingress.metadata).to_ref("networking.k8s.io", "Ingress");
        let read = decode::conditions(text, Source { object: &object, key: &key, settings: self.settings });
        assert_clean(&read.diagnostics);
        read.value
    }

    fn act(&self) -> Answer {
        let key = actions_key(self.name);
        let object = ObjectKey::of(&self.ingress.metadata).to_ref("networking.k8s.io", "Ingress");
        let source = Source { object: &object, key: &key, settings: self.settings };
        let read = decode::actions(annotation(self.ingress, &key).unwrap(), source);
        assert_clean(&read.diagnostics);
        let (mut headers, mut rewrite_host) = (BTreeMap::new(), None);
        for action in read.value {
            match action {
                Action::InsertHeader { config } => {
                    assert_eq!(config.value_type, "UserDefined");
                    let old = headers.insert(config.key.to_ascii_lowercase(), config.value);
                    assert_eq!(old, None, "a header is inserted once");
                }
                Action::Rewrite { config } => {
                    assert_eq!((config.path.as_str(), config.query.as_str()), ("${path}", "${query}"));
                    rewrite_host = Some(config.host);
                }
                Action::Redirect { config } => {
                    let text = serde_json::to_string(&config).unwrap();
                    let wanted = r#"{"host":"${host}","path":"${path}","port":"443","protocol":"https","query":"${query}","httpCode":"301"}"#;
                    assert_eq!(text, wanted);
                    return Answer::RedirectToHttps;
                }
                Action::ForwardGroup { config } => {
                    let own = self.target_headers();
                    let targets = config.server_groups.into_iter().map(|group| {
                        let mut headers = headers.clone();
                        let port = group.service_port.unwrap();
                        headers.extend(
                            own.get(&(group.service_name.clone(), port)).cloned().unwrap_or_default(),
                        );
                        Target { service: group.service_name, port, weight: group.weight.unwrap(), headers }
                    });
                    let mut targets: Vec<Target> = targets.collect();
                    targets.sort();
                    return Answer::Forward { rewrite_host, targets };
                }
                other => panic!("{other:?}"),
            }
        }
        panic!("{}: no final action", self.name)
    }

    fn target_headers(&self) -> BTreeMap<(String, u16), BTreeMap<String, String>> {
        let key = extension::target_headers_key(self.name);
        let Some(text) = annotation(self.ingress, &key) else { return BTreeMap::new() };
        let object = ObjectKey::of(&self.ingress.metadata).to_ref("networking.k8s.io", "Ingress");
        let read =
            decode::target_headers(text, Source { object: &object, key: &key, settings: self.settings });
        assert_clean(&read.diagnostics);
        let entries = read.value.into_iter().map(|entry| {
            let IntOrString::Int(port) = entry.service_port else { panic!("a number") };
            let lower = |(name, value): (String, String)| (name.to_ascii_lowercase(), value);
            let headers = entry.headers.into_iter().map(lower).collect();
            ((entry.service_name, u16::try_from(port).unwrap()), headers)
        });
        entries.collect()
    }
}

fn condition_holds(condition: &Condition, is_literal: bool, request: &Request) -> bool {
    let text = |pattern: &str, text: &str| if is_literal { pattern == text } else { wildcard(pattern, text) };
    match condition {
        Condition::Host { .. } => true,
        Condition::Header { header_config } => request.has_header(&header_config.key, |value| {
            header_config.values.iter().any(|pattern| text(pattern, value))
        }),
        Condition::Cookie { cookie_config } => request.cookies().any(|(name, value)| {
            let (name, value) = (name.to_lowercase(), value.to_lowercase());
            cookie_config.values.iter().any(|pair| text(&pair.key, &name) && text(&pair.value, &value))
        }),
        other => panic!("{other:?}"),
    }
}

/// `*` is any run of characters, `?` one.
fn wildcard(pattern: &str, text: &str) -> bool {
    match pattern.chars().next() {
        None => text.is_empty(),
        Some('*') => (0..=text.len())
            .filter(|at| text.is_char_boundary(*at))
            .any(|at| wildcard(&pattern[1..], &text[at..])),
        Some(p) => text.chars().next().is_some_and(|c| {
            (p == '?' || p == c) && wildcard(&pattern[p.len_utf8()..], &text[c.len_utf8()..])
        }),
    }
}
