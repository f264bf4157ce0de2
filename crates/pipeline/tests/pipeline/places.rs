//! For target `alb`: which load balancer a KIngress is on, and what has to be there for it.

use crate::state::{State, fed, puts};
use net_alb_api::ObjectKey;
use net_alb_api::config::Target;
use net_alb_model::Wanted;
use net_alb_pipeline::{Change, Delta, Pipeline};
use std::collections::BTreeMap;
use std::fmt::Write;

const CONFIG: &str = "
apiVersion: v1
kind: ConfigMap
metadata: {name: config-network, namespace: knative-serving}
data: {vswitch-ids: 'vsw-a,vsw-b'}
";

/// A KIngress with so many rules on the internet load balancer.
fn kingress(name: &str, rules: usize) -> String {
    let mut text = format!(
        "---
apiVersion: networking.internal.knative.dev/v1alpha1
kind: Ingress
metadata: {{name: {name}, namespace: default}}
spec:
  rules:
"
    );
    for rule in 0..rules {
        let split =
            format!("{{serviceName: s{rule}, serviceNamespace: default, servicePort: 80, percent: 100}}");
        let _ = writeln!(
            text,
            "  - {{hosts: [{name}-{rule}.example.com], http: {{paths: [{{splits: [{split}]}}]}}}}"
        );
    }
    text
}

fn config(overflow: &str) -> String {
    format!(
        "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: config-alb, namespace: knative-serving}}\ndata: {{overflow: {overflow}}}\n"
    )
}

/// 250 KIngresses with a rule each.
fn many() -> Vec<Change> {
    let mut text = CONFIG.to_owned();
    for number in 0..250 {
        text.push_str(&kingress(&format!("k{number:03}"), 1));
    }
    puts(&text)
}

fn classes(delta: &Delta) -> BTreeMap<ObjectKey, String> {
    let class = |ingress: &net_alb_api::Ingress| ingress.spec.clone()?.ingress_class_name;
    let all = delta.ingresses.iter();
    all.filter_map(|(key, ingresses)| Some((key.clone(), class(ingresses.first()?)?))).collect()
}

fn counts(classes: &BTreeMap<ObjectKey, String>) -> Vec<(&str, usize)> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for class in classes.values() {
        *counts.entry(class).or_default() += 1;
    }
    counts.into_iter().collect()
}

fn key(name: &str) -> ObjectKey {
    ObjectKey::new("default", name)
}

fn messages(pipeline: &Pipeline, name: &str) -> Vec<String> {
    let object = key(name).to_ref("networking.internal.knative.dev", "Ingress");
    let all = pipeline.diagnostics_of(&object).into_iter();
    all.filter(|d| ["NA2094", "NA2096"].contains(&d.code.id)).map(|d| d.to_string()).collect()
}

#[test]
fn a_full_load_balancer_is_followed_by_another() {
    let (_, delta) = fed(Target::Alb, [many()]);
    let internet = "knative-alb-ingress-internet";
    let expected = [(internet, 100), (&format!("{internet}-2"), 100), (&format!("{internet}-3"), 50)];
    assert_eq!(counts(&classes(&delta)), expected);
    let made: Vec<&String> = delta.alb_configs.keys().collect();
    let named =
        [internet, &format!("{internet}-2"), &format!("{internet}-3"), "knative-alb-ingress-intranet"];
    assert_eq!(made, named);
    assert!(delta.alb_configs.values().all(|wanted| matches!(wanted, Some(Wanted::Made(_)))));
    assert_eq!(delta.ingress_classes.keys().collect::<Vec<_>>(), named);
    assert!(delta.frames.values().flatten().all(|frame| frame.listeners.len() == 1));
}

#[test]
fn the_order_of_the_first_batch_never_shows() {
    let (_, forwards) = fed(Target::Alb, [many()]);
    let (_, backwards) = fed(Target::Alb, [many().into_iter().rev().collect::<Vec<_>>()]);
    assert_eq!(State::of(forwards), State::of(backwards));
}

#[test]
fn a_change_moves_nothing_and_costs_its_own_kingress() {
    let (mut pipeline, _) = fed(Target::Alb, [many()]);
    let before = pipeline.work();
    let delta = pipeline.apply(puts(&kingress("k240", 2)));
    assert_eq!(counts(&classes(&delta)), [("knative-alb-ingress-internet-3", 1)]);
    assert_eq!(pipeline.work().conversions - before.conversions, 1);
    let gone = key("k001").to_ref("networking.internal.knative.dev", "Ingress");
    let delta = pipeline.apply([Change::Delete(gone)]);
    assert_eq!(delta.ingresses.keys().collect::<Vec<_>>(), [&key("k001")]);
    // There is room for one on the first now, and what is new gets it.
    let delta = pipeline.apply(puts(&kingress("new", 1)));
    assert_eq!(counts(&classes(&delta)), [("knative-alb-ingress-internet", 1)]);
    let delta = pipeline.apply(puts(&kingress("newer", 1)));
    assert_eq!(counts(&classes(&delta)), [("knative-alb-ingress-internet-3", 1)]);
}

