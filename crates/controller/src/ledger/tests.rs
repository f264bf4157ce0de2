use super::*;

const TIME: &str = "2026-01-02T03:04:05Z";
const fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

fn ledger(replicas: &[&str]) -> Ledger {
    let mut ledger = Ledger::new(Addresses { public: "p.s.svc".into(), internal: "i.s.svc".into() });
    ledger.replicas(&replicas.iter().map(|name| (*name).to_owned()).collect());
    for name in replicas {
        ledger.connected(name);
    }
    ledger
}

fn hello() -> ObjectKey {
    ObjectKey::new("default", "hello")
}

fn asked(generation: i64, status: &IngressStatus) -> Asked {
    Asked {
        generation,
        version: format!("u.{generation}"),
        uid: "u".into(),
        resource_version: 1,
        status: status.clone(),
    }
}

fn applied(generation: i64) -> Line {
    Line::Applied { kingress: "default/hello".into(), version: format!("u.{generation}"), problems: vec![] }
}

/// The statuses that are written, by what `Ready` says.
fn ready(ledger: &mut Ledger, now: u64) -> Vec<String> {
    let writes = ledger.writes(ms(now), TIME);
    let text = |write: &Write| {
        let status = write.status.as_ref().unwrap();
        let ready = status.conditions.iter().find(|condition| condition.kind == "Ready").unwrap();
        format!("{} {}", status.observed_generation, ready.status)
    };
    writes.iter().map(text).collect()
}

#[test]
fn one_write_when_all_replicas_are_there_at_once() {
    let mut ledger = ledger(&["a", "b"]);
    ledger.asked(hello(), asked(1, &IngressStatus::default()), ms(0));
    assert!(ready(&mut ledger, 0).is_empty());
    ledger.heard("a", applied(1));
    assert!(ready(&mut ledger, 5).is_empty());
    ledger.heard("b", applied(1));
    assert_eq!(ready(&mut ledger, 10), ["1 True"]);
    assert!(ready(&mut ledger, 2000).is_empty(), "while the write is under way");
}

#[test]
fn it_does_not_matter_who_hears_first() {
    let mut ledger = ledger(&["a"]);
    ledger.heard("a", applied(1));
    assert!(ready(&mut ledger, 0).is_empty());
    ledger.asked(hello(), asked(1, &IngressStatus::default()), ms(0));
    assert_eq!(ready(&mut ledger, 0), ["1 True"]);
}

#[test]
fn after_a_second_it_says_what_it_waits_for() {
    let mut ledger = ledger(&["a", "b"]);
    ledger.asked(hello(), asked(1, &IngressStatus::default()), ms(0));
    ledger.heard("a", applied(1));
    assert!(ready(&mut ledger, 0).is_empty());
    assert_eq!(ledger.next(), Some(ms(1000)));
    let writes = ledger.writes(ms(1000), TIME);
    let status = writes[0].status.clone().unwrap();
    assert!(status.conditions[0].message.contains("gateway b"), "{status:?}");
    ledger.wrote(&hello(), Ok((status, 2)));
    assert!(ready(&mut ledger, 1001).is_empty(), "it is right as it is");
    ledger.heard("b", applied(1));
    assert_eq!(ready(&mut ledger, 1002), ["1 True"]);
}

#[test]
fn a_replica_that_goes_needs_no_waiting_for() {
    let mut ledger = ledger(&["a", "b"]);
    ledger.asked(hello(), asked(1, &IngressStatus::default()), ms(0));
    ledger.heard("a", applied(1));
    assert!(ready(&mut ledger, 0).is_empty());
    ledger.replicas(&BTreeSet::from(["a".to_owned()]));
    assert_eq!(ready(&mut ledger, 1), ["1 True"]);
}

#[test]
fn a_write_that_fails_is_tried_again() {
    let mut ledger = ledger(&["a"]);
    ledger.asked(hello(), asked(1, &IngressStatus::default()), ms(0));
    ledger.heard("a", applied(1));
    assert_eq!(ready(&mut ledger, 0), ["1 True"]);
    ledger.wrote(&hello(), Err(ms(100)));
    assert!(ready(&mut ledger, 50).is_empty());
    assert_eq!(ready(&mut ledger, 100), ["1 True"]);
}

#[test]
fn an_annotation_is_a_new_version_of_the_same_generation() {
    let mut ledger = ledger(&["a"]);
    ledger.asked(hello(), asked(1, &IngressStatus::default()), ms(0));
    ledger.heard("a", applied(1));
    let status = ledger.writes(ms(0), TIME)[0].status.clone().unwrap();
    ledger.wrote(&hello(), Ok((status.clone(), 2)));
    ledger.asked(hello(), Asked { version: "u.1.gray".into(), ..asked(1, &status) }, ms(10));
    let problem = Problem { effect: Effect::Annotation, reason: "R".into(), message: "m".into() };
    let problems = vec![problem.clone()];
    let line = Line::Applied { kingress: "default/hello".into(), version: "u.1.gray".into(), problems };
    ledger.heard("a", line.clone());
    let writes = ledger.writes(ms(11), TIME);
    assert_eq!(writes[0].events, [problem]);
    let status = writes[0].status.clone().unwrap();
    assert!(status.is_true("Ready") && status.conditions[0].kind == "AnnotationsHonoured");
    ledger.wrote(&hello(), Ok((status, 3)));
    ledger.heard("a", line);
    assert!(ledger.writes(ms(12), TIME).is_empty(), "said once");
}

