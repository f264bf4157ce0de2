use super::*;
use net_alb_api::Object;
use net_alb_api::config::Settings;
use net_alb_pipeline::{Change, Pipeline};

fn hello() -> ObjectKey {
    ObjectKey::new("default", "hello")
}

fn backend(service: &str) -> Backend {
    Backend { service: ObjectKey::new("default", service), port: "80".to_owned() }
}

/// Rules of the Ingress `hello` that lead to a Service.
fn to(service: &str) -> Wanted {
    let snapshot = net_alb_testkit::snapshot(&format!(
        "
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {{name: hello, namespace: default}}
spec:
  ingressClassName: knative-alb-ingress-internet
  defaultBackend: {{service: {{name: {service}, port: {{number: 80}}}}}}
  rules:
  - host: a.example.com
    http: {{paths: [{{path: /, pathType: Prefix, backend: {{service: {{name: {service}, port: {{number: 80}}}}}}}}]}}
---
apiVersion: v1
kind: Service
metadata: {{name: {service}, namespace: default}}
spec: {{ports: [{{port: 80}}]}}
"
    ));
    let ingresses = snapshot.ingresses.values().map(|ingress| Object::Ingress((**ingress).clone()));
    let services = snapshot.services.values().map(|service| Object::Service((**service).clone()));
    let mut pipeline = Pipeline::new(Settings::default(), |settings| settings);
    let mut delta = pipeline.apply(ingresses.chain(services).map(Change::Put));
    (hello(), delta.fragments.remove(&hello()).flatten())
}

/// What comes of rules that lead to `new`, where they led to `old`, with servers for these.
fn admit(holds: &mut Holds, wanted: Option<Wanted>, served: &[&str], now: Instant) -> Vec<Wanted> {
    let before = |_: &ObjectKey| vec![backend("old")];
    holds.admit(wanted, before, |backend| served.contains(&backend.service.name.as_ref()), now)
}

#[test]
fn rules_wait_for_servers_while_the_old_ones_have_some() {
    let (mut holds, now) = (Holds::default(), Instant::now());
    assert!(admit(&mut holds, Some(to("new")), &["old"], now).is_empty());
    assert!(holds.holds(&hello()) && holds.until() == Some(now + LONGEST));
    assert!(!holds.release(&backend("old")) && holds.released().is_empty());

    assert_eq!(admit(&mut holds, None, &["old", "new"], now), [to("new")]);
    assert!(!holds.holds(&hello()) && holds.until().is_none());
    assert_eq!(holds.released(), [backend("old")]);
}

#[test]
fn nothing_waits_that_nobody_can_serve_or_for_ever() {
    let (mut holds, now) = (Holds::default(), Instant::now());
    assert_eq!(admit(&mut holds, Some(to("new")), &[], now), [to("new")]);
    assert_eq!(admit(&mut holds, Some(to("new")), &["old", "new"], now), [to("new")]);
    assert!(admit(&mut holds, Some(to("new")), &["old"], now).is_empty());
    assert_eq!(admit(&mut holds, None, &["old"], now + LONGEST), [to("new")]);
}

#[test]
fn the_last_word_counts_and_the_first_wait() {
    let (mut holds, now) = (Holds::default(), Instant::now());
    assert!(admit(&mut holds, Some(to("new")), &["old"], now).is_empty());
    assert!(admit(&mut holds, Some(to("newer")), &["old"], now + LONGEST / 2).is_empty());
    assert_eq!(holds.until(), Some(now + LONGEST));
    assert_eq!(admit(&mut holds, None, &["old", "newer"], now), [to("newer")]);
    assert!(admit(&mut holds, Some(to("new")), &["old"], now).is_empty());
    assert_eq!(admit(&mut holds, Some((hello(), None)), &["old"], now), [(hello(), None)]);
    assert!(!holds.holds(&hello()));
}
