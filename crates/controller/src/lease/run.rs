use super::{Election, Record, Step, Timing};
use crate::watch::Patience;
use futures_util::StreamExt;
use futures_util::future::{Either, select};
use futures_util::stream::BoxStream;
use k8s_openapi::api::coordination::v1::{Lease, LeaseSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::MicroTime;
use k8s_openapi::jiff::Timestamp;
use kube::api::PostParams;
use kube::runtime::watcher::{self, Event};
use kube::runtime::{WatchStreamExt, watcher as watch_objects};
use kube::{Api, Client};
use net_alb_api::{ObjectKey, ObjectMeta};
use std::pin::pin;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::Instant;

/// Whether we lead, and how to end it.
#[derive(Debug)]
pub struct Leadership {
    leads: watch::Receiver<bool>,
    end: watch::Sender<bool>,
    task: tokio::task::JoinHandle<()>,
}

impl Leadership {
    /// Tells when it begins and ends.
    pub fn leads(&self) -> watch::Receiver<bool> {
        self.leads.clone()
    }

    /// Gives the Lease back, so that a follower needn't wait.
    pub async fn end(self) {
        let _ = self.end.send(true);
        let _ = self.task.await;
    }
}

/// Takes part in the election for a Lease, under a name that nobody else has.
pub fn run(client: &Client, lease: &ObjectKey, me: &str, timing: Timing) -> Leadership {
    let (tell, leads) = watch::channel(false);
    let (end, ended) = watch::channel(false);
    let api = Api::namespaced(client.clone(), &lease.namespace);
    let election = Election::new(me, timing);
    let candidate =
        Candidate { api, name: lease.name.clone(), election, lease: None, epoch: Instant::now(), tell };
    let task = tokio::spawn(candidate.run(ended));
    Leadership { leads, end, task }
}

struct Candidate {
    api: Api<Lease>,
    name: String,
    election: Election,
    /// As it was seen last.
    lease: Option<Lease>,
    epoch: Instant,
    tell: watch::Sender<bool>,
}

/// After a write that failed.
const PAUSE: Duration = Duration::from_secs(1);

impl Candidate {
    async fn run(mut self, mut ended: watch::Receiver<bool>) {
        let one = watcher::Config::default().fields(&format!("metadata.name={}", self.name));
        let mut events = watch_objects(self.api.clone(), one).backoff(Patience::default()).boxed();
        self.first(&mut events).await;
        loop {
            self.say();
            let pause = match self.election.step(self.now()) {
                Step::Hold if self.hold().await => continue,
                Step::Hold => PAUSE,
                Step::Wait(pause) => pause,
            };
            let stop = pin!(ended.changed());
            let next = select(events.next(), stop);
            match tokio::time::timeout(pause, next).await {
                Ok(Either::Left((Some(event), _))) => self.see(event),
                Ok(Either::Left((None, _)) | Either::Right(_)) => return self.release().await,
                Err(_) => {}
            }
        }
    }

    /// Nobody takes a Lease before seeing whose it is.
    async fn first(&mut self, events: &mut BoxStream<'static, watcher::Result<Event<Lease>>>) {
        while let Some(event) = events.next().await {
            let done = matches!(event, Ok(Event::InitDone));
            self.see(event);
            if done {
                return;
            }
        }
    }

    fn see(&mut self, event: watcher::Result<Event<Lease>>) {
        let lease = match event {
            Ok(Event::Apply(lease) | Event::InitApply(lease)) => Some(lease),
            Ok(Event::Delete(_)) => None,
            Ok(Event::Init | Event::InitDone) => return,
            Err(error) => return tracing::warn!("the Lease can't be watched: {error}"),
        };
        self.election.observe(lease.as_ref().map(record), self.now());
        self.lease = lease;
    }

    /// Writes that we hold the Lease, for `lease-duration` from now.
    async fn hold(&mut self) -> bool {
        let begun = self.now();
        let now = MicroTime(Timestamp::now());
        let before = self.lease.as_ref().and_then(|lease| lease.spec.as_ref());
        let was_ours = before.and_then(|spec| spec.holder_identity.as_deref()) == Some(self.election.me());
        let transitions = before.and_then(|spec| spec.lease_transitions).unwrap_or_default();
        let acquired = before.and_then(|spec| spec.acquire_time.clone()).filter(|_| was_ours);
        let spec = LeaseSpec {
            holder_identity: Some(self.election.me().to_owned()),
            lease_duration_seconds: i32::try_from(self.election.timing().lease.as_secs()).ok(),
            acquire_time: Some(acquired.unwrap_or_else(|| now.clone())),
            renew_time: Some(now),
            lease_transitions: Some(transitions + i32::from(!was_ours)),
            ..LeaseSpec::default()
        };
        match self.write(spec).await {
            Ok(lease) => {
                self.election.held(record(&lease), begun);
                self.lease = Some(lease);
                true
            }
            Err(error) => {
                tracing::warn!("the Lease `{}` can't be held: {error}", self.name);
                false
            }
        }
    }

    async fn write(&self, spec: LeaseSpec) -> kube::Result<Lease> {
        let create = PostParams::default();
        let Some(lease) = &self.lease else {
            let metadata = ObjectMeta { name: Some(self.name.clone()), ..ObjectMeta::default() };
            return self.api.create(&create, &Lease { metadata, spec: Some(spec) }).await;
        };
        // Its resource version makes sure that nobody was faster.
        self.api.replace(&self.name, &create, &Lease { spec: Some(spec), ..lease.clone() }).await
    }

    async fn release(self) {
        if !self.election.leads(self.now()) {
            return;
        }
        self.tell.send_replace(false);
        let spec = self.lease.as_ref().and_then(|lease| lease.spec.clone());
        let free = LeaseSpec { holder_identity: Some(String::new()), ..spec.unwrap_or_default() };
        if let Err(error) = self.write(free).await {
            tracing::warn!("the Lease can't be given back: {error}");
        }
    }

    fn say(&self) {
        let leads = self.election.leads(self.now());
        self.tell.send_if_modified(|told| std::mem::replace(told, leads) != leads);
    }

    fn now(&self) -> Duration {
        self.epoch.elapsed()
    }
}

fn record(lease: &Lease) -> Record {
    let spec = lease.spec.as_ref();
    let seconds = spec.and_then(|spec| spec.lease_duration_seconds).and_then(|s| u64::try_from(s).ok());
    Record {
        holder: spec.and_then(|spec| spec.holder_identity.clone()).unwrap_or_default(),
        lease: Duration::from_secs(seconds.unwrap_or_default()),
        version: lease.metadata.resource_version.clone().unwrap_or_default(),
    }
}
