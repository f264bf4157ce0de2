//! What is written is what is read; whatever is written, reading never panics.

use net_alb_api::annotation::{
    Action, Condition, FixedResponse, ForwardConfig, InsertHeader, KeyConfig, KeyValue, KeyValues,
    KeyedValues, Redirect, Rewrite, ServerGroup, StickySession, TrafficLimit, TrafficMirror, Values, decode,
};
use net_alb_api::config::{Settings, Target};
use net_alb_diag::ObjectRef;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

fn object() -> ObjectRef {
    ObjectRef {
        group: "networking.k8s.io".into(),
        kind: "Ingress".into(),
        namespace: "default".into(),
        name: "web".into(),
    }
}

/// Any text but none.
fn text() -> impl Strategy<Value = String> {
    "\\PC{1,12}"
}

fn values() -> impl Strategy<Value = Values> {
    vec(text(), 1..4).prop_map(|values| Values { values })
}

fn keyed_values() -> impl Strategy<Value = KeyedValues> {
    (text(), vec("\\PC{0,8}", 1..4)).prop_map(|(key, values)| KeyedValues { key, values })
}

fn key_values() -> impl Strategy<Value = KeyValues> {
    let pair = (text(), "\\PC{0,8}").prop_map(|(key, value)| KeyValue { key, value });
    vec(pair, 1..4).prop_map(|values| KeyValues { values })
}

fn condition() -> impl Strategy<Value = Condition> {
    prop_oneof![
        values().prop_map(|host_config| Condition::Host { host_config }),
        values().prop_map(|path_config| Condition::Path { path_config }),
        values().prop_map(|method_config| Condition::Method { method_config }),
        values().prop_map(|source_ip_config| Condition::SourceIp { source_ip_config }),
        keyed_values().prop_map(|header_config| Condition::Header { header_config }),
        keyed_values()
            .prop_map(|response_header_config| Condition::ResponseHeader { response_header_config }),
        key_values().prop_map(|cookie_config| Condition::Cookie { cookie_config }),
        key_values().prop_map(|query_string_config| Condition::QueryString { query_string_config }),
        values().prop_map(|c| Condition::ResponseStatusCode { response_status_code_config: c }),
    ]
}

fn server_group() -> impl Strategy<Value = ServerGroup> {
    let weight = (0u32..=100).prop_map(Some);
    prop_oneof![
        (text(), 1u16.., weight.clone()).prop_map(|(service_name, port, weight)| ServerGroup {
            service_name,
            service_port: Some(port),
            weight,
            ..ServerGroup::default()
        }),
        (text(), weight).prop_map(|(server_group_id, weight)| ServerGroup {
            server_group_id,
            weight,
            ..ServerGroup::default()
        }),
    ]
}

fn forward() -> impl Strategy<Value = Action> {
    let sticky = (any::<bool>(), option::of(1u32..=86400))
        .prop_map(|(enabled, timeout)| StickySession { enabled, timeout });
    (vec(server_group(), 0..6), option::of(sticky)).prop_map(
        |(server_groups, server_group_sticky_session)| Action::ForwardGroup {
            config: ForwardConfig { server_groups, server_group_sticky_session },
        },
    )
}

fn action() -> impl Strategy<Value = Action> {
    let any_text = || "\\PC{0,12}";
    prop_oneof![
        forward(),
        (any_text(), text(), any_text()).prop_map(|(content_type, http_code, content)| {
            Action::FixedResponse { config: FixedResponse { content_type, http_code, content } }
        }),
        (any_text(), any_text(), any_text(), any_text(), any_text(), any_text()).prop_map(
            |(host, path, port, protocol, query, http_code)| Action::Redirect {
                config: Redirect { host, path, port, protocol, query, http_code }
            }
        ),
        (text(), any_text(), text()).prop_map(|(key, value, value_type)| Action::InsertHeader {
            config: InsertHeader { key, value, value_type }
        }),
        text().prop_map(|key| Action::RemoveHeader { config: KeyConfig { key } }),
        (any_text(), any_text(), any_text())
            .prop_map(|(host, path, query)| Action::Rewrite { config: Rewrite { host, path, query } }),
        vec(text(), 0..3).prop_map(|server_group_ids| Action::TrafficMirror {
            config: TrafficMirror { server_group_ids }
        }),
        (text(), any_text())
            .prop_map(|(qps, qps_per_ip)| Action::TrafficLimit { config: TrafficLimit { qps, qps_per_ip } }),
    ]
}