#[test]
fn after_a_restart_everything_is_where_it_was() {
    let (mut pipeline, mut sum) = fed(Target::Alb, [many()]);
    for number in [0, 3, 77, 101, 150] {
        let object = key(&format!("k{number:03}")).to_ref("networking.internal.knative.dev", "Ingress");
        sum.extend(pipeline.apply([Change::Delete(object)]));
        sum.extend(pipeline.apply(puts(&kingress(&format!("n{number}"), 2))));
    }
    let held = classes(&sum);
    let mut batch: Vec<Change> = held
        .iter()
        .map(|(kingress, class)| Change::Held { kingress: kingress.clone(), classes: vec![class.clone()] })
        .collect();
    batch.extend(many());
    for number in [0, 3, 77, 101, 150] {
        batch.push(Change::Delete(
            key(&format!("k{number:03}")).to_ref("networking.internal.knative.dev", "Ingress"),
        ));
        batch.extend(puts(&kingress(&format!("n{number}"), 2)));
    }
    let (_, delta) = fed(Target::Alb, [batch]);
    assert_eq!(classes(&delta), held);
}

#[test]
fn without_overflow_the_kingress_says_by_how_much_it_doesnt_fit() {
    let text = format!("{CONFIG}{}{}", config("refuse"), kingress("first", 98));
    let (mut pipeline, _) = fed(Target::Alb, [puts(&text)]);
    let delta = pipeline.apply(puts(&kingress("second", 5)));
    assert!(delta.ingresses.is_empty() && delta.alb_configs.is_empty());
    let said = messages(&pipeline, "second");
    assert!(
        said[0].contains(
            "needs 5 rules on load balancer `knative-alb-ingress-internet`, which has 98 of 100: 3 too many"
        ),
        "{said:?}"
    );
    // What was applied of one that grows stays.
    let delta = pipeline.apply(puts(&kingress("first", 101)));
    assert!(!delta.ingresses.contains_key(&key("first")));
    assert_eq!(messages(&pipeline, "first").len(), 1);
    // The room that this leaves is the second one's.
    assert_eq!(classes(&delta).keys().collect::<Vec<_>>(), [&key("second")]);
    let delta = pipeline.apply(puts(&kingress("first", 95)));
    assert_eq!(classes(&delta).keys().collect::<Vec<_>>(), [&key("first")]);
    assert!(messages(&pipeline, "first").is_empty() && messages(&pipeline, "second").is_empty());
}

#[test]
fn what_no_load_balancer_has_room_for_is_refused() {
    let (pipeline, delta) = fed(Target::Alb, [puts(&format!("{CONFIG}{}", kingress("huge", 101)))]);
    assert!(delta.ingresses.is_empty());
    assert!(messages(&pipeline, "huge")[0].contains("1 too many"));
}

#[test]
fn for_the_gateway_there_is_one_load_balancer() {
    let (_, delta) = fed(Target::Gateway, [many()]);
    assert_eq!(counts(&classes(&delta)), [("knative-alb-ingress-internet", 250)]);
    assert!(delta.alb_configs.is_empty() && delta.ingress_classes.is_empty());
}

#[test]
fn a_namespace_needs_the_hop_while_an_ingress_leads_there() {
    let split = |percent: u8| {
        let other = 100 - percent;
        format!(
            "{CONFIG}---
apiVersion: networking.internal.knative.dev/v1alpha1
kind: Ingress
metadata: {{name: k, namespace: default}}
spec:
  rules:
  - hosts: [k.example.com]
    http:
      paths:
      - splits:
        - {{serviceName: a, serviceNamespace: default, servicePort: 80, percent: {percent}, appendHeaders: {{r: a}}}}
        - {{serviceName: b, serviceNamespace: default, servicePort: 80, percent: {other}, appendHeaders: {{r: b}}}}
"
        )
    };
    let (mut pipeline, delta) = fed(Target::Alb, [puts(&split(50))]);
    assert_eq!(delta.hops, BTreeMap::from([("default".to_owned(), true)]));
    let delta = pipeline.apply(puts(&split(40)));
    assert!(delta.ingresses.is_empty() && delta.hops.is_empty(), "only the gateway sees another share");
    let delta = pipeline.apply(puts(&split(100)));
    assert_eq!(delta.hops, BTreeMap::from([("default".to_owned(), false)]));
}
