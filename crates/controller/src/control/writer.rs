use super::message::Wrote;
use super::record::KIngressRecord;
use crate::acknowledgement::Problem;
use crate::events::Events;
use crate::ledger::Write;
use kube::api::{Patch, PatchParams};
use kube::{Api, Client};
use net_alb_diag::ObjectRef;
use std::sync::Arc;
use tokio::sync::{Semaphore, mpsc};

/// Writes that may be under way at a time. The API server's own fairness decides beyond that; nothing is held back by a rate.
const PARALLEL: usize = 64;

/// Writes status and Events, many at a time, none twice.
pub(super) struct Writer {
    client: Client,
    events: Events,
    places: Arc<Semaphore>,
    wrote: mpsc::UnboundedSender<Wrote>,
}

impl Writer {
    pub(super) fn new(client: Client, identity: &str, wrote: mpsc::UnboundedSender<Wrote>) -> Writer {
        let events = Events::of_controller(client.clone(), identity);
        Writer { client, events, places: Arc::new(Semaphore::new(PARALLEL)), wrote }
    }

    /// Begins a write.
    pub(super) fn write(&self, write: Write) {
        if let Some(status) = write.status {
            let (places, ended) = (Arc::clone(&self.places), self.wrote.clone());
            let api: Api<KIngressRecord> = Api::namespaced(self.client.clone(), &write.kingress.namespace);
            let (key, uid) = (write.kingress.clone(), write.uid.clone());
            tokio::spawn(async move {
                let _place = places.acquire().await;
                // With the uid, so that an object of the same name that came since doesn't get it.
                let patch = serde_json::json!({"metadata": {"uid": uid}, "status": status});
                let result = api.patch_status(&key.name, &PatchParams::default(), &Patch::Merge(patch)).await;
                if let Err(error) = &result
                    && !is_gone(error)
                {
                    tracing::warn!("the status of KIngress {key} can't be written: {error}");
                }
                let result = result.map_err(|_| ());
                let result = result.map(|record| (record.status.clone(), record.resource_version()));
                // Nobody waits for it any more: the controller is stopping.
                let _ = ended.send((key, result));
            });
        }
        if !write.events.is_empty() {
            let object = write.kingress.to_ref("networking.internal.knative.dev", "Ingress");
            self.say(&object, Some(&write.uid), write.events);
        }
    }

    /// Says something of an object, in Events.
    pub(super) fn say(&self, object: &ObjectRef, uid: Option<&str>, problems: Vec<Problem>) {
        self.events.say(object, uid, problems);
    }
}

/// The KIngress was deleted, or made anew, while its status was on the way.
fn is_gone(error: &kube::Error) -> bool {
    matches!(error, kube::Error::Api(status) if status.code == 404 || status.code == 409)
}
