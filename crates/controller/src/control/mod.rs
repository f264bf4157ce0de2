//! The controller role: one loop that hears everything and writes what follows.

mod message;
mod record;
mod writer;

use crate::acknowledgement::Problem;
use crate::config::{self, LOGGING};
use crate::deliver::Delivery;
use crate::lease::Leadership;
use crate::ledger::{Asked, Ledger};
use crate::replicas::{Heard, Slices, subscribe};
use crate::status::Addresses;
use crate::watch::{Kind, Seen, stream};
use futures_util::stream::{BoxStream, SelectAll};
use futures_util::{FutureExt, StreamExt};
use k8s_openapi::jiff::Timestamp;
use kube::runtime::watcher;
use kube::{Api, Client};
use message::Message;
use net_alb_api::{ConfigMap, EndpointSlice, ObjectKey};
use record::KIngressRecord;
use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::AbortHandle;
use tokio::time::Instant;
use writer::Writer;

/// What the controller has to know.
#[derive(Debug)]
pub struct Options {
    /// The Service of public clients.
    pub public: ObjectKey,
    /// The Service of clients inside the cluster; its endpoints are the replicas.
    pub internal: ObjectKey,
    /// `cluster.local`.
    pub cluster_domain: String,
    /// Where a replica's admin port is.
    pub admin_port: u16,
    /// Our own name: the pod's.
    pub identity: String,
    /// Where Knative's ConfigMaps are.
    pub system_namespace: String,
    /// How far KIngresses are with target `alb`. Nothing is written before it has said whether that is the target.
    pub deliveries: mpsc::UnboundedReceiver<Delivery>,
}

/// Messages that are taken in before what follows is written.
const BATCH: usize = 1024;
/// Without any timer.
const IDLE: Duration = Duration::from_hours(1);

/// Runs until `stop` ends. `config_logging` gets that ConfigMap at first and whenever it changes.
pub async fn run(
    client: Client,
    mut options: Options,
    leadership: Leadership,
    config_logging: impl FnMut(&ConfigMap) + Send + 'static,
    stop: impl Future<Output = ()> + Send + 'static,
) {
    let (heard, from_replicas) = mpsc::channel(BATCH);
    let (wrote, ended_writes) = mpsc::unbounded_channel();
    let mut messages: SelectAll<BoxStream<'static, Message>> = SelectAll::new();
    messages.push(kingresses(&client).map(Message::KIngress).boxed());
    messages.push(slices(&client, &options.internal).map(Message::Slice).boxed());
    messages.push(config_maps(&client, &options.system_namespace).map(Message::Config).boxed());
    messages.push(message::received(from_replicas));
    messages.push(message::finished(ended_writes));
    messages.push(message::leads(leadership.leads()));
    messages
        .push(message::delivered(std::mem::replace(&mut options.deliveries, mpsc::unbounded_channel().1)));
    messages.push(stop.map(|()| Message::Stop).into_stream().boxed());
    let mut control = Control {
        ledger: Ledger::new(addresses(&options)),
        writer: Writer::new(client, &options.identity, wrote),
        slices: Slices::default(),
        subscriptions: BTreeMap::new(),
        complaints: BTreeSet::new(),
        config_logging: Box::new(config_logging),
        heard,
        options,
        epoch: Instant::now(),
        leads: false,
        knows_target: false,
    };
    loop {
        let pause = control.ledger.next().map_or(IDLE, |at| at.saturating_sub(control.now()));
        let mut next = tokio::time::timeout(pause, messages.next()).await.unwrap_or(Some(Message::Timer));
        for _ in 0..BATCH {
            match next {
                Some(Message::Stop) | None => return leadership.end().await,
                Some(message) => control.take(message),
            }
            let Some(more) = messages.next().now_or_never() else { break };
            next = more;
        }
        control.write();
    }
}

fn kingresses(client: &Client) -> BoxStream<'static, Seen<KIngressRecord>> {
    let all = watcher::Config::default().any_semantic();
    stream(Kind::KIngress, Api::all(client.clone()), all, KIngressRecord::ours)
}

fn config_maps(client: &Client, namespace: &str) -> BoxStream<'static, Seen<ConfigMap>> {
    let all = watcher::Config::default().any_semantic();
    stream(Kind::ConfigMap, Api::namespaced(client.clone(), namespace), all, Some)
}

fn slices(client: &Client, service: &ObjectKey) -> BoxStream<'static, Seen<EndpointSlice>> {
    let own = watcher::Config::default().labels(&format!("kubernetes.io/service-name={}", service.name));
    stream(Kind::EndpointSlice, Api::namespaced(client.clone(), &service.namespace), own, Some)
}

fn addresses(options: &Options) -> Addresses {
    let domain = |key: &ObjectKey| format!("{}.{}.svc.{}", key.name, key.namespace, options.cluster_domain);
    Addresses { public: domain(&options.public), internal: domain(&options.internal) }
}

