//! Stage 0 against Knative itself: `cases/expand-*` hold the KIngresses and Services that Knative Serving made.

use net_alb_api::config::KnativeConfig;
use net_alb_api::{Object, ObjectKey};
use net_alb_convert::{Expansion, expand};
use net_alb_diag::{Diagnostic, Place};
use net_alb_testkit::Case;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::process::ExitCode;

fn main() -> ExitCode {
    net_alb_testkit::run(
        |case| case.name.starts_with("expand-") || case.name.starts_with("refused-na10"),
        |case| {
            let (expansions, diagnostics) = expand_case(case);
            if case.name.starts_with("refused-") {
                case.check("diagnostics.txt", &text(&diagnostics));
                return;
            }
            equals_knative(case, "0-kingress.yaml", expansions.iter().map(kingress));
            if case.text("0-services.yaml").is_some() {
                equals_knative(case, "0-services.yaml", expansions.iter().flat_map(services));
            }
        },
    )
}

fn expand_case(case: &Case) -> (Vec<Expansion>, Vec<Diagnostic>) {
    let snapshot = case.snapshot(&["input.yaml"]);
    let mut diagnostics = Vec::new();
    let config = KnativeConfig::from_snapshot(&snapshot).drain_into(&mut diagnostics);
    let expand = |service| expand(service, &config).drain_into(&mut diagnostics);
    let expansions = snapshot.kservices.values().map(|service| &**service).filter_map(expand).collect();
    (expansions, diagnostics)
}

fn kingress(expansion: &Expansion) -> (ObjectKey, Value) {
    let object = Object::KIngress(expansion.kingress.clone());
    (expansion.kingress.key(), object.to_value().expect("a KIngress is JSON"))
}

fn services(expansion: &Expansion) -> Vec<(ObjectKey, Value)> {
    let named = expansion.revisions.iter().zip(&expansion.services);
    named
        .map(|(revision, service)| {
            let object = Object::Service(service.clone());
            (revision.service.clone(), object.to_value().expect("a Service is JSON"))
        })
        .collect()
}

/// Compares field by field with the objects that Knative made, and says at which field they differ.
fn equals_knative(case: &Case, file: &str, ours: impl Iterator<Item = (ObjectKey, Value)>) {
    let theirs = case.text(file).expect("the case is recorded; run cases/record");
    let theirs: Vec<Value> = serde_saphyr::from_multiple(&theirs).expect("the recording is YAML");
    let word =
        |object: &Value, field: &str| object["metadata"][field].as_str().unwrap_or_default().to_owned();
    let key = |object: &Value| ObjectKey::new(word(object, "namespace"), word(object, "name"));
    let theirs: BTreeMap<_, _> = theirs.into_iter().map(|object| (key(&object), object)).collect();
    let ours: BTreeMap<_, _> = ours.collect();
    let names =
        |objects: &BTreeMap<ObjectKey, Value>| objects.keys().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(
        names(&ours),
        names(&theirs),
        "{file}: which objects there are (left: ours, right: Knative's)"
    );
    let mut differences = String::new();
    for (key, theirs) in &theirs {
        compare(&key.to_string(), &ours[key], theirs, &mut differences);
    }
    assert!(differences.is_empty(), "{file} is not what Knative made:\n{differences}");
}

fn compare(path: &str, ours: &Value, theirs: &Value, differences: &mut String) {
    match (ours, theirs) {
        (Value::Object(a), Value::Object(b)) => {
            let keys: std::collections::BTreeSet<_> = a.keys().chain(b.keys()).collect();
            for key in keys {
                let absent = json!(null);
                let (a, b) = (a.get(key).unwrap_or(&absent), b.get(key).unwrap_or(&absent));
                compare(&format!("{path} .{key}"), a, b, differences);
            }
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            for (i, (a, b)) in a.iter().zip(b).enumerate() {
                compare(&format!("{path} [{i}]"), a, b, differences);
            }
        }
        _ if ours == theirs => {}
        _ => {
            writeln!(differences, "{path}\n     ours: {ours}\n  Knative: {theirs}").expect("a string grows");
        }
    }
}

/// One line each: severity, object, and the diagnostic as a condition would carry it.
fn text(diagnostics: &[Diagnostic]) -> String {
    diagnostics.iter().fold(String::new(), |mut text, diagnostic| {
        let object = match &diagnostic.place {
            Place::Field { object, .. } => object.to_string(),
            place => format!("{place:?}"),
        };
        writeln!(text, "{}: {object}: {diagnostic}", diagnostic.severity).expect("a string grows");
        text
    })
}
