//! The measurements, in the order in which they are made.

use super::super::Layer;
use super::api::{Api, Kind, Watch};
use super::objects::{NAMESPACE, endpoint_slice, host, kingress, service};
use super::processes::{Usage, usage};
use super::server;
use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::net::{SocketAddr, ToSocketAddrs};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};
use ureq::Agent;

/// What was measured of one layer at one size. Times are in milliseconds.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Figures {
    pub(super) layer: String,
    pub(super) size: usize,
    /// All at once: from the first being created to the last being ready.
    pub(super) bulk: f64,
    /// All at once: each from being created to being ready.
    pub(super) bulk_each: Spread,
    /// One more: created to ready.
    pub(super) more_ready: Spread,
    /// One more: created to the first 200.
    pub(super) more_served: Spread,
    /// One changed: updated to ready.
    pub(super) changed_ready: Spread,
    /// One changed: updated to the first answer of the new server.
    pub(super) changed_seen: Spread,
    /// One deleted: to the first 404.
    pub(super) deleted: Spread,
    /// Every process of the layer restarted: to all hosts answering 200.
    pub(super) restart: f64,
    /// Before the restart: CPU since the layer was idle.
    pub(super) processes: Vec<Usage>,
}

/// Of many measurements.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(super) struct Spread {
    pub(super) p50: f64,
    pub(super) p99: f64,
}

/// What is written to the API server at the same time.
const WRITERS: usize = 8;

/// Kourier needed three minutes for a thousand.
const MOST: Duration = Duration::from_mins(30);

/// The Service whose server is `b`: what a KIngress is changed to.
const CHANGED: &str = "changed";

pub(super) fn run(layer: Layer, size: usize, probes: usize) -> Result<Figures> {
    let (a, b) = (server::start("a")?, server::start("b")?);
    let api = Api::connect()?;
    api.create_namespace()?;
    let names: Vec<String> = (0..size).map(|number| format!("app-{number}")).collect();
    let more: Vec<String> = (0..probes).map(|number| format!("more-{number}")).collect();
    let all: Vec<_> = names.iter().chain(&more).cloned().collect();
    in_parallel(&all, |name| {
        api.create(Kind::Services, &service(name, a))?;
        api.create(Kind::EndpointSlices, &endpoint_slice(name, a))
    })?;
    api.create(Kind::Services, &service(CHANGED, b))?;
    api.create(Kind::EndpointSlices, &endpoint_slice(CHANGED, b))?;
    let before = usage(layer)?;
    let bench = Bench { layer, watch: api.watch()?, api };
    let (bulk, bulk_each) = bench.bulk(&names)?;
    let gateway = gateway(&names[0])?;
    let more = each(&more, |name| bench.more(name, gateway))?;
    let changed = each(&names[..probes.min(size)], |name| bench.change(name, gateway))?;
    let mut deleted = Vec::new();
    for name in names.iter().rev().take(probes) {
        deleted.push(bench.delete(name, gateway)?);
    }
    let processes = since(&before, usage(layer)?);
    let restart = bench.restart(&names[..size.saturating_sub(probes)], gateway)?;
    Ok(Figures {
        layer: layer.name().to_owned(),
        size,
        bulk,
        bulk_each,
        more_ready: spread(more.iter().map(|times| times.0).collect()),
        more_served: spread(more.iter().map(|times| times.1).collect()),
        changed_ready: spread(changed.iter().map(|times| times.0).collect()),
        changed_seen: spread(changed.iter().map(|times| times.1).collect()),
        deleted: spread(deleted),
        restart,
        processes,
    })
}

struct Bench {
    layer: Layer,
    api: Api,
    watch: Watch,
}

impl Bench {
    fn bulk(&self, names: &[String]) -> Result<(f64, Spread)> {
        let began = Instant::now();
        let created = std::sync::Mutex::new(std::collections::BTreeMap::new());
        in_parallel(names, |name| {
            let at = Instant::now();
            self.api.create(Kind::KIngresses, &kingress(name, self.layer, name))?;
            created.lock().map_err(|_| anyhow::anyhow!("a writer panicked"))?.insert(name.to_owned(), at);
            Ok(())
        })?;
        println!("{} created after {:.1} s", names.len(), began.elapsed().as_secs_f64());
        let ready = self.watch.count(names.len(), MOST)?;
        println!("all ready after {:.1} s", began.elapsed().as_secs_f64());
        let last = ready.iter().map(|(_, at)| *at).max().context("there is at least one")?;
        let created = created.into_inner().map_err(|_| anyhow::anyhow!("a writer panicked"))?;
        let times = ready.iter().filter_map(|(name, at)| Some(milliseconds(*at - *created.get(name)?)));
        Ok((milliseconds(last - began), spread(times.collect())))
    }

