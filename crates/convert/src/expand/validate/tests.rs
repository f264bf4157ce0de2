use super::*;

/// What is said about a Service with this `metadata` and this `spec`.
fn said(metadata: &str, spec: &str) -> Vec<String> {
    let service = serde_saphyr::from_str(&format!("metadata: {metadata}\nspec: {spec}\n")).unwrap();
    validate(&service).iter().map(ToString::to_string).collect()
}

/// What is said about the traffic of a Service `hello`.
fn about_traffic(traffic: &str) -> Vec<String> {
    said("{name: hello}", &format!("{{template: {{spec: {{containers: [{{}}]}}}}, traffic: {traffic}}}"))
}

/// What is said about the containers of a Service `hello`.
fn about_containers(containers: &str) -> Vec<String> {
    said("{name: hello}", &format!("{{template: {{spec: {{containers: {containers}}}}}}}"))
}

fn about_metadata(metadata: &str) -> Vec<String> {
    said(metadata, "{template: {spec: {containers: [{}]}}}")
}

fn about_template(metadata: &str) -> Vec<String> {
    said("{name: hello}", &format!("{{template: {{metadata: {metadata}, spec: {{containers: [{{}}]}}}}}}"))
}

/// Exactly one thing is said, and it begins so.
fn one(said: &[String], beginning: &str) {
    assert!(said.len() == 1 && said[0].starts_with(beginning), "expected `{beginning}`, got {said:#?}");
}

#[test]
fn a_good_service_is_not_complained_of() {
    let traffic =
        "[{tag: a, latestRevision: true}, {revisionName: hello-00001, latestRevision: false, percent: 100}]";
    assert_eq!(about_traffic(traffic), [""; 0]);
    assert_eq!(about_traffic("[]"), [""; 0]);
}

#[test]
fn a_name_is_needed() {
    one(&about_metadata("{}"), "NA1001 metadata.name: the Service has no name");
}

#[test]
fn a_name_is_a_dns_label() {
    one(&about_metadata("{name: 1hello}"), "NA1001 metadata.name: `1hello` is no DNS label");
}

#[test]
fn a_revision_s_name_begins_with_the_service_s() {
    one(
        &about_template("{name: green}"),
        "NA1002 spec.template.metadata.name: `green` doesn't begin with `hello-`",
    );
    assert_eq!(about_template("{name: hello-green}"), [""; 0]);
}

#[test]
fn a_revision_s_name_is_a_dns_label() {
    one(
        &about_template("{name: hello-Green}"),
        "NA1002 spec.template.metadata.name: `hello-Green` is no DNS label",
    );
}

#[test]
fn percentages_add_up_to_100() {
    one(
        &about_traffic("[{percent: 60}, {revisionName: hello-00001, percent: 50}]"),
        "NA1003 spec.traffic: percentages add up to 110, not 100; lower them by 10",
    );
    one(
        &about_traffic("[{percent: 60}, {revisionName: hello-00001}]"),
        "NA1003 spec.traffic: percentages add up to 60, not 100; raise them by 40; a target without `percent` has 0",
    );
}

#[test]
fn a_percentage_is_from_0_to_100_and_spares_the_sum() {
    one(
        &about_traffic("[{percent: 9223372036854775807}]"),
        "NA1004 spec.traffic[0].percent: `percent` is 9223372036854775807",
    );
    one(&about_traffic("[{percent: 100}, {percent: -1}]"), "NA1004 spec.traffic[1].percent: `percent` is -1");
}

#[test]
fn a_tag_is_there_once() {
    one(
        &about_traffic("[{percent: 60, tag: a}, {percent: 40, tag: b}, {percent: 0, tag: a}]"),
        "NA1005 spec.traffic[2].tag: the tag `a` is there twice, first at spec.traffic[0].tag",
    );
}

#[test]
fn a_tag_is_a_dns_label() {
    one(&about_traffic("[{percent: 100, tag: v1.2}]"), "NA1006 spec.traffic[0].tag: `v1.2` is no DNS label");
}

#[test]
fn a_target_is_pinned_or_follows_the_latest() {
    one(
        &about_traffic("[{percent: 100, latestRevision: true, revisionName: hello-00001}]"),
        "NA1007 spec.traffic[0].latestRevision: `latestRevision` is true, but `revisionName` is `hello-00001`",
    );
    one(
        &about_traffic("[{percent: 100, latestRevision: false}]"),
        "NA1007 spec.traffic[0].latestRevision: `latestRevision` is false, but there is no `revisionName`",
    );
}

#[test]
fn a_service_has_its_own_configuration() {
    one(
        &about_traffic("[{percent: 100, configurationName: x}]"),
        "NA1008 spec.traffic[0].configurationName: ",
    );
}

#[test]
fn a_url_is_for_a_status() {
    one(&about_traffic("[{percent: 100, tag: a, url: http://a}]"), "NA1008 spec.traffic[0].url: ");
}

