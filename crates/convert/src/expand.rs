//! Stage 0: a Knative Service to the KIngress that Knative Serving's Route reconciler makes of it, and to the Kubernetes
//! Services of its revisions. Only without a cluster; in one, Knative does this itself.
//!
//! The oracle is Knative: `cases/expand-*` hold what it made. Sources, all of serving: `pkg/reconciler/service/resources/
//! route.go` (Service → Route), `pkg/reconciler/route/traffic/traffic.go` (targets), `pkg/reconciler/route/domains/
//! domains.go` and `…/visibility/visibility.go` (hosts), `pkg/reconciler/route/resources/ingress.go` (rules).
//!
//! What depends on a cluster's past is left out: steps of a gradual rollout, certificates, and a visibility label that
//! somebody put on the Service of one tag. `status`, `ownerReferences` and what the webhook notes about users
//! (`serving.knative.dev/creator`) aren't made up either.

mod duration;
mod hosts;
mod names;
mod revision;
mod rollout;
mod route;
mod rules;
mod traffic;
mod validate;

pub use revision::Revision;

use net_alb_api::config::KnativeConfig;
use net_alb_api::{KIngress, KService, Service};
use net_alb_diag::{Outcome, Severity};
use route::Route;

/// What stage 0 makes of one Knative Service.
#[derive(Debug, Clone, PartialEq)]
pub struct Expansion {
    /// The routes.
    pub kingress: KIngress,
    /// Each revision's Kubernetes Service, in the order of `revisions`: port 80 (`http`) or, for h2c, 81 (`http2`), and
    /// 443 (`https`), as serving `pkg/reconciler/serverlessservice/resources/services.go` makes them.
    pub services: Vec<Service>,
    /// The revisions that the traffic names, in its order, and the latest one; also those at 0%, which are in no split.
    pub revisions: Vec<Revision>,
}

/// Expands a Knative Service as Knative Serving does.
///
/// `None`, with errors, if Knative's webhook would refuse the Service or its Route would never become ready.
///
/// The latest revision's name is, in this order: `status.latestReadyRevisionName`; `spec.template.metadata.name`; one
/// after the newest generated name (`NAME-00001`, …) in the traffic, if other targets follow the latest revision; that
/// newest name itself, if none does (so the template that stands in the file is its template); `NAME-00001`.
/// Every revision is taken to speak the protocol of the template.
pub fn expand(service: &KService, config: &KnativeConfig) -> Outcome<Option<Expansion>> {
    let mut diagnostics = validate::validate(service);
    let refused = diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error);
    let value = (!refused).then(|| make(service, config, &mut diagnostics)).flatten();
    Outcome { value, diagnostics }
}

fn make(
    service: &KService,
    config: &KnativeConfig,
    diagnostics: &mut Vec<net_alb_diag::Diagnostic>,
) -> Option<Expansion> {
    let route = Route::of(service, config);
    let latest = revision::latest(service, diagnostics);
    let targets = traffic::targets(service, &latest);
    let protocol = revision::Protocol::of(service);
    let rules = rules::rules(&route, &targets, protocol, diagnostics)?;
    route.note_what_needs_a_cluster(diagnostics);
    rollout::note_the_end(&route, &targets, &latest, diagnostics);
    let revisions = revision::revisions(service, &latest);
    Some(Expansion {
        kingress: route.kingress(rules, &rollout::annotation(&route.name, &targets)),
        services: revisions.iter().map(|revision| protocol.service(&revision.service)).collect(),
        revisions,
    })
}

#[cfg(test)]
mod tests;
