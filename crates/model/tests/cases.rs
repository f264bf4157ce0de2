//! Stage 2 of the golden cases: the Ingresses of `input.yaml`, and those that stage 1 made of it, become `2-alb.yaml`.
//!
//! The cases of this stage itself, `ingress-*` and `refused-na20*`, are built for the real ALB, unless their first comment says
//! `target: gateway`, and hold `diagnostics.txt` to what the stage says. The others belong to stage 1: this stage must have nothing to
//! refuse in what that one made. Where the Services are stage 0's and not in a file, there is nothing to build with.

mod stage;

use net_alb_diag::{Diagnostic, Place, Severity};
use net_alb_testkit::Case;
use stage::is_own;
use std::process::ExitCode;

fn main() -> ExitCode {
    net_alb_testkit::run(|case| is_own(case) || is_converted(case), check)
}

fn is_converted(case: &Case) -> bool {
    let has = |file| case.path(file).is_file();
    has("1-ingress.yaml") && (has("0-services.yaml") || case.snapshot(&["input.yaml"]).kservices.is_empty())
}

fn check(case: &Case) {
    let outcome = stage::build(case);
    let albs = if outcome.value.is_empty() { String::new() } else { net_alb_testkit::yaml(&outcome.value) };
    case.check("2-alb.yaml", &albs);
    if is_own(case) {
        let lines: Vec<String> = outcome.diagnostics.iter().map(line).collect();
        case.check("diagnostics.txt", &lines.concat());
    } else {
        let refused: Vec<_> =
            outcome.diagnostics.iter().filter(|d| d.severity == Severity::Error).map(line).collect();
        assert_eq!(refused.concat(), "", "{}: stage 2 refuses what stage 1 made", case.name);
    }
}

fn line(diagnostic: &Diagnostic) -> String {
    let object = match &diagnostic.place {
        Place::Field { object, .. } => format!(" {object}:"),
        _ => String::new(),
    };
    format!("{}:{object} {diagnostic}\n", diagnostic.severity)
}
