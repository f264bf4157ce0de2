//! A change costs what it changes: counted, not timed.

use crate::state::{fed, puts};
use net_alb_api::config::Target;
use net_alb_pipeline::{Change, Pipeline, Work};
use std::fmt::Write;

const MANY: usize = 300;

fn kingress(number: usize, percent: u8) -> String {
    let rest = 100 - percent;
    format!(
        "
apiVersion: networking.internal.knative.dev/v1alpha1
kind: Ingress
metadata: {{name: k{number}, namespace: default}}
spec:
  rules:
  - hosts: [k{number}.example.com]
    visibility: ExternalIP
    http:
      paths:
      - splits:
        - {{serviceName: s{number}, serviceNamespace: default, servicePort: 80, percent: {percent}}}
        - {{serviceName: common, serviceNamespace: default, servicePort: 80, percent: {rest}}}
"
    )
}

fn service(name: &str) -> String {
    format!(
        "
apiVersion: v1
kind: Service
metadata: {{name: {name}, namespace: default}}
spec: {{ports: [{{name: http, port: 80}}]}}
"
    )
}

fn slice(number: usize, address: &str) -> String {
    format!(
        "
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {{name: s{number}-x, namespace: default, labels: {{kubernetes.io/service-name: s{number}}}}}
addressType: IPv4
endpoints: [{{addresses: [{address}], conditions: {{ready: true}}}}]
ports: [{{name: http, port: 8080}}]
"
    )
}

fn many() -> Pipeline {
    let mut text = service("common");
    for number in 0..MANY {
        for object in [kingress(number, 50), service(&format!("s{number}")), slice(number, "10.0.0.1")] {
            let _ = write!(text, "---{object}");
        }
    }
    fed(Target::Gateway, [puts(&text)]).0
}

/// What a batch costs.
fn cost(pipeline: &mut Pipeline, changes: Vec<Change>) -> (Work, net_alb_pipeline::Delta) {
    let before = pipeline.work();
    let delta = pipeline.apply(changes);
    let after = pipeline.work();
    let work = Work {
        expansions: after.expansions - before.expansions,
        conversions: after.conversions - before.conversions,
        fragments: after.fragments - before.fragments,
        frames: after.frames - before.frames,
    };
    (work, delta)
}

const ONE: Work = Work { expansions: 0, conversions: 1, fragments: 1, frames: 0 };

#[test]
fn a_batch_works_on_each_kingress_once() {
    let count = MANY as u64;
    let one_frame = Work { expansions: 0, conversions: count, fragments: count, frames: 1 };
    assert_eq!(many().work(), one_frame);
}

#[test]
fn a_change_costs_its_own_kingress() {
    let mut pipeline = many();
    let (work, delta) = cost(&mut pipeline, puts(&kingress(7, 80)));
    assert_eq!(work, ONE);
    assert_eq!((delta.fragments.len(), delta.ingresses.len(), delta.backends.len()), (1, 1, 0));
    assert!(delta.frames.is_empty());

    // Weights of 0 and 100 change which backends there are.
    let (work, delta) = cost(&mut pipeline, puts(&kingress(7, 100)));
    assert_eq!((work.conversions, work.fragments), (1, 1));
    assert_eq!(delta.fragments.len(), 1);

    let (work, delta) = cost(&mut pipeline, puts(&kingress(MANY, 80)));
    assert_eq!((work.conversions, work.fragments), (1, 1));
    assert_eq!(delta.fragments.len(), 1);
}

#[test]
fn a_service_costs_those_that_name_it() {
    let mut pipeline = many();
    let renamed = service("s7").replace("name: http", "name: h2c");
    let (work, delta) = cost(&mut pipeline, puts(&renamed));
    assert_eq!(work, ONE);
    assert_eq!(delta.fragments.len(), 1);

    let (work, delta) = cost(&mut pipeline, puts(&service("nobody")));
    assert_eq!(work, Work::default());
    assert!(delta.fragments.is_empty() && delta.backends.is_empty());
}

#[test]
fn servers_that_move_cost_no_stage() {
    let mut pipeline = many();
    let (work, delta) = cost(&mut pipeline, puts(&slice(7, "10.0.0.2")));
    assert_eq!((work.conversions, work.fragments), (0, 0));
    assert!(delta.fragments.is_empty());
    assert_eq!(delta.backends.len(), 1);
}

#[test]
fn a_contested_host_costs_its_rivals() {
    let mut pipeline = many();
    let rival = kingress(MANY, 50).replace(&format!("k{MANY}.example.com"), "k1.example.com");
    let (work, delta) = cost(&mut pipeline, puts(&rival));
    assert_eq!(work.conversions, 2);
    assert!(delta.fragments.is_empty(), "the loser has nothing to serve: {:?}", delta.fragments.keys());
}