    fn more(&self, name: &str, gateway: SocketAddr) -> Result<(f64, f64)> {
        let began = Instant::now();
        self.api.create(Kind::KIngresses, &kingress(name, self.layer, name))?;
        self.through(name, 1, gateway, "a", began)
    }

    fn change(&self, name: &str, gateway: SocketAddr) -> Result<(f64, f64)> {
        let spec = kingress(name, self.layer, CHANGED)["spec"].clone();
        let began = Instant::now();
        self.api.patch(Kind::KIngresses, name, &json!({ "spec": spec }))?;
        self.through(name, 2, gateway, "b", began)
    }

    /// Waits for a KIngress to be ready, and, at the same time, for its host to be answered by this server.
    fn through(
        &self,
        name: &str,
        generation: i64,
        gateway: SocketAddr,
        server: &str,
        began: Instant,
    ) -> Result<(f64, f64)> {
        thread::scope(|scope| {
            let seen = scope.spawn(|| until(gateway, name, |answer| answer == (200, server)));
            let ready = self.watch.one(name, generation, MOST)?;
            let seen = seen.join().map_err(|_| anyhow::anyhow!("the client panicked"))??;
            Ok((milliseconds(ready - began), milliseconds(seen - began)))
        })
    }

    fn delete(&self, name: &str, gateway: SocketAddr) -> Result<f64> {
        let began = Instant::now();
        self.api.delete(Kind::KIngresses, name)?;
        Ok(milliseconds(until(gateway, name, |answer| answer.0 == 404)? - began))
    }

    /// Ends every pod of the layer at once, and asks for every host until each has answered.
    fn restart(&self, names: &[String], gateway: SocketAddr) -> Result<f64> {
        let began = Instant::now();
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
        until_refused(gateway, &names[0]);
        in_parallel(names, |name| until(gateway, name, |answer| answer.0 == 200).map(|_| ()))?;
        Ok(milliseconds(began.elapsed()))
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

/// Asks for a host until the answer, its status and server, is right; when that was.
fn until(gateway: SocketAddr, name: &str, right: impl Fn((u16, &str)) -> bool) -> Result<Instant> {
    let began = Instant::now();
    let agent = agent();
    while began.elapsed() < MOST {
        if let Some((status, server)) = ask(&agent, gateway, name)
            && right((status, &server))
        {
            return Ok(Instant::now());
        }
        thread::sleep(Duration::from_millis(1));
    }
    anyhow::bail!("{name} wasn't answered as it should be after {} s", MOST.as_secs())
}

/// Waits until nobody answers any more, at most a second: a new pod may be that quick.
fn until_refused(gateway: SocketAddr, name: &str) {
    let began = Instant::now();
    while began.elapsed() < Duration::from_secs(1) && ask(&agent(), gateway, name).is_some() {
        thread::sleep(Duration::from_millis(1));
    }
}

fn agent() -> Agent {
    let patience = Some(Duration::from_secs(2));
    Agent::config_builder().http_status_as_error(false).timeout_global(patience).build().into()
}

fn ask(agent: &Agent, gateway: SocketAddr, name: &str) -> Option<(u16, String)> {
    let response = agent.get(format!("http://{gateway}/")).header("host", host(name)).call().ok()?;
    let server = response.headers().get("x-server").and_then(|value| value.to_str().ok()).unwrap_or_default();
    Some((response.status().as_u16(), server.to_owned()))
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

fn each(names: &[String], measure: impl Fn(&str) -> Result<(f64, f64)>) -> Result<Vec<(f64, f64)>> {
    names.iter().map(|name| measure(name)).collect()
}

fn spread(mut times: Vec<f64>) -> Spread {
    times.sort_by(f64::total_cmp);
    let at =
        |share: usize| times.get((times.len() * share / 100).min(times.len().saturating_sub(1))).copied();
    Spread { p50: at(50).unwrap_or_default(), p99: at(99).unwrap_or_default() }
}

fn since(before: &[Usage], after: Vec<Usage>) -> Vec<Usage> {
    let used = |name: &str| before.iter().find(|usage| usage.name == name).map_or(0.0, |usage| usage.cpu);
    after.into_iter().map(|usage| Usage { cpu: usage.cpu - used(&usage.name), ..usage }).collect()
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

fn kubectl(arguments: &[&str]) -> Result<String> {
    let output = Command::new("kubectl").args(arguments).output().context("starting kubectl")?;
    let error = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "kubectl {}: {}", arguments.join(" "), error.trim());
    Ok(String::from_utf8(output.stdout)?)
}
