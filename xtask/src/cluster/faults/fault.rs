//! What goes wrong, and what must be seen of it beside the load.

use super::super::api::Kind;
use super::super::objects::{NAMESPACE, kingress};
use super::super::{Layer, kubectl};
use super::lab::{LOADED, Lab, SYSTEM, condition, get, leader, pods, rolled, signal, wait};
use super::secure::Secure;
use anyhow::{Context, Result, ensure};
use clap::ValueEnum;
use rustix::process::Signal;
use serde_json::json;
use std::thread;
use std::time::{Duration, Instant};

/// One thing that goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Fault {
    /// The controller that writes status gets SIGKILL
    ControllerKilled,
    /// The controller that writes status stands still; the other one takes over
    ControllerFrozen,
    /// One of two gateways is ended, gracefully
    GatewayEnded,
    /// Both gateways are replaced, one after the other
    GatewaysRolled,
    /// The API server is away for a minute
    ApiServerDown,
    /// 500 times, the servers behind a KIngress become others
    EndpointFlips,
    /// The Secret with a certificate becomes garbage
    GarbageSecret,
    /// Among 500 good KIngresses there is a bad one
    BadKingress,
    /// An annotation for a gray release makes no sense
    BadAnnotation,
    /// One of two gateways gets SIGKILL: only what it was working on may fail
    GatewayKilled,
}

/// How long the API server is away.
const AWAY: Duration = Duration::from_mins(1);

impl Fault {
    /// Does it; returns what was seen.
    pub(super) fn happen(self, lab: &Lab) -> Result<String> {
        match self {
            Fault::ControllerKilled => controller(lab, Signal::KILL, "after-kill"),
            Fault::ControllerFrozen => controller_frozen(lab),
            Fault::GatewayEnded => gateway_ended(),
            Fault::GatewaysRolled => gateways_rolled(),
            Fault::ApiServerDown => api_server_down(lab),
            Fault::EndpointFlips => endpoint_flips(lab),
            Fault::GarbageSecret => garbage_secret(lab),
            Fault::BadKingress => bad_kingress(lab),
            Fault::BadAnnotation => bad_annotation(lab),
            Fault::GatewayKilled => gateway_killed(),
        }
    }
}

fn controller(lab: &Lab, what: Signal, name: &str) -> Result<String> {
    signal(&leader()?, what)?;
    Ok(format!("one more ready after {:.1} s", lab.one_more(name)?.as_secs_f64()))
}

/// It neither renews the Lease nor gives it back, as after the loss of a node.
fn controller_frozen(lab: &Lab) -> Result<String> {
    let first = leader()?;
    let seen = controller(lab, Signal::STOP, "after-freeze");
    let next = leader()?;
    signal(&first, Signal::CONT)?;
    ensure!(next != first, "{first} still leads");
    rolled("net-alb-controller")?;
    seen
}

fn gateway_ended() -> Result<String> {
    let before = pods("gateway")?;
    let first = before.first().context("there is a gateway")?;
    kubectl(&["-n", SYSTEM, "delete", "pod", first, "--timeout=90s"])?;
    rolled("net-alb-gateway")?;
    Ok(format!("1 of {} ended and replaced", before.len()))
}

fn gateways_rolled() -> Result<String> {
    let before = pods("gateway")?;
    kubectl(&["-n", SYSTEM, "rollout", "restart", "deployment", "net-alb-gateway"])?;
    rolled("net-alb-gateway")?;
    let gone = || Ok(pods("gateway")?.iter().all(|pod| !before.contains(pod)));
    let took = wait("the old gateways going", gone)?;
    Ok(format!("{} replaced, the last gone after {:.0} s", before.len(), took.as_secs_f64()))
}

fn api_server_down(lab: &Lab) -> Result<String> {
    lab.testbed(&["stop", "kube-apiserver"])?;
    thread::sleep(AWAY);
    lab.testbed(&["up"])?;
    let back = Instant::now();
    let ready = lab.one_more("after-outage")?;
    rolled("net-alb-gateway")?;
    let seen =
        format!("away {} s; one more ready {:.1} s after it was back", AWAY.as_secs(), ready.as_secs_f64());
    ensure!(back.elapsed() < AWAY, "{seen}, which is too long");
    Ok(seen)
}

