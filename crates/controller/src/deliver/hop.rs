//! The Service by which an ALB reaches net-alb's gateway: without a selector, since the gateway's pods are in another namespace, with
//! Endpoints that follow them. Alibaba's controller reads `core/v1` Endpoints, not EndpointSlices.

use super::objects::MANAGED_BY;
use net_alb_api::hop::{INTERNET_PORT, INTRANET_PORT, SERVICE};
use net_alb_api::{EndpointSlice, Ingress, ObjectKey};
use net_alb_diag::ObjectRef;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The pods of the gateway, by the EndpointSlices of its two Services.
#[derive(Debug)]
pub struct Gateways {
    public: String,
    internal: String,
    slices: BTreeMap<ObjectKey, EndpointSlice>,
}

impl Gateways {
    /// None is known yet. The two Services are for public hosts and for cluster-local ones.
    pub fn new(public: &str, internal: &str) -> Gateways {
        Gateways { public: public.to_owned(), internal: internal.to_owned(), slices: BTreeMap::new() }
    }

    /// A slice is so now.
    pub fn put(&mut self, slice: EndpointSlice) {
        self.slices.insert(ObjectKey::of(&slice.metadata), slice);
    }

    /// A slice is gone.
    pub fn remove(&mut self, slice: &ObjectKey) {
        self.slices.remove(slice);
    }

    /// Whether there is a gateway to forward to.
    pub fn are_there(&self) -> bool {
        !self.addresses().is_empty()
    }

    fn of<'a>(&'a self, service: &'a str) -> impl Iterator<Item = &'a EndpointSlice> {
        self.slices.values().filter(move |slice| {
            let labels = slice.metadata.labels.as_ref();
            labels.and_then(|labels| labels.get("kubernetes.io/service-name")).is_some_and(|of| of == service)
        })
    }

    /// The pod's port behind a Service's port for plain HTTP.
    fn port(&self, service: &str) -> Option<i32> {
        let mut ports = self.of(service).flat_map(|slice| slice.ports.iter().flatten());
        ports.find(|port| port.name.as_deref() == Some("http2"))?.port
    }

    /// The pods that are ready, as Endpoints write them; in order.
    fn addresses(&self) -> Vec<Value> {
        let endpoints = self.of(&self.internal).flat_map(|slice| &slice.endpoints);
        let ready = endpoints.filter(|endpoint| {
            endpoint.conditions.as_ref().and_then(|conditions| conditions.ready).unwrap_or(true)
        });
        let sorted: BTreeMap<&String, Value> = ready
            .filter_map(|endpoint| {
                let ip = endpoint.addresses.first()?;
                let mut address = json!({ "ip": ip });
                if let Some(node) = &endpoint.node_name {
                    address["nodeName"] = json!(node);
                }
                if let Some(pod) = &endpoint.target_ref {
                    address["targetRef"] =
                        json!({"kind": pod.kind, "name": pod.name, "namespace": pod.namespace, "uid": pod.uid});
                }
                Some((ip, address))
            })
            .collect();
        sorted.into_values().collect()
    }

    /// What a namespace needs, with the pods' own addresses (`eni`) or node ports in between.
    pub fn objects(&self, namespace: &str, eni: bool) -> Option<[(ObjectRef, Value); 2]> {
        let (public, internal) = (self.port(&self.public)?, self.port(&self.internal)?);
        let (label, value) = MANAGED_BY;
        let mut metadata = json!({"name": SERVICE, "namespace": namespace, "labels": {label: value}});
        let endpoints = json!({
            "apiVersion": "v1",
            "kind": "Endpoints",
            "metadata": metadata,
            "subsets": [{
                "addresses": self.addresses(),
                "ports": [
                    {"name": "http2", "port": public, "protocol": "TCP"},
                    {"name": "http2-local", "port": internal, "protocol": "TCP"},
                ],
            }],
        });
        if eni {
            metadata["annotations"] = json!({"service.beta.kubernetes.io/backend-type": "eni"});
        }
        let service = json!({
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": metadata,
            "spec": {
                "type": if eni { "ClusterIP" } else { "NodePort" },
                "ports": [
                    {"name": "http2", "port": INTERNET_PORT, "protocol": "TCP", "targetPort": public},
                    {"name": "http2-local", "port": INTRANET_PORT, "protocol": "TCP", "targetPort": internal},
                ],
            },
        });
        let [service_ref, endpoints_ref] = names(namespace);
        Some([(service_ref, service), (endpoints_ref, endpoints)])
    }
}

/// What the two objects of a namespace are called.
pub fn names(namespace: &str) -> [ObjectRef; 2] {
    let key = ObjectKey::new(namespace, SERVICE);
    [key.to_ref("", "Service"), key.to_ref("", "Endpoints")]
}

/// Whether an Ingress forwards to the gateway.
pub fn is_needed_by(ingress: &Ingress) -> bool {
    let needle = format!("\"{SERVICE}\"");
    ingress.metadata.annotations.iter().flatten().any(|(_, value)| value.contains(&needle))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slice(service: &str, name: &str, ip: &str, port: i32, ready: bool) -> EndpointSlice {
        serde_json::from_value(json!({
            "metadata": {"name": name, "namespace": "net-alb", "labels": {"kubernetes.io/service-name": service}},
            "addressType": "IPv4",
            "endpoints": [{"addresses": [ip], "conditions": {"ready": ready}, "nodeName": "node"}],
            "ports": [{"name": "http2", "port": port}],
        }))
        .unwrap()
    }

    #[test]
    fn endpoints_are_the_gateways_that_are_ready() {
        let mut gateways = Gateways::new("net-alb", "net-alb-local");
        assert_eq!(gateways.objects("default", true), None, "no port is known");
        gateways.put(slice("net-alb", "a", "10.0.0.1", 8080, true));
        gateways.put(slice("net-alb-local", "b", "10.0.0.2", 8081, true));
        gateways.put(slice("net-alb-local", "c", "10.0.0.3", 8081, false));
        let [(_, service), (_, endpoints)] = gateways.objects("default", false).unwrap();
        assert_eq!(endpoints["subsets"][0]["addresses"], json!([{"ip": "10.0.0.2", "nodeName": "node"}]));
        assert_eq!(endpoints["subsets"][0]["ports"][1]["port"], 8081);
        assert_eq!(service["spec"]["type"], "NodePort");
    }
}
