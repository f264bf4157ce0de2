//! The loop of a gateway replica: what is seen goes through the stages into the gateway, and is acknowledged.

use super::names::{Name, Names};
use super::serving::Serving;
use crate::cmd::cluster::set_level;
use futures_util::future::Either;
use futures_util::stream::{AbortHandle, BoxStream, SelectAll, abortable, unfold};
use futures_util::{FutureExt, StreamExt};
use kube::Client;
use net_alb_admin::{LogControl, Readiness};
use net_alb_api::{ConfigMap, Object, ObjectKey};
use net_alb_controller::config::{self, InEffect};
use net_alb_controller::watch::{self, Kind, Seen};
use net_alb_pipeline::Change;
use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::Instant;

/// Events that are worked on as one.
const BATCH: usize = 4096;

/// What the loop reacts to.
enum Message {
    Seen(Seen),
    /// By the watch of one Secret.
    Secret(Seen),
    Resolved(Name, Vec<SocketAddr>),
    /// What waited has waited long enough.
    Due,
    Stop,
}

/// What the replica tells its surroundings by.
pub(super) struct Outside {
    pub(super) readiness: Readiness,
    pub(super) log: LogControl,
}

/// A gateway replica.
pub(super) struct Role {
    client: Client,
    serving: Serving,
    outside: Outside,
    config_maps: InEffect,
    messages: SelectAll<BoxStream<'static, Message>>,
    /// What hasn't been seen completely yet; once it is empty, the gateway serves.
    unseen: BTreeSet<Kind>,
    changes: Vec<Change>,
    /// What was said last of kinds that can't be watched.
    failed: BTreeMap<Kind, String>,
    /// Watches of single Secrets, which no label finds.
    single: BTreeMap<ObjectKey, AbortHandle>,
    /// Secrets that the label finds.
    labelled: BTreeSet<ObjectKey>,
    is_ready: bool,
    /// When to end, once it is known.
    end: Option<Instant>,
}

