//! From KIngresses to tables: whatever the stages make of them, the table finds the rule that a scan over all rules finds, and
//! headers that pick a revision pick that one. `cargo xtask fuzz kingress_routing` runs this for long.

use net_alb_api::annotation::gray::{GrayKind, GrayRule, GrayTarget, encode};
use net_alb_api::config::Settings;
use net_alb_api::{Object, Snapshot};
use net_alb_gateway::compile;
use net_alb_gateway::table::{Headers, RequestHead};
use serde_json::{Value, json};
use std::collections::BTreeMap;

const HOSTS: &[&str] = &["a.example", "b.example", "A.example", "a.ns.svc.cluster.local", "c.a.example", "x"];
const PATHS: &[&str] = &["", "/", "/a", "/a/", "/ab", "/a/b", "/*", "/a?c", "/A", "/é", "/%61"];
const NAMES: &[&str] = &["Knative-Serving-Tag", "x-demo", "X-Demo", "k", "K-Network-Hash", "host"];
const VALUES: &[&str] = &["t", "u", "*", "a*", "", "override", "T"];
const REVISIONS: &[&str] = &["rev-1", "rev-2", "rev-3"];

fn pick<'a>(from: &'a [&'a str], choice: u8) -> &'a str {
    from[usize::from(choice) % from.len()]
}

/// A path with headers and splits.
fn path(choices: [u8; 8]) -> Value {
    let [path, name, value, first, percent, second, has_header, host] = choices;
    let percent = percent % 101;
    let split = |revision: u8, percent: u8| {
        let revision = pick(REVISIONS, revision);
        json!({
            "serviceNamespace": "ns", "serviceName": revision, "servicePort": 80, "percent": percent,
            "appendHeaders": {"Knative-Serving-Revision": revision, "Knative-Serving-Namespace": "ns"},
        })
    };
    let mut out =
        json!({ "path": pick(PATHS, path), "splits": [split(first, percent), split(second, 100 - percent)] });
    if has_header < 100 {
        out["headers"] = json!({ pick(NAMES, name): { "exact": pick(VALUES, value) } });
    }
    if host > 240 {
        out["rewriteHost"] = json!("inner.ns.svc");
    }
    out
}

type Rule = (u8, u8, bool, Vec<[u8; 8]>);

fn rule((first, second, local, paths): &Rule) -> Value {
    let visibility = if *local { "ClusterLocal" } else { "ExternalIP" };
    let paths: Vec<_> = paths.iter().take(4).copied().map(path).collect();
    json!({ "hosts": [pick(HOSTS, *first), pick(HOSTS, *second)], "visibility": visibility, "http": { "paths": paths } })
}

/// Rules, and gray rules as pairs of a name and a value.
type Ingress = (Vec<Rule>, Vec<(u8, u8, u8)>, Vec<(u8, u8, u8)>);

fn kingress(number: usize, (rules, headers, cookies): &Ingress) -> Value {
    let gray = |rules: &[(u8, u8, u8)], kind| {
        let rule = |(revision, name, value): &(u8, u8, u8)| GrayRule {
            target: GrayTarget::Revision(pick(REVISIONS, *revision).to_owned()),
            pairs: BTreeMap::from([(pick(NAMES, *name).to_owned(), pick(VALUES, *value).to_owned())]),
        };
        encode(kind, &rules.iter().take(3).map(rule).collect::<Vec<_>>())
    };
    let mut annotations = BTreeMap::new();
    for (kind, rules) in [(GrayKind::Headers, headers), (GrayKind::Cookies, cookies)] {
        if !rules.is_empty() {
            annotations.insert(kind.key(), gray(rules, kind));
        }
    }
    json!({
        "metadata": { "name": format!("k{number}"), "namespace": "ns", "annotations": annotations },
        "spec": { "rules": rules.iter().take(3).map(rule).collect::<Vec<_>>() },
    })
}

/// What the stages make of KIngresses.
fn albs(ingresses: &[Ingress]) -> Vec<net_alb_model::Alb> {
    let settings = Settings::default();
    let services = REVISIONS.iter().map(|revision| {
        format!("{{apiVersion: v1, kind: Service, metadata: {{name: {revision}, namespace: ns}}, spec: {{ports: [{{name: http, port: 80}}]}}}}")
    });
    let mut snapshot: Snapshot = net_alb_testkit::snapshot(&services.collect::<Vec<_>>().join("\n---\n"));
    for (number, ingress) in ingresses.iter().take(4).enumerate() {
        let kingress = kingress(number, ingress);
        let kingress = serde_json::from_value(kingress).expect("a KIngress");
        let converted = net_alb_convert::convert(&kingress, &snapshot, &settings);
        for ingress in converted.value {
            snapshot.insert(Object::Ingress(ingress));
        }
    }
    net_alb_model::build(&snapshot, &settings).value
}

type Request = (u8, u8, Vec<(u8, u8)>, Vec<(u8, u8)>);

fn ask(albs: &[net_alb_model::Alb], (host, path, headers, cookies): &Request) {
    let mut fields: Vec<(String, String)> = headers
        .iter()
        .take(3)
        .map(|(name, value)| (pick(NAMES, *name).to_owned(), pick(VALUES, *value).to_owned()))
        .collect();
    let pairs: Vec<_> = cookies
        .iter()
        .take(3)
        .map(|(name, value)| format!("{}={}", pick(NAMES, *name), pick(VALUES, *value)))
        .collect();
    fields.push(("cookie".to_owned(), pairs.join("; ")));
    let path = pick(PATHS, *path);
    let head = RequestHead {
        method: "GET",
        authority: pick(HOSTS, *host),
        path: if path.is_empty() { "/" } else { path },
        query: None,
        headers: Headers::pairs(&fields),
        client: [127, 0, 0, 1].into(),
    };
    for alb in albs {
        for listener in &alb.listeners {
            let table = compile(alb, listener).value;
            let found = table.route(&head).map(|rule| &rule.rule().id);
            let explanation = table.explain(&head);
            assert_eq!(found, explanation.rule.as_ref(), "{head:?}\n{listener:#?}");
        }
    }
}

#[test]
fn kingress_routing() {
    bolero::check!().with_type::<(Vec<Ingress>, Vec<Request>)>().for_each(
        |(ingresses, requests): &(Vec<Ingress>, Vec<Request>)| {
            let albs = albs(ingresses);
            requests.iter().take(4).for_each(|request| ask(&albs, request));
        },
    );
}
