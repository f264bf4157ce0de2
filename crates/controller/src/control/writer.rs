use super::message::Wrote;
use super::record::KIngressRecord;
use crate::acknowledgement::{Effect, Problem};
use crate::ledger::Write;
use k8s_openapi::api::core::v1::ObjectReference;
use kube::api::{Patch, PatchParams};
use kube::runtime::events::{Event, EventType, Recorder, Reporter};
use kube::{Api, Client};
use net_alb_api::{KIngress, ObjectKey};
use std::sync::Arc;
use tokio::sync::{Semaphore, mpsc};

/// Writes that may be under way at a time. The API server's own fairness decides beyond that; nothing is held back by a rate.
const PARALLEL: usize = 64;
/// The longest note of an Event. Source: Kubernetes, events.k8s.io/v1.
const LONGEST_NOTE: usize = 1000;

/// What an Event is about.
#[derive(Debug, Clone, Copy)]
pub(super) struct Object<'a> {
    pub(super) api_version: &'static str,
    pub(super) kind: &'static str,
    pub(super) uid: Option<&'a str>,
}

/// Writes status and Events, many at a time, none twice.
pub(super) struct Writer {
    client: Client,
    recorder: Recorder,
    places: Arc<Semaphore>,
    wrote: mpsc::UnboundedSender<Wrote>,
}

impl Writer {
    pub(super) fn new(client: Client, identity: &str, wrote: mpsc::UnboundedSender<Wrote>) -> Writer {
        let reporter =
            Reporter { controller: "net-alb-controller".to_owned(), instance: Some(identity.to_owned()) };
        let recorder = Recorder::new(client.clone(), reporter);
        Writer { client, recorder, places: Arc::new(Semaphore::new(PARALLEL)), wrote }
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
            let object =
                Object { api_version: KIngress::API_VERSION, kind: KIngress::KIND, uid: Some(&write.uid) };
            self.say(object, &write.kingress, write.events);
        }
    }

    /// Says something of an object, in Events.
    pub(super) fn say(&self, object: Object<'_>, key: &ObjectKey, problems: Vec<Problem>) {
        let reference = ObjectReference {
            api_version: Some(object.api_version.to_owned()),
            kind: Some(object.kind.to_owned()),
            namespace: Some(key.namespace.clone()),
            name: Some(key.name.clone()),
            uid: object.uid.map(str::to_owned),
            ..ObjectReference::default()
        };
        let (recorder, places) = (self.recorder.clone(), Arc::clone(&self.places));
        tokio::spawn(async move {
            let _place = places.acquire().await;
            for problem in problems {
                let event = event(problem);
                if let Err(error) = recorder.publish(&event, &reference).await {
                    tracing::warn!("an Event can't be written: {error}");
                }
            }
        });
    }
}

fn event(problem: Problem) -> Event {
    let type_ = if problem.effect == Effect::Advice { EventType::Normal } else { EventType::Warning };
    let end = problem.message.floor_char_boundary(LONGEST_NOTE);
    Event {
        type_,
        reason: problem.reason,
        note: Some(problem.message[..end].to_owned()),
        action: "Route".to_owned(),
        secondary: None,
    }
}

/// The KIngress was deleted, or made anew, while its status was on the way.
fn is_gone(error: &kube::Error) -> bool {
    matches!(error, kube::Error::Api(status) if status.code == 404 || status.code == 409)
}
