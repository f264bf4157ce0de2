//! Writes objects of every kind, many at a time.

use super::objects::{Action, Write};
use kube::api::{ApiResource, DeleteParams, DynamicObject, Patch, PatchParams, Preconditions};
use kube::{Api, Client};
use net_alb_diag::ObjectRef;
use serde_json::Value;
use std::sync::Arc;
use tokio::sync::{Semaphore, mpsc};

/// Under this name net-alb owns fields.
const FIELD_MANAGER: &str = "net-alb";
/// Writes that may be under way at a time.
const PARALLEL: usize = 64;

/// A write that has ended: with the object as it is now, `None` if it is gone, or what the API server says.
pub(super) type Wrote = (ObjectRef, Result<Option<Value>, String>);

pub(super) struct Writer {
    client: Client,
    places: Arc<Semaphore>,
    wrote: mpsc::UnboundedSender<Wrote>,
}

impl Writer {
    pub(super) fn new(client: Client, wrote: mpsc::UnboundedSender<Wrote>) -> Writer {
        Writer { client, places: Arc::new(Semaphore::new(PARALLEL)), wrote }
    }

    /// Begins a write.
    pub(super) fn write(&self, write: Write) {
        let (places, ended) = (Arc::clone(&self.places), self.wrote.clone());
        let api = api(&self.client, &write.object);
        tokio::spawn(async move {
            let _place = places.acquire().await;
            let result = act(&api, &write.object.name, write.action).await;
            if let Err(error) = &result {
                tracing::warn!("{} can't be written: {error}", write.object);
            }
            // Nobody waits for it any more: the controller has stopped delivering.
            let _ = ended.send((write.object, result));
        });
    }
}

async fn act(api: &Api<DynamicObject>, name: &str, action: Action) -> Result<Option<Value>, String> {
    let written = match action {
        Action::Apply(object) => {
            api.patch(name, &PatchParams::apply(FIELD_MANAGER).force(), &Patch::Apply(&*object)).await
        }
        Action::Merge(object) => {
            let by = PatchParams { field_manager: Some(FIELD_MANAGER.to_owned()), ..PatchParams::default() };
            api.patch(name, &by, &Patch::Merge(object)).await
        }
        Action::Delete(uid) => {
            let only = Preconditions { uid: Some(uid), resource_version: None };
            return match api.delete(name, &DeleteParams::background().preconditions(only)).await {
                // With a finalizer it stays for a while; the watch tells when it is gone.
                Ok(either) => Ok(either.left().and_then(value)),
                Err(kube::Error::Api(status)) if status.code == 404 => Ok(None),
                Err(error) => Err(text(&error)),
            };
        }
    };
    written.map(value).map_err(|error| text(&error))
}

/// What the API server says, without what kube puts around it.
fn text(error: &kube::Error) -> String {
    match error {
        kube::Error::Api(status) => status.message.clone(),
        other => other.to_string(),
    }
}

fn value(mut object: DynamicObject) -> Option<Value> {
    object.metadata.managed_fields = None;
    serde_json::to_value(object).ok()
}

fn api(client: &Client, object: &ObjectRef) -> Api<DynamicObject> {
    let (version, plural) = match object.kind.as_str() {
        "AlbConfig" => ("v1", "albconfigs"),
        "IngressClass" => ("v1", "ingressclasses"),
        "Service" => ("v1", "services"),
        "Endpoints" => ("v1", "endpoints"),
        _ => ("v1", "ingresses"),
    };
    let api_version =
        if object.group.is_empty() { version.to_owned() } else { format!("{}/{version}", object.group) };
    let resource = ApiResource {
        group: object.group.clone(),
        version: version.to_owned(),
        api_version,
        kind: object.kind.clone(),
        plural: plural.to_owned(),
    };
    if object.namespace.is_empty() {
        Api::all_with(client.clone(), &resource)
    } else {
        Api::namespaced_with(client.clone(), &object.namespace, &resource)
    }
}
