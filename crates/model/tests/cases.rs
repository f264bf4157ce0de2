//! Stage 2 of the golden cases: the objects of `input.yaml` and of `1-ingress.yaml`, where there is one, become `2-alb.yaml`.
//!
//! The cases of this stage itself, `ingress-*` and `refused-na20*`, hold `diagnostics.txt` to what it says. A case is built for the
//! real ALB, unless its first comment says `target: gateway`.

use net_alb_api::config::{Settings, Target};
use net_alb_diag::{Diagnostic, Place};
use net_alb_testkit::Case;
use std::fmt::Write;
use std::process::ExitCode;

fn main() -> ExitCode {
    net_alb_testkit::run(applies, check)
}

fn is_own(case: &Case) -> bool {
    case.name.starts_with("ingress-") || case.name.starts_with("refused-na20")
}

fn applies(case: &Case) -> bool {
    is_own(case) || case.path("2-alb.yaml").is_file()
}

fn check(case: &Case) {
    let target = match case.text("input.yaml") {
        Some(text) if text.lines().any(|line| line == "# target: gateway") => Target::Gateway,
        _ => Target::Alb,
    };
    let settings = Settings { target, ..Settings::default() };
    let outcome = net_alb_model::build(&case.snapshot(&["input.yaml", "1-ingress.yaml"]), &settings);
    let albs = if outcome.value.is_empty() { String::new() } else { net_alb_testkit::yaml(&outcome.value) };
    case.check("2-alb.yaml", &albs);
    if is_own(case) {
        case.check("diagnostics.txt", &said(&outcome.diagnostics));
    }
}

fn said(diagnostics: &[Diagnostic]) -> String {
    let mut text = String::new();
    for diagnostic in diagnostics {
        let place = match &diagnostic.place {
            Place::Field { object, path } if path.segments().is_empty() => object.to_string(),
            Place::Field { object, path } => format!("{object} {path}"),
            Place::Whole(what) => what.clone(),
            Place::Text { file, line, column } => format!("{file}:{line}:{column}"),
        };
        let _ = writeln!(text, "{}[{}]: {}", diagnostic.severity, diagnostic.code, diagnostic.message);
        let _ = writeln!(text, "  at {place}");
        for related in &diagnostic.related {
            if let Place::Field { object, path } = &related.place {
                let _ = writeln!(text, "  see {object} {path}: {}", related.note);
            }
        }
        let _ = diagnostic.help.iter().try_for_each(|help| writeln!(text, "  help: {help}"));
    }
    text
}
