use super::*;
use net_alb_api::{ConfigMap, Object, Snapshot, Visibility};

const HELLO: &str = "metadata: {name: hello}\nspec: {template: {spec: {containers: [{}]}}}\n";

/// Expands a Service with config-network, config-domain and config-features of this data.
fn outcome(service: &str, configs: &[(&str, &str)]) -> Outcome<Option<Expansion>> {
    let mut snapshot = Snapshot::default();
    for (name, data) in configs {
        let yaml = format!("metadata: {{name: {name}}}\ndata: {data}\n");
        let config_map: ConfigMap = serde_saphyr::from_str(&yaml).unwrap();
        assert!(snapshot.insert(Object::ConfigMap(config_map)));
    }
    let config = KnativeConfig::from_snapshot(&snapshot);
    assert_eq!(config.diagnostics, []);
    expand(&serde_saphyr::from_str(service).unwrap(), &config.value)
}

fn expansion(service: &str, configs: &[(&str, &str)]) -> Expansion {
    outcome(service, configs).value.expect("the Service is good")
}

/// A Service `hello` with this traffic and with these lines below `spec`.
fn with_traffic(traffic: &str, more: &str) -> String {
    format!(
        "metadata: {{name: hello}}\nspec:\n  template: {{spec: {{containers: [{{}}]}}}}\n  traffic: {traffic}\n{more}"
    )
}

fn said(outcome: &Outcome<Option<Expansion>>) -> Vec<String> {
    outcome.diagnostics.iter().map(ToString::to_string).collect()
}

fn latest(service: &str) -> String {
    let revisions = expansion(service, &[]).revisions;
    let mut latest = revisions.into_iter().filter(|revision| revision.latest);
    let found = latest.next().expect("one revision is the latest");
    assert_eq!(latest.next(), None, "one revision is the latest");
    found.name
}

fn annotation(expansion: &Expansion, key: &str) -> Option<String> {
    expansion.kingress.metadata.annotations.as_ref()?.get(key).cloned()
}

#[test]
fn the_latest_revision_is_the_status_s() {
    let service = "metadata: {name: hello}\nspec: {template: {metadata: {name: hello-green}, spec: {containers: [{}]}}}\n\
                   status: {latestReadyRevisionName: hello-00007}\n";
    assert_eq!(latest(service), "hello-00007");
}

#[test]
fn the_latest_revision_is_the_template_s() {
    let service = "metadata: {name: hello}\nspec: {template: {metadata: {name: hello-green}, spec: {containers: [{}]}}}\n";
    assert_eq!(latest(service), "hello-green");
}

#[test]
fn the_latest_revision_is_the_first_one() {
    assert_eq!(latest(HELLO), "hello-00001");
    assert_eq!(latest(&with_traffic("[{revisionName: hello-blue, percent: 100}]", "")), "hello-00001");
}

#[test]
fn the_latest_revision_is_the_newest_that_the_traffic_names() {
    let traffic = "[{revisionName: hello-00002, percent: 50}, {revisionName: hello-00010, percent: 50}]";
    assert_eq!(latest(&with_traffic(traffic, "")), "hello-00010");
}

#[test]
fn the_latest_revision_is_one_after_those_that_the_traffic_tells_it_from() {
    let service = with_traffic("[{revisionName: hello-00002, percent: 90}, {percent: 10}]", "");
    assert_eq!(latest(&service), "hello-00003");
    assert_eq!(
        said(&outcome(&service, &[])),
        [
            "NA1017 spec.traffic[1]: the latest revision is taken to be `hello-00003`, the one after `hello-00002`; \
          to name it yourself, write `spec.template.metadata.name`"
        ]
    );
}

#[test]
fn a_huge_revision_number_is_no_number() {
    let service = with_traffic("[{revisionName: hello-99999999999, percent: 90}, {percent: 10}]", "");
    assert_eq!(latest(&service), "hello-00001");
}

