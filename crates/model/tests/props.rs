//! What holds for every input: order doesn't matter, a bad Ingress harms nobody, pieces make the whole, nothing panics.

use net_alb_api::annotation::registry;
use net_alb_api::config::{Settings, Target};
use net_alb_api::{Ingress, Object, ObjectKey, Snapshot};
use net_alb_model::{
    Alb, Context, Fragment, Peers, Rule, build, fragment, frame, implicit_alb_config, merge,
};
use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, LazyLock};

const CLASS: &str = "knative-alb-ingress-internet";

/// A good value or a bad one, for keys that change what an Ingress does.
fn annotations() -> impl Strategy<Value = BTreeMap<String, String>> {
    let entry = |key: &'static str, values: &'static [&'static str]| {
        (Just(key.to_owned()), proptest::sample::select(values).prop_map(str::to_owned))
    };
    let known = prop_oneof![
        entry("alb.ingress.kubernetes.io/order", &["1", "5", "10", "0", "x"]),
        entry("alb.ingress.kubernetes.io/ssl-redirect", &["true", "false", "yes"]),
        entry(
            "alb.ingress.kubernetes.io/listen-ports",
            &["[{\"HTTP\":80}]", "[{\"HTTP\":80},{\"HTTPS\":443}]", "[]", "{"]
        ),
        entry("alb.ingress.kubernetes.io/traffic-limit-qps", &["100", "-1"]),
        entry("alb.ingress.kubernetes.io/rewrite-target", &["/b", "/${1}"]),
        entry("alb.ingress.kubernetes.io/use-regex", &["true", "false"]),
        entry("alb.ingress.kubernetes.io/backend-protocol", &["grpc", "HTTP"]),
        entry("alb.ingress.kubernetes.io/rule-direction.web", &["Request", "Response", "response"]),
        entry(
            "alb.ingress.kubernetes.io/conditions.web",
            &[
                r#"[{"type":"Header","headerConfig":{"key":"a","values":["b"]}}]"#,
                r#"[{"type":"Host","hostConfig":{"values":["c.example.com"]}}]"#,
                r#"[{"type":"Nothing"}]"#,
                "[",
            ],
        ),
        entry(
            "alb.ingress.kubernetes.io/actions.web",
            &[
                r#"[{"type":"InsertHeader","InsertHeaderConfig":{"key":"a","value":"b"}}]"#,
                r#"[{"type":"ForwardGroup","ForwardConfig":{"ServerGroups":[{"ServiceName":"web","ServicePort":80}]}}]"#,
                r#"{"type":"forward","forwardConfig":{"targetGroups":[{"serviceName":"web","servicePort":80}]}}"#,
                r#"[{"type":"Redirect"}]"#,
            ],
        ),
        entry("alb.ingress.kubernetes.io/canary", &["true", "true", "false", "maybe"]),
        entry("alb.ingress.kubernetes.io/canary-weight", &["20", "50", "101"]),
        entry("alb.ingress.kubernetes.io/canary-by-cookie", &["gray"]),
        entry("alb.ingress.kubernetes.io/canary-by-header", &["x-env"]),
        entry("alb.ingress.kubernetes.io/canary-by-header-value", &["gray"]),
    ];
    vec(known, 0..5).prop_map(|entries| entries.into_iter().collect())
}

fn path() -> impl Strategy<Value = Value> {
    let text = proptest::sample::select(&["/", "/a", "/a/", "/b*", "b", "~^/c"][..]);
    let kind = proptest::sample::select(&["Prefix", "Exact", "ImplementationSpecific", ""][..]);
    let port = prop_oneof![
        3 => Just(json!({"number": 80})),
        1 => Just(json!({"name": "use-annotation"})),
        1 => Just(json!({"number": 81})),
    ];
    let service = proptest::sample::select(&["web", "other", "missing"][..]);
    (text, kind, service, port).prop_map(|(path, kind, service, port)| {
        json!({"path": path, "pathType": kind, "backend": {"service": {"name": service, "port": port}}})
    })
}

