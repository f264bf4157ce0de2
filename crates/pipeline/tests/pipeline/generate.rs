//! Objects that have to do with each other, good and bad ones.

use net_alb_api::Object;
use net_alb_pipeline::Change;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

const ALB: &str = "alb.ingress.kubernetes.io";

fn object(api_version: &str, kind: &str, value: Value) -> Object {
    Object::read(api_version, kind, value).expect("a kind that is known").expect("an object")
}

fn host() -> impl Strategy<Value = &'static str> {
    select(
        &["a.example.com", "B.example.com", "b.example.com", "c.default.svc.cluster.local", "not a host"][..],
    )
}

fn kingress() -> impl Strategy<Value = Object> {
    let split = (select(&["a", "b", "none"][..]), select(&["80", "http", "90"][..]));
    let path = (vec(split, 1..3), select(&["", "/x"][..]));
    let rule = (vec(host(), 0..3), any::<bool>(), vec(path, 1..3));
    let class =
        select(&["alb.ingress.networking.knative.dev", "", "kourier.ingress.networking.knative.dev"][..]);
    let created = select(&["", "2024-01-01T00:00:00Z", "2025-01-01T00:00:00Z"][..]);
    let tls = select(&["", "cert", "other"][..]);
    let parts = (select(&["k1", "k2", "k3"][..]), vec(rule, 0..3), class, created, tls, any::<bool>());
    parts.prop_map(|(name, rules, class, created, tls, redirected)| {
        let rules: Vec<Value> = rules.into_iter().map(|(hosts, local, paths)| {
            let path = |(splits, path): &(Vec<(&str, &str)>, &str)| {
                let share = 100 / splits.len();
                let splits: Vec<Value> = splits.iter().map(|(name, port)| {
                    let port = port.parse::<u16>().map_or(json!(port), |port| json!(port));
                    json!({"serviceNamespace": "default", "serviceName": name, "servicePort": port, "percent": share})
                }).collect();
                json!({"path": path, "splits": splits})
            };
            let visibility = if local { "ClusterLocal" } else { "ExternalIP" };
            json!({"hosts": hosts, "visibility": visibility, "http": {"paths": paths.iter().map(path).collect::<Vec<_>>()}})
        }).collect();
        let mut metadata = json!({"name": name, "namespace": "default"});
        if !class.is_empty() {
            metadata["annotations"] = json!({"networking.knative.dev/ingress.class": class});
        }
        if !created.is_empty() {
            metadata["creationTimestamp"] = json!(created);
        }
        let mut spec = json!({"rules": rules});
        if !tls.is_empty() {
            spec["tls"] = json!([{"hosts": ["a.example.com"], "secretName": tls, "secretNamespace": "default"}]);
        }
        if redirected {
            spec["httpOption"] = json!("Redirected");
        }
        object("networking.internal.knative.dev/v1alpha1", "Ingress", json!({"metadata": metadata, "spec": spec}))
    })
}

fn ingress() -> impl Strategy<Value = Object> {
    let annotation = select(
        &[
            ("order", "5"),
            ("order", "20"),
            ("ssl-redirect", "true"),
            ("listen-ports", "[{\"HTTPS\":80}]"),
            ("listen-ports", "[{\"HTTP\":443}]"),
            ("listen-ports", "[{\"HTTP\":80},{\"HTTPS\":443}]"),
            ("canary", "true"),
            ("canary", "true"),
            ("canary-weight", "20"),
            ("canary-by-cookie", "gray"),
            ("backend-protocol", "grpc"),
            ("nothing", "here"),
        ][..],
    );
    let class = select(&["knative-alb-ingress-internet", "mine", "none"][..]);
    let path = (select(&["/", "/x"][..]), select(&["a", "b", "none"][..]));
    let rule = (host(), vec(path, 0..3));
    // The last name is one that stage 1 gives.
    let names = select(&["i1", "i2", "k1", "k1.intranet"][..]);
    let parts = (names, vec(annotation, 0..4), class, vec(rule, 0..3), any::<bool>());
    parts.prop_map(|(name, annotations, class, rules, tls)| {
        let annotations: serde_json::Map<String, Value> =
            annotations.into_iter().map(|(key, value)| (format!("{ALB}/{key}"), json!(value))).collect();
        let rules: Vec<Value> = rules.into_iter().map(|(host, paths)| {
            let paths: Vec<Value> = paths.into_iter().map(|(path, service)| {
                json!({"path": path, "pathType": "Prefix", "backend": {"service": {"name": service, "port": {"number": 80}}}})
            }).collect();
            json!({"host": host, "http": {"paths": paths}})
        }).collect();
        let mut spec = json!({"ingressClassName": class, "rules": rules});
        if tls {
            spec["tls"] = json!([{"hosts": ["a.example.com"], "secretName": "cert"}]);
        }
        let metadata = json!({"name": name, "namespace": "default", "annotations": annotations});
        object("networking.k8s.io/v1", "Ingress", json!({"metadata": metadata, "spec": spec}))
    })
}

