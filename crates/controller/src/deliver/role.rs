//! The loop: what is seen goes through the stages, and what they want is written, followed and told.

mod wants;

use super::objects::{Content, MANAGED_BY, Objects};
use super::routes::{Defaults, Routes, Step};
use super::watched::{AWAITED, Answered, Message, messages};
use super::writer::{Writer, Wrote};
use super::{Delivery, hop, probe};
use crate::acknowledgement::{Effect, Problem};
use crate::events::Events;
use crate::version::version;
use crate::watch::{self, Kind, Seen};
use futures_util::stream::{AbortHandle, BoxStream, SelectAll, abortable};
use futures_util::{FutureExt, StreamExt};
use hop::Gateways;
use kube::Client;
use net_alb_api::{Ingress, KIngress, Object, ObjectKey};
use net_alb_diag::ObjectRef;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::Instant;

/// What the role has to know.
#[derive(Debug, Clone)]
pub struct Options {
    /// The gateways' Service of public clients.
    pub public: ObjectKey,
    /// The gateways' Service of clients inside.
    pub internal: ObjectKey,
    /// Where Knative's ConfigMaps are.
    pub system_namespace: String,
    /// Our own name: the pod's.
    pub identity: String,
}

/// An Ingress that a KIngress is to have.
#[derive(Debug, Clone)]
pub struct WantedIngress {
    /// As the stages made it.
    pub ingress: Arc<Ingress>,
    /// Whether it is for clients inside only.
    pub is_private: bool,
}

/// What the stages say to changes: what isn't in here is as it was.
#[derive(Debug, Default)]
pub struct Round {
    /// The Ingresses that each KIngress is to have.
    pub ingresses: BTreeMap<ObjectKey, Vec<WantedIngress>>,
    /// AlbConfigs and IngressClasses that are wanted otherwise now.
    pub balancers: BTreeMap<ObjectRef, Content>,
    /// What there is to say of KIngresses.
    pub problems: BTreeMap<ObjectKey, Vec<Problem>>,
    /// Secrets that somebody names: `true` from now on, `false` no longer.
    pub secrets: BTreeMap<ObjectKey, bool>,
    /// The AlbConfigs of public and of cluster-local hosts.
    pub alb_configs: (String, String),
    /// Whether a load balancer reaches pods by their own addresses.
    pub eni: bool,
    /// Why no load balancer can be made.
    pub fault: Option<String>,
}

/// The stages: changes in, what follows out. The first time with the IngressClasses that KIngresses' Ingresses have.
pub type Stages = Box<dyn FnMut(Vec<Seen>, BTreeMap<ObjectKey, Vec<String>>) -> Round + Send>;

/// Events that are worked on as one.
const BATCH: usize = 4096;
/// So long a hop stays when no Ingress leads to it any more: rules of a load balancer change later than Ingresses.
const LINGER: Duration = Duration::from_mins(1);
/// Without any timer.
const IDLE: Duration = Duration::from_hours(1);

/// Delivers for as long as it is polled. `tell` hears how far each KIngress is.
pub async fn run(client: Client, options: Options, stages: Stages, tell: mpsc::UnboundedSender<Delivery>) {
    let (wrote, from_writer) = mpsc::unbounded_channel::<Wrote>();
    let (answered, answers) = mpsc::unbounded_channel::<Answered>();
    let mut role = Role {
        messages: messages(&client, &options, from_writer, answers),
        writer: Writer::new(client.clone(), wrote),
        events: Events::of_controller(client.clone(), &options.identity),
        gateways: Gateways::new(&options.public.name, &options.internal.name),
        client,
        stages,
        tell,
        answered,
        objects: Objects::default(),
        routes: Routes::default(),
        kingresses: BTreeMap::new(),
        hops: BTreeMap::new(),
        idle_hops: BTreeMap::new(),
        defaults: BTreeMap::new(),
        alb_configs: (String::new(), String::new()),
        eni: true,
        fault: None,
        seen: Vec::new(),
        unseen: AWAITED.iter().copied().collect(),
        single: BTreeMap::new(),
        unseen_secrets: BTreeSet::new(),
        gateways_moved: true,
        is_first: true,
        epoch: Instant::now(),
    };
    loop {
        let timers = role.objects.next().into_iter().chain(role.routes.next());
        let next = timers.chain(role.idle_hops.values().copied()).min();
        let pause = next.map_or(IDLE, |at| at.saturating_sub(role.now()));
        let mut next =
            tokio::time::timeout(pause, role.messages.next()).await.unwrap_or(Some(Message::Timer));
        for _ in 0..BATCH {
            let Some(message) = next else { return };
            role.take(message);
            let Some(more) = role.messages.next().now_or_never() else { break };
            next = more;
        }
        if role.unseen.is_empty() {
            role.work();
        }
    }
}

