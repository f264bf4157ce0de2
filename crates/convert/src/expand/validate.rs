//! What Knative would refuse: its webhook the object, or its Route reconciler the routes.

mod template;
mod traffic;

use super::duration;
use super::names::check_label;
use super::rollout::DURATIONS;
use super::route::{HTTP_OPTIONS, first_of};
use net_alb_api::KService;
use net_alb_diag::codes::expand::{HTTP_OPTION, MISPLACED_ANNOTATION, ROLLOUT_DURATION, SERVICE_NAME};
use net_alb_diag::{Code, Diagnostic, FieldPath, ObjectRef};
use std::collections::BTreeMap;

/// The prefix of the autoscaler's annotations, as Knative compares it.
const AUTOSCALING: &str = "autoscaling.knative.dev";

/// Collects what there is to say about one Service.
pub(super) struct Complaints {
    object: ObjectRef,
    list: Vec<Diagnostic>,
}

impl Complaints {
    fn say(
        &mut self,
        code: &'static Code,
        path: FieldPath,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.list.push(Diagnostic::new(code, self.object.clone(), path, message).help(help));
    }
}

/// Everything that Knative would refuse about a Service and that decides about routes, in the order of its fields.
pub(super) fn validate(service: &KService) -> Vec<Diagnostic> {
    let mut complaints = Complaints { object: service.to_ref(), list: Vec::new() };
    name(service, &mut complaints);
    if let Some(annotations) = &service.metadata.annotations {
        self::annotations(annotations, &mut complaints);
    }
    template::validate(service, &mut complaints);
    traffic::validate(service, &mut complaints);
    complaints.list
}

/// Source: pkg `apis/metadata_validation.go`.
fn name(service: &KService, complaints: &mut Complaints) {
    let path = FieldPath::of("metadata.name");
    match service.metadata.name.as_deref().unwrap_or_default() {
        "" => complaints.say(&SERVICE_NAME, path, "the Service has no name", "name it"),
        name => {
            if let Err(error) = check_label(name) {
                complaints.say(&SERVICE_NAME, path, error, "rename the Service");
            }
        }
    }
}

/// Source: serving `pkg/apis/serving/metadata_validation.go`, `pkg/networking/util.go`.
fn annotations(annotations: &BTreeMap<String, String>, complaints: &mut Complaints) {
    for key in annotations.keys().filter(|key| key.starts_with(AUTOSCALING)) {
        let message = "Knative refuses the autoscaler's annotations here";
        let help = "move it to `spec.template.metadata.annotations`, where it is read";
        complaints.say(&MISPLACED_ANNOTATION, FieldPath::annotation(key), message, help);
    }
    if let Some((key, option)) = first_of(annotations, &HTTP_OPTIONS) {
        let known = ["", "enabled", "redirected"].contains(&option.to_lowercase().as_str());
        if !known {
            let message = format!("`{option}` is neither `Enabled` nor `Redirected`");
            complaints.say(&HTTP_OPTION, FieldPath::annotation(key), message, "write one of the two");
        }
    }
    if let Some((key, text)) = first_of(annotations, &DURATIONS)
        && !text.is_empty()
        && let Err(error) = duration::parse(text)
    {
        let help = "write a number and a unit, for example `380s`";
        complaints.say(&ROLLOUT_DURATION, FieldPath::annotation(key), error, help);
    }
}

#[cfg(test)]
mod tests;