fn json() -> impl Strategy<Value = serde_json::Value> {
    let words = prop_oneof![
        Just("type"),
        Just("ForwardConfig"),
        Just("ServerGroups"),
        Just("serverGroups"),
        Just("targetGroups"),
        Just("serviceName"),
        Just("servicePort"),
        Just("weight"),
        Just("headerConfig"),
        Just("values"),
        Just("Values"),
        Just("key"),
        Just("RedirectConfig"),
        Just("ForwardGroup"),
        Just("forward"),
        Just("Header"),
        Just("Redirect"),
        Just("HTTP"),
        Just("headers"),
        Just("TrafficLimitConfig"),
        Just("QPS"),
    ];
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        any::<f64>().prop_map(Into::into),
        "\\PC{0,8}".prop_map(Into::into),
        words.clone().prop_map(Into::into),
    ];
    leaf.prop_recursive(5, 48, 6, move |inner| {
        let key = prop_oneof![3 => words.clone().prop_map(str::to_owned), 1 => "\\PC{0,6}"];
        prop_oneof![
            vec(inner.clone(), 0..5).prop_map(Into::into),
            vec((key, inner), 0..6)
                .prop_map(|entries| serde_json::Value::Object(entries.into_iter().collect())),
        ]
    })
}

/// Reads `text` as everything that is JSON in an annotation.
fn read_all(text: &str) {
    let object = object();
    for target in [Target::Alb, Target::Gateway] {
        let settings = Settings { target, ..Settings::default() };
        let source = decode::Source {
            object: &object,
            key: "alb.ingress.kubernetes.io/actions.web",
            settings: &settings,
        };
        let _ = decode::actions(text, source);
        let _ = decode::conditions(text, source);
        let _ = decode::listen_ports(text, source);
        let _ = decode::target_headers(text, source);
    }
}

proptest! {
    #[test]
    fn actions_are_read_as_written(actions in vec(action(), 0..5)) {
        let text = serde_json::to_string(&actions).unwrap();
        let object = object();
        let settings = Settings { target: Target::Alb, ..Settings::default() };
        let source = decode::Source { object: &object, key: "alb.ingress.kubernetes.io/actions.web", settings: &settings };
        let outcome = decode::actions(&text, source);
        prop_assert_eq!(outcome.diagnostics, vec![]);
        prop_assert_eq!(outcome.value, actions);
    }

    #[test]
    fn conditions_are_read_as_written(conditions in vec(condition(), 0..5)) {
        let text = serde_json::to_string(&conditions).unwrap();
        let object = object();
        let settings = Settings { target: Target::Alb, ..Settings::default() };
        let source = decode::Source { object: &object, key: "alb.ingress.kubernetes.io/conditions.web", settings: &settings };
        let outcome = decode::conditions(&text, source);
        prop_assert_eq!(outcome.diagnostics, vec![]);
        prop_assert_eq!(outcome.value, conditions);
    }

    #[test]
    fn no_json_makes_reading_panic(json in json()) {
        read_all(&json.to_string());
    }

    #[test]
    fn no_text_makes_reading_panic(text in "\\PC{0,40}|[\\[\\]{}\":,a-z0-9]{0,60}") {
        read_all(&text);
    }
}

#[test]
fn depth_is_bounded() {
    read_all(&"[".repeat(100_000));
}
