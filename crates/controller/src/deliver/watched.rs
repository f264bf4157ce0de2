//! What the role reacts to.

use super::Options;
use super::routes::Verdict;
use super::writer::Wrote;
use crate::acknowledgement::{Effect, Problem};
use crate::events::COMPONENT;
use crate::watch::{self, Kind, Patience, Seen, stream};
use futures_util::StreamExt;
use futures_util::stream::{BoxStream, SelectAll, unfold};
use k8s_openapi::api::core::v1::{Endpoints, Event};
use kube::runtime::{WatchStreamExt, watcher};
use kube::{Api, Client};
use net_alb_api::{EndpointSlice, ObjectKey};
use net_alb_diag::ObjectRef;
use serde_json::Value;
use std::time::Duration;
use tokio::sync::mpsc;

/// Everything that the role reacts to.
pub(super) enum Message {
    Seen(Seen),
    /// By the watch of this one Secret.
    Secret(ObjectKey, Seen),
    Endpoints(Seen<(ObjectKey, Value)>),
    Slice(Seen<EndpointSlice>),
    /// ALB Ingress Controller says something of an Ingress: what went wrong, or that all is well.
    Event(ObjectRef, Option<Problem>),
    Wrote(Wrote),
    Answered(ObjectRef, Duration, Verdict),
    Timer,
}

/// An answer of a load balancer about an Ingress as it was written at a time.
pub(super) type Answered = (ObjectRef, Duration, Verdict);

/// Everything that has to be seen before anything is done. [`Kind::EndpointSlice`] stands for the gateways' own and for Endpoints.
pub(super) const AWAITED: &[Kind] = &[
    Kind::KIngress,
    Kind::Ingress,
    Kind::IngressClass,
    Kind::AlbConfig,
    Kind::Service,
    Kind::Secret,
    Kind::ConfigMap,
    Kind::EndpointSlice,
];

pub(super) fn messages(
    client: &Client,
    options: &Options,
    wrote: mpsc::UnboundedReceiver<Wrote>,
    answered: mpsc::UnboundedReceiver<Answered>,
) -> SelectAll<BoxStream<'static, Message>> {
    let mut messages: SelectAll<BoxStream<'static, Message>> = SelectAll::new();
    messages.push(watch::stages(client, &options.system_namespace).map(Message::Seen).boxed());
    messages.push(slices(client, options).map(Message::Slice).boxed());
    messages.push(endpoints(client).map(Message::Endpoints).boxed());
    messages.push(events(client));
    messages.push(received(wrote, Message::Wrote));
    messages
        .push(received(answered, |(ingress, written, verdict)| Message::Answered(ingress, written, verdict)));
    messages
}

fn received<T: Send + 'static>(
    from: mpsc::UnboundedReceiver<T>,
    into: fn(T) -> Message,
) -> BoxStream<'static, Message> {
    unfold(from, move |mut from| async move { Some((into(from.recv().await?), from)) }).boxed()
}

/// The gateways, for the hop.
fn slices(client: &Client, options: &Options) -> BoxStream<'static, Seen<EndpointSlice>> {
    let names = format!("kubernetes.io/service-name in ({},{})", options.public.name, options.internal.name);
    let own = watcher::Config::default().any_semantic().labels(&names);
    stream(Kind::EndpointSlice, Api::namespaced(client.clone(), &options.public.namespace), own, Some)
}

/// The Endpoints that net-alb made.
fn endpoints(client: &Client) -> BoxStream<'static, Seen<(ObjectKey, Value)>> {
    let (key, value) = super::objects::MANAGED_BY;
    let own = watcher::Config::default().any_semantic().labels(&format!("{key}={value}"));
    let into = |endpoints: Endpoints| {
        let key = ObjectKey::of(&endpoints.metadata);
        serde_json::to_value(endpoints).ok().map(|value| (key, value))
    };
    let seen = stream(Kind::EndpointSlice, Api::all(client.clone()), own, into);
    // The gateways' own slices say when all is known.
    seen.filter(|seen| std::future::ready(!matches!(seen, Seen::Synced(_)))).boxed()
}

/// What others say of Ingresses in Events from now on.
fn events(client: &Client) -> BoxStream<'static, Message> {
    let config = watcher::Config::default().any_semantic().fields("involvedObject.kind=Ingress");
    watcher(Api::<Event>::all(client.clone()), config)
        .backoff(Patience::default())
        .filter_map(|event| {
            std::future::ready(match event {
                Ok(watcher::Event::Apply(event)) => said(event),
                _ => None,
            })
        })
        .boxed()
}

/// What an Event of ALB Ingress Controller means. Those of net-alb's controller are no news to it.
fn said(event: Event) -> Option<Message> {
    let of = &event.involved_object;
    let component = event.source.as_ref().and_then(|source| source.component.as_deref());
    let component = component.or(event.reporting_component.as_deref()).unwrap_or_default();
    let is_ingress =
        of.api_version.as_deref().is_some_and(|version| version.starts_with("networking.k8s.io/"));
    if !is_ingress || component == COMPONENT {
        return None;
    }
    let key = ObjectKey::new(of.namespace.clone().unwrap_or_default(), of.name.clone().unwrap_or_default());
    let reason = event.reason.unwrap_or_default();
    let failed = event.type_.as_deref() == Some("Warning");
    let well = reason.starts_with("Success");
    let problem = failed.then(|| Problem {
        effect: Effect::Waiting,
        reason,
        message: format!("ALB Ingress Controller: {}", event.message.unwrap_or_default()),
    });
    (failed || well).then(|| Message::Event(key.to_ref("networking.k8s.io", "Ingress"), problem))
}
