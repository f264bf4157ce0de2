//! KIngresses and requests that are likely to meet.

use crate::alb::Request;
use net_alb_api::annotation::gray::{GrayKind, GrayRule, GrayTarget, encode};
use net_alb_api::annotation::knative::TAG_TO_HOST;
use net_alb_api::{
    HeaderMatch, HttpIngressPath, HttpIngressRule, IngressRule, IngressSpec, IngressTls, IntOrString,
    KIngress, ObjectMeta, Split, Visibility,
};
use proptest::collection::{btree_map, btree_set, vec};
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use std::collections::BTreeMap;

const HOSTS: &[&str] = &[
    "a.example.com",
    "b.example.com",
    "a.ns",
    "a.ns.svc",
    "a.ns.svc.cluster.local",
    "t-a.ns",
    "t-a.example.com",
];
/// More hosts than one rule can hold.
const MANY_HOSTS: &[&str] = &[
    "h0.ns",
    "h1.ns",
    "h2.ns",
    "h3.ns",
    "h4.ns",
    "h5.ns",
    "h6.ns",
    "h7.ns",
    "h8.ns",
    "h9.ns",
    "a.ns",
    "a.ns.svc",
    "a.example.com",
    "b.example.com",
];
/// The hosts of the tag `t`.
const TAG_HOSTS: &[&str] = &["t-a.ns", "t-a.example.com"];
const PATHS: &[&str] = &[
    "",
    "/",
    "/a",
    "/ab",
    "/a/b",
    "/b",
    "/*",
    "/a?c",
    "/.well-known/acme-challenge/x",
    "/.well-known/acme-challenge/",
];
const REQUEST_PATHS: &[&str] =
    &["/", "/a", "/abc", "/a/b/c", "/b", "/*x", "/axc", "/.well-known/acme-challenge/x", "/z"];
const HEADERS: &[&str] = &["Knative-Serving-Tag", "x-demo", "X-Other"];
const VALUES: &[&str] = &["t", "u", "u*", "ux"];
const SERVICES: &[&str] = &["rev-1", "rev-2", "rev-3", "rev-4", "rev-5", "rev-6"];

fn word(from: &'static [&'static str]) -> impl Strategy<Value = String> {
    select(from).prop_map(str::to_owned)
}

/// Revision headers follow from the Service, as Serving writes them.
fn split(service: &str, percent: i32) -> Split {
    let headers =
        [("Knative-Serving-Namespace", "ns"), ("Knative-Serving-Revision", service), ("x-both", service)];
    Split {
        service_namespace: "ns".to_owned(),
        service_name: service.to_owned(),
        service_port: IntOrString::Int(if service == "rev-2" { 81 } else { 80 }),
        percent,
        append_headers: headers
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect(),
    }
}

fn splits() -> impl Strategy<Value = Vec<Split>> {
    let several = (subsequence(SERVICES, 2..=6), vec(1..20_i32, 6)).prop_map(|(services, parts)| {
        let mut left = 100;
        let mut splits = Vec::new();
        for (index, service) in services.iter().enumerate() {
            let percent = if index + 1 == services.len() { left } else { parts[index].min(left) - 1 };
            left -= percent;
            splits.push(split(service, percent));
        }
        splits
    });
    prop_oneof![
        2 => (word(SERVICES), prop_oneof![Just(0), Just(100)]).prop_map(|(service, percent)| vec![split(&service, percent)]),
        1 => several,
    ]
}

fn path() -> impl Strategy<Value = HttpIngressPath> {
    let headers = btree_map(word(HEADERS), word(VALUES).prop_map(|exact| HeaderMatch { exact }), 0..3);
    let path = prop_oneof![1 => Just(String::new()), 2 => word(PATHS)];
    let append =
        btree_map(prop_oneof![Just("X-Both".to_owned()), Just("x-pre".to_owned())], word(VALUES), 0..2);
    let rewrite = prop_oneof![4 => Just(String::new()), 1 => Just("inner.ns.svc".to_owned())];
    (path, headers, append, rewrite, splits()).prop_map(
        |(path, headers, append_headers, rewrite_host, splits)| HttpIngressPath {
            path,
            rewrite_host,
            headers,
            splits: Some(splits),
            append_headers,
        },
    )
}