struct Control {
    ledger: Ledger,
    writer: Writer,
    slices: Slices,
    /// By replica: where it is, and the task that listens to it.
    subscriptions: BTreeMap<String, (IpAddr, AbortHandle)>,
    /// What is wrong with ConfigMaps, by ConfigMap, as far as it was said.
    complaints: BTreeSet<(ObjectKey, String)>,
    config_logging: Box<dyn FnMut(&ConfigMap) + Send>,
    heard: mpsc::Sender<(String, Heard)>,
    options: Options,
    epoch: Instant,
    leads: bool,
    /// Whether the target is `alb` or not is known.
    knows_target: bool,
}

impl Control {
    fn take(&mut self, message: Message) {
        match message {
            Message::KIngress(seen) => self.kingress(seen),
            Message::Slice(seen) => self.slice(seen),
            Message::Config(seen) => self.config(seen),
            Message::Heard(replica, heard) => self.hear(&replica, heard),
            Message::Wrote(kingress, result) => {
                let retry = self.now() + RETRY;
                self.ledger.wrote(&kingress, result.map_err(|()| retry));
            }
            Message::Leads(leads) => {
                tracing::info!("{}", if leads { "leading: writing status" } else { "following" });
                self.leads = leads;
                self.ledger.look_at_all();
            }
            Message::Delivered(delivery) => {
                self.knows_target = true;
                self.ledger.delivered(delivery);
            }
            Message::Timer | Message::Stop => {}
        }
    }

    fn kingress(&mut self, seen: Seen<KIngressRecord>) {
        match seen {
            Seen::Put(record) => {
                let key = ObjectKey::of(&record.metadata);
                let now = self.now();
                self.ledger.asked(key, Asked::from(*record), now);
            }
            Seen::Gone(_, key) => self.ledger.gone(&key),
            Seen::Synced(_) => tracing::info!("all KIngresses are known"),
            Seen::Failed(kind, error) => tracing::warn!("{kind:?} can't be watched: {error}"),
        }
    }

    fn slice(&mut self, seen: Seen<EndpointSlice>) {
        match seen {
            Seen::Put(slice) => self.slices.put(*slice),
            Seen::Gone(_, key) => self.slices.remove(&key),
            Seen::Synced(_) => {}
            Seen::Failed(kind, error) => return tracing::warn!("{kind:?} can't be watched: {error}"),
        }
        let live = self.slices.replicas();
        self.subscriptions.retain(|name, (address, task)| {
            let stays = live.get(name) == Some(address);
            if !stays {
                task.abort();
            }
            stays
        });
        self.ledger.replicas(&live.keys().cloned().collect::<BTreeSet<_>>());
        for (name, address) in live {
            self.subscriptions.entry(name.clone()).or_insert_with(|| {
                tracing::info!("gateway {name} is at {address}");
                let at = SocketAddr::new(address, self.options.admin_port);
                (address, tokio::spawn(subscribe(name, at, self.heard.clone())).abort_handle())
            });
        }
    }

    fn config(&mut self, seen: Seen<ConfigMap>) {
        let config_map = match seen {
            Seen::Put(config_map) => config_map,
            Seen::Gone(_, key) => return self.complaints.retain(|(other, _)| *other != key),
            Seen::Synced(_) => return,
            Seen::Failed(kind, error) => return tracing::warn!("{kind:?} can't be watched: {error}"),
        };
        let key = ObjectKey::of(&config_map.metadata);
        if key.name == LOGGING {
            (self.config_logging)(&config_map);
        }
        let problems: Vec<_> =
            config::kept(&config_map, None).diagnostics.iter().filter_map(Problem::of).collect();
        self.complaints.retain(|(other, message)| {
            *other != key || problems.iter().any(|problem| problem.message == *message)
        });
        let news = problems
            .into_iter()
            .filter(|problem| self.leads && self.complaints.insert((key.clone(), problem.message.clone())));
        let news: Vec<_> = news.collect();
        if !news.is_empty() {
            let uid = config_map.metadata.uid.as_deref();
            self.writer.say(&key.to_ref("", "ConfigMap"), uid, news);
        }
    }

    fn hear(&mut self, replica: &str, heard: Heard) {
        match heard {
            Heard::Connected => self.ledger.connected(replica),
            Heard::Line(line) => self.ledger.heard(replica, line),
            Heard::Lost(cause) => {
                tracing::warn!("gateway {replica} can't be heard: {cause}");
                self.ledger.lost(replica, &cause);
            }
        }
    }

    fn write(&mut self) {
        if !self.leads || !self.knows_target {
            return;
        }
        let time = Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
        for write in self.ledger.writes(self.now(), &time) {
            self.writer.write(write);
        }
    }

    fn now(&self) -> Duration {
        self.epoch.elapsed()
    }
}

/// After a write that failed.
const RETRY: Duration = Duration::from_millis(500);