struct Role {
    client: Client,
    messages: SelectAll<BoxStream<'static, Message>>,
    writer: Writer,
    events: Events,
    stages: Stages,
    tell: mpsc::UnboundedSender<Delivery>,
    answered: mpsc::UnboundedSender<Answered>,
    objects: Objects,
    routes: Routes,
    /// `uid` and `generation`, for what is made of them.
    kingresses: BTreeMap<ObjectKey, (String, i64)>,
    gateways: Gateways,
    gateways_moved: bool,
    /// Which Ingresses forward to the gateway, by namespace.
    hops: BTreeMap<String, BTreeSet<ObjectRef>>,
    /// Namespaces where none does any more, and until when their hop stays.
    idle_hops: BTreeMap<String, Duration>,
    /// The names of load balancers, by AlbConfig.
    defaults: BTreeMap<String, String>,
    alb_configs: (String, String),
    eni: bool,
    fault: Option<String>,
    seen: Vec<Seen>,
    unseen: BTreeSet<Kind>,
    /// Watches of single Secrets, which no label finds.
    single: BTreeMap<ObjectKey, AbortHandle>,
    /// Those of them that haven't been looked for yet.
    unseen_secrets: BTreeSet<ObjectKey>,
    is_first: bool,
    epoch: Instant,
}

impl Role {
    fn take(&mut self, message: Message) {
        match message {
            Message::Seen(Seen::Failed(kind, error)) => tracing::warn!("{kind:?} can't be watched: {error}"),
            Message::Secret(key, seen) => {
                // Found, not there, or not to be seen: nothing more is to be expected.
                self.unseen_secrets.remove(&key);
                match seen {
                    Seen::Failed(_, error) => tracing::warn!("Secret {key} can't be watched: {error}"),
                    Seen::Synced(_) => {}
                    seen => self.seen.push(seen),
                }
            }
            Message::Seen(Seen::Synced(kind)) => drop(self.unseen.remove(&kind)),
            Message::Slice(Seen::Synced(_)) => drop(self.unseen.remove(&Kind::EndpointSlice)),
            Message::Seen(seen) => self.see(seen),
            Message::Endpoints(Seen::Put(endpoints)) => {
                let (key, value) = *endpoints;
                self.found(&key.to_ref("", "Endpoints"), Some(value));
            }
            Message::Endpoints(Seen::Gone(_, key)) => self.found(&key.to_ref("", "Endpoints"), None),
            Message::Slice(Seen::Put(slice)) => {
                self.gateways.put(*slice);
                self.gateways_moved = true;
            }
            Message::Slice(Seen::Gone(_, key)) => {
                self.gateways.remove(&key);
                self.gateways_moved = true;
            }
            Message::Slice(Seen::Failed(kind, error)) => tracing::warn!("{kind:?} can't be watched: {error}"),
            Message::Event(ingress, problem) => self.routes.event(&ingress, problem),
            Message::Wrote((object, result)) => {
                let (now, is_ok) = (self.now(), result.is_ok());
                if is_ok {
                    self.routes.wrote(&object, now, &self.objects);
                }
                self.objects.wrote(&object, result, now);
                self.routes.touched(&object);
                if is_ok && object.kind != "Ingress" {
                    self.routes.look_at_open();
                }
            }
            Message::Answered(ingress, written, verdict) => {
                let now = self.now();
                self.routes.answered(&ingress, written, verdict, now);
            }
            Message::Endpoints(_) | Message::Timer => {}
        }
    }

    fn see(&mut self, seen: Seen) {
        match &seen {
            Seen::Put(object) => match &**object {
                Object::KIngress(kingress) => self.asked(kingress),
                Object::AlbConfig(alb_config) => {
                    let name = alb_config.status.as_ref().map(|status| &status["loadBalancer"]["dnsname"]);
                    let name = name.and_then(Value::as_str).filter(|name| !name.is_empty());
                    let known = match name {
                        Some(name) => self.defaults.insert(alb_config.name().to_owned(), name.to_owned()),
                        None => self.defaults.remove(alb_config.name()),
                    };
                    if known.as_deref() != name {
                        self.routes.look_at_open();
                    }
                    self.found(&object.to_ref(), object.to_value().ok());
                }
                Object::Ingress(_) | Object::IngressClass(_) => {
                    self.found(&object.to_ref(), object.to_value().ok());
                }
                Object::Service(service)
                    if service.metadata.name.as_deref() == Some(net_alb_api::hop::SERVICE) =>
                {
                    self.found(&object.to_ref(), object.to_value().ok());
                }
                _ => {}
            },
            Seen::Gone(Kind::KIngress, key) => self.gone(key),
            Seen::Gone(
                kind @ (Kind::Ingress | Kind::IngressClass | Kind::AlbConfig | Kind::Service),
                key,
            ) => {
                self.found(&kind.to_ref(key), None);
            }
            _ => {}
        }
        if !is_made(&seen) {
            self.seen.push(seen);
        }
    }

