//! Says things of objects in Events.

use crate::acknowledgement::{Effect, Problem};
use k8s_openapi::api::core::v1::ObjectReference;
use kube::Client;
use kube::runtime::events::{Event, EventType, Recorder, Reporter};
use net_alb_diag::ObjectRef;
use std::fmt;
use std::sync::Arc;
use tokio::sync::Semaphore;

/// Who says it, if it is the controller.
pub(crate) const COMPONENT: &str = "net-alb-controller";
/// Events that may be under way at a time.
const PARALLEL: usize = 16;
/// The longest note of an Event. Source: Kubernetes, events.k8s.io/v1.
const LONGEST_NOTE: usize = 1000;

/// A voice.
#[derive(Clone)]
pub struct Events {
    recorder: Recorder,
    places: Arc<Semaphore>,
}

impl fmt::Debug for Events {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Events").finish_non_exhaustive()
    }
}

impl Events {
    /// `component` says it, in the replica of this name.
    pub fn new(client: Client, component: &str, identity: &str) -> Events {
        let reporter = Reporter { controller: component.to_owned(), instance: Some(identity.to_owned()) };
        Events { recorder: Recorder::new(client, reporter), places: Arc::new(Semaphore::new(PARALLEL)) }
    }

    /// The controller says it.
    pub(crate) fn of_controller(client: Client, identity: &str) -> Events {
        Events::new(client, COMPONENT, identity)
    }

    /// Says something of an object; its `uid` is where `kubectl describe` looks for it.
    pub fn say(&self, object: &ObjectRef, uid: Option<&str>, problems: Vec<Problem>) {
        let reference = ObjectReference {
            api_version: Some(api_version(object)),
            kind: Some(object.kind.clone()),
            namespace: Some(object.namespace.clone()).filter(|namespace| !namespace.is_empty()),
            name: Some(object.name.clone()),
            uid: uid.map(str::to_owned),
            ..ObjectReference::default()
        };
        let Events { recorder, places } = self.clone();
        tokio::spawn(async move {
            let _place = places.acquire().await;
            for problem in problems {
                if let Err(error) = recorder.publish(&event(problem), &reference).await {
                    tracing::warn!("an Event can't be written: {error}");
                }
            }
        });
    }
}

fn api_version(object: &ObjectRef) -> String {
    match object.group.as_str() {
        "" => "v1".to_owned(),
        group @ "networking.internal.knative.dev" => format!("{group}/v1alpha1"),
        group => format!("{group}/v1"),
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
