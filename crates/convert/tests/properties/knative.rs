//! What Knative asks for, read naively from the KIngress.

use crate::alb::{Answer, Request, Target};
use net_alb_api::annotation::gray::{GrayKind, GrayRule, decode};
use net_alb_api::annotation::knative::{ACME_CHALLENGE, TAG_TO_HOST};
use net_alb_api::config::{ClusterLocal, Settings};
use net_alb_api::{HttpIngressPath, IngressRule, IntOrString, KIngress, Split, Visibility};
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// What the KIngress asks for; `None` where it asks for nothing in particular: HTTPS of a host without a certificate.
pub(crate) fn answer(kingress: &KIngress, settings: &Settings, request: &Request) -> Option<Answer> {
    let wanted = if request.local { Visibility::ClusterLocal } else { Visibility::ExternalIP };
    let is_shared = settings.cluster_local == ClusterLocal::Shared;
    let has_host = |rule: &&IngressRule| rule.hosts.is_empty() || rule.hosts.contains(&request.host);
    let rules: Vec<&IngressRule> = kingress
        .spec
        .rules
        .iter()
        .filter(|rule| is_shared || rule.visibility() == wanted)
        .filter(has_host)
        .collect();
    for rule in &rules {
        let host = if rule.hosts.is_empty() { None } else { Some(request.host.as_str()) };
        let is_covered = is_covered(kingress, host);
        if request.https && !is_covered {
            return None;
        }
        let is_public = rule.visibility() == Visibility::ExternalIP;
        let is_redirected =
            kingress.spec.http_option == "Redirected" && !request.https && is_public && is_covered;
        for path in rule.paths() {
            let is_challenge = path.path.starts_with(ACME_CHALLENGE) && path.headers.is_empty();
            if (!is_redirected || is_challenge) && matches(path, request) {
                return Some(forward(kingress, rule, path, request));
            }
        }
        if is_redirected {
            return Some(Answer::RedirectToHttps);
        }
    }
    if request.https && !rules.is_empty() { None } else { Some(Answer::Nothing) }
}

fn is_covered(kingress: &KIngress, host: Option<&str>) -> bool {
    kingress.spec.tls.iter().any(|tls| match host {
        Some(host) => tls.hosts.is_empty() || tls.hosts.iter().any(|name| name == host),
        None => tls.hosts.is_empty(),
    })
}

fn matches(path: &HttpIngressPath, request: &Request) -> bool {
    request.path.starts_with(&path.path)
        && path.headers.iter().all(|(name, wanted)| request.has_header(name, |value| value == wanted.exact))
}

fn forward(kingress: &KIngress, rule: &IngressRule, path: &HttpIngressPath, request: &Request) -> Answer {
    let is_everything = path.headers.is_empty() && matches!(path.path.as_str(), "" | "/");
    let gray = if is_everything && tag(kingress, rule).is_none() { gray(kingress, request) } else { None };
    let splits = gray.unwrap_or_else(|| path.splits().to_vec());
    let mut targets: BTreeMap<(String, u16), Target> = BTreeMap::new();
    for split in &splits {
        let percent = if splits.len() == 1 { 100 } else { u32::try_from(split.percent).unwrap() };
        if percent == 0 {
            continue;
        }
        let IntOrString::Int(port) = split.service_port else { panic!("ports are numbers here") };
        let mut headers = BTreeMap::new();
        for (name, value) in path.append_headers.iter().chain(&split.append_headers) {
            headers.insert(name.to_ascii_lowercase(), value.clone());
        }
        let (service, port) = (split.service_name.clone(), u16::try_from(port).unwrap());
        let target =
            targets.entry((service.clone(), port)).or_insert(Target { service, port, weight: 0, headers });
        target.weight += percent;
    }
    let rewrite_host = Some(path.rewrite_host.clone()).filter(|host| !host.is_empty());
    Answer::Forward { rewrite_host, targets: targets.into_values().collect() }
}

fn tag(kingress: &KIngress, rule: &IngressRule) -> Option<String> {
    let text = kingress.metadata.annotations.as_ref()?.get(TAG_TO_HOST)?;
    let hosts: BTreeMap<String, Vec<String>> = serde_json::from_str(text).unwrap();
    let mut tags = hosts.into_iter().filter(|(_, hosts)| hosts.iter().any(|host| rule.hosts.contains(host)));
    tags.next().map(|(tag, _)| tag)
}

/// The splits of the gray rule that takes the request: headers before cookies, more pairs before fewer.
fn gray(kingress: &KIngress, request: &Request) -> Option<Vec<Split>> {
    for kind in GrayKind::ALL {
        let Some(text) = kingress.metadata.annotations.as_ref()?.get(kind.key()) else { continue };
        let mut rules: Vec<GrayRule> =
            decode(kind, text).rules.into_iter().map(|(_, _, rule)| rule).collect();
        rules.sort_by_key(|rule| Reverse(rule.pairs.len()));
        let holds = |(name, value): (&String, &String)| match kind {
            GrayKind::Headers => request.has_header(name, |other| other == value),
            GrayKind::Cookies => {
                request.cookies().any(|(n, v)| n.eq_ignore_ascii_case(name) && v.eq_ignore_ascii_case(value))
            }
        };
        if let Some(rule) = rules.iter().find(|rule| rule.pairs.iter().all(holds)) {
            return Some(target(kingress, rule.target.name()));
        }
    }
    None
}

/// A revision by its split, else by its Service, as Serving would have written the split.
fn target(kingress: &KIngress, name: &str) -> Vec<Split> {
    let paths = kingress.spec.rules.iter().flat_map(IngressRule::paths);
    if let Some(split) = paths.flat_map(HttpIngressPath::splits).find(|split| split.service_name == name) {
        return vec![split.clone()];
    }
    let headers = [("Knative-Serving-Namespace", "ns"), ("Knative-Serving-Revision", name)];
    vec![Split {
        service_namespace: "ns".to_owned(),
        service_name: name.to_owned(),
        service_port: IntOrString::Int(if name == "rev-2" { 81 } else { 80 }),
        percent: 100,
        append_headers: headers
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect(),
    }]
}
