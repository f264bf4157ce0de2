//! Rule thrift: how many load balancers a large installation takes.

#![allow(clippy::unwrap_used, reason = "a test that can't go on has to stop")]

use std::fmt::Write;
use std::process::Command;

/// 2,000 Knative Services; every tenth has two tags, a gray rule by header and one by cookie.
fn services() -> String {
    let mut text = String::from(
        "{apiVersion: v1, kind: ConfigMap, metadata: {name: config-features, namespace: knative-serving}, data: {tag-header-based-routing: Enabled}}\n",
    );
    for number in 0..2000 {
        let name = format!("s{number:04}");
        let (annotations, traffic) = match number % 10 {
            0 => (
                format!(
                    "alicloud.serving.knative.dev/headers: '[{{revision: {name}-00002, headers: {{demo: test}}}}]', \
                     alicloud.serving.knative.dev/cookies: '[{{revision: {name}-00002, cookies: {{demo: always}}}}]'"
                ),
                format!(
                    "[{{revisionName: {name}-00001, percent: 100}}, {{revisionName: {name}-00001, tag: old, percent: 0}}, \
                     {{revisionName: {name}-00002, tag: new, percent: 0}}]"
                ),
            ),
            _ => (String::new(), format!("[{{revisionName: {name}-00001, percent: 100}}]")),
        };
        let _ = write!(
            text,
            "---
apiVersion: serving.knative.dev/v1
kind: Service
metadata: {{name: {name}, namespace: ns{}, annotations: {{{annotations}}}}}
spec:
  template:
    spec:
      containers: [{{image: example.com/hello}}]
  traffic: {traffic}
",
            number % 50
        );
    }
    text
}

#[test]
fn two_thousand_services_take_as_few_load_balancers_as_the_quota_allows() {
    let file = std::env::temp_dir().join(format!("net-alb-plan-{}.yaml", std::process::id()));
    std::fs::write(&file, services()).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_net-alb"))
        .args(["plan", "-o", "json", "-f"])
        .arg(&file)
        .output()
        .unwrap();
    std::fs::remove_file(&file).unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}", errors.lines().next().unwrap_or_default());
    let plans: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let plan = &plans[0];
    for needed in plan["needed"].as_array().unwrap() {
        println!("{needed}");
        assert_eq!(needed["loadBalancers"], needed["lowerBound"], "{needed}");
    }
    // A plain Service is a rule for its public host and one for its cluster-local ones. Tags, gray rules and their hosts add six.
    let route = |name: &str| {
        let routes = plan["routes"].as_array().unwrap();
        routes.iter().find(|route| route["name"] == name).unwrap()["rules"].clone()
    };
    assert_eq!((route("ns1/s0001"), route("ns0/s0000")), (2.into(), 14.into()));
    for alb in plan["loadBalancers"].as_array().unwrap() {
        assert!(alb["rules"]["used"].as_u64() <= alb["rules"]["limit"].as_u64(), "{alb}");
    }
}