fn ingress(name: String) -> impl Strategy<Value = Ingress> {
    let host =
        proptest::sample::select(&["a.example.com", "b.example.com", "*.example.com", "", "bad host"][..]);
    let rule =
        (host, vec(path(), 0..3)).prop_map(|(host, paths)| json!({"host": host, "http": {"paths": paths}}));
    let tls = option::of(Just(json!([{"hosts": ["a.example.com"], "secretName": "cert"}])));
    let namespace = proptest::sample::select(&["default", "team"][..]);
    (annotations(), vec(rule, 0..3), tls, namespace).prop_map(move |(annotations, rules, tls, namespace)| {
        let mut spec = json!({"ingressClassName": CLASS, "rules": rules});
        if let Some(tls) = tls {
            spec["tls"] = tls;
        }
        let metadata = json!({"name": name, "namespace": namespace, "annotations": annotations});
        serde_json::from_value(json!({"metadata": metadata, "spec": spec})).expect("it is an Ingress")
    })
}

fn ingresses() -> impl Strategy<Value = Vec<Ingress>> {
    (1usize..7)
        .prop_flat_map(|count| (0..count).map(|i| ingress(format!("i{i}")).boxed()).collect::<Vec<_>>())
}

/// Services and a Secret that some Ingresses refer to.
static OBJECTS: LazyLock<Snapshot> = LazyLock::new(|| {
    net_alb_testkit::snapshot(
        r"
apiVersion: v1
kind: Service
metadata: {name: web, namespace: default}
spec: {ports: [{port: 80}]}
---
apiVersion: v1
kind: Service
metadata: {name: other, namespace: default}
spec: {ports: [{name: h2c, port: 80}, {port: 81}]}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: team}
spec: {ports: [{port: 80}]}
---
apiVersion: v1
kind: Secret
metadata: {name: cert, namespace: default}
data: {tls.crt: Y2VydA==, tls.key: a2V5}
",
    )
});

fn snapshot(ingresses: &[Ingress]) -> Snapshot {
    let mut snapshot = OBJECTS.clone();
    for ingress in ingresses {
        assert!(snapshot.insert(Object::Ingress(ingress.clone())), "names differ");
    }
    snapshot
}

fn bytes(albs: &[Alb]) -> String {
    net_alb_testkit::yaml(albs)
}

fn internet(settings: &Settings) -> Alb {
    let alb_config = implicit_alb_config(CLASS, settings).expect("it is one of net-alb's own");
    frame(&alb_config, settings).value
}

/// Every Ingress' fragment, one at a time.
fn fragments(snapshot: &Snapshot, settings: &Settings) -> Vec<Fragment> {
    let frame = internet(settings);
    let mut peers = Peers::default();
    for ingress in snapshot.ingresses.values() {
        peers.insert(ingress);
    }
    let of = |ingress: &Arc<Ingress>| {
        let peers = peers.of(ingress);
        fragment(ingress, &Context { frame: &frame, peers: &peers, objects: snapshot, settings }).value
    };
    snapshot.ingresses.values().filter_map(of).collect()
}

/// Each listener's rules but those of one Ingress.
fn rules_of_others<'a>(albs: &'a [Alb], ingress: &ObjectKey) -> Vec<(String, Vec<&'a Rule>)> {
    let listeners = albs.iter().flat_map(|alb| &alb.listeners);
    let rules = listeners.map(|listener| {
        let others = listener.rules.iter().filter(|rule| rule.priority.ingress != *ingress);
        (listener.id.to_string(), others.collect::<Vec<_>>())
    });
    rules.filter(|(_, rules)| !rules.is_empty()).collect()
}

fn settings() -> impl Strategy<Value = Settings> {
    let target = prop_oneof![Just(Target::Alb), Just(Target::Gateway)];
    target.prop_map(|target| Settings { target, ..Settings::default() })
}