fn kservice() -> impl Strategy<Value = Object> {
    (select(&["k1", "s1"][..]), 0..=100_u8).prop_map(|(name, percent)| {
        let traffic = json!([
            {"revisionName": format!("{name}-00001"), "percent": percent},
            {"revisionName": format!("{name}-00002"), "percent": 100 - percent, "tag": "next"},
        ]);
        let template = json!({"spec": {"containers": [{"image": "example.com/hello"}]}});
        let spec = json!({"template": template, "traffic": traffic});
        let metadata = json!({"name": name, "namespace": "default"});
        object("serving.knative.dev/v1", "Service", json!({"metadata": metadata, "spec": spec}))
    })
}

fn service() -> impl Strategy<Value = Object> {
    let names = select(&["a", "b", "s1-00001"][..]);
    let ports = select(&["http", "h2c", ""][..]);
    (names, ports, any::<bool>(), any::<bool>()).prop_map(|(name, port, odd, external)| {
        let mut metadata = json!({"name": name, "namespace": "default"});
        if odd {
            metadata["annotations"] = json!({format!("{ALB}/healthcheck-enable"): "true"});
        }
        let mut spec = json!({"ports": [{"name": port, "port": 80}]});
        if external {
            spec["type"] = json!("ExternalName");
            spec["externalName"] = json!("elsewhere.example.com");
        }
        object("v1", "Service", json!({"metadata": metadata, "spec": spec}))
    })
}

fn slice() -> impl Strategy<Value = Object> {
    let any = (select(&["a-1", "a-2", "b-1"][..]), select(&["a", "b"][..]), 0..300_usize, any::<bool>());
    any.prop_map(|(name, service, count, ready)| {
        let endpoint = |i: usize| json!({"addresses": [format!("10.0.{}.{}", i / 250, i % 250)], "conditions": {"ready": ready || i.is_multiple_of(2)}});
        let endpoints: Vec<Value> = (0..count).map(endpoint).collect();
        let metadata = json!({"name": name, "namespace": "default", "labels": {"kubernetes.io/service-name": service}});
        let ports = json!([{"name": "http", "port": 8080}]);
        let value = json!({"metadata": metadata, "addressType": "IPv4", "endpoints": endpoints, "ports": ports});
        object("discovery.k8s.io/v1", "EndpointSlice", value)
    })
}

fn settings() -> impl Strategy<Value = Object> {
    let alb =
        select(&[("target", "alb"), ("target", "gateway"), ("cluster-local", "shared"), ("taget", "x")][..]);
    let network = select(
        &[
            ("domain-template", "{{.Name}}.{{.Domain}}"),
            ("http-protocol", "redirected"),
            ("ingres-class", "x"),
        ][..],
    );
    let map = |name: &'static str| {
        move |(key, value): (&'static str, &'static str)| {
            let metadata = json!({"name": name, "namespace": "knative-serving"});
            object("v1", "ConfigMap", json!({"metadata": metadata, "data": {key: value}}))
        }
    };
    prop_oneof![alb.prop_map(map("config-alb")), network.prop_map(map("config-network"))]
}

fn other() -> impl Strategy<Value = Object> {
    let secret = (select(&["cert", "other"][..]), any::<bool>()).prop_map(|(name, whole)| {
        let metadata = json!({"name": name, "namespace": "default"});
        let data =
            if whole { json!({"tls.crt": "Yg==", "tls.key": "Yg=="}) } else { json!({"tls.crt": "Yg=="}) };
        object("v1", "Secret", json!({"metadata": metadata, "data": data}))
    });
    let class = any::<bool>().prop_map(|whole| {
        let mut spec = json!({"controller": "ingress.k8s.alibabacloud/alb"});
        if whole {
            spec["parameters"] = json!({"apiGroup": "alibabacloud.com", "kind": "AlbConfig", "name": "mine"});
        }
        object("networking.k8s.io/v1", "IngressClass", json!({"metadata": {"name": "mine"}, "spec": spec}))
    });
    let listeners = select(&["HTTP", "HTTPS", "TCP"][..]);
    let config =
        (select(&["mine", "knative-alb-ingress-internet"][..]), listeners, select(&[80, 443, 8080][..]));
    let config = config.prop_map(|(name, protocol, port)| {
        let spec = json!({"config": {"addressType": "Internet"}, "listeners": [{"port": port, "protocol": protocol}]});
        object("alibabacloud.com/v1", "AlbConfig", json!({"metadata": {"name": name}, "spec": spec}))
    });
    prop_oneof![secret, class, config]
}

fn change() -> impl Strategy<Value = Change> {
    let any_object = prop_oneof![4 => kingress(), 4 => ingress(), 2 => kservice(), 2 => service(), 1 => slice(), 1 => settings(), 2 => other()];
    (any_object, 0..4_u8).prop_map(|(object, dice)| match dice {
        0 => Change::Delete(object.to_ref()),
        _ => Change::Put(object),
    })
}

/// Some batches of changes.
pub(crate) fn batches() -> impl Strategy<Value = Vec<Vec<Change>>> {
    vec(vec(change(), 1..6), 1..8)
}
