//! `spec.traffic`. Source: serving `pkg/apis/serving/v1/route_validation.go`, but for revisions of others, which
//! `pkg/reconciler/route/traffic/traffic.go` refuses.

use super::Complaints;
use crate::expand::names::check_label;
use crate::expand::revision::may_belong;
use net_alb_api::{KService, TrafficTarget};
use net_alb_diag::codes::expand::{
    FOREIGN_REVISION, LATEST_OR_NAMED, TAG_NAME, TAG_TWICE, TRAFFIC_FIELD, TRAFFIC_PERCENT, TRAFFIC_SUM,
};
use net_alb_diag::{Diagnostic, FieldPath, Place};
use std::collections::BTreeMap;

pub(super) fn validate(service: &KService, complaints: &mut Complaints) {
    let traffic = &service.spec.traffic;
    let name = service.key().name;
    let path = FieldPath::of("spec.traffic");
    let mut tags: BTreeMap<&str, FieldPath> = BTreeMap::new();
    for (i, target) in traffic.iter().enumerate() {
        let path = path.index(i);
        fields(target, &path, complaints);
        revision(target, &name, &path, complaints);
        if !target.tag.is_empty() {
            tag(&target.tag, path.key("tag"), &mut tags, complaints);
        }
    }
    let out_of_range = traffic.iter().zip(0..).filter_map(|(target, i)| Some((target.percent?, i)));
    let out_of_range: Vec<(i64, usize)> =
        out_of_range.filter(|(percent, _)| !(0..=100).contains(percent)).collect();
    for (percent, i) in &out_of_range {
        let message = format!("`percent` is {percent}, not a number from 0 to 100");
        let help = "give the share of requests, a whole number from 0 to 100";
        complaints.say(&TRAFFIC_PERCENT, path.index(*i).key("percent"), message, help);
    }
    if out_of_range.is_empty() && !traffic.is_empty() {
        sum(traffic, path, complaints);
    }
}

fn sum(traffic: &[TrafficTarget], path: FieldPath, complaints: &mut Complaints) {
    let sum: i64 = traffic.iter().filter_map(|target| target.percent).sum();
    let help = match sum {
        100 => return,
        101.. => format!("lower them by {}", sum - 100),
        _ if traffic.iter().any(|target| target.percent.is_none()) => {
            format!("raise them by {}; a target without `percent` has 0", 100 - sum)
        }
        _ => format!("raise them by {}", 100 - sum),
    };
    complaints.say(&TRAFFIC_SUM, path, format!("percentages add up to {sum}, not 100"), help);
}

fn tag<'a>(
    tag: &'a str,
    path: FieldPath,
    tags: &mut BTreeMap<&'a str, FieldPath>,
    complaints: &mut Complaints,
) {
    if let Err(error) = check_label(tag) {
        complaints.say(&TAG_NAME, path.clone(), error, "rename the tag");
    }
    let Some(first) = tags.get(tag) else {
        tags.insert(tag, path);
        return;
    };
    let other = Place::Field { object: complaints.object.clone(), path: first.clone() };
    let message = format!("the tag `{tag}` is there twice, first at {first}");
    let twice = Diagnostic::new(&TAG_TWICE, complaints.object.clone(), path, message);
    complaints.list.push(twice.help("give one of them another tag").related(other, "the tag is also here"));
}

fn fields(target: &TrafficTarget, path: &FieldPath, complaints: &mut Complaints) {
    if !target.configuration_name.is_empty() {
        let message =
            format!("`configurationName` is `{}`, but a Service has its own", target.configuration_name);
        let help = "delete it; `latestRevision: true` follows the Service's own Configuration";
        complaints.say(&TRAFFIC_FIELD, path.key("configurationName"), message, help);
    }
    if !target.url.is_empty() {
        let message = format!("`url` is `{}`, but only a status has one", target.url);
        let help = "delete it; a target's host comes from its `tag`";
        complaints.say(&TRAFFIC_FIELD, path.key("url"), message, help);
    }
}

fn revision(target: &TrafficTarget, service: &str, path: &FieldPath, complaints: &mut Complaints) {
    let name = target.revision_name.as_str();
    let field = path.key("latestRevision");
    match target.latest_revision {
        Some(true) if !name.is_empty() => {
            let message = format!("`latestRevision` is true, but `revisionName` is `{name}`");
            let help = "delete `revisionName` to follow the latest revision, or `latestRevision` to stay with this one";
            complaints.say(&LATEST_OR_NAMED, field, message, help);
        }
        Some(false) if name.is_empty() => {
            let message = "`latestRevision` is false, but there is no `revisionName`";
            let help = "name a revision, or delete `latestRevision` to follow the latest one";
            complaints.say(&LATEST_OR_NAMED, field, message, help);
        }
        _ => {}
    }
    if name.is_empty() {
        return;
    }
    let path = path.key("revisionName");
    if let Err(error) = check_label(name) {
        complaints.say(&FOREIGN_REVISION, path, error, "mend the name; a revision's name is a DNS label");
    } else if !may_belong(service, name) {
        let message =
            format!("`{name}` can't be a revision of `{service}`: their names begin with `{service}-`");
        complaints.say(
            &FOREIGN_REVISION,
            path,
            message,
            "mend the name, or route to it from its own Service",
        );
    }
}