#[test]
fn what_waits_is_an_event_only_where_the_condition_cannot_say_it() {
    let mut ledger = ledger(&["a"]);
    let problem = Problem { effect: Effect::Waiting, reason: "R".into(), message: "garbage".into() };
    let line = |problems| Line::Applied { kingress: "default/hello".into(), version: "u.1".into(), problems };
    ledger.asked(hello(), asked(1, &IngressStatus::default()), ms(0));
    ledger.heard("a", line(vec![problem.clone()]));
    assert!(ledger.writes(ms(0), TIME).is_empty());
    ledger.heard("a", line(vec![]));
    let status = ledger.writes(ms(1), TIME)[0].status.clone().unwrap();
    ledger.wrote(&hello(), Ok((status, 2)));
    ledger.heard("a", line(vec![problem.clone()]));
    let writes = ledger.writes(ms(2), TIME);
    assert_eq!((&writes[0].status, &writes[0].events), (&None, &vec![problem]), "it stays Ready");
}

#[test]
fn an_older_event_does_not_undo_our_write() {
    let mut ledger = ledger(&["a"]);
    ledger.asked(hello(), asked(1, &IngressStatus::default()), ms(0));
    ledger.heard("a", applied(1));
    let status = ledger.writes(ms(0), TIME)[0].status.clone().unwrap();
    ledger.wrote(&hello(), Ok((status, 3)));
    ledger.asked(hello(), Asked { resource_version: 2, ..asked(1, &IngressStatus::default()) }, ms(1));
    assert!(ready(&mut ledger, 1).is_empty());
}

#[test]
fn what_is_gone_is_not_written() {
    let mut ledger = ledger(&["a"]);
    ledger.asked(hello(), asked(1, &IngressStatus::default()), ms(0));
    ledger.heard("a", applied(1));
    ledger.gone(&hello());
    assert!(ready(&mut ledger, 0).is_empty());
}

#[test]
fn a_change_of_the_target_keeps_the_address_until_the_other_side_is_there() {
    let mut ledger = ledger(&["a"]);
    ledger.asked(hello(), asked(1, &IngressStatus::default()), ms(0));
    ledger.heard("a", applied(1));
    let at = |status: &IngressStatus| {
        status.public_load_balancer.as_ref().unwrap().ingress[0].domain_internal.clone()
    };
    let status = ledger.writes(ms(0), TIME)[0].status.clone().unwrap();
    assert_eq!(at(&status), "p.s.svc");
    ledger.wrote(&hello(), Ok((status, 2)));
    ledger.delivered(Delivery::On);
    assert!(ready(&mut ledger, 1).is_empty(), "it stays Ready, where it is");

    let delivered = |waits: bool| Delivered {
        version: "u.1".into(),
        problems: if waits {
            vec![Problem { effect: Effect::Waiting, reason: "R".into(), message: "m".into() }]
        } else {
            vec![]
        },
        addresses: (!waits).then(|| Addresses { public: "alb".into(), internal: "alb-intranet".into() }),
    };
    ledger.delivered(Delivery::Kingress(hello(), Some(delivered(true))));
    assert!(ready(&mut ledger, 2).is_empty());
    ledger.delivered(Delivery::Kingress(hello(), Some(delivered(false))));
    let status = ledger.writes(ms(3), TIME)[0].status.clone().unwrap();
    assert_eq!((at(&status).as_str(), status.is_true("Ready")), ("alb", true));
    ledger.wrote(&hello(), Ok((status, 3)));

    ledger.delivered(Delivery::Off);
    let status = ledger.writes(ms(4), TIME)[0].status.clone().unwrap();
    assert_eq!((at(&status).as_str(), status.is_true("Ready")), ("p.s.svc", true));
}

#[test]
fn a_new_kingress_waits_for_its_ingresses_with_their_reason() {
    let mut ledger = ledger(&["a"]);
    ledger.delivered(Delivery::On);
    ledger.asked(hello(), asked(1, &IngressStatus::default()), ms(0));
    ledger.heard("a", applied(1));
    let problem =
        Problem { effect: Effect::Waiting, reason: "FailedBuildModel".into(), message: "no listener".into() };
    let delivered = Delivered { version: "u.1".into(), problems: vec![problem], addresses: None };
    ledger.delivered(Delivery::Kingress(hello(), Some(delivered)));
    let status = ledger.writes(ms(2000), TIME)[0].status.clone().unwrap();
    let ready = status.conditions.iter().find(|condition| condition.kind == "Ready").unwrap();
    assert_eq!(
        (&*ready.status, &*ready.reason, &*ready.message),
        ("Unknown", "FailedBuildModel", "no listener")
    );
    assert_eq!(status.public_load_balancer, None);
}
