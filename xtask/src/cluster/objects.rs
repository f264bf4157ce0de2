//! The objects of one KIngress: itself, its Service, its EndpointSlice.

use super::Layer;
use super::server::NODE;
use serde_json::{Value, json};

pub(super) const NAMESPACE: &str = "many";

/// The host of a KIngress.
pub(super) fn host(name: &str) -> String {
    format!("{name}.many.example.com")
}

/// As Serving writes one: a cluster-local rule and a public one, revision headers per split.
pub(super) fn kingress(name: &str, layer: Layer, service: &str) -> Value {
    let rule = |hosts: Vec<String>, visibility: &str| {
        json!({
            "hosts": hosts,
            "visibility": visibility,
            "http": { "paths": [{ "splits": [{
                "serviceNamespace": NAMESPACE,
                "serviceName": service,
                "servicePort": 80,
                "percent": 100,
                "appendHeaders": {
                    "Knative-Serving-Namespace": NAMESPACE,
                    "Knative-Serving-Revision": service,
                },
            }] }] },
        })
    };
    let local = ["", ".svc", ".svc.cluster.local"].map(|suffix| format!("{name}.{NAMESPACE}{suffix}"));
    json!({
        "apiVersion": "networking.internal.knative.dev/v1alpha1",
        "kind": "Ingress",
        "metadata": {
            "name": name,
            "namespace": NAMESPACE,
            "annotations": { "networking.knative.dev/ingress.class": layer.class() },
        },
        "spec": {
            "httpOption": "Enabled",
            "rules": [rule(local.into(), "ClusterLocal"), rule(vec![host(name)], "ExternalIP")],
        },
    })
}

/// Without an address of its own: kube-proxy has nothing to do with it.
pub(super) fn service(name: &str, port: u16) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": { "name": name, "namespace": NAMESPACE },
        "spec": { "clusterIP": "None", "ports": [{ "name": "http", "port": 80, "targetPort": port }] },
    })
}

pub(super) fn endpoint_slice(name: &str, port: u16) -> Value {
    json!({
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {
            "name": name,
            "namespace": NAMESPACE,
            "labels": { "kubernetes.io/service-name": name },
        },
        "addressType": "IPv4",
        "ports": [{ "name": "http", "port": port, "protocol": "TCP" }],
        "endpoints": [{ "addresses": [NODE], "conditions": { "ready": true } }],
    })
}
