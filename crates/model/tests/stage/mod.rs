//! Stage 2 of a case, as its own test and the test against Alibaba's controller both run it.

use net_alb_api::config::{Settings, Target};
use net_alb_diag::Outcome;
use net_alb_model::Alb;
use net_alb_testkit::Case;

/// Whether the case was written for this stage: `ingress-*` and `refused-na20*`, from Ingresses that somebody wrote.
pub(crate) fn is_own(case: &Case) -> bool {
    let named = case.name.starts_with("ingress-") || case.name.starts_with("refused-na20");
    named && !case.path("1-ingress.yaml").is_file()
}

/// Every load balancer of the case. Its own cases are built for the real ALB, unless their first comment says `target: gateway`.
pub(crate) fn build(case: &Case) -> Outcome<Vec<Alb>> {
    let snapshot = case.snapshot(&["input.yaml", "0-services.yaml", "1-ingress.yaml"]);
    let base = Settings { target: target(case), ..Settings::default() };
    let settings = Settings::from_snapshot(&snapshot, base).value;
    net_alb_model::build(&snapshot, &settings)
}

fn target(case: &Case) -> Target {
    let input = case.text("input.yaml").unwrap_or_default();
    let gateway = !is_own(case) || input.lines().any(|line| line == "# target: gateway");
    if gateway { Target::Gateway } else { Target::Alb }
}
