use super::article;
use super::cluster::{Cluster, wait};
use super::expect;
use super::http::Gateway;
use anyhow::{Context, Result, ensure};
use serde_json::Value;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::{fs, thread};

const SERVICE: &str = "helloworld-go";
const HOST: &str = "helloworld-go.default.example.com";

/// The article with target `alb`: its objects as `net-alb convert` prints them, its answers through the load balancer and
/// the hop. Then the target changes under load.
pub(super) fn run(cluster: &Cluster, program: &str) -> Result<()> {
    // Without the hop a split answers 404 wherever the activator is in the way: ALB can't tell it which revision was chosen.
    cluster.set("config-alb", "hop", "auto")?;
    cluster.set("config-alb", "target", "alb")?;
    article::run_with(cluster, &|service| objects(cluster, program, service))?;
    switch(cluster)
}

/// The Ingresses in the cluster are what the stages make, field by field, and the KIngress is at a load balancer.
fn objects(cluster: &Cluster, program: &str, service: &str) -> Result<()> {
    wait("the KIngress being at the ALB", || Ok(cluster.public(service)?.address().starts_with("alb-")))?;
    let mut made = Vec::new();
    wait("the Ingresses being as the stages make them", || {
        made = convert(cluster, program, service)?;
        Ok(made.iter().all(|ingress| differences(cluster, ingress).is_ok_and(|found| found.is_empty())))
    })?;
    expect("Ingresses as `net-alb convert` prints them", &made.len().to_string(), made.len() == 2)
}

/// What `net-alb convert` makes of the KIngress and what it refers to, as they are in the cluster.
fn convert(cluster: &Cluster, program: &str, service: &str) -> Result<Vec<Value>> {
    let mut input = cluster.kubectl(&["get", "kingress", service, "-o", "yaml"])?;
    let wanted = [
        vec!["-n", "knative-serving", "get", "configmap", "config-alb", "-o", "yaml"],
        vec!["-n", "knative-serving", "get", "configmap", "config-network", "-o", "yaml"],
        vec!["get", "service", "helloworld-go-00001", "-o", "yaml"],
        vec!["get", "service", "helloworld-go-00002", "-o", "yaml"],
    ];
    for arguments in wanted {
        input += "---\n";
        input += &cluster.kubectl(&arguments)?;
    }
    let file = std::env::temp_dir().join(format!("net-alb-e2e-{}.yaml", std::process::id()));
    fs::write(&file, input)?;
    let output = Command::new(program)
        .args(["convert", "--output", "json"])
        .arg(&file)
        .stderr(Stdio::null())
        .output()
        .with_context(|| format!("starting {program}"))?;
    fs::remove_file(&file)?;
    Ok(serde_json::from_slice(&output.stdout)?)
}

/// Where an Ingress in the cluster isn't as it was made. What delivery adds doesn't count.
fn differences(cluster: &Cluster, made: &Value) -> Result<Vec<String>> {
    let name = made["metadata"]["name"].as_str().context("an Ingress has a name")?;
    let found = cluster.get("ingress", name)?;
    let mut differences = Vec::new();
    if found["spec"] != made["spec"] {
        differences.push(format!("{name}: spec"));
    }
    for part in ["annotations", "labels"] {
        let made = made["metadata"][part].as_object().into_iter().flatten();
        let found = &found["metadata"][part];
        differences.extend(made.filter(|(key, value)| found[key] != **value).map(|(key, _)| key.clone()));
    }
    let rules = |object: &Value| {
        let keys = object["metadata"]["annotations"].as_object().into_iter().flatten();
        keys.filter(|(key, _)| key.starts_with("alb.ingress.kubernetes.io/")).count()
    };
    if rules(&found) != rules(made) {
        differences.push(format!("{name}: more or fewer annotations"));
    }
    Ok(differences)
}

/// To `gateway` and back to `alb`, while a client follows the address that the KIngress has.
fn switch(cluster: &Cluster) -> Result<()> {
    let stop = AtomicBool::new(false);
    let tally = thread::scope(|scope| {
        let load = scope.spawn(|| load(cluster, &stop));
        let switched = ["gateway", "alb"].into_iter().try_for_each(|target| {
            cluster.set("config-alb", "target", target)?;
            let at_alb = target == "alb";
            wait(&format!("the KIngress being at target `{target}`"), || {
                Ok(cluster.public(SERVICE)?.address().starts_with("alb-") == at_alb)
            })?;
            thread::sleep(std::time::Duration::from_secs(3));
            Ok(())
        });
        stop.store(true, Ordering::Relaxed);
        let tally = load.join().ok().context("the load ended by itself")?;
        switched.and(tally)
    })?;
    let (all, failed) = tally;
    ensure!(all > 0, "no request was sent");
    expect("requests while the target changes twice", &format!("{failed} of {all} failed"), failed == 0)
}

/// Requests until it is stopped: how many, and how many of them failed.
fn load(cluster: &Cluster, stop: &AtomicBool) -> Result<(usize, usize)> {
    let (mut all, mut failed) = (0, 0);
    let mut gateway: Gateway = cluster.public(SERVICE)?;
    while !stop.load(Ordering::Relaxed) {
        // Looking costs a process.
        if all % 100 == 0 {
            gateway = cluster.public(SERVICE)?;
        }
        all += 1;
        failed += usize::from(!gateway.get(HOST, "/", &[]).is_ok_and(|answer| answer.status == 200));
    }
    Ok((all, failed))
}
