//! The measurements, in the order in which they are made. Each phase ends at a limit: what isn't done by then took longer.

use super::super::api::{Api, Kind, Watch};
use super::super::objects::{NAMESPACE, endpoint_slice, kingress, service};
use super::super::{Layer, kubectl, server};
use super::client::{until, until_refused};
use super::processes::{Usage, settle, since, usage};
use super::spread::{Spread, Took};
use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::net::{SocketAddr, ToSocketAddrs};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// What to measure.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Task {
    pub(super) layer: String,
    pub(super) size: usize,
    pub(super) probes: usize,
    /// Of a phase, in seconds.
    pub(super) limit: u64,
    /// Of each of the layer's processes.
    pub(super) replicas: usize,
}

/// What was measured of one layer at one size.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Figures {
    pub(super) layer: String,
    pub(super) size: usize,
    /// How many were ready when the first phase ended.
    pub(super) ready: usize,
    /// All at once: from the first being created to the last being ready.
    pub(super) bulk: Took,
    /// All at once: each from being created to being ready.
    pub(super) bulk_each: Option<Spread>,
    /// One more: created to ready.
    pub(super) more_ready: Option<Spread>,
    /// One more: created to the first 200.
    pub(super) more_served: Option<Spread>,
    /// One changed: updated to ready.
    pub(super) changed_ready: Option<Spread>,
    /// One changed: updated to the first answer of the new server.
    pub(super) changed_seen: Option<Spread>,
    /// One deleted: to the first 404.
    pub(super) deleted: Option<Spread>,
    /// Every process of the layer restarted: to all hosts answering 200.
    pub(super) restart: Took,
    /// LISTs that the API server answered meanwhile, by kind.
    pub(super) lists: BTreeMap<String, u64>,
    /// Before the restart: CPU since the layer was idle.
    pub(super) processes: Vec<Usage>,
}

/// What is written to the API server at the same time.
const WRITERS: usize = 8;

/// The Service whose server is `b`: what a KIngress is changed to.
const CHANGED: &str = "changed";

pub(super) fn run(layer: Layer, task: &Task) -> Result<Figures> {
    let (a, b) = (server::start("a")?, server::start("b")?);
    let api = Api::connect()?;
    api.create_namespace()?;
    let names: Vec<String> = (0..task.size).map(|number| format!("app-{number}")).collect();
    let more: Vec<String> = (0..task.probes).map(|number| format!("more-{number}")).collect();
    let all: Vec<_> = names.iter().chain(&more).cloned().collect();
    in_parallel(&all, |name| {
        api.create(Kind::Services, &service(name, a))?;
        api.create(Kind::EndpointSlices, &endpoint_slice(name, a))
    })?;
    api.create(Kind::Services, &service(CHANGED, b))?;
    api.create(Kind::EndpointSlices, &endpoint_slice(CHANGED, b))?;
    settle(layer, task.replicas)?;
    let before = usage(layer)?;
    let bench = Bench { layer, limit: Duration::from_secs(task.limit), watch: api.watch(), api };
    let bulk = bench.bulk(&names)?;
    let gateway = gateway(bulk.ready.first().context("no KIngress became ready within the limit")?)?;
    let more = bench.each("one more", &more, |name, deadline| bench.more(name, gateway, deadline))?;
    let (changing, rest) = bulk.ready.split_at(task.probes.min(bulk.ready.len()));
    let changed =
        bench.each("one changed", changing, |name, deadline| bench.change(name, gateway, deadline))?;
    let (deleting, staying) = rest.split_at(task.probes.min(rest.len()));
    let deleted = bench.each("one deleted", deleting, |name, deadline| {
        let took = bench.delete(name, gateway, deadline)?;
        Ok((took, took))
    })?;
    let processes = since(&before, usage(layer)?);
    let lists = bench.api.lists()?;
    let restart = bench.restart(staying, gateway)?;
    Ok(Figures {
        layer: layer.name().to_owned(),
        size: task.size,
        ready: bulk.ready.len(),
        bulk: bulk.took,
        bulk_each: bulk.each,
        more_ready: more.0,
        more_served: more.1,
        changed_ready: changed.0,
        changed_seen: changed.1,
        deleted: deleted.0,
        restart,
        lists: grown(&lists, bench.api.lists()?),
        processes,
    })
}

struct Bench {
    layer: Layer,
    limit: Duration,
    api: Api,
    watch: Watch,
}

struct Bulk {
    ready: Vec<String>,
    took: Took,
    each: Option<Spread>,
}

