//! The manifests allow what the code calls, and nothing else.

use net_alb_controller::access::{Scope, controller, gateway};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// Group, resource, verb and the namespace in which it is allowed; empty for all.
type Grant = (String, String, String, String);

#[test]
fn the_manifests_allow_what_each_role_calls_and_nothing_else() {
    let objects = objects();
    for (account, calls) in [("net-alb-gateway", gateway()), ("net-alb-controller", controller())] {
        let place = |scope| match scope {
            Scope::Cluster => "",
            Scope::Own => "net-alb",
            Scope::System => "knative-serving",
        };
        let calls = calls.iter().map(|access| {
            let [group, resource, verb] = [access.group, access.resource, access.verb].map(str::to_owned);
            (group, resource, verb, place(access.scope).to_owned())
        });
        let (calls, granted) = (calls.collect::<BTreeSet<_>>(), granted(&objects, account));
        let missing: Vec<_> = calls.difference(&granted).collect();
        let needless: Vec<_> = granted.difference(&calls).collect();
        assert!(
            missing.is_empty() && needless.is_empty(),
            "{account}: charts/net-alb/templates/rbac.yaml lacks {missing:?}, and allows {needless:?} that \
             controller/src/access.rs doesn't name"
        );
    }
}

#[test]
fn the_example_of_config_alb_has_its_checksum() {
    let objects = objects();
    let config = objects.iter().find(|object| object["metadata"]["name"] == "config-alb").unwrap();
    let example = config["data"]["_example"].as_str().unwrap();
    // knative.dev/pkg `configmap/example.go`: CRC-32 (IEEE) of the example without the space around it, and with a backslash and an
    // `n` in place of the ends of lines, however many.
    let lines: Vec<_> = example.trim().lines().filter(|line| !line.is_empty()).collect();
    let checksum = format!("{:08x}", crc32(lines.join(r"\n").as_bytes()));
    assert_eq!(config["metadata"]["annotations"]["knative.dev/example-checksum"], checksum);
}

/// CRC-32 as in IEEE 802.3, bit by bit.
fn crc32(bytes: &[u8]) -> u32 {
    let step = |crc: u32| if crc & 1 == 1 { (crc >> 1) ^ 0xEDB8_8320 } else { crc >> 1 };
    !bytes.iter().fold(!0, |crc: u32, byte| (0..8).fold(crc ^ u32::from(*byte), |crc, _| step(crc)))
}

fn objects() -> Vec<Value> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../manifests/net-alb.yaml");
    let text = fs::read_to_string(file).expect("the manifest is generated");
    let documents =
        text.split("\n---\n").map(|document| serde_saphyr::from_str::<Value>(document).expect("it is YAML"));
    documents.filter(|object| !object.is_null()).collect()
}

/// What bindings give to a service account.
fn granted(objects: &[Value], account: &str) -> BTreeSet<Grant> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let roles: BTreeMap<_, _> = objects
        .iter()
        .filter(|object| matches!(object["kind"].as_str(), Some("Role" | "ClusterRole")))
        .map(|role| ((text(&role["kind"]), text(&role["metadata"]["name"])), role))
        .collect();
    let mut granted = BTreeSet::new();
    for binding in objects.iter().filter(|object| text(&object["kind"]).ends_with("RoleBinding")) {
        let subjects = binding["subjects"].as_array().expect("a binding has subjects");
        if !subjects.iter().any(|subject| subject["name"] == account) {
            continue;
        }
        let role = roles[&(text(&binding["roleRef"]["kind"]), text(&binding["roleRef"]["name"]))];
        let namespace = text(&binding["metadata"]["namespace"]);
        for rule in role["rules"].as_array().expect("a role has rules") {
            let all = |key: &str| {
                rule[key].as_array().expect("a rule has lists").iter().map(text).collect::<Vec<_>>()
            };
            for group in all("apiGroups") {
                for resource in all("resources") {
                    let grant = |verb| (group.clone(), resource.clone(), verb, namespace.clone());
                    granted.extend(all("verbs").into_iter().map(grant));
                }
            }
        }
    }
    granted
}
