//! Stage 1 on every case that has a KIngress: `1-ingress.yaml`, what is said about it, and where requests would go.

#![allow(clippy::unwrap_used, reason = "a test that can't go on has to stop")]

#[path = "properties/alb.rs"]
mod alb;

use alb::Answer;
use net_alb_api::config::{KnativeConfig, Settings};
use net_alb_api::{Object, Snapshot};
use net_alb_convert::{convert, expand};
use net_alb_diag::{Diagnostic, Place};
use net_alb_testkit::{Case, Expect, Request, parse_requests, run, yaml};
use std::process::ExitCode;

fn main() -> ExitCode {
    run(applies, check)
}

/// Cases of other stages have goldens of their own.
fn applies(case: &Case) -> bool {
    let is_anothers =
        ["ingress-", "refused-na10", "refused-na2"].iter().any(|prefix| case.name.starts_with(prefix));
    let input = case.snapshot(&["input.yaml"]);
    let has_input = !input.kingresses.is_empty() || !input.kservices.is_empty();
    has_input && !is_anothers
}

/// The input and what stage 0 makes of it. In `expand-*` the KIngress is the one that Knative made.
fn input(case: &Case, diagnostics: &mut Vec<Diagnostic>) -> Snapshot {
    let is_recorded = case.name.starts_with("expand-");
    let mut snapshot =
        case.snapshot(if is_recorded { &["input.yaml", "0-kingress.yaml"] } else { &["input.yaml"] });
    let config = KnativeConfig::from_snapshot(&snapshot).drain_into(diagnostics);
    let (mut kingresses, mut services) = (Vec::new(), Vec::new());
    for service in snapshot.kservices.values() {
        let Some(expansion) = expand(service, &config).drain_into(diagnostics) else { continue };
        kingresses.push(Object::KIngress(expansion.kingress));
        services.extend(expansion.services.into_iter().map(Object::Service));
    }
    if !is_recorded {
        case.check("0-kingress.yaml", &text(&kingresses));
        case.check("0-services.yaml", &text(&services));
        services.extend(kingresses);
    }
    for object in services {
        assert!(snapshot.insert(object), "stage 0 makes an object that is in the input");
    }
    snapshot
}

fn text(objects: &[Object]) -> String {
    let values: Vec<_> = objects.iter().map(|object| object.to_value().unwrap()).collect();
    yaml(&values)
}

fn check(case: &Case) {
    let mut diagnostics = Vec::new();
    let snapshot = input(case, &mut diagnostics);
    let settings = Settings::from_snapshot(&snapshot, Settings::default()).drain_into(&mut diagnostics);
    let mut ingresses = Vec::new();
    for kingress in snapshot.kingresses.values() {
        ingresses.extend(convert(kingress, &snapshot, &settings).drain_into(&mut diagnostics));
    }
    let documents: Vec<Object> = ingresses.iter().cloned().map(Object::Ingress).collect();
    case.check("1-ingress.yaml", &text(&documents));
    if !case.name.starts_with("expand-") {
        let lines: Vec<String> = diagnostics.iter().map(line).collect();
        case.check("diagnostics.txt", &lines.concat());
    }
    for request in parse_requests(&case.text("requests.txt").unwrap_or_default()) {
        let answer = alb::answer(&ingresses, &settings, &to_alb(&request));
        assert_eq!(expect(answer), sorted(&request.expect), "{}: {}", request.line.0, request.line.1);
    }
}

fn line(diagnostic: &Diagnostic) -> String {
    let object = match &diagnostic.place {
        Place::Field { object, .. } => format!(" {object}:"),
        _ => String::new(),
    };
    format!("{}:{object} {diagnostic}\n", diagnostic.severity)
}

fn to_alb(request: &Request) -> alb::Request {
    let host = request.host.split(':').next().unwrap_or_default().to_ascii_lowercase();
    let path = request.path.split('?').next().unwrap_or_default().to_owned();
    alb::Request { local: request.local, https: false, host, path, headers: request.headers.clone() }
}

/// An answer as `requests.txt` writes it: shares in percent, by Service.
fn expect(answer: Answer) -> Expect {
    match answer {
        Answer::Nothing => Expect::Status(404),
        Answer::RedirectToHttps => Expect::Status(301),
        Answer::Forward { targets, .. } => {
            let total: u32 = targets.iter().map(|target| target.weight).sum();
            let share = |target: alb::Target| (target.weight * 100 / total, target.service);
            sorted(&Expect::Backends(targets.into_iter().map(share).collect()))
        }
    }
}

fn sorted(expect: &Expect) -> Expect {
    let mut expect = expect.clone();
    if let Expect::Backends(backends) = &mut expect {
        backends.sort();
    }
    expect
}