/// A rule of Serving's: a path that takes everything comes last.
pub(crate) fn rule() -> impl Strategy<Value = IngressRule> {
    let hosts = prop_oneof![1 => Just(Vec::new()), 12 => subsequence(HOSTS, 1..=4), 2 => subsequence(MANY_HOSTS, 9..=14)];
    let visibility = select(&[None, Some(Visibility::ExternalIP), Some(Visibility::ClusterLocal)][..]);
    (hosts, visibility, vec(path(), 1..5)).prop_map(|(hosts, visibility, paths)| IngressRule {
        hosts: hosts.into_iter().map(str::to_owned).collect(),
        visibility,
        http: Some(HttpIngressRule { paths: Some(paths) }),
    })
}

fn gray() -> impl Strategy<Value = Vec<GrayRule>> {
    let target = word(SERVICES).prop_map(GrayTarget::Revision);
    let rule =
        (target, btree_map(select(&["x-demo", "k"][..]).prop_map(str::to_owned), word(&VALUES[..2]), 1..3));
    vec(rule.prop_map(|(target, pairs)| GrayRule { target, pairs }), 0..4)
}

/// A KIngress that nothing is wrong with for target `gateway`.
pub(crate) fn kingress() -> impl Strategy<Value = KIngress> {
    let tls = prop_oneof![3 => Just(None), 1 => Just(Some(Vec::new())), 3 => subsequence(HOSTS, 1..4).prop_map(Some)];
    let http_option = select(&["", "Enabled", "Redirected"][..]);
    let has_tags = any::<bool>();
    let gray = (gray(), gray());
    (vec(rule(), 1..5), tls, http_option, has_tags, gray).prop_map(
        |(rules, tls, http_option, has_tags, gray)| {
            let mut annotations = BTreeMap::new();
            if has_tags {
                let hosts = BTreeMap::from([("t", TAG_HOSTS)]);
                annotations.insert(TAG_TO_HOST.to_owned(), serde_json::to_string(&hosts).unwrap());
            }
            for (kind, rules) in [(GrayKind::Headers, gray.0), (GrayKind::Cookies, gray.1)] {
                annotations.insert(kind.key().to_owned(), encode(kind, &rules));
            }
            let tls = tls.map(|hosts| IngressTls {
                hosts: hosts.into_iter().map(str::to_owned).collect(),
                secret_name: "cert".to_owned(),
                secret_namespace: "ns".to_owned(),
            });
            KIngress {
                metadata: ObjectMeta {
                    name: Some("hello".to_owned()),
                    namespace: Some("ns".to_owned()),
                    annotations: Some(annotations),
                    ..ObjectMeta::default()
                },
                spec: IngressSpec {
                    tls: tls.into_iter().collect(),
                    rules,
                    http_option: http_option.to_owned(),
                },
                status: None,
            }
        },
    )
}

pub(crate) fn request() -> impl Strategy<Value = Request> {
    let value = || prop_oneof![3 => word(&VALUES[..2]), 1 => word(VALUES)];
    let name = select(&["Knative-Serving-Tag", "x-demo", "x-other", "k"][..]);
    let headers = btree_set((name, value()), 0..5);
    let cookies = vec((select(&["x-demo", "K"][..]), value()), 0..4);
    (
        any::<bool>(),
        any::<bool>(),
        prop_oneof![4 => word(HOSTS), 1 => word(MANY_HOSTS)],
        word(REQUEST_PATHS),
        headers,
        cookies,
    )
        .prop_map(|(local, https, host, path, headers, cookies)| {
            let mut headers: Vec<(String, String)> =
                headers.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
            // One name at most once: what several mean together is another question.
            headers.dedup_by(|a, b| a.0.eq_ignore_ascii_case(&b.0));
            let pairs: Vec<String> =
                cookies.into_iter().map(|(name, value)| format!("{name}={value}")).collect();
            if !pairs.is_empty() {
                headers.push(("cookie".to_owned(), pairs.join("; ")));
            }
            Request { local, https, host, path, headers }
        })
}
