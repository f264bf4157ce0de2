//! One rule of the stage a test; what reads better as a whole load balancer is a golden case.

use net_alb_api::Snapshot;
use net_alb_api::config::{Settings, Target};
use net_alb_diag::Outcome;
use net_alb_model::{
    Action, Alb, Condition, DefaultAction, Edition, Listener, ListenerId, Protocol, Rule, alb_config_name,
    build, quota, servers,
};

const SERVICES: &str = r"
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {ports: [{port: 80}]}
---
apiVersion: v1
kind: Service
metadata: {name: next}
spec: {ports: [{port: 80}]}
";

fn snapshot(yaml: &str) -> Snapshot {
    net_alb_testkit::snapshot(&format!("{SERVICES}---\n{yaml}"))
}

fn settings(target: Target) -> Settings {
    Settings { target, ..Settings::default() }
}

/// An Ingress of `www.example.com` with these annotations; a backend without a port uses its annotation.
fn ingress(name: &str, annotations: &str, paths: &[(&str, &str)]) -> String {
    let annotations: Vec<_> = annotations.lines().map(|line| format!("    {}", line.trim())).collect();
    let path = |(path, backend): &(&str, &str)| {
        let (service, port) = match backend.split_once(':') {
            Some((service, port)) => (service, format!("{{number: {port}}}")),
            None => (*backend, "{name: use-annotation}".to_owned()),
        };
        let backend = format!("{{service: {{name: {service}, port: {port}}}}}");
        format!("      - {{path: {path}, pathType: Prefix, backend: {backend}}}")
    };
    let paths: Vec<_> = paths.iter().map(path).collect();
    format!(
        "apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: {name}
  annotations:
    example.com/none: none
{}
spec:
  ingressClassName: knative-alb-ingress-internet
  rules:
  - host: www.example.com
    http:
      paths:
{}
",
        annotations.join("\n"),
        paths.join("\n")
    )
}

fn web(annotations: &str) -> String {
    ingress("web", annotations, &[("/", "web:80")])
}

fn outcome(target: Target, yaml: &str) -> Outcome<Vec<Alb>> {
    build(&snapshot(yaml), &settings(target))
}

/// The load balancer for the gateway; nothing is refused.
fn served(yaml: &str) -> Alb {
    let outcome = outcome(Target::Gateway, yaml);
    assert!(!outcome.is_refused(), "{:?}", outcome.diagnostics);
    outcome.value.into_iter().next().expect("one load balancer")
}

fn listener(alb: &Alb, port: u16, protocol: Protocol) -> &Listener {
    let id = ListenerId { port, protocol };
    alb.listeners.iter().find(|listener| listener.id == id).unwrap_or_else(|| panic!("{id} in {alb:?}"))
}

fn http(alb: &Alb) -> &[Rule] {
    &listener(alb, 80, Protocol::Http).rules
}

/// The weights of a rule's targets, by Service.
fn targets(rule: &Rule) -> Vec<(String, u32)> {
    let Some(Action::ForwardGroup { targets, .. }) = rule.actions.last() else {
        panic!("a forward: {rule:?}")
    };
    let name = |id: String| id.rsplit('/').next().unwrap_or_default().to_owned();
    targets.iter().map(|target| (name(target.server_group.to_string()), target.weight)).collect()
}

fn codes<T>(outcome: &Outcome<T>) -> Vec<&str> {
    outcome.diagnostics.iter().map(|diagnostic| diagnostic.code.id).collect()
}

const SIX: &str = r#"alb.ingress.kubernetes.io/actions.six: '[{"type": "ForwardGroup", "ForwardConfig": {"ServerGroups": [
    {"ServiceName": "web", "ServicePort": 80, "Weight": 1}, {"ServiceName": "next", "ServicePort": 80, "Weight": 1},
    {"ServiceName": "web", "ServicePort": 80, "Weight": 1}, {"ServiceName": "next", "ServicePort": 80, "Weight": 1},
    {"ServiceName": "web", "ServicePort": 80, "Weight": 1}, {"ServiceName": "next", "ServicePort": 80, "Weight": 1}]}}]'"#;

#[test]
fn what_only_alb_refuses_is_served_by_the_gateway() {
    let yaml = ingress("web", &SIX.replace('\n', " "), &[("/", "six")]);
    let (alb, gateway) = (outcome(Target::Alb, &yaml), outcome(Target::Gateway, &yaml));
    assert_eq!((alb.is_refused(), targets(&http(&alb.value[0])[0]).len()), (true, 0));
    assert_eq!((gateway.is_refused(), targets(&http(&gateway.value[0])[0]).len()), (false, 6));
    assert_eq!((codes(&alb), codes(&gateway)), (vec!["NA2045"], vec!["NA2045"]));
}

