//! Writes an Ingress: paths, and the annotations of their backends.

use super::arrange::{Placed, Shadowed, arrange};
use super::headers::texts;
use super::hop::is_hop;
use super::listeners::Draft;
use super::names::{names, with_hash};
use super::rule::{Action, Forward, Matches};
use super::{Conversion, codes};
use k8s_openapi::api::networking::v1 as k8s;
use net_alb_api::annotation::extension::{self, TargetHeaders};
use net_alb_api::annotation::{
    self, ALB, Condition, ForwardConfig, InsertHeader, KeyValue, KeyValues, KeyedValues, Redirect, Rewrite,
    ServerGroup, USE_ANNOTATION, Values, actions_key, article, conditions_key, knative,
};
use net_alb_api::config::{AnnotationFormat, Target};
use net_alb_api::{Ingress, IntOrString, ObjectMeta};
use net_alb_diag::{FieldPath, Place};
use std::collections::BTreeMap;

/// The longest value of a label.
const LONGEST_LABEL: usize = 63;

/// Writes one Ingress.
pub(super) fn ingress(conversion: &mut Conversion<'_>, draft: &Draft) -> Ingress {
    let is_article = conversion.settings.annotation_format == AnnotationFormat::Article;
    let (placed, shadowed) = arrange(&draft.blocks, !is_article);
    // A rule for the rest of a host may take another rule's place: both lead to the gateway, or would have to.
    for shadowed in shadowed.iter().filter(|shadowed| !is_hop(shadowed.by)) {
        report_shadowed(conversion, shadowed);
    }
    let names = names(&placed);
    let mut annotations = BTreeMap::new();
    if let Some(ports) = draft.ports {
        annotations.insert(format!("{ALB}listen-ports"), ports.to_owned());
    }
    // An ALB that is the embedded one answers probes; with `hop: never` it is to do what the real one does and no more.
    if conversion.settings.network_hash
        && (conversion.settings.target == Target::Gateway || conversion.settings.hops())
    {
        let hash = net_alb_api::network_hash(conversion.kingress);
        annotations.insert(extension::NETWORK_HASH.to_owned(), hash);
    }
    for (placed, name) in placed.iter().zip(&names) {
        if is_article {
            annotate_as_the_article(&mut annotations, placed, name);
        } else {
            annotate(&mut annotations, placed, name);
            if conversion.settings.target == Target::Gateway {
                annotate_beyond_alb(&mut annotations, placed, name);
            }
        }
    }
    if is_article {
        report_losses(conversion, &placed);
    }
    let tls = draft.certificates.iter().map(|certificate| k8s::IngressTLS {
        hosts: Some(certificate.hosts.clone()).filter(|hosts| !hosts.is_empty()),
        secret_name: Some(certificate.secret.clone()),
    });
    let spec = k8s::IngressSpec {
        ingress_class_name: Some(conversion.settings.class(draft.address_type, 1)),
        rules: Some(placed.iter().zip(&names).map(|(placed, name)| rule(placed, name)).collect()),
        tls: Some(tls.collect::<Vec<_>>()).filter(|tls| !tls.is_empty()),
        ..k8s::IngressSpec::default()
    };
    let metadata = ObjectMeta {
        name: Some(draft.name.clone()),
        namespace: Some(conversion.key.namespace.clone()),
        labels: Some(labels(&conversion.key.name, is_article)),
        annotations: Some(annotations),
        ..ObjectMeta::default()
    };
    Ingress { metadata, spec: Some(spec), status: None }
}

/// By which a KIngress' Ingresses are found; a name too long for a label is shortened.
fn labels(name: &str, is_article: bool) -> BTreeMap<String, String> {
    let value = if name.len() <= LONGEST_LABEL { name.to_owned() } else { with_hash(name, name) };
    let mut labels = BTreeMap::from([(knative::ARTICLE_INGRESS_LABEL.to_owned(), value.clone())]);
    if !is_article {
        labels.insert(knative::INGRESS_LABEL.to_owned(), value);
    }
    labels
}

fn rule(placed: &Placed<'_>, name: &str) -> k8s::IngressRule {
    let (path, path_type) = placed.rule.path.to_ingress_path();
    let port = k8s::ServiceBackendPort { name: Some(USE_ANNOTATION.to_owned()), number: None };
    let service = k8s::IngressServiceBackend { name: name.to_owned(), port: Some(port) };
    let path = k8s::HTTPIngressPath {
        backend: k8s::IngressBackend { service: Some(service), resource: None },
        path: Some(path),
        path_type: path_type.to_owned(),
    };
    k8s::IngressRule {
        host: placed.hosts.first().map(|host| (*host).to_owned()),
        http: Some(k8s::HTTPIngressRuleValue { paths: vec![path] }),
    }
}

fn annotate(annotations: &mut BTreeMap<String, String>, placed: &Placed<'_>, name: &str) {
    let rule = placed.rule;
    let mut conditions = conditions(&rule.matches);
    if let Some(others @ [_, ..]) = placed.hosts.get(1..) {
        let values = others.iter().map(|host| (*host).to_owned()).collect();
        conditions.push(Condition::Host { host_config: Values { values } });
    }
    let mut add = |key: String, value: String| annotations.insert(key, value);
    add(actions_key(name), json(&actions(&rule.action)));
    if !conditions.is_empty() {
        add(conditions_key(name), json(&conditions));
    }
    add(extension::rule_reason_key(name), rule.reason.word().to_owned());
}

