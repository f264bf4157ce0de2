//! What a rule does beside sending a request somewhere, in words.

use net_alb_model::{Action, HeaderValue, Rule, ServerGroupId, Target};
use std::collections::BTreeSet;

/// Everything that a rule's actions do but the last one, and what its targets add.
pub(super) fn effects(rule: &Rule) -> BTreeSet<String> {
    rule.actions.iter().flat_map(of_action).collect()
}

fn of_action(action: &Action) -> Vec<String> {
    match action {
        Action::InsertHeader { key, value } => vec![format!("sets header `{key}` to {}", value_text(value))],
        Action::RemoveHeader { key } => vec![format!("removes header `{key}`")],
        Action::ForwardGroup { targets, .. } => targets.iter().flat_map(of_target).collect(),
        action if action.is_final() => Vec::new(),
        // Seldom enough to be shown as `net-alb build` has it.
        action => vec![serde_json::to_string(action).unwrap_or_default()],
    }
}

fn of_target(target: &Target) -> impl Iterator<Item = String> {
    let name = match &target.server_group {
        ServerGroupId::Service { backend, .. } => &backend.service.name,
        ServerGroupId::External(id) => id,
    };
    target.headers.iter().map(move |(key, value)| format!("sets header `{key}` to `{value}` for {name}"))
}

fn value_text(value: &HeaderValue) -> String {
    match value {
        HeaderValue::UserDefined(text) => format!("`{text}`"),
        HeaderValue::ReferenceHeader(name) => format!("what header `{name}` says"),
        HeaderValue::SystemDefined(value) => format!("the request's {value:?}"),
        HeaderValue::InPlaceOfOverride(text) => format!("`{text}` in place of `override`"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use net_alb_api::ObjectKey;
    use net_alb_model::Backend;
    use std::sync::Arc;

    #[test]
    fn headers_of_a_rule_and_of_its_targets_are_named() {
        let backend = Arc::new(Backend { service: ObjectKey::new("default", "a"), port: "80".into() });
        let target = Target {
            server_group: ServerGroupId::Service { ingress: "i".into(), backend },
            weight: 1,
            headers: [("x".to_owned(), "1".to_owned())].into(),
        };
        let actions = [
            Action::InsertHeader { key: "y".into(), value: HeaderValue::ReferenceHeader("z".into()) },
            Action::TrafficLimit { qps: Some(5), per_ip_qps: None },
            Action::ForwardGroup { targets: vec![target], sticky_seconds: None },
        ];
        let said: Vec<_> = actions.iter().flat_map(of_action).collect();
        assert_eq!(
            said,
            [
                "sets header `y` to what header `z` says",
                r#"{"trafficLimit":{"qps":5}}"#,
                "sets header `x` to `1` for a"
            ]
        );
    }
}