impl Bench {
    fn bulk(&self, names: &[String]) -> Result<Bulk> {
        let began = Instant::now();
        let created = Mutex::new(BTreeMap::new());
        in_parallel(names, |name| {
            let at = Instant::now();
            self.api.create(Kind::KIngresses, &kingress(name, self.layer, name))?;
            created.lock().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned(), at);
            Ok(())
        })?;
        println!("{} created after {:.1} s", names.len(), began.elapsed().as_secs_f64());
        let ready = self.watch.count(names.len(), began + self.limit);
        println!("{} ready after {:.1} s", ready.len(), began.elapsed().as_secs_f64());
        let last = ready.values().max().copied().filter(|_| ready.len() == names.len());
        let created = created.into_inner().unwrap_or_else(PoisonError::into_inner);
        let each = created.iter().map(|(name, at)| Took::until(*at, ready.get(name).copied()));
        let each = Spread::of(each);
        Ok(Bulk { took: Took::until(began, last), each, ready: ready.into_keys().collect() })
    }

    /// Measures one after the other, as many as the limit leaves room for; of both times the spread.
    fn each(
        &self,
        what: &str,
        names: &[String],
        measure: impl Fn(&str, Instant) -> Result<(Took, Took)>,
    ) -> Result<(Option<Spread>, Option<Spread>)> {
        let deadline = Instant::now() + self.limit;
        let mut times = Vec::new();
        for name in names {
            if Instant::now() >= deadline {
                break;
            }
            times.push(measure(name, deadline)?);
        }
        println!("{what}: {} of {} measured", times.len(), names.len());
        let (first, second): (Vec<_>, Vec<_>) = times.into_iter().unzip();
        Ok((Spread::of(first), Spread::of(second)))
    }

    fn more(&self, name: &str, gateway: SocketAddr, deadline: Instant) -> Result<(Took, Took)> {
        let began = Instant::now();
        self.api.create(Kind::KIngresses, &kingress(name, self.layer, name))?;
        self.through((name, 1), (gateway, "a"), began, deadline)
    }

    fn change(&self, name: &str, gateway: SocketAddr, deadline: Instant) -> Result<(Took, Took)> {
        let spec = kingress(name, self.layer, CHANGED)["spec"].clone();
        let began = Instant::now();
        self.api.patch(Kind::KIngresses, name, &json!({ "spec": spec }))?;
        self.through((name, 2), (gateway, "b"), began, deadline)
    }

    /// Waits for a generation of a KIngress to be ready, and, at the same time, for its host to be answered by this server.
    fn through(
        &self,
        (name, generation): (&str, i64),
        (gateway, server): (SocketAddr, &str),
        began: Instant,
        deadline: Instant,
    ) -> Result<(Took, Took)> {
        thread::scope(|scope| {
            let seen = scope.spawn(|| until(gateway, name, deadline, |answer| answer == (200, server)));
            let ready = self.watch.one(name, generation, deadline);
            let seen = seen.join().map_err(|_| anyhow::anyhow!("the client panicked"))?;
            Ok((Took::until(began, ready), Took::until(began, seen)))
        })
    }

    fn delete(&self, name: &str, gateway: SocketAddr, deadline: Instant) -> Result<Took> {
        let began = Instant::now();
        self.api.delete(Kind::KIngresses, name)?;
        Ok(Took::until(began, until(gateway, name, deadline, |answer| answer.0 == 404)))
    }

    /// Ends every pod of the layer at once, and asks for every host until each has answered.
    fn restart(&self, names: &[String], gateway: SocketAddr) -> Result<Took> {
        let began = Instant::now();
        let Some(first) = names.first() else { return Ok(Took::until(began, None)) };
        let now = ["--force", "--grace-period=0", "--wait=false"];
        let pods: &[&[&str]] = match self.layer {
            Layer::NetAlb => &[&["-n", "net-alb", "delete", "pods", "--all"]],
            Layer::Kourier => &[
                &["-n", "kourier-system", "delete", "pods", "--all"],
                &["-n", "knative-serving", "delete", "pods", "-l", "app=net-kourier-controller"],
            ],
        };
        for arguments in pods {
            kubectl(&[arguments, &now[..]].concat())?;
        }
        // The old processes must be gone, or they would be measured.
        until_refused(gateway, first);
        let last = Mutex::new(Some(began));
        in_parallel(names, |name| {
            let served = until(gateway, name, began + self.limit, |answer| answer.0 == 200);
            let mut last = last.lock().unwrap_or_else(PoisonError::into_inner);
            *last = last.zip(served).map(|(last, served)| last.max(served));
            Ok(())
        })?;
        println!("restarted after {:.1} s", began.elapsed().as_secs_f64());
        Ok(Took::until(began, last.into_inner().unwrap_or_else(PoisonError::into_inner)))
    }
}

/// Where public hosts are served, as the status of this KIngress says.
fn gateway(name: &str) -> Result<SocketAddr> {
    let object = kubectl(&["-n", NAMESPACE, "get", "kingress", name, "-o", "json"])?;
    let object: Value = serde_json::from_str(&object)?;
    let domain = &object["status"]["publicLoadBalancer"]["ingress"][0]["domainInternal"];
    let domain = domain.as_str().context("a ready KIngress has a public load balancer")?;
    (domain, 80).to_socket_addrs()?.next().context("its name has an address")
}

/// Does something for every name, several at a time; the first error ends it.
fn in_parallel(names: &[String], work: impl Fn(&str) -> Result<()> + Sync) -> Result<()> {
    let next = AtomicUsize::new(0);
    thread::scope(|scope| {
        let writer = || -> Result<()> {
            while let Some(name) = names.get(next.fetch_add(1, Ordering::Relaxed)) {
                work(name)?;
            }
            Ok(())
        };
        let writers: Vec<_> = (0..WRITERS).map(|_| scope.spawn(writer)).collect();
        writers
            .into_iter()
            .try_for_each(|writer| writer.join().map_err(|_| anyhow::anyhow!("a writer panicked"))?)
    })
}

/// What has become more.
fn grown(before: &BTreeMap<String, u64>, after: BTreeMap<String, u64>) -> BTreeMap<String, u64> {
    let known = |kind: &String| before.get(kind).copied().unwrap_or_default();
    let grown = after.into_iter().map(|(kind, count)| (count.saturating_sub(known(&kind)), kind));
    grown.filter(|(count, _)| *count > 0).map(|(count, kind)| (kind, count)).collect()
}
