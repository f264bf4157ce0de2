//! The state of a gradual rollout, as it is when nothing is being rolled out.

use super::duration;
use super::names::child_name;
use super::route::Route;
use super::traffic::Targets;
use net_alb_diag::codes::expand::ROLLOUT_END;
use net_alb_diag::{Diagnostic, FieldPath};
use serde::Serialize;

/// Both spellings of the annotation, the one that wins first.
pub(super) const DURATIONS: [&str; 2] =
    ["serving.knative.dev/rollout-duration", "serving.knative.dev/rolloutDuration"];

/// The annotation's JSON. Field order and "leave out when empty" are those of serving
/// `pkg/reconciler/route/traffic/rollout.go`, since the text is compared as text.
#[derive(Serialize)]
struct Rollout<'a> {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    configurations: Vec<ConfigurationRollout<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ConfigurationRollout<'a> {
    configuration_name: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    tag: &'a str,
    percent: i32,
    revisions: [RevisionRollout<'a>; 1],
    step_params: StepParams,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RevisionRollout<'a> {
    revision_name: &'a str,
    percent: i32,
}

/// Empty while no rollout is going on.
#[derive(Serialize)]
struct StepParams {}

/// The annotation's value: the share of each target that follows the latest revision, by tag.
/// Source: serving `pkg/reconciler/route/traffic/traffic.go`, `BuildRollout`.
pub(super) fn annotation(configuration: &str, targets: &Targets) -> String {
    let tagged = targets.iter().flat_map(|(tag, targets)| targets.iter().map(move |target| (tag, target)));
    let following = tagged.filter(|(_, target)| target.latest && target.percent > 0);
    let configurations = following.map(|(tag, target)| ConfigurationRollout {
        configuration_name: configuration,
        tag,
        percent: target.percent,
        revisions: [RevisionRollout { revision_name: &target.revision, percent: target.percent }],
        step_params: StepParams {},
    });
    let rollout = Rollout { configurations: configurations.collect() };
    serde_json::to_string(&rollout).expect("names and numbers are JSON")
}

/// Says so if a cluster might be in the middle of a rollout where this shows its end.
pub(super) fn note_the_end(
    route: &Route<'_>,
    targets: &Targets,
    latest: &str,
    diagnostics: &mut Vec<Diagnostic>,
) {
    let asked = super::route::first_of(&route.annotations, &DURATIONS);
    let own = asked.and_then(|(key, text)| Some((key, duration::parse(text).ok()?)));
    let seconds = match own {
        Some((_, seconds)) if seconds > 0 => seconds,
        _ => route.config.network.rollout_duration,
    };
    let first = latest == child_name(&route.name, "-00001");
    let moves = targets.values().flatten().any(|target| target.latest && target.percent > 1);
    if seconds == 0 || first || !moves {
        return;
    }
    let path = own.map_or(FieldPath::root(), |(key, _)| FieldPath::annotation(key));
    let message = format!("Knative would move requests to `{latest}` over {seconds} s; this is how it ends");
    diagnostics.push(Diagnostic::new(&ROLLOUT_END, route.to_ref(), path, message));
}
