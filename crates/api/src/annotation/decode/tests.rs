use super::*;
use crate::config::Target;

fn settings(target: Target) -> Settings {
    Settings { target, ..Settings::default() }
}

fn object() -> ObjectRef {
    crate::ObjectKey::new("default", "web").to_ref("networking.k8s.io", "Ingress")
}

/// Each diagnostic as `NA2021 warning: message; help`.
fn said(diagnostics: &[Diagnostic]) -> Vec<String> {
    let help = |d: &Diagnostic| d.help.as_ref().map(|help| format!("; {help}")).unwrap_or_default();
    diagnostics.iter().map(|d| format!("{} {}: {}{}", d.code, d.severity, d.message, help(d))).collect()
}

fn actions_for(target: Target, text: &str) -> (Vec<Action>, Vec<String>) {
    let (object, settings) = (object(), settings(target));
    let source =
        Source { object: &object, key: "alb.ingress.kubernetes.io/actions.web", settings: &settings };
    let outcome = actions(text, source);
    (outcome.value, said(&outcome.diagnostics))
}

fn conditions_for(target: Target, text: &str) -> (Vec<Condition>, Vec<String>) {
    let (object, settings) = (object(), settings(target));
    let source =
        Source { object: &object, key: "alb.ingress.kubernetes.io/conditions.web", settings: &settings };
    let outcome = conditions(text, source);
    (outcome.value, said(&outcome.diagnostics))
}

const CURRENT: &str = r#"[{"type":"ForwardGroup","ForwardConfig":{"ServerGroups":[{"ServiceName":"a","ServicePort":80,"Weight":50}]}}]"#;

#[test]
fn keys_and_types_are_read_in_any_case_of_letters() {
    let shouted =
        CURRENT.replace("type", "TYPE").replace("ServiceName", "SERVICENAME").replace("Group\"", "GROUP\"");
    let (expected, none) = actions_for(Target::Alb, CURRENT);
    assert_eq!(none, [""; 0]);
    assert_eq!(actions_for(Target::Alb, &shouted), (expected, vec![]));
}

#[test]
fn the_articles_form_is_understood_and_refused_for_alb_only() {
    let article = r#"{"type":"forward","forwardConfig":{"targetGroups":[{"serviceName":"a","servicePort":80,"weight":50}]}}"#;
    let message = "the old form of Knative's first ALB bridge: one object instead of an array, type `forward` instead of \
                   `ForwardGroup`, `targetGroups` instead of `serverGroups`; write \
                   `[{\"type\": \"ForwardGroup\", \"ForwardConfig\": {\"ServerGroups\": […]}}]`";
    let (expected, _) = actions_for(Target::Alb, CURRENT);
    assert_eq!(
        actions_for(Target::Gateway, article),
        (expected.clone(), vec![format!("NA2027 warning: {message}")])
    );
    assert_eq!(actions_for(Target::Alb, article), (expected, vec![format!("NA2027 error: {message}")]));
}

#[test]
fn the_articles_conditions_are_read() {
    let text = r#"[{"Type":"Header","CookieConfig":{"Values":null},"HeaderConfig":{"Key":"Knative-Serving-Tag","Values":["rev1"]}}]"#;
    let (conditions, said) = conditions_for(Target::Alb, text);
    assert_eq!(said, [""; 0]);
    let header_config =
        crate::annotation::KeyedValues { key: "Knative-Serving-Tag".into(), values: vec!["rev1".into()] };
    assert_eq!(conditions, [Condition::Header { header_config }]);
}

#[test]
fn a_mistake_is_named_with_its_place_in_the_json() {
    let text = r#"[{"type":"InsertHeader","InsertHeaderConfig":{"key":"a","value":"b"}},
                   {"type":"ForwardGroup","forwardConfig":{"serverGroups":[{"serviceName":"a","servicePort":"http"}]}}]"#;
    let (_, said) = actions_for(Target::Gateway, text);
    assert_eq!(
        said,
        [
            "NA2025 error: `[1].forwardConfig.serverGroups[0].servicePort` must be a whole number from 1 to 65535, but is `\"http\"`"
        ]
    );
}

#[test]
fn a_config_of_another_type_has_no_effect() {
    let text = r#"[{"type":"RemoveHeader","RemoveHeaderConfig":{"key":"a"},"RewriteConfig":{"Path":"/b"}}]"#;
    let (_, said) = actions_for(Target::Gateway, text);
    assert_eq!(said, ["NA2021 warning: `[0].RewriteConfig` has no effect on a `RemoveHeader`; take it out"]);
}

#[test]
fn an_unknown_key_gets_the_nearest_one() {
    let text = r#"[{"type":"Host","hostConfig":{"value":["a.com"],"values":["b.com"]}}]"#;
    let (_, said) = conditions_for(Target::Gateway, text);
    assert_eq!(said, ["NA2021 warning: `[0].hostConfig` has an unknown key `value`; did you mean `values`?"]);
}