#[test]
fn a_limit_is_said_once_where_stage_1_said_it() {
    let yaml = ingress("web", &SIX.replace('\n', " "), &[("/", "six")]);
    let made = yaml.replace(
        "  annotations:",
        "  labels: {networking.internal.knative.dev/ingress: hello}\n  annotations:",
    );
    assert_eq!(codes(&outcome(Target::Gateway, &made)), [""; 0]);
    assert_eq!(codes(&outcome(Target::Alb, &made)), ["NA2045"]);
}

#[test]
fn an_ingress_that_is_being_deleted_has_no_rules() {
    let yaml = web("").replace("  annotations:", "  deletionTimestamp: 2026-01-01T00:00:00Z\n  annotations:");
    assert_eq!(http(&served(&yaml)), []);
}

#[test]
fn an_empty_order_is_the_default() {
    let alb = served(&web("alb.ingress.kubernetes.io/order: ''"));
    assert_eq!(http(&alb)[0].priority.order, 10);
}

#[test]
fn a_bad_order_is_an_error_and_the_default() {
    for bad in ["0", "1001", " 5", "5.0", "x"] {
        let outcome = outcome(Target::Gateway, &web(&format!("alb.ingress.kubernetes.io/order: '{bad}'")));
        assert_eq!(
            (codes(&outcome), http(&outcome.value[0])[0].priority.order),
            (vec!["NA2013"], 10),
            "{bad}"
        );
    }
}

#[test]
fn the_old_name_of_order_wins() {
    let alb =
        served(&web("alb.ingress.kubernetes.io/order: '3'\nalb.ingress.kubernetes.io/albconfig.order: '7'"));
    assert_eq!(http(&alb)[0].priority.order, 7);
}

#[test]
fn ssl_redirect_redirects_https_too_unless_it_is_on_443() {
    let yaml = web("alb.ingress.kubernetes.io/ssl-redirect: 'true'\n\
         alb.ingress.kubernetes.io/listen-ports: '[{\"HTTPS\": 443}, {\"HTTPS\": 8443}]'");
    let alb = served(&yaml);
    let redirects =
        |port, protocol| matches!(listener(&alb, port, protocol).rules[0].actions[..], [Action::Redirect(_)]);
    assert!(redirects(80, Protocol::Http) && redirects(8443, Protocol::Https));
    assert!(!redirects(443, Protocol::Https));
}

#[test]
fn nginx_spelling_wins() {
    let yaml = web(
        "alb.ingress.kubernetes.io/ssl-redirect: 'true'\nnginx.ingress.kubernetes.io/ssl-redirect: 'false'",
    );
    assert!(matches!(http(&served(&yaml))[0].actions[..], [Action::ForwardGroup { .. }]));
}

#[test]
fn ssl_redirect_keeps_what_marks_and_limits() {
    let yaml = web(
        "alb.ingress.kubernetes.io/ssl-redirect: 'true'\nalb.ingress.kubernetes.io/traffic-limit-qps: '5'\n\
         alb.ingress.kubernetes.io/rewrite-target: /b\nalb.ingress.kubernetes.io/enable-cors: 'true'",
    );
    let alb = served(&yaml);
    assert!(matches!(
        http(&alb)[0].actions[..],
        [Action::TrafficLimit { .. }, Action::Cors(_), Action::Redirect(_)]
    ));
}

#[test]
fn rules_for_answers_are_not_where_everything_redirects() {
    let actions = r#"[{"type": "RemoveHeader", "RemoveHeaderConfig": {"key": "server"}}]"#;
    let annotations = format!(
        "alb.ingress.kubernetes.io/rule-direction.mark: Response\nalb.ingress.kubernetes.io/actions.mark: '{actions}'\n\
         alb.ingress.kubernetes.io/ssl-redirect: 'true'\n\
         alb.ingress.kubernetes.io/listen-ports: '[{{\"HTTPS\": 443}}]'"
    );
    let alb = served(&ingress("web", &annotations, &[("/", "web:80"), ("/", "mark")]));
    assert_eq!((http(&alb).len(), listener(&alb, 443, Protocol::Https).rules.len()), (1, 2));
}

#[test]
fn a_rewrite_before_a_fixed_response_is_dropped_by_the_gateway() {
    let fixed = r#"[{"type": "FixedResponse", "FixedResponseConfig": {"contentType": "text/plain", "httpCode": "503"}}]"#;
    let annotations = format!(
        "alb.ingress.kubernetes.io/rewrite-target: /b\nalb.ingress.kubernetes.io/actions.later: '{fixed}'"
    );
    let alb = served(&ingress("web", &annotations, &[("/", "later")]));
    assert!(matches!(http(&alb)[0].actions[..], [Action::FixedResponse(_)]));
}