proptest! {
    #[test]
    fn the_order_of_ingresses_changes_nothing(
        (ingresses, shuffled) in ingresses().prop_flat_map(|i| (Just(i.clone()), Just(i).prop_shuffle())),
        settings in settings(),
    ) {
        let (one, other) = (build(&snapshot(&ingresses), &settings), build(&snapshot(&shuffled), &settings));
        prop_assert_eq!(bytes(&one.value), bytes(&other.value));
        prop_assert_eq!(one.diagnostics, other.diagnostics);
    }

    #[test]
    fn fragments_in_any_order_make_the_whole(
        (ingresses, seed) in (ingresses(), any::<prop::sample::Index>()),
        settings in settings(),
    ) {
        let snapshot = snapshot(&ingresses);
        let mut fragments = fragments(&snapshot, &settings);
        let built = build(&snapshot, &settings).value;
        if !fragments.is_empty() {
            let middle = seed.index(fragments.len());
            fragments.rotate_left(middle);
            fragments.reverse();
        }
        prop_assert_eq!(bytes(&[merge(internet(&settings), fragments).value]), bytes(&built));
    }

    #[test]
    fn an_ingress_changes_nothing_for_the_others(ingresses in ingresses(), settings in settings()) {
        // A canary is there to change its main Ingress, and is changed by it.
        let uses_canary = |ingress: &Ingress| {
            ingress.metadata.annotations.as_ref().is_some_and(|a| a.contains_key(registry::CANARY.key))
        };
        let ingresses: Vec<_> = ingresses.into_iter().filter(|ingress| !uses_canary(ingress)).collect();
        let Some((last, others)) = ingresses.split_last() else { return Ok(()) };
        let with = build(&snapshot(&ingresses), &settings).value;
        let without = build(&snapshot(others), &settings).value;
        let key = ObjectKey::of(&last.metadata);
        prop_assert_eq!(rules_of_others(&with, &key), rules_of_others(&without, &key));
    }

    #[test]
    fn a_fragment_depends_on_its_own_inputs_only(ingresses in ingresses(), settings in settings()) {
        let all = snapshot(&ingresses);
        let frame = internet(&settings);
        let mut peers = Peers::default();
        for ingress in all.ingresses.values() {
            peers.insert(ingress);
        }
        for ingress in all.ingresses.values() {
            let its_peers = peers.of(ingress);
            // Nothing but Services and Secrets is looked up: without Ingresses the objects say the same.
            let mut few = all.clone();
            few.ingresses.clear();
            let one = fragment(ingress, &Context { frame: &frame, peers: &its_peers, objects: &all, settings: &settings });
            let other = fragment(ingress, &Context { frame: &frame, peers: &its_peers, objects: &few, settings: &settings });
            prop_assert_eq!(&one, &other);
            // Peers are those that are canaries of each other; all the others change nothing.
            let mut some = Peers::default();
            for peer in its_peers.iter().chain([ingress]) {
                some.insert(peer);
            }
            prop_assert_eq!(its_peers, some.of(ingress));
        }
    }

    #[test]
    fn what_is_removed_is_as_if_it_had_never_been(ingresses in ingresses()) {
        let snapshot = snapshot(&ingresses);
        let mut peers = Peers::default();
        let mut fewer = Peers::default();
        for (i, ingress) in snapshot.ingresses.values().enumerate() {
            peers.insert(ingress);
            if i > 0 {
                fewer.insert(ingress);
            }
        }
        if let Some(first) = snapshot.ingresses.values().next() {
            peers.remove(first);
        }
        for ingress in snapshot.ingresses.values() {
            prop_assert_eq!(peers.of(ingress), fewer.of(ingress));
        }
    }

    #[test]
    fn rules_are_in_order_of_priority_and_have_ids_of_their_own(ingresses in ingresses(), settings in settings()) {
        for alb in build(&snapshot(&ingresses), &settings).value {
            let rules: Vec<_> = alb.listeners.iter().flat_map(|listener| &listener.rules).collect();
            let ids: BTreeSet<_> = rules.iter().map(|rule| &rule.id).collect();
            prop_assert_eq!(ids.len(), rules.len());
            for listener in &alb.listeners {
                prop_assert!(listener.rules.is_sorted_by_key(|rule| &rule.priority));
            }
        }
    }

    #[test]
    fn no_annotation_makes_the_stage_panic(
        texts in btree_map(proptest::sample::select(keys()), "\\PC{0,24}|[0-9,*/?~{}\\[\\]\":a-zA-Z]{0,40}", 0..8),
        host in "\\PC{0,12}",
        path in "\\PC{0,12}",
        settings in settings(),
    ) {
        let backend = json!({"service": {"name": "web", "port": {"name": "use-annotation"}}});
        let paths = json!([{"path": path, "pathType": "ImplementationSpecific", "backend": backend}]);
        let ingress: Ingress = serde_json::from_value(json!({
            "metadata": {"name": "web", "annotations": texts},
            "spec": {"ingressClassName": CLASS, "rules": [{"host": host, "http": {"paths": paths}}]},
        }))
        .expect("it is an Ingress");
        let _ = build(&snapshot(&[ingress]), &settings);
    }
}

/// Every key of the registry, for the backend `web`.
fn keys() -> Vec<String> {
    registry::all().map(|a| if a.is_family() { a.for_backend("web") } else { a.key.to_owned() }).collect()
}