#[test]
fn of_keys_that_differ_in_case_only_the_last_counts() {
    let text = r#"[{"type":"Host","hostConfig":{"values":["a.com"],"Values":["b.com"]}}]"#;
    let (conditions, said) = conditions_for(Target::Gateway, text);
    assert_eq!(
        said,
        ["NA2021 warning: `[0].hostConfig` has the key `Values` twice; the last one counts; take one out"]
    );
    let host_config = crate::annotation::Values { values: vec!["b.com".into()] };
    assert_eq!(conditions, [Condition::Host { host_config }]);
}

#[test]
fn an_unknown_type_gets_the_nearest_one() {
    let (_, said) = conditions_for(Target::Gateway, r#"[{"type":"Headers"}]"#);
    assert_eq!(said, ["NA2022 error: `[0].type` is no condition: `Headers`; did you mean `Header`?"]);
    let (_, said) = actions_for(Target::Gateway, r#"[{"type":"Cors"}]"#);
    assert_eq!(said, ["NA2023 error: `[0].type` is no action: `Cors`; use the annotation `enable-cors`"]);
}

#[test]
fn an_action_without_its_config_is_refused() {
    let (actions, said) = actions_for(Target::Gateway, r#"[{"type":"Redirect"}]"#);
    assert_eq!((actions, said), (vec![], vec!["NA2024 error: `[0]` lacks `RedirectConfig`".to_owned()]));
}

#[test]
fn several_groups_need_weights() {
    let text = r#"[{"type":"ForwardGroup","forwardConfig":{"serverGroups":[{"serviceName":"a","servicePort":80,"weight":1},{"serviceName":"b","servicePort":80}]}}]"#;
    let (_, said) = actions_for(Target::Gateway, text);
    assert_eq!(said, ["NA2024 error: `[0].forwardConfig.serverGroups[1]` lacks `weight`"]);
}

#[test]
fn what_gos_decoder_refuses_is_an_error_for_alb_only() {
    let text = r#"[{"type":"FixedResponse","FixedResponseConfig":{"httpCode":503}}]"#;
    let message =
        "`[0].FixedResponseConfig.httpCode` is `503`, which Alibaba's controller refuses; write `\"503\"`";
    assert_eq!(actions_for(Target::Alb, text).1, [format!("NA2026 error: {message}")]);
    assert_eq!(actions_for(Target::Gateway, text).1, [format!("NA2026 warning: {message}")]);
}

#[test]
fn a_redirect_is_filled_up_with_the_requests_own() {
    let (actions, said) =
        actions_for(Target::Alb, r#"[{"type":"Redirect","RedirectConfig":{"host":"b.com","query":""}}]"#);
    let Action::Redirect { config } = &actions[0] else { panic!("a redirect: {actions:?}") };
    assert_eq!(
        (config.path.as_str(), config.query.as_str(), config.http_code.as_str()),
        ("${path}", "", "301")
    );
    assert_eq!(
        said,
        [
            "NA2028 warning: `[0].RedirectConfig` leaves out `protocol`, `port`, `path`, `httpCode`; write all six fields"
        ]
    );
}

#[test]
fn broken_json_says_where() {
    let (_, said) = actions_for(Target::Gateway, r#"[{"type": "Redirect",]"#);
    assert_eq!(said, ["NA2020 error: no valid JSON: key must be a string at line 1 column 22"]);
    assert_eq!(actions_for(Target::Gateway, "").1, ["NA2020 error: no valid JSON: an empty text"]);
    assert_eq!(conditions_for(Target::Gateway, ""), (vec![], vec![]));
}

#[test]
fn listen_ports_keep_the_good_ones() {
    let (object, settings) = (object(), settings(Target::Gateway));
    let source =
        Source { object: &object, key: "alb.ingress.kubernetes.io/listen-ports", settings: &settings };
    let outcome = listen_ports(r#"[{"HTTP":80},{"https":"443"},{"FTP":21},{"QUIC":70000}]"#, source);
    let ports = [ListenPort { protocol: "HTTP", port: 80 }, ListenPort { protocol: "HTTPS", port: 443 }];
    assert_eq!(outcome.value, ports);
    assert_eq!(
        said(&outcome.diagnostics),
        [
            "NA2026 warning: `[1]` has `https`, which Alibaba's controller refuses; write `HTTPS`",
            "NA2026 warning: `[1].https` is `\"443\"`, which Alibaba's controller refuses; write `443`",
            "NA2025 error: `[2]` has the protocol `FTP`, which is none of `HTTP`, `HTTPS`, `QUIC`",
            "NA2025 error: `[3].QUIC` must be a port from 1 to 65535, but is `70000`",
        ]
    );
}
