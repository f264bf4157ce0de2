use super::*;
use crate::annotation::{self, extension, knative};

#[test]
fn keys_are_unique_and_every_entry_says_what_it_is() {
    let mut keys: Vec<_> = all().map(|a| a.key).collect();
    for annotation in all() {
        assert!(!annotation.on.is_empty(), "{}", annotation.key);
        assert!(!annotation.doc.ends_with('.'), "{}: `reference` ends the sentence", annotation.key);
        assert!(!annotation.example.is_empty() && !annotation.source.is_empty(), "{}", annotation.key);
    }
    let count = keys.len();
    keys.sort_unstable();
    keys.dedup();
    assert_eq!(keys.len(), count);
}

#[test]
fn keys_that_code_writes_are_in_the_registry() {
    let written = [
        annotation::actions_key("a"),
        annotation::conditions_key("a"),
        extension::target_headers_key("a"),
        extension::literal_conditions_key("a"),
        extension::literal_paths_key("a"),
        extension::rule_reason_key("a"),
        extension::DEFAULT_STATUS.to_owned(),
        knative::INGRESS_CLASS.to_owned(),
        knative::GRAY_HEADERS.to_owned(),
        knative::GRAY_COOKIES.to_owned(),
    ];
    for key in written {
        assert!(find(&key).is_some(), "{key}");
    }
}

#[test]
fn defaults_and_examples_fit_their_type() {
    for annotation in all() {
        for text in [annotation.default, annotation.example].into_iter().filter(|text| !text.is_empty()) {
            let fits = match annotation.value {
                ValueType::Flag => matches!(text, "true" | "false"),
                ValueType::Integer(min, max) => {
                    text.parse().is_ok_and(|number: i64| (min..=max).contains(&number))
                }
                ValueType::OneOf(words) => words.contains(&text),
                ValueType::Json(_) => serde_json::from_str::<serde_json::Value>(text).is_ok(),
                ValueType::Text(_) | ValueType::List(_) => true,
            };
            assert!(fits, "{}: {text}", annotation.key);
        }
    }
}

#[test]
fn a_family_matches_with_any_name_and_not_without() {
    assert_eq!(find("alb.ingress.kubernetes.io/actions.a.b"), Some(&ACTIONS));
    assert_eq!(find("alb.ingress.kubernetes.io/actions."), None);
    assert_eq!(find("alb.ingress.kubernetes.io/actions"), None);
    assert_eq!(find("alb.ingress.kubernetes.io/order"), Some(&ORDER));
}

#[test]
fn the_nearest_key_keeps_the_backend() {
    let nearest = |rest| nearest(&format!("alb.ingress.kubernetes.io/{rest}"));
    assert_eq!(nearest("action.web"), Some("alb.ingress.kubernetes.io/actions.web".into()));
    assert_eq!(nearest("actions"), Some("alb.ingress.kubernetes.io/actions.NAME".into()));
    assert_eq!(nearest("albconfig.names"), Some("alb.ingress.kubernetes.io/albconfig.name".into()));
    assert_eq!(nearest("session-sticky"), None);
    assert_eq!(nearest("ssl-redirects"), Some("alb.ingress.kubernetes.io/ssl-redirect".into()));
    assert_eq!(nearest("quite-another-thing"), None);
}

#[test]
fn the_reference_describes_every_annotation() {
    let page = reference();
    for annotation in all() {
        assert!(page.contains(&format!("### `{}`\n", annotation.title())), "{}", annotation.key);
    }
    assert!(page.contains("- Value: `http`, `https` or `grpc`\n"));
    assert!(page.contains("- Value: a whole number from 1 to 1000\n- Default: `10`\n- Status: honoured\n"));
}
