//! An Ingress as the stages made it becomes an object to write.

use super::objects::MANAGED_BY;
use super::routes::Question;
use net_alb_api::annotation::{conditions_key, extension};
use net_alb_api::{Ingress, KIngress, ObjectKey, ObjectMeta};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// The Ingress with its owner, the KIngress of this uid and generation, with what tells that it is net-alb's, and with a digest of itself.
pub(super) fn object(
    ingress: &Ingress,
    kingress: &ObjectKey,
    (uid, generation): (&str, i64),
) -> Option<Value> {
    let metadata = ObjectMeta { uid: None, resource_version: None, ..ingress.metadata.clone() };
    let bare = Ingress { metadata, spec: ingress.spec.clone(), status: None };
    let mut value = serde_json::to_value(bare).ok()?;
    let digest = Sha256::digest(value.to_string());
    let digest = digest.first_chunk::<8>().map_or(0, |first| u64::from_be_bytes(*first));
    let metadata = &mut value["metadata"];
    let (label, by) = MANAGED_BY;
    metadata["labels"][label] = json!(by);
    metadata["annotations"][extension::HASH] = json!(format!("{digest:016x}"));
    metadata["annotations"][extension::GENERATION] = json!(generation.to_string());
    metadata["ownerReferences"] = json!([{
        "apiVersion": KIngress::API_VERSION,
        "kind": KIngress::KIND,
        "name": kingress.name,
        "uid": uid,
        "controller": true,
    }]);
    value["apiVersion"] = json!("networking.k8s.io/v1");
    value["kind"] = json!("Ingress");
    Some(value)
}

/// What to ask a load balancer to see which version of an Ingress it serves: a rule that nothing but host and path leads to, by plain
/// HTTP.
pub(super) fn question(ingress: &Ingress) -> Option<Question> {
    let annotations = ingress.metadata.annotations.as_ref()?;
    let hash = annotations.get(extension::NETWORK_HASH)?;
    let ports = annotations.get("alb.ingress.kubernetes.io/listen-ports");
    if ports.is_some_and(|ports| !ports.contains("\"HTTP\"")) {
        return None;
    }
    // General rules come last.
    let rules = ingress.spec.as_ref()?.rules.iter().flatten().rev();
    rules.into_iter().find_map(|rule| {
        let host = rule.host.as_deref()?;
        let path = rule.http.as_ref()?.paths.first()?;
        let backend = path.backend.service.as_ref()?;
        if annotations.contains_key(&conditions_key(&backend.name)) {
            return None;
        }
        let text = path.path.as_deref().unwrap_or("/");
        let literal = text.split(['*', '?']).next().unwrap_or(text);
        let path = if literal.starts_with('/') { literal } else { "/" };
        Some(Question { host: host.replace('*', "probe"), path: path.to_owned(), hash: hash.clone() })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ingress() -> Ingress {
        serde_json::from_value(json!({
            "metadata": {"name": "hello", "namespace": "default", "annotations": {
                "alb.ingress.kubernetes.io/conditions.forward-tag": "[]",
                "net-alb.knative.dev/network-hash": "abc",
            }},
            "spec": {"rules": [
                {"host": "a.example.com", "http": {"paths": [{"path": "/api*", "pathType": "ImplementationSpecific",
                    "backend": {"service": {"name": "forward-path"}}}]}},
                {"host": "b.example.com", "http": {"paths": [{"path": "/", "pathType": "Prefix",
                    "backend": {"service": {"name": "forward-tag"}}}]}},
            ]},
        }))
        .unwrap()
    }

    #[test]
    fn a_rule_without_conditions_is_asked() {
        let question = question(&ingress()).unwrap();
        assert_eq!((&*question.host, &*question.path, &*question.hash), ("a.example.com", "/api", "abc"));
    }

    #[test]
    fn a_listener_without_http_cannot_be_asked() {
        let mut ingress = ingress();
        let annotations = ingress.metadata.annotations.as_mut().unwrap();
        annotations.insert("alb.ingress.kubernetes.io/listen-ports".into(), r#"[{"HTTPS":443}]"#.into());
        assert_eq!(question(&ingress), None);
    }

    #[test]
    fn the_digest_is_of_the_content_only() {
        let kingress = ObjectKey::new("default", "hello");
        let of = |uid, generation| object(&ingress(), &kingress, (uid, generation)).unwrap();
        let hash = |value: &Value| value["metadata"]["annotations"][extension::HASH].clone();
        assert_eq!(hash(&of("u", 1)), hash(&of("u", 2)));
        assert_eq!(of("u", 1)["metadata"]["ownerReferences"][0]["uid"], "u");
    }
}
