//! The targets of each host, flattened to revisions.

use net_alb_api::{KService, TrafficTarget};
use std::collections::BTreeMap;

/// A revision and its share of one host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Target {
    pub(super) revision: String,
    /// Whether it follows the latest revision.
    pub(super) latest: bool,
    pub(super) percent: i32,
}

/// Targets by tag; the default host has the empty tag.
pub(super) type Targets = BTreeMap<String, Vec<Target>>;

/// The traffic of a Service, with what Knative fills in when there is none.
///
/// Source: serving `pkg/apis/serving/v1/route_defaults.go`.
pub(super) fn traffic_or_default(service: &KService) -> Vec<TrafficTarget> {
    if service.spec.traffic.is_empty() {
        return vec![TrafficTarget { percent: Some(100), ..TrafficTarget::default() }];
    }
    service.spec.traffic.clone()
}

/// Who gets what: the default host splits over all targets, a tag's host has the tag's.
///
/// Targets of one revision are added up, the first one's place and nature hold; a revision alone has 100%.
/// Source: serving `pkg/reconciler/route/traffic/traffic.go`, `addFlattenedTarget` and `consolidate`.
pub(super) fn targets(service: &KService, latest: &str) -> Targets {
    let mut tags: BTreeMap<String, Consolidated> = BTreeMap::new();
    for target in traffic_or_default(service) {
        let follows = target.revision_name.is_empty();
        let flat = Target {
            revision: if follows { latest.to_owned() } else { target.revision_name },
            latest: follows,
            percent: percent(target.percent),
        };
        tags.entry(String::new()).or_default().add(flat.clone());
        if !target.tag.is_empty() {
            tags.entry(target.tag).or_default().add(flat);
        }
    }
    tags.into_iter().map(|(tag, consolidated)| (tag, consolidated.finish())).collect()
}

/// A share; validation has seen to its range.
fn percent(percent: Option<i64>) -> i32 {
    percent.unwrap_or(0).try_into().unwrap_or(0)
}

/// The targets of one host while they are being added up.
#[derive(Default)]
struct Consolidated {
    targets: Vec<Target>,
    by_revision: BTreeMap<String, usize>,
}

impl Consolidated {
    fn add(&mut self, target: Target) {
        let next = self.targets.len();
        let index = *self.by_revision.entry(target.revision.clone()).or_insert(next);
        match self.targets.get_mut(index) {
            Some(known) => known.percent += target.percent,
            None => self.targets.push(target),
        }
    }

    fn finish(mut self) -> Vec<Target> {
        if let [alone] = self.targets.as_mut_slice() {
            alone.percent = 100;
        }
        self.targets
    }
}
