use super::*;
use crate::Object;
use net_alb_diag::Severity;
use std::collections::BTreeMap;

fn config(yaml: &str) -> Outcome<KnativeConfig> {
    let documents: Vec<serde_json::Value> = serde_saphyr::from_multiple(yaml).unwrap();
    let mut snapshot = Snapshot::default();
    for document in documents {
        assert!(snapshot.insert(Object::read("v1", "ConfigMap", document).unwrap().unwrap()));
    }
    KnativeConfig::from_snapshot(&snapshot)
}

fn clean(yaml: &str) -> KnativeConfig {
    let outcome = config(yaml);
    assert_eq!(outcome.diagnostics, []);
    outcome.value
}

/// The one diagnostic of a config-network with this line, and what was read all the same.
fn refused(name: &str, line: &str) -> (String, KnativeConfig) {
    let outcome = config(&format!("metadata: {{name: {name}}}\ndata:\n  {line}\n"));
    assert_eq!(outcome.diagnostics.len(), 1, "{:?}", outcome.diagnostics);
    (outcome.diagnostics[0].to_string(), outcome.value)
}

fn labels(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
}

#[test]
fn without_config_maps_the_defaults_hold() {
    let config = KnativeConfig::from_snapshot(&Snapshot::default());
    assert_eq!(config, Outcome::clean(KnativeConfig::default()));
    assert_eq!(config.value.domain.lookup(&labels(&[])), "example.com");
    assert_eq!(config.value.network.ingress_class, "alb.ingress.networking.knative.dev");
}

#[test]
fn a_new_spelling_beats_a_legacy_one() {
    let config = clean("metadata: {name: config-network}\ndata: {ingress.class: old, ingress-class: new}\n");
    assert_eq!(config.network.ingress_class, "new");
}

#[test]
fn words_are_read_in_any_case_of_letters() {
    let config = clean(
        "metadata: {name: config-network}\ndata: {http-protocol: REDIRECTED, external-domain-tls: enabled}\n\
         ---\nmetadata: {name: config-features}\ndata: {tag-header-based-routing: ENABLED}\n",
    );
    assert_eq!(config.network.http_protocol, HttpProtocol::Redirected);
    assert!(config.network.external_domain_tls && config.features.tag_header_based_routing);
}

#[test]
fn allowed_does_not_switch_tag_headers_on() {
    let config = clean("metadata: {name: config-features}\ndata: {tag-header-based-routing: Allowed}\n");
    assert!(!config.features.tag_header_based_routing);
}

#[test]
fn the_legacy_switch_of_internal_tls_counts() {
    let config = clean(
        "metadata: {name: config-network}\ndata: {internal-encryption: 'true', system-internal-tls: ''}\n",
    );
    assert!(config.network.system_internal_tls);
}

#[test]
fn a_bad_value_keeps_the_default_and_is_named() {
    let (message, config) = refused("config-network", "http-protocol: 'on'");
    assert_eq!(
        message,
        "NA1051 data.http-protocol: `on` is none of `Enabled`, `Redirected`, `Disabled`; the default holds"
    );
    assert_eq!(config, KnativeConfig::default());
    let (message, _) = refused("config-network", "rollout-duration: '-1'");
    assert!(message.contains("`-1` is no whole number of seconds from 0 up"), "{message}");
}

#[test]
fn a_bad_template_keeps_the_default_and_is_named() {
    let (message, config) = refused("config-network", "domain-template: '{{.Nmae}}.{{.Domain}}'");
    assert!(message.starts_with("NA1054 data.domain-template: `.Nmae` is none of `.Name`, "), "{message}");
    assert_eq!(config.network.domain_template, DomainTemplate::default());
}

#[test]
fn a_mistyped_key_is_a_warning_and_a_stranger_is_none() {
    let outcome =
        config("metadata: {name: config-network}\ndata: {domain-tempalte: x, eni: 'true', _example: x}\n");
    let said: Vec<_> = outcome.diagnostics.iter().map(|d| (d.severity, d.to_string())).collect();
    let expected = "NA1052 data.domain-tempalte: `domain-tempalte` is read by nobody; `domain-template` is; write `domain-template`";
    assert_eq!(said, [(Severity::Warning, expected.to_owned())]);
}

#[test]
fn the_tag_header_switch_in_its_old_place_is_a_warning() {
    let (message, _) = refused("config-network", "tagHeaderBasedRouting: Enabled");
    assert!(message.contains("Knative reads `tagHeaderBasedRouting` from config-features"), "{message}");
}

#[test]
fn of_two_config_maps_knative_serving_s_is_used() {
    let outcome = config(
        "metadata: {name: config-network, namespace: a}\ndata: {ingress-class: a}\n\
         ---\nmetadata: {name: config-network, namespace: knative-serving}\ndata: {ingress-class: b}\n",
    );
    assert_eq!(outcome.value.network.ingress_class, "b");
    assert_eq!(outcome.diagnostics.len(), 1);
    let message = outcome.diagnostics[0].to_string();
    assert!(message.contains("`knative-serving/config-network` is used"), "{message}");
}

#[test]
fn the_most_specific_selector_wins_then_the_name() {
    let config = clean(
        "metadata: {name: config-domain}\ndata:\n  z.com: ''\n  b.com: 'selector: {app: x}'\n  a.com: 'selector: {n: 1}'\n  \
         c.com: |\n    selector:\n      app: x\n      n: 1\n    type: wildcard\n  d.com: '# nothing but this'\n",
    );
    let lookup = |pairs: &[(&str, &str)]| config.domain.lookup(&labels(pairs)).to_owned();
    assert_eq!(lookup(&[]), "d.com", "the first by name of the two without a selector");
    assert_eq!(lookup(&[("app", "x")]), "b.com");
    assert_eq!(lookup(&[("app", "x"), ("n", "1")]), "c.com");
    assert_eq!(lookup(&[("app", "y"), ("n", "1")]), "a.com");
    assert_eq!(lookup(&[("networking.knative.dev/visibility", "cluster-local")]), "svc.cluster.local");
}

#[test]
fn without_a_default_domain_everything_else_is_local() {
    let config = clean("metadata: {name: config-domain}\ndata:\n  a.com: 'selector: {app: x}'\n");
    assert_eq!(config.domain.lookup(&labels(&[])), "svc.cluster.local");
}

#[test]
fn a_bad_selector_leaves_its_domain_out_and_spares_the_others() {
    let (message, config) = refused("config-domain", "a.com: '[x'\n  b.com: ''");
    assert!(message.starts_with(r#"NA1051 data["a.com"]: the value is no selector: "#), "{message}");
    assert_eq!(config.domain.domains.keys().collect::<Vec<_>>(), ["b.com"]);
}

#[test]
fn an_unknown_field_beside_the_selector_is_a_warning() {
    let (message, config) = refused("config-domain", "a.com: 'selectors: {app: x}'");
    assert!(message.starts_with(r#"NA1052 data["a.com"]: `selectors` in it is read by nobody"#), "{message}");
    assert_eq!(config.domain.lookup(&labels(&[])), "a.com", "as in Knative");
}