    fn found(&mut self, object: &ObjectRef, value: Option<Value>) {
        self.objects.found(object, value);
        self.routes.touched(object);
    }

    fn asked(&mut self, kingress: &KIngress) {
        let metadata = &kingress.metadata;
        let (uid, generation) =
            (metadata.uid.clone().unwrap_or_default(), metadata.generation.unwrap_or_default());
        let key = kingress.key();
        self.routes.version(&key, version(metadata));
        self.kingresses.insert(key, (uid, generation));
    }

    fn gone(&mut self, kingress: &ObjectKey) {
        self.kingresses.remove(kingress);
        for ingress in self.routes.gone(kingress) {
            self.unwant(&ingress);
        }
        let _ = self.tell.send(Delivery::Kingress(kingress.clone(), None));
    }

    /// One round.
    fn work(&mut self) {
        let seen = std::mem::take(&mut self.seen);
        if !seen.is_empty() || self.is_first {
            let held = if self.is_first { self.classes() } else { BTreeMap::new() };
            let round = (self.stages)(seen, held);
            self.want(round);
        }
        if !self.unseen_secrets.is_empty() {
            // What is wanted without them isn't what will be wanted in a moment.
            return;
        }
        if std::mem::take(&mut self.is_first) {
            self.sort_out();
        }
        if std::mem::take(&mut self.gateways_moved) {
            for namespace in self.hops.keys().cloned().collect::<Vec<_>>() {
                self.want_hop(&namespace);
            }
        }
        self.drop_hops();
        self.write();
        let name = |alb_config: &str| self.defaults.get(alb_config).cloned();
        let defaults = Defaults {
            public: name(&self.alb_configs.0),
            private: name(&self.alb_configs.1),
            fault: self.fault.clone(),
        };
        for step in self.routes.steps(self.now(), &self.objects, &defaults) {
            self.go(step);
        }
        // What was dropped.
        self.write();
    }

    fn write(&mut self) {
        for write in self.objects.writes(self.now()) {
            if !write.edited.is_empty() {
                let fields = write.edited.iter().take(5).cloned().collect::<Vec<_>>().join("`, `");
                let message =
                    format!("somebody has changed `{fields}`, which net-alb writes: it is put back");
                let problem = Problem { effect: Effect::Refused, reason: "EditPutBack".to_owned(), message };
                let uid = self.objects.get(&write.object).and_then(|found| found["metadata"]["uid"].as_str());
                self.events.say(&write.object, uid, vec![problem]);
            }
            self.writer.write(write);
        }
    }

    fn go(&mut self, step: Step) {
        match step {
            Step::Tell(delivery) => drop(self.tell.send(delivery)),
            Step::Drop(ingresses) => ingresses.iter().for_each(|ingress| self.unwant(ingress)),
            Step::Ask { ingress, written, address, question } => {
                let to = self.answered.clone();
                tokio::spawn(async move {
                    let verdict = probe::ask(&address, &question).await;
                    let _ = to.send((ingress, written, verdict));
                });
            }
            Step::Say(kingress, problem) => {
                let uid = self.kingresses.get(&kingress).map(|(uid, _)| uid.as_str());
                let object = kingress.to_ref("networking.internal.knative.dev", "Ingress");
                self.events.say(&object, uid, vec![problem]);
            }
        }
    }

    /// Watches the Secrets that are needed, each by itself, since most have no label.
    fn follow(&mut self, secrets: BTreeMap<ObjectKey, bool>) {
        for (key, is_needed) in secrets {
            if is_needed {
                let (watch, handle) = abortable(watch::one_secret(&self.client, &key));
                let of = key.clone();
                self.messages.push(watch.map(move |seen| Message::Secret(of.clone(), seen)).boxed());
                self.unseen_secrets.insert(key.clone());
                self.single.insert(key, handle);
            } else if let Some(watch) = self.single.remove(&key) {
                watch.abort();
                self.unseen_secrets.remove(&key);
                self.seen.push(Seen::Gone(Kind::Secret, key));
            }
        }
    }

    fn now(&self) -> Duration {
        self.epoch.elapsed()
    }
}

/// Whether it is one of our own Ingresses, which the stages make and don't read.
fn is_made(seen: &Seen) -> bool {
    let Seen::Put(object) = seen else { return false };
    let Object::Ingress(ingress) = &**object else { return false };
    let (key, value) = MANAGED_BY;
    let labels = ingress.metadata.labels.as_ref();
    labels.and_then(|labels| labels.get(key)).is_some_and(|by| by == value)
}