#[test]
fn https_redirects_to_http_for_the_gateway_only() {
    let redirect = r#"[{"type": "Redirect", "RedirectConfig": {"protocol": "http", "host": "${host}", "port": "80", "path": "${path}", "query": "${query}", "httpCode": "302"}}]"#;
    let annotations = format!(
        "alb.ingress.kubernetes.io/actions.back: '{redirect}'\nalb.ingress.kubernetes.io/listen-ports: '[{{\"HTTPS\": 443}}]'"
    );
    let yaml = ingress("web", &annotations, &[("/", "back")]);
    let last =
        |target| listener(&outcome(target, &yaml).value[0], 443, Protocol::Https).rules[0].actions[0].clone();
    assert!(matches!(last(Target::Gateway), Action::Redirect(_)));
    assert!(matches!(last(Target::Alb), Action::ForwardGroup { targets, .. } if targets.is_empty()));
}

fn canary(name: &str, weight: u32, more: &str) -> String {
    let annotations = format!(
        "alb.ingress.kubernetes.io/canary: 'true'\nalb.ingress.kubernetes.io/canary-weight: '{weight}'\n{more}"
    );
    ingress(name, &annotations, &[("/", "next:80")])
}

#[test]
fn a_canary_of_weight_0_changes_nothing() {
    let alb = served(&format!("{}---\n{}", web(""), canary("canary", 0, "")));
    assert_eq!(targets(&http(&alb)[0]), [("web:80".into(), 100)]);
    assert_eq!(alb.server_groups.len(), 1);
}

#[test]
fn a_canary_folds_in_where_it_listens_only() {
    let ports = "alb.ingress.kubernetes.io/listen-ports: '[{\"HTTP\": 80}, {\"HTTP\": 8080}]'";
    let alb = served(&format!("{}---\n{}", web(ports), canary("canary", 30, "")));
    assert_eq!(targets(&http(&alb)[0]), [("web:80".into(), 70), ("next:80".into(), 30)]);
    assert_eq!(targets(&listener(&alb, 8080, Protocol::Http).rules[0]), [("web:80".into(), 100)]);
}

#[test]
fn a_canary_counts_for_the_limit_of_targets() {
    let canaries: Vec<_> = (0..5).map(|i| canary(&format!("canary-{i}"), 10, "")).collect();
    let outcome = outcome(Target::Alb, &format!("{}---\n{}", web(""), canaries.join("---\n")));
    assert_eq!(codes(&outcome), ["NA2045"]);
}

#[test]
fn a_canary_that_is_no_word_does_nothing() {
    let yaml =
        format!("{}---\n{}", web(""), canary("canary", 30, "").replace("canary: 'true'", "canary: 'yes'"));
    let outcome = outcome(Target::Gateway, &yaml);
    assert_eq!(codes(&outcome), ["NA2013"]);
    assert_eq!(targets(&http(&outcome.value[0])[0]), [("web:80".into(), 100)]);
}

#[test]
fn target_headers_are_for_plain_backends_too() {
    let headers = r#"[{"serviceName": "web", "servicePort": 80, "headers": {"a": "b"}}]"#;
    let alb = served(&web(&format!("net-alb.knative.dev/target-headers.web: '{headers}'")));
    let Action::ForwardGroup { targets, .. } = &http(&alb)[0].actions[0] else { panic!("a forward") };
    assert_eq!(targets[0].headers.get("a").map(String::as_str), Some("b"));
}

#[test]
fn target_headers_for_nobody_are_named() {
    let headers = r#"[{"serviceName": "wbe", "servicePort": 80, "headers": {"a": "b"}}]"#;
    let yaml = web(&format!("net-alb.knative.dev/target-headers.web: '{headers}'"));
    assert_eq!(codes(&outcome(Target::Gateway, &yaml)), ["NA2014"]);
}

#[test]
fn mirrored_groups_are_in_the_model() {
    let mirror = r#"[{"type": "TrafficMirror", "TrafficMirrorConfig": {"TargetType": "ForwardGroupMirror", "MirrorGroupConfig": {"ServerGroupTuples": [{"ServerGroupID": "sgp-1"}]}}}]"#;
    let alb = served(&web(&format!("alb.ingress.kubernetes.io/actions.web: '{mirror}'")));
    let ids: Vec<_> = alb.server_groups.iter().map(|group| group.id.to_string()).collect();
    assert_eq!(ids, ["default/web/web:80", "sgp-1"]);
}

