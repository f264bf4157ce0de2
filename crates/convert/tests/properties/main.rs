//! What must hold for every KIngress.

#![allow(clippy::unwrap_used, reason = "a test that can't go on has to stop")]

mod alb;
mod generate;
mod knative;

use generate::{kingress, request, rule};
use net_alb_api::config::{ClusterLocal, Hop, Settings, Target};
use net_alb_api::{HttpIngressPath, IngressRule, KIngress, Snapshot};
use net_alb_convert::convert;
use net_alb_diag::{Outcome, Severity};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use std::sync::LazyLock;

type Ingresses = Outcome<Vec<net_alb_api::Ingress>>;

/// What generated KIngresses refer to: a certificate, and the Services of all revisions, in the splits or not.
static OBJECTS: LazyLock<Snapshot> = LazyLock::new(|| {
    let certificate = "{apiVersion: v1, kind: Secret, metadata: {name: cert, namespace: ns}, stringData: {tls.crt: certificate, tls.key: key}}".to_owned();
    let services = (1..=6).map(|revision| {
        let port = if revision == 2 { "{name: http2, port: 81}" } else { "{name: http, port: 80}" };
        let metadata = format!("{{name: rev-{revision}, namespace: ns}}");
        format!("{{apiVersion: v1, kind: Service, metadata: {metadata}, spec: {{ports: [{port}]}}}}")
    });
    let yaml = std::iter::once(certificate).chain(services).collect::<Vec<_>>().join("\n---\n");
    net_alb_testkit::snapshot(&yaml)
});

fn run(kingress: &KIngress, settings: &Settings) -> Ingresses {
    convert(kingress, &*OBJECTS, settings)
}

fn settings() -> impl Strategy<Value = Settings> {
    select(&[ClusterLocal::Separate, ClusterLocal::Shared][..])
        .prop_map(|cluster_local| Settings { cluster_local, ..Settings::default() })
}

fn bytes(ingresses: &Ingresses) -> String {
    serde_json::to_string(&ingresses.value).unwrap()
}

fn paths_mut(rule: &mut IngressRule) -> &mut Vec<HttpIngressPath> {
    rule.http.as_mut().unwrap().paths.as_mut().unwrap()
}

/// Whether no request can match both: their order is no matter.
fn are_disjoint(a: &HttpIngressPath, b: &HttpIngressPath) -> bool {
    let text = |path: &HttpIngressPath| if path.path.is_empty() { "/".to_owned() } else { path.path.clone() };
    let (left, right) = (text(a), text(b));
    let differ =
        a.headers.iter().any(|(name, value)| b.headers.get(name).is_some_and(|other| other != value));
    differ || !(left.starts_with(&right) || right.starts_with(&left))
}

/// Swaps neighbours wherever that can't change the meaning.
fn shuffled(kingress: &KIngress, swaps: &[(usize, usize)]) -> KIngress {
    let mut shuffled = kingress.clone();
    let rules = &mut shuffled.spec.rules;
    for (at, inside) in swaps {
        let at = at % rules.len();
        if at + 1 < rules.len() {
            let (a, b) = (&rules[at], &rules[at + 1]);
            let have_hosts = !a.hosts.is_empty() && !b.hosts.is_empty();
            if have_hosts && a.hosts.iter().all(|host| !b.hosts.contains(host)) {
                rules.swap(at, at + 1);
            }
        }
        let rule = &mut rules[at];
        rule.hosts.reverse();
        let paths = paths_mut(rule);
        let inside = inside % paths.len();
        if inside + 1 < paths.len() && are_disjoint(&paths[inside], &paths[inside + 1]) {
            paths.swap(inside, inside + 1);
        }
    }
    shuffled
}

/// A rule that is refused whole, whatever its hosts.
fn bad_rule() -> impl Strategy<Value = IngressRule> {
    (rule(), 0..5_u8).prop_map(|(mut rule, fault)| {
        for path in paths_mut(&mut rule) {
            path.headers.clear();
            spoil(path, fault);
        }
        rule
    })
}

