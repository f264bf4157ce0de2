//! The network hash goes out with every Ingress, where a cluster asks for it.

#![allow(clippy::unwrap_used, reason = "a test that can't go on has to stop")]

use net_alb_api::annotation::extension::NETWORK_HASH;
use net_alb_api::config::{Settings, Target};
use net_alb_api::{KIngress, Snapshot, network_hash};
use net_alb_convert::convert;

#[test]
fn every_ingress_carries_it_only_where_it_is_asked_for() {
    let text = r#"{"metadata": {"namespace": "n", "name": "k"}, "spec": {"rules": [
        {"hosts": ["a.example.com"], "http": {"paths": [{"splits": [{"serviceNamespace": "n", "serviceName": "s", "servicePort": 80}]}]}},
        {"hosts": ["a.n.svc"], "visibility": "ClusterLocal", "http": {"paths": [{"splits": [{"serviceNamespace": "n", "serviceName": "s", "servicePort": 80}]}]}}
    ]}}"#;
    let kingress: KIngress = serde_json::from_str(text).unwrap();
    let hashes = |network_hash| {
        let settings = Settings { target: Target::Gateway, network_hash, ..Settings::default() };
        let ingresses = convert(&kingress, &Snapshot::default(), &settings).value;
        let hash = |ingress: &net_alb_api::Ingress| {
            ingress.metadata.annotations.as_ref()?.get(NETWORK_HASH).cloned()
        };
        ingresses.iter().map(hash).collect::<Vec<_>>()
    };
    let hash = Some(network_hash(&kingress));
    assert_eq!(hashes(true), [hash.clone(), hash], "the public and the cluster-local one");
    assert_eq!(hashes(false), [None, None]);
}