#[test]
fn a_group_of_a_rule_that_is_refused_is_not_in_the_model() {
    let outcome = outcome(Target::Gateway, &ingress("web", "", &[("/a*", "web:80"), ("/b", "next:80")]));
    let ids: Vec<_> = outcome.value[0].server_groups.iter().map(|group| group.id.to_string()).collect();
    assert_eq!(ids, ["default/web/next:80"]);
}

const PORTS: &str = "alb.ingress.kubernetes.io/listen-ports: '[{\"HTTP\": 8080}]'";

#[test]
fn a_listener_that_nobody_declared_tells_of_the_client_in_knatives_classes_only() {
    let own = served(&web(PORTS));
    let own = listener(&own, 8080, Protocol::Http);
    assert!(own.x_forwarded_for.proto && own.default_action == DefaultAction::Status(404));
    let class = r"
apiVersion: networking.k8s.io/v1
kind: IngressClass
metadata: {name: knative-alb-ingress-internet}
spec: {controller: ingress.k8s.alibabacloud/alb, parameters: {kind: AlbConfig, name: shop}}
---
apiVersion: alibabacloud.com/v1
kind: AlbConfig
metadata: {name: shop}
spec: {listeners: [{port: 80, xForwardedForConfig: {XForwardedForProtoEnabled: true}}]}
";
    let theirs = served(&format!("{}---{class}", web(PORTS)));
    let theirs = listener(&theirs, 8080, Protocol::Http);
    assert!(!theirs.x_forwarded_for.proto && theirs.default_action == DefaultAction::EmptyServerGroup);
}

#[test]
fn an_alb_config_of_a_knative_class_is_the_users() {
    let alb_config = r"
apiVersion: alibabacloud.com/v1
kind: AlbConfig
metadata: {name: knative-alb-ingress-internet}
spec: {config: {addressType: Intranet, edition: Basic}, listeners: [{port: '80'}]}
";
    let alb = served(&format!("{}---{alb_config}", web("")));
    assert_eq!((alb.edition, http(&alb).len()), (Edition::Basic, 1));
    assert_eq!(alb.listeners[0].default_action, DefaultAction::EmptyServerGroup);
}

#[test]
fn the_annotation_makes_up_for_a_class_without_alb_config() {
    let yaml = r"
apiVersion: networking.k8s.io/v1
kind: IngressClass
metadata: {name: alb}
spec: {controller: ingress.k8s.alibabacloud/alb}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: web, annotations: {alb.ingress.kubernetes.io/albconfig.name: shop}}
spec: {ingressClassName: alb}
";
    let snapshot = snapshot(yaml);
    let ingress = snapshot.ingresses.values().next().expect("there is one");
    let outcome = alb_config_name(ingress, &snapshot.ingress_classes, &Settings::default());
    assert_eq!((outcome.value.as_deref(), outcome.diagnostics), (Some("shop"), vec![]));
}

#[test]
fn quotas_count_rules_on_each_listener() {
    let yaml = web("alb.ingress.kubernetes.io/listen-ports: '[{\"HTTP\": 80}, {\"HTTP\": 8080}]'");
    let quota = quota(&served(&yaml), Edition::Basic);
    assert_eq!((quota.rules.used, quota.rules.limit, quota.rules.at_most), (2, 40, 100));
    assert_eq!((quota.listeners.used, quota.listeners.limit), (2, 50));
    assert!(!quota.rules.is_exceeded());
}

#[test]
fn servers_count_for_each_rule_that_forwards_to_them() {
    let alb = served(&ingress("web", "", &[("/a", "web:80"), ("/b", "web:80"), ("/c", "next:80")]));
    let count = |backend: &net_alb_model::Backend| if backend.service.name == "web" { 10 } else { 1 };
    assert_eq!(servers(&alb, Edition::Standard, count).used, 21);
}

#[test]
fn canary_conditions_come_last() {
    let annotations = "alb.ingress.kubernetes.io/canary: 'true'\nalb.ingress.kubernetes.io/canary-by-cookie: gray\n\
                       alb.ingress.kubernetes.io/order: '1'";
    let yaml = format!("{}---\n{}", web(""), ingress("canary", annotations, &[("/", "next:80")]));
    let alb = served(&yaml);
    let rule = &http(&alb)[0];
    assert!(matches!(rule.conditions[..], [Condition::Host(_), Condition::Path(_), Condition::Cookie(_)]));
}

#[test]
fn broken_actions_answer_503_and_broken_conditions_drop_the_rule() {
    let annotations =
        "alb.ingress.kubernetes.io/actions.web: '['\nalb.ingress.kubernetes.io/conditions.next: '['";
    let outcome =
        outcome(Target::Gateway, &ingress("web", annotations, &[("/next", "next:80"), ("/", "web:80")]));
    let rules = http(&outcome.value[0]);
    assert_eq!((rules.len(), targets(&rules[0])), (1, vec![]));
}
