use net_alb_api::annotation::extension;
use serde_json::Value;
use std::fmt::Write;

/// Where `found` isn't as `wanted` says, as paths (`spec.rules[0].host`). What `wanted` doesn't mention is others' business; a list is
/// one value, so it has no more entries than are wanted. An empty result: nothing has to be written.
///
/// The generation that an object was made for is no difference: it alone is worth no write.
pub(crate) fn differences(wanted: &Value, found: &Value) -> Vec<String> {
    let mut paths = Vec::new();
    compare(wanted, found, &mut String::new(), &mut paths);
    paths
}

fn compare(wanted: &Value, found: &Value, at: &mut String, paths: &mut Vec<String>) {
    match (wanted, found) {
        (Value::Object(wanted), Value::Object(found)) => {
            for (key, value) in wanted.iter().filter(|(key, _)| *key != extension::GENERATION) {
                let length = at.len();
                if !at.is_empty() {
                    at.push('.');
                }
                at.push_str(key);
                compare(value, found.get(key).unwrap_or(&Value::Null), at, paths);
                at.truncate(length);
            }
        }
        (Value::Array(wanted), Value::Array(found)) if wanted.len() == found.len() => {
            for (index, (wanted, found)) in wanted.iter().zip(found).enumerate() {
                let length = at.len();
                let _ = write!(at, "[{index}]");
                compare(wanted, found, at, paths);
                at.truncate(length);
            }
        }
        // An API server leaves out what is empty.
        (Value::Object(wanted), Value::Null) if wanted.is_empty() => {}
        (Value::Array(wanted), Value::Null) if wanted.is_empty() => {}
        _ if wanted == found => {}
        _ => paths.push(at.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_what_is_wanted_counts() {
        let wanted = json!({"metadata": {"annotations": {"a": "1"}}, "spec": {"rules": [{"host": "h"}]}});
        let found = json!({
            "metadata": {"annotations": {"a": "1", "b": "2"}, "uid": "u"},
            "spec": {"rules": [{"host": "h", "port": 80}]},
            "status": {},
        });
        assert!(differences(&wanted, &found).is_empty());
    }

    #[test]
    fn edits_are_named() {
        let wanted = json!({"metadata": {"annotations": {"a": "1"}}, "spec": {"rules": [{"host": "h"}, {"host": "i"}]}});
        let found = json!({"metadata": {}, "spec": {"rules": [{"host": "h"}]}});
        assert_eq!(differences(&wanted, &found), ["metadata.annotations", "spec.rules"]);
        let found = json!({"metadata": {"annotations": {"a": "2"}}, "spec": {"rules": [{"host": "h"}, {"host": "x"}]}});
        assert_eq!(differences(&wanted, &found), ["metadata.annotations.a", "spec.rules[1].host"]);
    }

    #[test]
    fn another_generation_is_no_difference() {
        let of = |generation: &str| json!({"metadata": {"annotations": {extension::GENERATION: generation}}});
        assert!(differences(&of("2"), &of("1")).is_empty());
    }
}
