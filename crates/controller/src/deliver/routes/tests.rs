use super::*;
use crate::deliver::objects::{Content, MANAGED_BY, Wanted};
use serde_json::{Value, json};
use std::sync::Arc;

fn hello() -> ObjectKey {
    ObjectKey::new("default", "hello")
}

fn ingress() -> ObjectRef {
    hello().to_ref("networking.k8s.io", "Ingress")
}

fn content(host: &str) -> Arc<Value> {
    Arc::new(json!({
        "metadata": {"name": "hello", "labels": {MANAGED_BY.0: MANAGED_BY.1}},
        "spec": {"ingressClassName": "internet", "rules": [{"host": host}]},
    }))
}

fn found(host: &str, address: Option<&str>, version: u64) -> Value {
    let mut value = (*content(host)).clone();
    value["metadata"]["uid"] = json!("u");
    value["metadata"]["resourceVersion"] = json!(version.to_string());
    if let Some(address) = address {
        value["status"] = json!({"loadBalancer": {"ingress": [{"hostname": address}]}});
    }
    value
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// One KIngress with one Ingress.
struct Scene {
    routes: Routes,
    objects: Objects,
}

impl Scene {
    fn new() -> Scene {
        let mut scene = Scene { routes: Routes::default(), objects: Objects::default() };
        scene.want("v1", "a");
        scene
    }

    fn want(&mut self, version: &str, host: &str) {
        let question = Question { host: host.to_owned(), path: "/".to_owned(), hash: version.to_owned() };
        let part = Part::new(content(host), false, Some(question));
        self.routes.version(&hello(), version.to_owned());
        self.routes.parts(&hello(), BTreeMap::from([(ingress(), part)]));
        let wanted = Wanted { content: Content::Whole(content(host)), after: vec![] };
        self.objects.want(&ingress(), Some(wanted));
    }

    fn write(&mut self, host: &str, address: Option<&str>, version: u64, now: Duration) {
        assert_eq!(self.objects.writes(now).len(), 1);
        self.routes.wrote(&ingress(), now, &self.objects);
        self.objects.wrote(&ingress(), Ok(Some(found(host, address, version))), now);
    }

    fn steps(&mut self, now: Duration) -> Vec<Step> {
        self.routes.steps(now, &self.objects, &Defaults::default())
    }

    /// What is told last: the reason to wait, or the public address.
    fn told(&mut self, now: Duration) -> Option<String> {
        self.steps(now).into_iter().rev().find_map(|step| match step {
            Step::Tell(Delivery::Kingress(_, Some(delivered))) => Some(match delivered.addresses {
                Some(addresses) => addresses.public,
                None => delivered.problems[0].reason.clone(),
            }),
            _ => None,
        })
    }
}

#[test]
fn what_is_in_effect_when_the_controller_begins_is_believed() {
    let mut scene = Scene::new();
    scene.objects.found(&ingress(), Some(found("a", Some("alb.example.com"), 1)));
    assert_eq!(scene.told(seconds(0)).as_deref(), Some("alb.example.com"));
}

#[test]
fn a_new_ingress_is_in_effect_once_it_has_an_address_and_an_answer() {
    let mut scene = Scene::new();
    assert_eq!(scene.told(seconds(0)).as_deref(), Some("IngressPending"));
    scene.write("a", None, 1, seconds(0));
    assert_eq!(scene.told(seconds(0)).as_deref(), Some("LoadBalancerPending"));
    scene.objects.found(&ingress(), Some(found("a", Some("alb.example.com"), 2)));
    scene.routes.touched(&ingress());
    let steps = scene.steps(seconds(1));
    assert!(matches!(&steps[0], Step::Ask { address, .. } if address == "alb.example.com"), "{steps:?}");
    scene.routes.answered(&ingress(), seconds(0), Verdict::Unknown, seconds(1));
    assert_eq!(scene.told(seconds(1)).as_deref(), Some("alb.example.com"), "an address says enough");
}

#[test]
fn a_changed_ingress_waits_for_the_answer_of_the_new_version() {
    let mut scene = Scene::new();
    scene.objects.found(&ingress(), Some(found("a", Some("alb"), 1)));
    scene.told(seconds(0));
    scene.want("v2", "b");
    scene.write("b", Some("alb"), 2, seconds(1));
    assert!(matches!(scene.steps(seconds(1))[0], Step::Ask { .. }));
    let not_yet = Verdict::NotYet("it serves another version".to_owned());
    scene.routes.answered(&ingress(), seconds(1), not_yet, seconds(1));
    assert_eq!(scene.told(seconds(1)).as_deref(), Some("LoadBalancerPending"));
    assert!(matches!(scene.steps(seconds(2))[0], Step::Ask { .. }), "it is asked again");
    scene.routes.answered(&ingress(), seconds(0), Verdict::Serves, seconds(2));
    assert_eq!(scene.told(seconds(2)), None, "an answer about an older version");
    scene.routes.answered(&ingress(), seconds(1), Verdict::Serves, seconds(2));
    assert_eq!(scene.told(seconds(2)).as_deref(), Some("alb"));
}

#[test]
fn a_load_balancer_that_cannot_be_asked_gets_time() {
    let mut scene = Scene::new();
    scene.objects.found(&ingress(), Some(found("a", Some("alb"), 1)));
    scene.told(seconds(0));
    scene.want("v2", "b");
    scene.write("b", Some("alb"), 2, seconds(1));
    scene.steps(seconds(1));
    scene.routes.answered(&ingress(), seconds(1), Verdict::Unknown, seconds(1));
    assert_eq!(scene.told(seconds(1)), None, "it waits as before");
    assert!(matches!(scene.steps(seconds(6))[0], Step::Ask { .. }));
    scene.routes.answered(&ingress(), seconds(1), Verdict::Unknown, seconds(6));
    assert_eq!(scene.told(seconds(6)).as_deref(), Some("alb"));
}

#[test]
fn what_the_ingress_controller_fails_with_is_the_reason() {
    let mut scene = Scene::new();
    scene.told(seconds(0));
    scene.write("a", None, 1, seconds(0));
    let failure = Problem {
        effect: Effect::Waiting,
        reason: "FailedBuildModel".to_owned(),
        message: "listener is not exist in alb".to_owned(),
    };
    scene.routes.event(&ingress(), Some(failure));
    assert_eq!(scene.told(seconds(0)).as_deref(), Some("FailedBuildModel"));
}

#[test]
fn nobody_who_cares_in_ten_minutes_is_said_once() {
    let mut scene = Scene::new();
    scene.told(seconds(0));
    scene.write("a", None, 1, seconds(0));
    scene.told(seconds(0));
    let is_said = |steps: Vec<Step>| {
        steps
            .iter()
            .any(|step| matches!(step, Step::Say(_, problem) if problem.reason == "IngressControllerAbsent"))
    };
    assert!(!is_said(scene.steps(seconds(599))));
    assert!(is_said(scene.steps(seconds(601))));
    scene.routes.touched(&ingress());
    assert!(!is_said(scene.steps(seconds(700))));
}

#[test]
fn an_ingress_that_is_no_longer_wanted_goes_last() {
    let mut scene = Scene::new();
    let old = ObjectKey::new("default", "hello.redirect").to_ref("networking.k8s.io", "Ingress");
    scene.routes.left_over(&hello(), old.clone());
    assert!(!scene.steps(seconds(0)).iter().any(|step| matches!(step, Step::Drop(_))));
    scene.objects.found(&ingress(), Some(found("a", Some("alb"), 1)));
    scene.routes.touched(&ingress());
    assert!(scene.steps(seconds(0)).contains(&Step::Drop(vec![old])));
}