impl Role {
    /// `serving` makes what is served of these objects, all of these kinds; `stop` ends it.
    pub(super) fn new(
        client: Client,
        (objects, kinds): (SelectAll<BoxStream<'static, Seen>>, &[Kind]),
        outside: Outside,
        serving: impl FnOnce(Names) -> Serving,
        stop: impl Future<Output = ()> + Send + 'static,
    ) -> Role {
        let (answers, resolved) = mpsc::unbounded_channel();
        let resolved = unfold(resolved, |mut from| async move {
            let (name, addresses) = from.recv().await?;
            Some((Message::Resolved(name, addresses), from))
        });
        let mut messages: SelectAll<BoxStream<'static, Message>> = SelectAll::new();
        messages.push(objects.map(Message::Seen).boxed());
        messages.push(resolved.boxed());
        messages.push(stop.map(|()| Message::Stop).into_stream().boxed());
        Role {
            client,
            serving: serving(Names::new(answers)),
            outside,
            config_maps: InEffect::default(),
            messages,
            unseen: kinds.iter().copied().collect(),
            changes: Vec::new(),
            failed: BTreeMap::new(),
            single: BTreeMap::new(),
            labelled: BTreeSet::new(),
            is_ready: false,
            end: None,
        }
    }

    /// Serves until it is told to stop, and for `delay` after that: those who send requests must hear of it first.
    pub(super) async fn run(mut self, delay: Duration) {
        while let Some(first) = self.next().await {
            let mut next = Some(first);
            for _ in 0..BATCH {
                match next {
                    Some(Message::Stop) => self.stop(delay),
                    Some(message) => self.take(message),
                    None => break,
                }
                next = self.messages.next().now_or_never().flatten();
            }
            if self.unseen.is_empty() {
                self.serve();
            }
        }
    }

    /// The next message; `None` at the end.
    async fn next(&mut self) -> Option<Message> {
        let due = self.serving.due();
        let Some(until) = self.end.into_iter().chain(due).min() else { return self.messages.next().await };
        let over = std::pin::pin!(tokio::time::sleep_until(until));
        match futures_util::future::select(self.messages.next(), over).await {
            Either::Left((message, _)) => message,
            Either::Right(_) if Some(until) == due => Some(Message::Due),
            Either::Right(_) => None,
        }
    }

    fn take(&mut self, message: Message) {
        match message {
            Message::Seen(seen) => {
                self.follow_label(&seen);
                self.see(seen);
            }
            Message::Secret(seen) => self.see(seen),
            Message::Resolved(name, addresses) => self.serving.resolved(&name, &addresses),
            Message::Due | Message::Stop => {}
        }
    }

    fn see(&mut self, seen: Seen) {
        match seen {
            Seen::Put(object) => {
                match &*object {
                    Object::KIngress(kingress) => self.serving.asked(kingress),
                    Object::Secret(secret) => self.serving.certificate(secret),
                    Object::Service(service) => self.serving.service(service),
                    _ => {}
                }
                let object = match *object {
                    Object::ConfigMap(config_map) => Object::ConfigMap(self.config(&config_map)),
                    other => other,
                };
                self.changes.push(Change::Put(object));
            }
            Seen::Gone(kind, key) => {
                match kind {
                    Kind::KIngress => self.serving.gone(&key),
                    Kind::Secret => self.serving.certificate_gone(&key),
                    Kind::ConfigMap => {
                        self.config_maps.remove(&key);
                        self.serving.config_map(&key, None);
                    }
                    _ => {}
                }
                self.changes.push(Change::Delete(kind.to_ref(&key)));
            }
            Seen::Synced(kind) => {
                self.unseen.remove(&kind);
            }
            Seen::Failed(kind, error) => {
                if self.failed.insert(kind, error.clone()).as_ref() != Some(&error) {
                    tracing::warn!("{kind:?} can't be watched: {error}");
                }
            }
        }
    }

    /// The ConfigMap as it takes effect: with the last good value in place of a bad one.
    fn config(&mut self, written: &ConfigMap) -> ConfigMap {
        let key = ObjectKey::of(&written.metadata);
        if key.name == config::LOGGING {
            set_level(&self.outside.log, written, "net-alb-gateway");
        }
        let kept = self.config_maps.put(written);
        kept.diagnostics.iter().for_each(|diagnostic| tracing::warn!("ConfigMap {key}: {diagnostic}"));
        self.serving.config_map(&key, Some(&kept.value));
        kept.value
    }

    /// Puts what has been seen into effect. With the first round the gateway becomes ready.
    fn serve(&mut self) {
        let secrets = self.serving.apply(std::mem::take(&mut self.changes));
        self.follow(secrets);
        if !self.is_ready {
            self.is_ready = true;
            self.serving.listen();
            if self.end.is_none() {
                self.outside.readiness.set_ready();
            }
            tracing::info!("ready: everything that there was is served");
        }
    }

    /// Which Secrets need no watch of their own.
    fn follow_label(&mut self, seen: &Seen) {
        match seen {
            Seen::Put(object) => {
                if let Object::Secret(secret) = &**object {
                    self.labelled.insert(ObjectKey::of(&secret.metadata));
                }
            }
            Seen::Gone(Kind::Secret, key) => drop(self.labelled.remove(key)),
            _ => {}
        }
    }

    /// Watches the Secrets that are needed and that no label finds, each by itself.
    fn follow(&mut self, secrets: BTreeMap<ObjectKey, bool>) {
        for (key, is_needed) in secrets {
            if is_needed && !self.labelled.contains(&key) {
                let (watch, handle) = abortable(watch::secret(&self.client, &key).map(Message::Secret));
                self.messages.push(watch.boxed());
                self.single.insert(key, handle);
            } else if let Some(watch) = self.single.remove(&key) {
                watch.abort();
                if !self.labelled.contains(&key) {
                    self.serving.certificate_gone(&key);
                    self.changes.push(Change::Delete(Kind::Secret.to_ref(&key)));
                }
            }
        }
    }

    fn stop(&mut self, delay: Duration) {
        tracing::info!("not ready any more: no new requests shall come");
        self.outside.readiness.set_unready("it is stopping");
        self.end = Some(Instant::now() + delay);
    }
}