#[test]
fn a_revision_at_0_percent_has_a_service_and_no_split() {
    let service =
        with_traffic("[{revisionName: hello-00001, percent: 100}, {revisionName: hello-00002}]", "");
    let expansion = expansion(&service, &[]);
    let names: Vec<_> = expansion.revisions.iter().map(|revision| revision.name.as_str()).collect();
    assert_eq!(names, ["hello-00001", "hello-00002"]);
    assert_eq!(expansion.services.len(), 2);
    let splits = expansion.kingress.spec.rules[0].paths()[0].splits();
    assert_eq!(splits.iter().map(|split| split.service_name.as_str()).collect::<Vec<_>>(), ["hello-00001"]);
}

#[test]
fn a_latest_revision_without_traffic_exists_all_the_same() {
    let traffic = "[{revisionName: hello-00001, percent: 100}]";
    let service = with_traffic(traffic, "status: {latestReadyRevisionName: hello-00002}\n");
    let names: Vec<_> = expansion(&service, &[]).revisions.into_iter().map(|r| (r.name, r.latest)).collect();
    assert_eq!(names, [("hello-00001".to_owned(), false), ("hello-00002".to_owned(), true)]);
}

#[test]
fn a_namespace_that_is_left_out_is_default() {
    let expansion = expansion(HELLO, &[]);
    assert_eq!(expansion.kingress.key().to_string(), "default/hello");
    assert_eq!(expansion.revisions[0].service.to_string(), "default/hello-00001");
}

#[test]
fn what_kubectl_notes_for_itself_and_alternative_classes_stay_behind() {
    let service = "metadata:\n  name: hello\n  annotations:\n    kubectl.kubernetes.io/last-applied-configuration: x\n    \
                   networking.knative.dev/ingress-class: a\n    networking.knative.dev/certificate-class: b\n    note: c\n\
                   spec: {template: {spec: {containers: [{}]}}}\n";
    let annotations = expansion(service, &[]).kingress.metadata.annotations.unwrap();
    let keys: Vec<_> = annotations.keys().map(String::as_str).collect();
    assert_eq!(
        keys,
        ["networking.internal.knative.dev/rollout", "networking.knative.dev/ingress.class", "note"]
    );
    assert_eq!(annotations["networking.knative.dev/ingress.class"], "a");
}

#[test]
fn an_empty_class_is_passed_on_as_knative_does() {
    let service = HELLO.replace("hello}", "hello, annotations: {networking.knative.dev/ingress.class: ''}}");
    assert_eq!(
        annotation(&expansion(&service, &[]), "networking.knative.dev/ingress.class").as_deref(),
        Some("")
    );
}

#[test]
fn a_service_without_a_public_domain_is_told_so() {
    let outcome = outcome(HELLO, &[("config-domain", "{example.com: 'selector: {app: x}'}")]);
    assert!(said(&outcome)[0].starts_with("NA1018 metadata.labels: the labels match no domain"));
    let rules = outcome.value.unwrap().kingress.spec.rules;
    assert!(rules.iter().all(|rule| rule.visibility() == Visibility::ClusterLocal));
}

#[test]
fn a_service_that_asked_to_be_local_is_told_nothing() {
    let service =
        HELLO.replace("hello}", "hello, labels: {networking.knative.dev/visibility: cluster-local}}");
    assert_eq!(said(&outcome(&service, &[])), [""; 0]);
}

#[test]
fn an_unknown_visibility_is_public_and_a_warning() {
    let service = HELLO.replace("hello}", "hello, labels: {networking.knative.dev/visibility: private}}");
    let outcome = outcome(&service, &[]);
    let beginning = "NA1011 metadata.labels[\"networking.knative.dev/visibility\"]: the label is `private`, not `cluster-local`";
    assert!(said(&outcome)[0].starts_with(beginning), "{outcome:?}");
    assert!(!outcome.is_refused());
    assert_eq!(outcome.value.unwrap().kingress.spec.rules[1].visibility(), Visibility::ExternalIP);
}

