use super::*;

fn shape() -> Shape {
    Shape {
        namespace: "net-alb".to_owned(),
        cluster_domain: "cluster.local".to_owned(),
        service_type: "LoadBalancer".to_owned(),
    }
}

fn alb_config(name: &str) -> AlbConfig {
    serde_json::from_value(json!({"metadata": {"name": name}})).unwrap()
}

fn balancer(is_private: bool) -> Balancer {
    Balancer { is_private, listeners: BTreeSet::from([(80, "HTTP"), (443, "HTTPS"), (443, "QUIC")]) }
}

/// Two load balancers, one of them private; the lists are complete.
fn state() -> State {
    let mut state = State::new(shape());
    for (name, is_private) in [("internet", false), ("intranet", true)] {
        state.alb_config(&alb_config(name));
        let balancers = BTreeMap::from([(name.to_owned(), Some(balancer(is_private)))]);
        state.news(News { balancers, ..News::default() });
    }
    (0..3).for_each(|_| state.synced());
    state.leads(true);
    state
}

/// What was applied, as the API server shows it.
fn services(steps: &[Step]) -> Vec<Service> {
    let applied = steps.iter().filter_map(|step| match step {
        Step::Apply(_, value) => serde_json::from_value(value.clone()).ok(),
        _ => None,
    });
    applied.collect()
}

fn ingress(address: Option<&str>) -> Ingress {
    let status = address.map(|address| json!({"loadBalancer": {"ingress": [{"hostname": address}]}}));
    serde_json::from_value(json!({
        "metadata": {"name": "hello", "namespace": "default", "uid": "u"},
        "status": status,
    }))
    .unwrap()
}

const ADDRESS: &str = "alb-internet.net-alb.svc.cluster.local";

#[test]
fn no_two_load_balancers_share_a_port_of_the_pods() {
    let services = services(&state().steps());
    let ports: Vec<_> = services.iter().filter_map(target_ports).collect();
    let all: Vec<u16> = ports.iter().flat_map(|(_, ports)| ports.values().copied()).collect();
    let distinct: BTreeSet<u16> = all.iter().copied().collect();
    assert_eq!((services.len(), all.len(), distinct.len()), (2, 4, 4), "QUIC shares HTTPS' number");
    let types: Vec<_> = services.iter().map(|service| service.spec.as_ref().unwrap().type_.clone()).collect();
    assert_eq!(types, [Some("LoadBalancer".to_owned()), Some("ClusterIP".to_owned())]);
}

#[test]
fn ports_stay_when_a_replica_takes_over() {
    let first = services(&state().steps());
    let mut other = state();
    for service in &first {
        other.service(service);
    }
    assert!(services(&other.steps()).is_empty(), "everything is as it should be");
}

#[test]
fn a_served_ingress_gets_the_address_once() {
    let mut state = state();
    for service in services(&state.steps()) {
        state.service(&service);
    }
    state.steps();
    state.ingress(&ingress(None));
    let served = BTreeMap::from([(ObjectKey::new("default", "hello"), Some("internet".to_owned()))]);
    state.news(News { ingresses: served, ..News::default() });
    let steps = state.steps();
    let [Step::Status(_, status)] = &steps[..] else { panic!("{steps:?}") };
    assert_eq!(status["status"]["loadBalancer"]["ingress"][0]["hostname"], ADDRESS);
    state.ingress(&ingress(Some(ADDRESS)));
    assert!(state.steps().is_empty());
}

#[test]
fn only_the_leader_writes() {
    let mut state = state();
    state.leads(false);
    assert!(state.steps().is_empty());
}
