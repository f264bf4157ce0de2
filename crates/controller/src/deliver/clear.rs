//! Target `gateway`: what target `alb` left behind goes, once clients have had time to hear of the gateways' address.

use super::objects::MANAGED_BY;
use k8s_openapi::api::core::v1::{Endpoints, Service};
use k8s_openapi::api::networking::v1::Ingress;
use kube::api::{DeleteParams, ListParams};
use kube::{Api, Client, Resource};
use net_alb_api::hop::SERVICE;
use serde::de::DeserializeOwned;
use std::fmt::Debug;
use std::time::Duration;

/// Deletes net-alb's Ingresses and hops after a pause, if there are any. AlbConfigs and IngressClasses stay: with an AlbConfig goes the
/// load balancer, with its address. Ends when nothing is left.
pub async fn clear(client: Client, pause: Duration) {
    let ingresses: Api<Ingress> = Api::all(client.clone());
    match list(&ingresses).await {
        Ok(found) if found.is_empty() => {}
        Ok(found) => {
            tracing::info!("{} Ingresses of target `alb` are deleted in {} s", found.len(), pause.as_secs());
            tokio::time::sleep(pause).await;
        }
        Err(error) => tracing::warn!("Ingresses can't be listed: {error}"),
    }
    delete(&client, ingresses, |_| true).await;
    let is_hop = |name: &str| name == SERVICE;
    delete::<Service>(&client, Api::all(client.clone()), is_hop).await;
    delete::<Endpoints>(&client, Api::all(client.clone()), is_hop).await;
}

async fn list<K>(api: &Api<K>) -> kube::Result<Vec<K>>
where
    K: Resource + Clone + DeserializeOwned + Debug,
{
    let (key, value) = MANAGED_BY;
    Ok(api.list(&ListParams::default().labels(&format!("{key}={value}"))).await?.items)
}

async fn delete<K>(client: &Client, all: Api<K>, is_meant: fn(&str) -> bool)
where
    K: Resource<Scope = k8s_openapi::NamespaceResourceScope> + Clone + DeserializeOwned + Debug,
    K::DynamicType: Default,
{
    let found = list(&all).await.unwrap_or_default();
    for object in found {
        let metadata = object.meta();
        let (Some(name), Some(namespace)) = (&metadata.name, &metadata.namespace) else { continue };
        if !is_meant(name) {
            continue;
        }
        let api: Api<K> = Api::namespaced(client.clone(), namespace);
        if let Err(error) = api.delete(name, &DeleteParams::background()).await {
            tracing::warn!("{namespace}/{name} can't be deleted: {error}");
        }
    }
}