#[test]
fn tls_needs_a_cluster_unless_the_service_is_excepted() {
    let tls = [("config-network", "{external-domain-tls: Enabled}")];
    assert!(said(&outcome(HELLO, &tls))[0].starts_with("NA1019 "));
    let key = "networking.knative.dev/disable-external-domain-tls";
    let excepted = HELLO.replace("hello}", &format!("hello, annotations: {{{key}: 'true'}}}}"));
    assert_eq!(said(&outcome(&excepted, &tls)), [""; 0]);
    let local = HELLO.replace("hello}", "hello, labels: {networking.knative.dev/visibility: cluster-local}}");
    assert_eq!(said(&outcome(&local, &tls)), [""; 0]);
    assert!(
        said(&outcome(&local, &[("config-network", "{cluster-local-domain-tls: Enabled}")]))[0]
            .starts_with("NA1019 ")
    );
}

#[test]
fn the_end_of_a_rollout_is_noted_where_there_is_one() {
    let configs = [("config-network", "{rollout-duration: '60'}")];
    let moving = with_traffic("[{percent: 100}]", "status: {latestReadyRevisionName: hello-00002}\n");
    assert_eq!(
        said(&outcome(&moving, &configs)),
        ["NA1016 Knative would move requests to `hello-00002` over 60 s; this is how it ends"]
    );
    assert_eq!(said(&outcome(HELLO, &configs)), [""; 0], "the first revision has nothing before it");
    let pinned = with_traffic("[{revisionName: hello-00002, percent: 100}]", "");
    assert_eq!(said(&outcome(&pinned, &configs)), [""; 0]);
}

#[test]
fn a_service_s_own_rollout_duration_beats_the_installation_s() {
    let moving = with_traffic("[{percent: 100}]", "status: {latestReadyRevisionName: hello-00002}\n")
        .replace("hello}", "hello, annotations: {serving.knative.dev/rollout-duration: 2m}}");
    let said = said(&outcome(&moving, &[("config-network", "{rollout-duration: '60'}")]));
    assert!(
        said[0].starts_with("NA1016 metadata.annotations[\"serving.knative.dev/rollout-duration\"]: "),
        "{said:?}"
    );
    assert!(said[0].contains("over 120 s"), "{said:?}");
}

#[test]
fn every_host_that_is_none_is_named() {
    let tags = format!(
        "[{{percent: 100, tag: {0}}}, {{revisionName: hello-00001, tag: {1}}}]",
        "a".repeat(60),
        "b".repeat(60)
    );
    let outcome = outcome(&with_traffic(&tags, ""), &[]);
    let places: Vec<_> = said(&outcome).into_iter().filter(|said| said.starts_with("NA1012")).collect();
    assert_eq!(places.len(), 2);
    assert!(places[1].starts_with("NA1012 spec.traffic[1].tag: the host would be `bbb"), "{places:?}");
    assert_eq!(outcome.value, None);
}

#[test]
fn a_template_that_fails_is_named() {
    let template = "{{.Name}}.{{slice (index .Labels \"team\") 0 0}}{{if .Annotations}}{{slice .Name 0 99}}{{end}}x.{{.Domain}}";
    let configs = [("config-network", &*format!("{{domain-template: '{template}'}}"))];
    let service = HELLO.replace("hello}", "hello, annotations: {a: b}}");
    let said = said(&outcome(&service, &configs));
    assert!(said[0].starts_with("NA1012 metadata.name: `domain-template` fails: "), "{said:?}");
}

#[test]
fn ten_thousand_targets_are_no_trouble() {
    let targets = (0..10_000)
        .fold("[{percent: 100}".to_owned(), |text, i| format!("{text}, {{revisionName: hello-{i:05}}}"));
    let expansion = expansion(&with_traffic(&format!("{targets}]"), ""), &[]);
    assert_eq!(expansion.revisions.len(), 10_001);
}
