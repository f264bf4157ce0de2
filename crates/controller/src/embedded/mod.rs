//! The embedded ALB's side of being an ALB Ingress Controller: for each AlbConfig it makes a Service, which is the load balancer's
//! address, and it writes the status of Ingresses and AlbConfigs as Alibaba's does.
//!
//! Every replica serves; the one that leads writes. Source of what is written: ACK, Create and use an ALB Ingress; alibaba-load-balancer-controller,
//! `albconfig_types.go`.

mod state;

pub use state::{Balancer, News, PORT_LABEL, SELECTOR, Shape, target_ports};

use crate::events::Events;
use crate::lease::Leadership;
use crate::watch::{self, Kind, Seen, stream};
use futures_util::stream::{BoxStream, SelectAll, unfold};
use futures_util::{FutureExt, StreamExt};
use kube::api::{ApiResource, DynamicObject, Patch, PatchParams};
use kube::runtime::watcher;
use kube::{Api, Client};
use net_alb_api::{Ingress, Object, ObjectKey, Service};
use net_alb_diag::ObjectRef;
use state::{State, Step};
use tokio::sync::mpsc;

/// Under this name Alibaba's controller speaks in Events, too.
const COMPONENT: &str = "alb-ingress-controller";
/// Owns the fields that it writes.
const FIELD_MANAGER: &str = "net-alb-embedded-alb";
/// Events that are worked on as one.
const BATCH: usize = 1024;

enum Message {
    Ingress(Seen<Ingress>),
    Service(Seen<Service>),
    AlbConfig(Seen),
    News(News),
    Leads(bool),
    /// A write that failed: to be tried again.
    Failed(ObjectRef),
}

/// Runs for good. `news` is what this replica serves.
pub async fn run(
    client: Client,
    shape: Shape,
    leadership: Leadership,
    identity: String,
    news: mpsc::UnboundedReceiver<News>,
) {
    let (failed, failures) = mpsc::unbounded_channel();
    let mut messages = messages(&client, &shape, news, failures);
    let leads = unfold((leadership.leads(), true), |(mut leads, first)| async move {
        if !first {
            leads.changed().await.ok()?;
        }
        let now = *leads.borrow_and_update();
        Some((Message::Leads(now), (leads, false)))
    });
    messages.push(leads.boxed());
    let events = Events::new(client.clone(), COMPONENT, &identity);
    let mut state = State::new(shape);
    while let Some(first) = messages.next().await {
        let mut next = Some(first);
        for _ in 0..BATCH {
            let Some(message) = next else { break };
            take(&mut state, message);
            next = messages.next().now_or_never().flatten();
        }
        for step in state.steps() {
            go(&client, &events, &failed, step);
        }
    }
    // The Lease is ours for as long as we run.
    leadership.end().await;
}

fn messages(
    client: &Client,
    shape: &Shape,
    news: mpsc::UnboundedReceiver<News>,
    failures: mpsc::UnboundedReceiver<ObjectRef>,
) -> SelectAll<BoxStream<'static, Message>> {
    let all = || watcher::Config::default().any_semantic();
    let services = Api::namespaced(client.clone(), &shape.namespace);
    let mut messages: SelectAll<BoxStream<'static, Message>> = SelectAll::new();
    messages.push(
        stream::<Ingress, _>(Kind::Ingress, Api::all(client.clone()), all(), Some)
            .map(Message::Ingress)
            .boxed(),
    );
    messages.push(
        stream::<Service, _>(Kind::Service, services, all().labels(PORT_LABEL), Some)
            .map(Message::Service)
            .boxed(),
    );
    messages.push(watch::alb_configs(client).map(Message::AlbConfig).boxed());
    let news = unfold(news, |mut from| async move { Some((Message::News(from.recv().await?), from)) });
    messages.push(news.boxed());
    let failures = unfold(failures, |mut from| async move {
        let object = from.recv().await?;
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
        Some((Message::Failed(object), from))
    });
    messages.push(failures.boxed());
    messages
}

fn take(state: &mut State, message: Message) {
    match message {
        Message::Ingress(Seen::Put(ingress)) => state.ingress(&ingress),
        Message::Ingress(Seen::Gone(_, key)) => state.ingress_gone(&key),
        Message::Service(Seen::Put(service)) => state.service(&service),
        Message::Service(Seen::Gone(_, key)) => state.service_gone(&key),
        Message::AlbConfig(Seen::Put(object)) => {
            if let Object::AlbConfig(alb_config) = *object {
                state.alb_config(&alb_config);
            }
        }
        Message::AlbConfig(Seen::Gone(_, key)) => state.alb_config_gone(&key.name),
        Message::Ingress(Seen::Synced(_))
        | Message::Service(Seen::Synced(_))
        | Message::AlbConfig(Seen::Synced(_)) => {
            state.synced();
        }
        Message::Ingress(Seen::Failed(kind, error))
        | Message::Service(Seen::Failed(kind, error))
        | Message::AlbConfig(Seen::Failed(kind, error)) => {
            tracing::warn!("{kind:?} can't be watched: {error}");
        }
        Message::News(news) => state.news(news),
        Message::Leads(leads) => state.leads(leads),
        Message::Failed(object) => state.look_at(&object),
    }
}

fn go(client: &Client, events: &Events, failed: &mpsc::UnboundedSender<ObjectRef>, step: Step) {
    let (object, patch, is_status) = match step {
        Step::Say(object, uid, problems) => return events.say(&object, uid.as_deref(), problems),
        Step::Apply(object, value) => (object, Patch::Apply(value), false),
        Step::Status(object, value) => (object, Patch::Merge(value), true),
        Step::Delete(object) => {
            let api = api(client, &object);
            tokio::spawn(async move {
                if let Err(error) = api.delete(&object.name, &kube::api::DeleteParams::background()).await {
                    tracing::warn!("{object} can't be deleted: {error}");
                }
            });
            return;
        }
    };
    let (api, failed) = (api(client, &object), failed.clone());
    tokio::spawn(async move {
        let result = if is_status {
            api.patch_status(&object.name, &PatchParams::default(), &patch).await
        } else {
            api.patch(&object.name, &PatchParams::apply(FIELD_MANAGER).force(), &patch).await
        };
        match result {
            Ok(_) => {}
            Err(kube::Error::Api(status)) if status.code == 404 => {}
            Err(error) => {
                tracing::warn!("{object} can't be written: {error}");
                let _ = failed.send(object);
            }
        }
    });
}

fn api(client: &Client, object: &ObjectRef) -> Api<DynamicObject> {
    let (api_version, plural) = match object.kind.as_str() {
        "Service" => ("v1", "services"),
        "AlbConfig" => ("alibabacloud.com/v1", "albconfigs"),
        _ => ("networking.k8s.io/v1", "ingresses"),
    };
    let resource = ApiResource {
        group: object.group.clone(),
        version: "v1".to_owned(),
        api_version: api_version.to_owned(),
        kind: object.kind.clone(),
        plural: plural.to_owned(),
    };
    match object.namespace.as_str() {
        "" => Api::all_with(client.clone(), &resource),
        namespace => Api::namespaced_with(client.clone(), namespace, &resource),
    }
}

/// The name of a load balancer's Service.
fn service_name(alb: &str) -> String {
    let name = format!("alb-{}", alb.replace('.', "-"));
    name[..name.len().min(63)].trim_end_matches('-').to_owned()
}

fn service_key(shape: &Shape, alb: &str) -> ObjectKey {
    ObjectKey::new(shape.namespace.as_str(), service_name(alb))
}