fn endpoint_flips(lab: &Lab) -> Result<String> {
    const FLIPS: usize = 500;
    let began = Instant::now();
    for flip in 1..=FLIPS {
        let ports = json!([{ "name": "http", "port": lab.servers[flip % 2], "protocol": "TCP" }]);
        lab.api.patch(Kind::EndpointSlices, LOADED, &json!({ "ports": ports }))?;
    }
    Ok(format!("{FLIPS} flips in {:.1} s", began.elapsed().as_secs_f64()))
}

fn garbage_secret(lab: &Lab) -> Result<String> {
    let secure = Secure::prepare(lab)?;
    let garbage = json!({ "data": { "tls.crt": "Z2FyYmFnZQ==", "tls.key": "Z2FyYmFnZQ==" } }).to_string();
    kubectl(&["-n", NAMESPACE, "patch", "secret", "secure", "--type=merge", "-p", &garbage])?;
    let event = event("secure")?;
    // Handshakes go on, each with the last good certificate.
    thread::sleep(Duration::from_secs(3));
    let (asked, failed) = secure.end()?;
    let (ready, ..) = condition("secure", "Ready")?;
    ensure!(failed == 0, "{failed} of {asked} requests by HTTPS failed");
    ensure!(ready == "True", "the KIngress is {ready} now");
    Ok(format!("0 of {asked} by HTTPS failed, Ready stays; Event: {event}"))
}

/// The reason of the first warning about a KIngress.
fn event(kingress: &str) -> Result<String> {
    let uid = get("kingress", kingress)?["metadata"]["uid"].as_str().unwrap_or_default().to_owned();
    let selector = format!("--field-selector=type=Warning,involvedObject.uid={uid}");
    let path = "-o=jsonpath={.items[0].reason}: {.items[0].message}";
    let mut event = String::new();
    wait(&format!("an Event about {kingress}"), || {
        event = kubectl(&["-n", NAMESPACE, "get", "events", &selector, path])?;
        Ok(event.len() > 2)
    })?;
    Ok(event)
}

fn bad_kingress(lab: &Lab) -> Result<String> {
    const GOOD: usize = 500;
    let mut bad = kingress("bad", Layer::NetAlb, LOADED);
    bad["spec"]["rules"][0]["http"]["paths"][0]["splits"][0]["percent"] = json!(90);
    let began = Instant::now();
    for number in 0..GOOD {
        lab.api.create(Kind::KIngresses, &kingress(&format!("good-{number}"), Layer::NetAlb, LOADED))?;
        if number == GOOD / 2 {
            lab.api.create(Kind::KIngresses, &bad)?;
        }
    }
    let deadline = Instant::now() + Duration::from_mins(1);
    let ready = |number: &usize| lab.watch.one(&format!("good-{number}"), 1, deadline).is_some();
    let good = (0..GOOD).filter(ready).count();
    let took = began.elapsed();
    wait("the bad one being refused", || Ok(condition("bad", "Ready")?.0 == "False"))?;
    let (_, reason, message) = condition("bad", "Ready")?;
    ensure!(good == GOOD, "{good} of {GOOD} are ready");
    Ok(format!("{good} ready after {:.1} s; the bad one: {reason}: {message}", took.as_secs_f64()))
}

fn bad_annotation(lab: &Lab) -> Result<String> {
    let annotation = "alicloud.serving.knative.dev/headers";
    let set = |value: &str| {
        let patch = json!({ "metadata": { "annotations": { annotation: value } } });
        lab.api.patch(Kind::KIngresses, LOADED, &patch)
    };
    set(r#"[{"revision": "#)?;
    let said = || Ok(condition(LOADED, "AnnotationsHonoured")?.0 == "False");
    wait("a condition about the annotation", said)?;
    let (_, reason, message) = condition(LOADED, "AnnotationsHonoured")?;
    let event = event(LOADED)?;
    let (ready, ..) = condition(LOADED, "Ready")?;
    ensure!(ready == "True", "the KIngress is {ready} now");
    set("[]")?;
    wait("the condition going", || Ok(condition(LOADED, "AnnotationsHonoured")?.0.is_empty()))?;
    Ok(format!("Ready stays; {reason}: {message}; Event: {event}"))
}

fn gateway_killed() -> Result<String> {
    let before = pods("gateway")?;
    signal(before.first().context("there is a gateway")?, Signal::KILL)?;
    thread::sleep(Duration::from_secs(1));
    rolled("net-alb-gateway")?;
    Ok(format!("1 of {} killed, and back", before.len()))
}
