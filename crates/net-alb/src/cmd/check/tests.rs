use super::cluster::Seen;
use super::judge::{Level, judge};
use serde_json::{Value, json};

/// An installation in which all is well.
fn well() -> Seen {
    let deployment = |name: &str| json!({ "metadata": { "name": name }, "spec": { "replicas": 2 }, "status": { "readyReplicas": 2, "updatedReplicas": 2 } });
    let service = |name: &str| json!({ "metadata": { "name": name } });
    let slice = |name: &str| {
        json!({
            "metadata": { "labels": { "kubernetes.io/service-name": name } },
            "endpoints": [{ "conditions": { "ready": true } }, { "conditions": { "ready": false } }],
        })
    };
    Seen {
        namespace: "net-alb".to_owned(),
        system_namespace: "knative-serving".to_owned(),
        kingresses: Some(vec![kingress("True", "", "")]),
        config_maps: vec![json!({
            "metadata": { "name": "config-network", "namespace": "knative-serving" },
            "data": { "ingress-class": "alb.ingress.networking.knative.dev" },
        })],
        deployments: vec![deployment("net-alb-controller"), deployment("net-alb-gateway")],
        pods: vec![json!({ "metadata": { "name": "net-alb-controller-1" } })],
        services: vec![service("net-alb"), service("net-alb-local")],
        endpoint_slices: vec![slice("net-alb"), slice("net-alb-local")],
        lease: Some(lease("1970-01-01T00:16:30.000000Z")),
        forbidden: Some(Vec::new()),
        now: 1000,
    }
}

fn kingress(ready: &str, reason: &str, message: &str) -> Value {
    json!({
        "metadata": {
            "namespace": "default", "name": "hello", "generation": 1,
            "annotations": { "networking.knative.dev/ingress.class": "alb.ingress.networking.knative.dev" },
        },
        "status": {
            "observedGeneration": 1,
            "conditions": [{ "type": "Ready", "status": ready, "reason": reason, "message": message }],
        },
    })
}

fn lease(renewed: &str) -> Value {
    json!({ "spec": { "holderIdentity": "net-alb-controller-1", "renewTime": renewed, "leaseDurationSeconds": 15 } })
}

/// What is said that isn't well.
fn wrong(seen: &Seen) -> Vec<String> {
    let wrong = judge(seen).into_iter().filter(|finding| finding.level != Level::Ok);
    wrong.map(|finding| format!("{:?} {}: {}", finding.level, finding.about, finding.message)).collect()
}

#[test]
fn where_all_is_well_nothing_is_wrong() {
    assert_eq!(wrong(&well()), [""; 0]);
}

#[test]
fn what_is_missing_is_named() {
    let empty = Seen { now: 1000, ..Seen::default() };
    let wrong = wrong(&empty).join("\n");
    for name in
        ["KIngress", "config-network", "net-alb-controller", "net-alb-gateway", "net-alb-local", "Lease"]
    {
        assert!(wrong.contains(name), "{name}: {wrong}");
    }
}

#[test]
fn each_trouble_is_one_finding() {
    let cases: [(Seen, &str); 7] = [
        (
            Seen { kingresses: Some(vec![kingress("False", "NA1010", "bad host")]), ..well() },
            "Error KIngress default/hello: Ready is False: NA1010: bad host",
        ),
        (
            Seen { lease: Some(lease("1970-01-01T00:10:00.000000Z")), ..well() },
            "Error Lease net-alb-controller: `net-alb-controller-1` holds it and hasn't renewed it for 400 s",
        ),
        (
            Seen { forbidden: Some(vec!["`a` may not b".to_owned()]), ..well() },
            "Error permissions of net-alb's accounts: `a` may not b",
        ),
        (
            Seen { forbidden: None, ..well() },
            "Warning permissions of net-alb's accounts: they can't be looked at: you may not create SubjectAccessReviews",
        ),
        (
            Seen { endpoint_slices: well().endpoint_slices.split_off(1), ..well() },
            "Error Service net-alb: no gateway behind it is ready",
        ),
        (
            Seen {
                config_maps: vec![json!({ "metadata": { "name": "config-network" }, "data": {} })],
                ..well()
            },
            "Warning ConfigMap config-network in `knative-serving`: `ingress-class` isn't set, so Knative gives new routes to Istio",
        ),
        (
            Seen {
                deployments: vec![
                    well().deployments.remove(0),
                    json!({ "metadata": { "name": "net-alb-gateway" }, "spec": { "replicas": 2 }, "status": {} }),
                ],
                pods: vec![
                    well().pods.remove(0),
                    json!({
                        "metadata": { "name": "net-alb-gateway-1" },
                        "status": { "containerStatuses": [{ "state": { "waiting": { "reason": "ImagePullBackOff" } } }] },
                    }),
                ],
                ..well()
            },
            "Error Deployment net-alb-gateway: 0 of 2 ready, 0 of the newest version; pod net-alb-gateway-1: ImagePullBackOff",
        ),
    ];
    for (seen, expected) in cases {
        assert_eq!(wrong(&seen), [expected]);
    }
}

#[test]
fn what_config_alb_gets_wrong_is_said() {
    let mut seen = well();
    seen.config_maps.push(json!({
        "metadata": { "name": "config-alb", "namespace": "knative-serving" },
        "data": { "cluster-local": "everywhere" },
    }));
    let wrong = wrong(&seen);
    assert!(wrong.len() == 1 && wrong[0].starts_with("Warning ConfigMap config-alb: "), "{wrong:?}");
}