fn spoil(path: &mut HttpIngressPath, fault: u8) {
    let splits = path.splits.as_mut().unwrap();
    match fault {
        0 => path.path = "no-slash".into(),
        1 => splits.clear(),
        2 => splits[0].percent += 101,
        3 => splits[0].service_namespace = "other".into(),
        _ => splits[0].service_port = net_alb_api::IntOrString::String("nameless".to_owned()),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn every_request_goes_where_the_kingress_says(
        kingress in kingress(),
        settings in settings(),
        requests in vec(request(), 40),
    ) {
        let outcome = run(&kingress, &settings);
        for request in requests {
            if let Some(wanted) = knative::answer(&kingress, &settings, &request) {
                let given = alb::answer(&outcome.value, &settings, &request);
                prop_assert_eq!(&given, &wanted, "{:?}\n{}\n{:#?}", request, bytes(&outcome), outcome.diagnostics);
            }
        }
    }

    #[test]
    fn alb_sends_to_the_gateway_what_it_cant_do_itself(
        kingress in kingress(),
        settings in settings(),
        hop in select(&[Hop::Auto, Hop::Always][..]),
        requests in vec(request(), 40),
    ) {
        let settings = Settings { target: Target::Alb, hop, ..settings };
        let outcome = run(&kingress, &settings);
        prop_assert!(outcome.diagnostics.iter().all(|d| d.severity < Severity::Error));
        for request in requests {
            let given = alb::answer(&outcome.value, &settings, &request);
            let is_hop = is_hop(&given, request.local && settings.cluster_local == ClusterLocal::Separate);
            let Some(wanted) = knative::answer(&kingress, &settings, &request) else { continue };
            // The gateway knows what is wanted.
            if !is_hop {
                prop_assert_eq!(&given, &wanted, "{:?}\n{}\n{:#?}", request, bytes(&outcome), outcome.diagnostics);
                let is_forward = matches!(given, alb::Answer::Forward { .. });
                prop_assert!(hop == Hop::Auto || !is_forward, "{:?}\n{}", request, bytes(&outcome));
            }
        }
        let extensions = outcome.value.iter().flat_map(|i| i.metadata.annotations.iter().flatten());
        for (key, _) in extensions.filter(|(key, _)| key.starts_with("net-alb.knative.dev/")) {
            prop_assert!(key.starts_with("net-alb.knative.dev/rule-reason."), "{}", key);
        }
    }

    #[test]
    fn the_order_of_what_commutes_never_shows(
        kingress in kingress(),
        settings in settings(),
        swaps in vec((any::<usize>(), any::<usize>()), 1..8),
    ) {
        prop_assert_eq!(bytes(&run(&shuffled(&kingress, &swaps), &settings)), bytes(&run(&kingress, &settings)));
    }

    #[test]
    fn converting_twice_is_converting_once(kingress in kingress(), settings in settings()) {
        prop_assert_eq!(run(&kingress, &settings), run(&kingress, &settings));
    }

    #[test]
    fn a_bad_rule_changes_nothing_for_the_others(
        kingress in kingress(),
        bad in bad_rule(),
        at in any::<usize>(),
        settings in settings(),
    ) {
        // Gray rules may name any revision of any rule: they would know those of the bad one.
        let mut kingress = kingress;
        kingress.metadata.annotations = None;
        let mut spoiled = kingress.clone();
        spoiled.spec.rules.insert(at % (kingress.spec.rules.len() + 1), bad);
        let outcome = run(&spoiled, &settings);
        prop_assert!(outcome.is_refused());
        prop_assert_eq!(bytes(&outcome), bytes(&run(&kingress, &settings)));
    }

    #[test]
    fn a_bad_path_changes_nothing_for_the_others(
        kingress in kingress(),
        bad in rule(),
        (rule_at, path_at, fault) in (any::<usize>(), any::<usize>(), 0..5_u8),
        settings in settings(),
    ) {
        let mut bad = bad.paths()[0].clone();
        bad.path = "/bad".into();
        spoil(&mut bad, fault);
        let mut kingress = kingress;
        kingress.metadata.annotations = None;
        let mut spoiled = kingress.clone();
        let rules = spoiled.spec.rules.len();
        let paths = paths_mut(&mut spoiled.spec.rules[rule_at % rules]);
        paths.insert(path_at % (paths.len() + 1), bad);
        prop_assert_eq!(bytes(&run(&spoiled, &settings)), bytes(&run(&kingress, &settings)));
    }

    #[test]
    fn what_is_written_is_what_controllers_take(kingress in kingress(), settings in settings()) {
        let outcome = run(&kingress, &settings);
        prop_assert!(outcome.diagnostics.iter().all(|d| d.severity < Severity::Error));
        for ingress in &outcome.value {
            let spec = ingress.spec.as_ref().unwrap();
            for (key, value) in ingress.metadata.annotations.iter().flatten() {
                let (prefix, name) = key.split_once('/').unwrap();
                prop_assert!(name.len() <= 63, "{}", key);
                let is_json = prefix == "alb.ingress.kubernetes.io" || name.starts_with("target-headers.");
                if is_json {
                    let json: serde_json::Value = serde_json::from_str(value).unwrap();
                    prop_assert!(json.as_array().is_some_and(|array| !array.is_empty()), "{}: {}", key, value);
                }
                prop_assert!(!name.ends_with("order"), "an explicit order may clash with another Ingress'");
            }
            for rule in spec.rules.iter().flatten() {
                let name = &rule.http.as_ref().unwrap().paths[0].backend.service.as_ref().unwrap().name;
                prop_assert!(name.len() <= 44 && name.starts_with(|c: char| c.is_ascii_lowercase()));
                prop_assert!(values(ingress, name) <= 10, "{}: {:?}", name, ingress.metadata.annotations);
            }
        }
    }
}

/// Whether an answer is the gateway's, on the port for such hosts.
fn is_hop(answer: &alb::Answer, is_intranet: bool) -> bool {
    let port = if is_intranet { net_alb_api::hop::INTRANET_PORT } else { net_alb_api::hop::INTERNET_PORT };
    matches!(answer, alb::Answer::Forward { targets, rewrite_host: None }
        if matches!(targets.as_slice(), [target] if target.service == net_alb_api::hop::SERVICE && target.port == port))
}

/// Values in all conditions of a rule: its own host and path, and those of its annotation.
fn values(ingress: &net_alb_api::Ingress, name: &str) -> usize {
    let key = net_alb_api::annotation::conditions_key(name);
    let Some(text) = ingress.metadata.annotations.as_ref().and_then(|annotations| annotations.get(&key))
    else {
        return 2;
    };
    let json: serde_json::Value = serde_json::from_str(text).unwrap();
    let conditions =
        json.as_array().unwrap().iter().flat_map(|condition| condition.as_object().unwrap().values());
    2 + conditions.filter_map(|config| config.get("values")?.as_array().map(Vec::len)).sum::<usize>()
}