/// What only the embedded ALB does. For the real one nothing is written that it passes over, so that what is written is what it does.
fn annotate_beyond_alb(annotations: &mut BTreeMap<String, String>, placed: &Placed<'_>, name: &str) {
    let rule = placed.rule;
    let mut add = |key: String, value: String| annotations.insert(key, value);
    if let Some(headers) = target_headers(&rule.action) {
        add(extension::target_headers_key(name), json(&headers));
    }
    if texts(&rule.matches).any(|text| text.contains(['*', '?'])) {
        add(extension::literal_conditions_key(name), "true".to_owned());
    }
    if rule.path.has_wildcard() {
        add(extension::literal_paths_key(name), "true".to_owned());
    }
}

fn annotate_as_the_article(annotations: &mut BTreeMap<String, String>, placed: &Placed<'_>, name: &str) {
    let actions = actions(&placed.rule.action);
    if let Some(action) = actions.last().and_then(article::encode_action) {
        annotations.insert(actions_key(name), action);
    }
    let conditions = conditions(&placed.rule.matches);
    if !conditions.is_empty() {
        annotations.insert(conditions_key(name), article::encode_conditions(&conditions));
    }
}

/// One condition for each header and cookie, since all of them must match.
fn conditions(matches: &Matches) -> Vec<Condition> {
    let headers = matches.headers.iter().map(|(key, value)| Condition::Header {
        header_config: KeyedValues { key: key.clone(), values: vec![value.clone()] },
    });
    let cookies = matches.cookies.iter().map(|(key, value)| Condition::Cookie {
        cookie_config: KeyValues { values: vec![KeyValue { key: key.clone(), value: value.clone() }] },
    });
    headers.chain(cookies).collect()
}

/// Headers, then the host, then where it goes: the final action comes last.
fn actions(action: &Action) -> Vec<annotation::Action> {
    let Action::Forward(forward) = action else {
        let config = Redirect {
            host: "${host}".to_owned(),
            path: "${path}".to_owned(),
            port: "443".to_owned(),
            protocol: "https".to_owned(),
            query: "${query}".to_owned(),
            http_code: "301".to_owned(),
        };
        return vec![annotation::Action::Redirect { config }];
    };
    let mut actions: Vec<annotation::Action> = forward.headers.iter().map(insert_header).collect();
    if let Some(host) = &forward.rewrite_host {
        let config = Rewrite { host: host.clone(), path: "${path}".to_owned(), query: "${query}".to_owned() };
        actions.push(annotation::Action::Rewrite { config });
    }
    actions.push(annotation::Action::ForwardGroup { config: forward_config(forward) });
    actions
}

fn insert_header((key, value): (&str, &str)) -> annotation::Action {
    let config =
        InsertHeader { key: key.to_owned(), value: value.to_owned(), value_type: "UserDefined".to_owned() };
    annotation::Action::InsertHeader { config }
}

fn forward_config(forward: &Forward) -> ForwardConfig {
    let server_groups = forward.targets.iter().map(|target| ServerGroup {
        service_name: target.service.clone(),
        service_port: Some(target.port),
        weight: Some(target.weight),
        ..ServerGroup::default()
    });
    ForwardConfig { server_groups: server_groups.collect(), server_group_sticky_session: None }
}

fn target_headers(action: &Action) -> Option<Vec<TargetHeaders>> {
    let Action::Forward(forward) = action else { return None };
    let targets = forward.targets.iter().filter(|target| !target.headers.is_empty());
    let headers: Vec<TargetHeaders> = targets
        .map(|target| TargetHeaders {
            service_name: target.service.clone(),
            service_port: IntOrString::Int(i32::from(target.port)),
            headers: target.headers.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
        })
        .collect();
    (!headers.is_empty()).then_some(headers)
}

fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).expect("structs of strings and numbers are always JSON")
}

fn report_shadowed(conversion: &mut Conversion<'_>, shadowed: &Shadowed<'_>) {
    let of = shadowed.host.map(|host| format!(" of `{host}`")).unwrap_or_default();
    let origin = &shadowed.rule.origin;
    let message = origin.say(&format!("no request{of} gets here: an earlier rule takes them all"));
    let by = Place::Field { object: conversion.object.clone(), path: shadowed.by.origin.place.clone() };
    let path = origin.place.clone();
    let diagnostic =
        net_alb_diag::Diagnostic::new(&codes::UNREACHABLE_RULE, conversion.object.clone(), path, message)
            .related(by, "the rule that takes them")
            .help(codes::UNREACHABLE_RULE.fix);
    conversion.push(diagnostic);
}

fn report_losses(conversion: &mut Conversion<'_>, placed: &[Placed<'_>]) {
    let (mut headers, mut hosts) = (0, 0);
    for placed in placed {
        if let Action::Forward(forward) = &placed.rule.action {
            headers += forward.headers.len();
            headers += forward.targets.iter().map(|target| target.headers.len()).sum::<usize>();
            hosts += usize::from(forward.rewrite_host.is_some());
        }
    }
    if headers + hosts > 0 {
        let message = format!("{headers} headers to set and {hosts} host rewrites are left out");
        conversion.report(&codes::ARTICLE_FORM_LOSES, &FieldPath::root(), message);
    }
}
