//! A host has one owner.

use crate::state::{State, fed, puts};
use net_alb_api::config::Target;
use net_alb_diag::codes::build::HOST_TAKEN;
use net_alb_model::ObjectKey;
use net_alb_pipeline::Change;

fn kingress(name: &str, created: &str, hosts: &str) -> String {
    format!(
        "
apiVersion: networking.internal.knative.dev/v1alpha1
kind: Ingress
metadata: {{name: {name}, namespace: default, creationTimestamp: {created}}}
spec:
  rules:
  - hosts: [{hosts}]
    visibility: ExternalIP
    http: {{paths: [{{splits: [{{serviceName: web, serviceNamespace: default, servicePort: 80, percent: 100}}]}}]}}
"
    )
}

const SERVICE: &str = "
apiVersion: v1
kind: Service
metadata: {name: web, namespace: default}
spec: {ports: [{port: 80}]}
";

#[test]
fn the_oldest_has_it_and_the_next_one_follows() {
    let all = [
        SERVICE,
        &kingress("a-young", "2025-02-01T00:00:00Z", "shop.example.com, young.example.com"),
        &kingress("b-old", "2024-02-01T00:00:00Z", "Shop.example.com"),
    ];
    let (mut pipeline, mut sum) = fed(Target::Gateway, all.map(puts));
    let (young, old) = (ObjectKey::new("default", "a-young"), ObjectKey::new("default", "b-old"));
    let kingress = young.to_ref("networking.internal.knative.dev", "Ingress");

    let said = pipeline.diagnostics_of(&kingress);
    assert_eq!(said.len(), 1, "{said:?}");
    assert_eq!(said[0].code, &HOST_TAKEN);
    assert_eq!(
        said[0].to_string(),
        "NA2081 spec.rules[0].hosts[0]: `shop.example.com` belongs to KIngress `default/b-old` already, so this one \
         doesn't get the requests; rename one of the two, or give it another domain"
    );
    let before = State::of(sum.clone());
    let hosts = |state: &State, key| format!("{:?}", state.fragments[key].listeners[0].rules);
    assert!(!hosts(&before, &young).contains("shop.example.com"));
    assert!(hosts(&before, &young).contains("young.example.com"));
    assert!(hosts(&before, &old).contains("shop.example.com"));

    let gone = old.to_ref("networking.internal.knative.dev", "Ingress");
    let delta = pipeline.apply([Change::Delete(gone)]);
    assert_eq!(delta.diagnostics.get(&kingress), Some(&vec![]));
    sum.extend(delta);
    let after = State::of(sum);
    assert!(hosts(&after, &young).contains("shop.example.com"));
    assert!(!after.fragments.contains_key(&old));
}
