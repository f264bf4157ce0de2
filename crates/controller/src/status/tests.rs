use super::*;

const NOW: &str = "2026-01-02T03:04:05Z";

fn addresses() -> Addresses {
    Addresses {
        public: "net-alb.s.svc.cluster.local".into(),
        internal: "net-alb-internal.s.svc.cluster.local".into(),
    }
}

fn problem(effect: Effect, reason: &str, message: &str) -> Problem {
    Problem { effect, reason: reason.into(), message: message.into() }
}

/// The status from no status at all.
fn fresh(replicas: &[Progress<'_>]) -> IngressStatus {
    from(&IngressStatus::default(), 1, replicas)
}

fn from(old: &IngressStatus, generation: i64, replicas: &[Progress<'_>]) -> IngressStatus {
    let names = ["gateway-a", "gateway-b", "gateway-c"];
    let replicas: Vec<_> =
        names.iter().zip(replicas).map(|(name, progress)| Replica { name, progress: *progress }).collect();
    status(Desired { generation, status: old }, &replicas, Some(&addresses()), NOW)
}

/// `Ready=True`, or `Ready=Unknown Reason: message`.
fn lines(status: &IngressStatus) -> Vec<String> {
    let line = |condition: &Condition| {
        let why = if condition.reason.is_empty() {
            String::new()
        } else {
            format!(" {}: {}", condition.reason, condition.message)
        };
        format!("{}={}{why}", condition.kind, condition.status)
    };
    status.conditions.iter().map(line).collect()
}

#[test]
fn all_replicas_serve_it() {
    let json =
        serde_json::to_string_pretty(&fresh(&[Progress::Applied(&[]), Progress::Applied(&[])])).unwrap();
    let expected = r#"{
  "observedGeneration": 1,
  "conditions": [
    {
      "type": "LoadBalancerReady",
      "status": "True",
      "lastTransitionTime": "2026-01-02T03:04:05Z"
    },
    {
      "type": "NetworkConfigured",
      "status": "True",
      "lastTransitionTime": "2026-01-02T03:04:05Z"
    },
    {
      "type": "Ready",
      "status": "True",
      "lastTransitionTime": "2026-01-02T03:04:05Z"
    }
  ],
  "publicLoadBalancer": {
    "ingress": [
      {
        "domainInternal": "net-alb.s.svc.cluster.local"
      }
    ]
  },
  "privateLoadBalancer": {
    "ingress": [
      {
        "domainInternal": "net-alb-internal.s.svc.cluster.local"
      }
    ]
  }
}"#;
    assert_eq!(json, expected);
}

#[test]
fn one_replica_is_behind() {
    let status = fresh(&[Progress::Applied(&[]), Progress::Behind]);
    let why = "Unknown Uninitialized: waiting for gateway gateway-b to serve this version";
    assert_eq!(
        lines(&status),
        [&format!("LoadBalancerReady={why}"), "NetworkConfigured=True", &format!("Ready={why}")]
    );
    assert_eq!(status.public_load_balancer, None);
}

#[test]
fn a_replica_that_does_not_answer_is_named_with_its_cause() {
    let status = fresh(&[Progress::Unreachable("connection refused"), Progress::Behind]);
    let why = "Unknown GatewayUnreachable: gateway gateway-a doesn't answer: connection refused; 2 of 2 replicas aren't there yet";
    assert_eq!(
        lines(&status),
        [format!("LoadBalancerReady={why}"), format!("NetworkConfigured={why}"), format!("Ready={why}")]
    );
}

#[test]
fn without_any_gateway_nothing_has_failed_yet() {
    let status = fresh(&[]);
    assert_eq!(lines(&status)[2], "Ready=Unknown NoGateway: no gateway replica is ready to serve");
}

#[test]
fn what_the_author_must_mend_is_false() {
    let refused = [problem(Effect::Refused, "InvalidHost", "NA1102 spec.rules[0]: no host")];
    let status = fresh(&[Progress::Applied(&refused), Progress::Behind]);
    assert_eq!(lines(&status)[2], "Ready=False InvalidHost: NA1102 spec.rules[0]: no host");
}

#[test]
fn what_only_waits_is_unknown() {
    let waiting = [problem(Effect::Waiting, "MissingService", "there is no Service `a/b`")];
    let status = fresh(&[Progress::Applied(&waiting)]);
    assert_eq!(
        lines(&status),
        [
            "LoadBalancerReady=Unknown BackendNotReady: gateway gateway-a: there is no Service `a/b`",
            "NetworkConfigured=True",
            "Ready=Unknown BackendNotReady: gateway gateway-a: there is no Service `a/b`"
        ]
    );
}

#[test]
fn an_annotation_that_is_ignored_leaves_the_rest_ready() {
    let gray = [problem(Effect::Annotation, "UnreadableGrayRules", "NA1151 not readable")];
    let status = fresh(&[Progress::Applied(&gray), Progress::Applied(&gray)]);
    assert_eq!(
        lines(&status),
        [
            "AnnotationsHonoured=False AnnotationIgnored: NA1151 not readable",
            "LoadBalancerReady=True",
            "NetworkConfigured=True",
            "Ready=True"
        ]
    );
    assert_eq!(status.conditions[0].severity, "Warning");
    let mended = from(&status, 1, &[Progress::Applied(&[])]);
    assert_eq!(mended.conditions.len(), 3);
}

#[test]
fn ready_stays_when_a_replica_comes_or_a_backend_goes() {
    let ready = fresh(&[Progress::Applied(&[])]);
    let waiting = [problem(Effect::Waiting, "EndpointsNotReady", "no endpoint")];
    for progress in [Progress::Behind, Progress::Unreachable("gone"), Progress::Applied(&waiting)] {
        assert_eq!(from(&ready, 1, &[Progress::Applied(&[]), progress]), ready);
    }
    assert_eq!(from(&ready, 1, &[]), ready);
}

#[test]
fn a_new_generation_is_not_ready_before_every_replica_serves_it() {
    let ready = fresh(&[Progress::Applied(&[])]);
    let next = from(&ready, 2, &[Progress::Behind]);
    assert_eq!(next.observed_generation, 2);
    assert!(!next.is_true("Ready"));
    assert_eq!(
        next.public_load_balancer, ready.public_load_balancer,
        "addresses stay, or Services are rewritten"
    );
}

#[test]
fn only_what_changes_gets_a_new_time() {
    let mut old = fresh(&[Progress::Applied(&[])]);
    old.conditions
        .iter_mut()
        .for_each(|condition| "2020-01-01T00:00:00Z".clone_into(&mut condition.last_transition_time));
    let next = from(&old, 2, &[Progress::Applied(&[]), Progress::Behind]);
    let times: Vec<_> =
        next.conditions.iter().map(|c| (c.kind.as_str(), c.last_transition_time == NOW)).collect();
    assert_eq!(times, [("LoadBalancerReady", true), ("NetworkConfigured", false), ("Ready", true)]);
}
