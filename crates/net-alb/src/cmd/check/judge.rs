//! What follows from what was seen: pure.

use super::cluster::Seen;
use net_alb_api::ConfigMap;
use net_alb_api::annotation::knative::{ALB_INGRESS_CLASS, INGRESS_CLASS};
use net_alb_controller::config;
use net_alb_controller::status::IngressStatus;
use serde::Serialize;
use serde_json::Value;
use std::fmt;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Level {
    Ok,
    Warning,
    Error,
}

/// Something that was checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Finding {
    pub(super) level: Level,
    /// What was looked at.
    pub(super) about: String,
    /// What is so.
    pub(super) message: String,
    /// What to do.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(super) help: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let level = match self.level {
            Level::Ok => "ok",
            Level::Warning => "warning",
            Level::Error => "error",
        };
        writeln!(f, "{level:7} {}: {}", self.about, self.message)?;
        if self.help.is_empty() { Ok(()) } else { writeln!(f, "        help: {}", self.help) }
    }
}

fn ok(about: impl Into<String>, message: impl Into<String>) -> Finding {
    Finding { level: Level::Ok, about: about.into(), message: message.into(), help: String::new() }
}

fn error(about: impl Into<String>, message: impl Into<String>, help: impl Into<String>) -> Finding {
    Finding { level: Level::Error, about: about.into(), message: message.into(), help: help.into() }
}

fn warning(about: impl Into<String>, message: impl Into<String>, help: impl Into<String>) -> Finding {
    Finding { level: Level::Warning, ..error(about, message, help) }
}

/// Everything that there is to say.
pub(super) fn judge(seen: &Seen) -> Vec<Finding> {
    let mut findings = vec![kind(seen)];
    findings.extend(config_maps(seen));
    findings.push(access(seen));
    findings.extend(["net-alb-controller", "net-alb-gateway"].map(|name| deployment(seen, name)));
    findings.extend(["net-alb", "net-alb-local"].map(|name| service(seen, name)));
    findings.push(lease(seen));
    findings.extend(kingresses(seen));
    findings
}

fn kind(seen: &Seen) -> Finding {
    let about = "the kind KIngress";
    match &seen.kingresses {
        Some(_) => ok(about, "the cluster has it"),
        None => {
            error(about, "the cluster doesn't have it, so nothing can be served", "install Knative Serving")
        }
    }
}

fn name(object: &Value) -> &str {
    object["metadata"]["name"].as_str().unwrap_or_default()
}

fn named<'a>(objects: &'a [Value], wanted: &str) -> Option<&'a Value> {
    objects.iter().find(|object| name(object) == wanted)
}

fn config_maps(seen: &Seen) -> Vec<Finding> {
    let mut findings = vec![class(seen)];
    let read = |object: &Value| serde_json::from_value::<ConfigMap>(object.clone()).ok();
    for config_map in seen.config_maps.iter().filter_map(read) {
        let about = format!("ConfigMap {}", config_map.metadata.name.clone().unwrap_or_default());
        for diagnostic in config::kept(&config_map, None).diagnostics {
            let help = diagnostic.help.clone().unwrap_or_default();
            findings.push(warning(&about, diagnostic.message.clone(), help));
        }
    }
    findings
}

/// Whether Knative gives its routes to us.
fn class(seen: &Seen) -> Finding {
    let about = format!("ConfigMap config-network in `{}`", seen.system_namespace);
    let help = format!(
        "kubectl -n {} patch configmap config-network --type merge -p '{{\"data\":{{\"ingress-class\":\"{ALB_INGRESS_CLASS}\"}}}}'",
        seen.system_namespace
    );
    let Some(config) = named(&seen.config_maps, config::NETWORK) else {
        return error(
            about,
            "it isn't there",
            "install Knative Serving, or say where it is by --system-namespace",
        );
    };
    let data = &config["data"];
    match data["ingress-class"].as_str().or(data["ingress.class"].as_str()) {
        Some(ALB_INGRESS_CLASS) => ok(about, "Knative gives new routes to net-alb"),
        Some(other) => warning(about, format!("Knative gives new routes to `{other}`"), help),
        None => warning(about, "`ingress-class` isn't set, so Knative gives new routes to Istio", help),
    }
}

fn access(seen: &Seen) -> Finding {
    let about = "permissions of net-alb's accounts";
    match seen.forbidden.as_deref() {
        Some([]) => ok(about, "each may do what it does"),
        Some(forbidden) => error(
            about,
            forbidden.join("; "),
            "apply the ClusterRoles, Roles and bindings of manifests/net-alb.yaml or of the chart again",
        ),
        None => warning(
            about,
            "they can't be looked at: you may not create SubjectAccessReviews",
            "run it as somebody who may, such as a cluster's administrator",
        ),
    }
}