#[test]
fn a_revision_is_the_service_s_own() {
    one(
        &about_traffic("[{percent: 100, revisionName: helo-00001}]"),
        "NA1009 spec.traffic[0].revisionName: `helo-00001` can't be a revision of `hello`",
    );
    one(
        &about_traffic("[{percent: 100, revisionName: hello_1}]"),
        "NA1009 spec.traffic[0].revisionName: `hello_1` is no DNS label",
    );
}

#[test]
fn a_hashed_revision_name_is_the_service_s_own() {
    let name = "a-service-whose-name-leaves-no-room-for-the-revision-number";
    let revision = crate::expand::names::child_name(name, "-00007");
    let spec = format!(
        "{{template: {{spec: {{containers: [{{}}]}}}}, traffic: [{{percent: 100, revisionName: {revision}}}]}}"
    );
    assert_eq!(said(&format!("{{name: {name}}}"), &spec), [""; 0]);
}

#[test]
fn the_http_option_is_enabled_or_redirected() {
    for key in HTTP_OPTIONS {
        let metadata = |value: &str| format!("{{name: hello, annotations: {{{key}: '{value}'}}}}");
        let beginning =
            format!("NA1010 metadata.annotations[\"{key}\"]: `off` is neither `Enabled` nor `Redirected`");
        one(&about_metadata(&metadata("off")), &beginning);
        assert_eq!(about_metadata(&metadata("ENABLED")), [""; 0]);
    }
}

#[test]
fn a_revision_has_one_port() {
    let path = "NA1013 spec.template.spec.containers";
    one(&about_containers("[]"), &format!("{path}: there are 0 containers"));
    one(&about_containers("[{}, {}]"), &format!("{path}: 2 containers have 0 ports between them, not 1"));
    let two = "[{ports: [{containerPort: 1}]}, {ports: [{containerPort: 2}, {containerPort: 3}]}]";
    one(
        &about_containers(two),
        &format!("{path}[1].ports[0]: the containers have 3 ports between them, not 1"),
    );
    assert_eq!(about_containers("[{}, {ports: [{containerPort: 1}]}]"), [""; 0]);
}

#[test]
fn a_port_s_name_is_a_protocol_that_knative_speaks() {
    let path = "NA1013 spec.template.spec.containers[0].ports[0].name";
    one(
        &about_containers("[{ports: [{name: http, containerPort: 1}]}]"),
        &format!("{path}: the port's name is `http`"),
    );
    for name in ["http1", "h2c", "''"] {
        assert_eq!(about_containers(&format!("[{{ports: [{{name: {name}, containerPort: 1}}]}}]")), [""; 0]);
    }
}

#[test]
fn a_port_is_tcp() {
    let path = "NA1013 spec.template.spec.containers[0].ports[0].protocol";
    one(
        &about_containers("[{ports: [{protocol: UDP, containerPort: 1}]}]"),
        &format!("{path}: the port's protocol is `UDP`"),
    );
}

#[test]
fn a_port_s_number_is_free_and_in_range() {
    let path = "NA1013 spec.template.spec.containers[0].ports[0].containerPort";
    for (port, why) in [
        ("8012", "is taken by Knative's own sidecar"),
        ("65536", "isn't from 0 to 65535"),
        ("-1", "isn't from"),
    ] {
        one(
            &about_containers(&format!("[{{ports: [{{containerPort: {port}}}]}}]")),
            &format!("{path}: port {port} {why}"),
        );
    }
}

#[test]
fn the_autoscaler_s_annotations_belong_to_the_template() {
    let key = "autoscaling.knative.dev/min-scale";
    let annotations = format!("annotations: {{{key}: '1'}}");
    one(
        &about_metadata(&format!("{{name: hello, {annotations}}}")),
        &format!("NA1014 metadata.annotations[\"{key}\"]: "),
    );
    assert_eq!(about_template(&format!("{{{annotations}}}")), [""; 0]);
}

#[test]
fn a_template_takes_known_networking_annotations_only() {
    let key = "networking.knative.dev/visibility";
    one(
        &about_template(&format!("{{annotations: {{{key}: cluster-local}}}}")),
        &format!("NA1014 spec.template.metadata.annotations[\"{key}\"]: "),
    );
    assert_eq!(about_template("{annotations: {networking.knative.dev/ingress-class: x}}"), [""; 0]);
}

#[test]
fn a_rollout_duration_is_in_whole_seconds() {
    for key in DURATIONS {
        let metadata = |value: &str| format!("{{name: hello, annotations: {{{key}: '{value}'}}}}");
        let beginning = format!("NA1015 metadata.annotations[\"{key}\"]: `1500ms` isn't in whole seconds");
        one(&about_metadata(&metadata("1500ms")), &beginning);
        assert_eq!(about_metadata(&metadata("1h")), [""; 0]);
    }
}
