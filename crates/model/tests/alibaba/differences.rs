//! The named differences, `cases/alibaba.yaml`.

use crate::compare::Finding;
use serde::Deserialize;
use std::fs;
use std::path::Path;

/// One reason why `build` and Alibaba's controller differ.
#[derive(Debug, Deserialize)]
pub(crate) struct Difference {
    /// Its name in the list.
    pub(crate) name: String,
    /// Where it shows, as [`Finding::place`] calls it.
    places: Vec<String>,
    /// The cases that have it.
    cases: Vec<String>,
}

impl Difference {
    /// Whether this is the reason of a finding.
    pub(crate) fn covers(&self, finding: &Finding) -> bool {
        self.places.iter().any(|place| place == finding.place)
    }
}

/// The differences that a case has.
pub(crate) fn of(case: &str) -> Vec<Difference> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../cases/alibaba.yaml");
    let text = fs::read_to_string(path).expect("the list of differences is there");
    let all: Vec<Difference> = serde_saphyr::from_str(&text).expect("the list of differences is well formed");
    all.into_iter().filter(|difference| difference.cases.iter().any(|name| name == case)).collect()
}