fn deployment(seen: &Seen, wanted: &str) -> Finding {
    let about = format!("Deployment {wanted}");
    let Some(deployment) = named(&seen.deployments, wanted) else {
        let message = format!("it isn't in `{}`", seen.namespace);
        return error(about, message, "apply manifests/net-alb.yaml, or say where it is by --namespace");
    };
    let count = |at: &Value| at.as_i64().unwrap_or_default();
    let desired = deployment["spec"]["replicas"].as_i64().unwrap_or(1);
    let (ready, current) =
        (count(&deployment["status"]["readyReplicas"]), count(&deployment["status"]["updatedReplicas"]));
    if ready >= desired && current >= desired && desired > 0 {
        return ok(about, format!("{ready} of {desired} ready"));
    }
    let prefix = format!("{wanted}-");
    let pods = seen.pods.iter().filter(|pod| name(pod).starts_with(&prefix));
    let why: Vec<_> = pods.filter_map(|pod| Some(format!("pod {}: {}", name(pod), trouble(pod)?))).collect();
    let why = if why.is_empty() { String::new() } else { format!("; {}", why.join("; ")) };
    let help =
        format!("kubectl -n {} describe pods; kubectl -n {0} logs deployment/{wanted}", seen.namespace);
    let message = format!("{ready} of {desired} ready, {current} of the newest version{why}");
    if ready > 0 { warning(about, message, help) } else { error(about, message, help) }
}

/// Why a pod isn't ready.
fn trouble(pod: &Value) -> Option<String> {
    let waiting = |status: &Value| {
        let state = &status["state"];
        let state = [&state["waiting"], &state["terminated"]].into_iter().find(|state| state.is_object())?;
        let text = |key: &str| state[key].as_str().unwrap_or_default();
        Some(format!("{} {}", text("reason"), text("message")).trim().to_owned())
    };
    let containers = pod["status"]["containerStatuses"].as_array();
    if let Some(why) = containers.into_iter().flatten().find_map(waiting) {
        return Some(why);
    }
    let conditions = pod["status"]["conditions"].as_array().into_iter().flatten();
    let mut no = conditions.filter(|condition| condition["status"] == "False");
    no.find_map(|condition| condition["message"].as_str().map(str::to_owned))
}

fn service(seen: &Seen, wanted: &str) -> Finding {
    let about = format!("Service {wanted}");
    if named(&seen.services, wanted).is_none() {
        let message = format!("it isn't in `{}`, and every KIngress' status names it", seen.namespace);
        return error(about, message, "apply manifests/net-alb.yaml");
    }
    let own = |slice: &&Value| slice["metadata"]["labels"]["kubernetes.io/service-name"] == wanted;
    let endpoints = seen.endpoint_slices.iter().filter(own).filter_map(|slice| slice["endpoints"].as_array());
    let ready = endpoints.flatten().filter(|endpoint| endpoint["conditions"]["ready"] != false).count();
    match ready {
        0 => error(about, "no gateway behind it is ready", "see the Deployment net-alb-gateway above"),
        _ => ok(about, format!("{ready} ready gateways")),
    }
}

fn lease(seen: &Seen) -> Finding {
    let about = "Lease net-alb-controller";
    let help = "see the Deployment net-alb-controller, and the permission to update leases, above";
    let spec = seen.lease.as_ref().map(|lease| &lease["spec"]);
    let Some(holder) =
        spec.and_then(|spec| spec["holderIdentity"].as_str()).filter(|holder| !holder.is_empty())
    else {
        return error(about, "no controller holds it, so nobody writes status", help);
    };
    let renewed = spec.and_then(|spec| spec["renewTime"].as_str());
    let renewed = renewed.and_then(|time| time.parse::<k8s_openapi::jiff::Timestamp>().ok());
    let age = renewed.map_or(i64::MAX, |time| seen.now - time.as_second());
    let lasts = spec.and_then(|spec| spec["leaseDurationSeconds"].as_i64()).unwrap_or(15);
    if age > lasts {
        return error(about, format!("`{holder}` holds it and hasn't renewed it for {age} s"), help);
    }
    let is_there = seen.pods.iter().any(|pod| name(pod) == holder);
    let gone = if is_there { "" } else { ", which is no pod any more; another one will take over" };
    ok(about, format!("`{holder}` leads{gone}"))
}

fn kingresses(seen: &Seen) -> Vec<Finding> {
    let Some(all) = &seen.kingresses else { return Vec::new() };
    let is_ours = |object: &&Value| object["metadata"]["annotations"][INGRESS_CLASS] == ALB_INGRESS_CLASS;
    let ours: Vec<_> = all.iter().filter(is_ours).collect();
    let mut findings: Vec<_> = ours.iter().filter_map(|object| kingress(object)).collect();
    let ready = ours.len() - findings.iter().filter(|finding| finding.level == Level::Error).count();
    let others = all.len() - ours.len();
    let message = format!("{ready} of {} ready, {others} of other classes", ours.len());
    findings.insert(0, ok("KIngresses", message));
    findings
}

/// What is wrong with one.
fn kingress(object: &Value) -> Option<Finding> {
    let namespace = object["metadata"]["namespace"].as_str().unwrap_or_default();
    let about = format!("KIngress {namespace}/{}", name(object));
    let status: IngressStatus = serde_json::from_value(object["status"].clone()).unwrap_or_default();
    let help = format!("kubectl -n {namespace} describe king {}", name(object));
    if object["metadata"]["generation"].as_i64() > Some(status.observed_generation) {
        let message = "its newest generation hasn't been looked at";
        return Some(error(about, message, "see the Lease net-alb-controller above"));
    }
    let not = |condition: &&net_alb_controller::status::Condition| condition.status != "True";
    let ready = status.conditions.iter().filter(|condition| condition.kind == "Ready").find(not);
    if let Some(ready) = ready {
        let message = format!("Ready is {}: {}: {}", ready.status, ready.reason, ready.message);
        return Some(error(about, message, help));
    }
    let other = status.conditions.iter().find(not)?;
    Some(warning(about, format!("{}: {}", other.reason, other.message), help))
}
