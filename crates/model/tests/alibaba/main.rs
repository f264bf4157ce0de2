//! Stage 2 against Alibaba's open controller: what that one made of a case's Ingresses (`alibaba.yaml`, a recorded fact) is what
//! `build` makes of them, but for the differences that `cases/alibaba.yaml` names with their reasons.
//!
//! Each named difference must still be there, so that the list says no more than is true.

mod compare;
mod differences;
mod fact;
#[path = "../stage/mod.rs"]
mod stage;

use compare::Finding;
use differences::Difference;
use net_alb_testkit::Case;
use std::process::ExitCode;

fn main() -> ExitCode {
    net_alb_testkit::run(|case| case.path("alibaba.yaml").is_file(), check)
}

fn check(case: &Case) {
    let text = case.text("alibaba.yaml").expect("the case is picked by this file");
    let findings = compare::compare(&fact::ours(&stage::build(case).value), &fact::read(&text));
    let known = differences::of(&case.name);
    let explained = |finding: &&Finding| known.iter().any(|known| known.covers(finding));
    let (_, new): (Vec<_>, Vec<_>) = findings.iter().partition(explained);
    let new: Vec<String> = new.into_iter().map(ToString::to_string).collect();
    assert!(
        new.is_empty(),
        "{}: `build` differs from what Alibaba's controller made of these Ingresses; if they changed since, record \
         alibaba.yaml again (cases/README.md):\n{}",
        case.name,
        new.join("\n")
    );
    let gone = |known: &&Difference| !findings.iter().any(|finding| known.covers(finding));
    let gone: Vec<&str> = known.iter().filter(gone).map(|known| known.name.as_str()).collect();
    assert!(
        gone.is_empty(),
        "{}: no longer differs by {gone:?}; take it out of cases/alibaba.yaml",
        case.name
    );
}
