//! ConfigMaps that change while we run: Knative's and net-alb's own. A value that can't be used leaves the one before it in force.

mod leader_election;
mod logging;
mod observability;

pub use leader_election::timing;
pub use logging::filter;
pub use observability::{Traces, traces};

use net_alb_api::config::{KnativeConfig, Settings};
use net_alb_api::{ConfigMap, ObjectKey, Snapshot};
use net_alb_diag::{Diagnostic, Outcome, Place, Segment, Severity};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The ConfigMap in which Knative says how controllers share work.
pub const LEADER_ELECTION: &str = "config-leader-election";
/// The ConfigMap in which Knative says what is measured and traced.
pub const OBSERVABILITY: &str = "config-observability";
/// The ConfigMap in which Knative says what is logged.
pub const LOGGING: &str = "config-logging";
/// The ConfigMap in which Knative says how the network is.
pub const NETWORK: &str = "config-network";
/// The ConfigMaps that stages read.
const READ: &[&str] = &["config-alb", "config-network", "config-domain", "config-features"];

/// The ConfigMap as it takes effect: each value that can't be used is the one that `last` has, or isn't there. The diagnostics
/// are about the ConfigMap as it was written.
pub fn kept(written: &ConfigMap, last: Option<&ConfigMap>) -> Outcome<ConfigMap> {
    let diagnostics = read(written);
    let mut value = written.clone();
    let before = last.and_then(|last| last.data.as_ref());
    for key in diagnostics.iter().filter(|d| d.severity == Severity::Error).filter_map(key) {
        let data = value.data.get_or_insert_default();
        match before.and_then(|before| before.get(key)) {
            Some(good) => drop(data.insert(key.to_owned(), good.clone())),
            None => drop(data.remove(key)),
        }
    }
    Outcome { value, diagnostics }
}

/// The ConfigMaps of a namespace as they take effect, followed as they change.
#[derive(Debug, Default)]
pub struct InEffect(BTreeMap<ObjectKey, ConfigMap>);

impl InEffect {
    /// A ConfigMap is written so now: how it takes effect, by [`kept`].
    pub fn put(&mut self, written: &ConfigMap) -> Outcome<ConfigMap> {
        let key = ObjectKey::of(&written.metadata);
        let kept = kept(written, self.0.get(&key));
        self.0.insert(key, kept.value.clone());
        kept
    }

    /// A ConfigMap is gone, and its last good values with it.
    pub fn remove(&mut self, config_map: &ObjectKey) {
        self.0.remove(config_map);
    }

    /// net-alb's own settings, by all of them.
    pub fn settings(&self) -> Settings {
        Settings::from_snapshot(&snapshot(self.0.values()), Settings::default()).value
    }
}

/// Whether `config-network` asks for TLS to activator and revisions.
pub fn system_internal_tls(config_network: &ConfigMap) -> bool {
    KnativeConfig::from_snapshot(&snapshot([config_network])).value.network.system_internal_tls
}

/// What there is to say of a ConfigMap; nothing, if no stage reads it.
fn read(config_map: &ConfigMap) -> Vec<Diagnostic> {
    let key = ObjectKey::of(&config_map.metadata);
    if !READ.contains(&key.name.as_str()) {
        return Vec::new();
    }
    let snapshot = snapshot([config_map]);
    let mut diagnostics = Settings::from_snapshot(&snapshot, Settings::default()).diagnostics;
    diagnostics.extend(KnativeConfig::from_snapshot(&snapshot).diagnostics);
    diagnostics
}

/// These ConfigMaps and nothing else.
fn snapshot<'a>(config_maps: impl IntoIterator<Item = &'a ConfigMap>) -> Snapshot {
    let config_maps =
        config_maps.into_iter().map(|map| (ObjectKey::of(&map.metadata), Arc::new(map.clone())));
    Snapshot { config_maps: config_maps.collect(), ..Snapshot::default() }
}

/// The key that a diagnostic is about.
fn key(diagnostic: &Diagnostic) -> Option<&str> {
    let Place::Field { path, .. } = &diagnostic.place else { return None };
    match path.segments() {
        [Segment::Key(data), Segment::Key(key), ..] if data == "data" => Some(key),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use net_alb_api::ObjectMeta;

    fn config_map(name: &str, data: &[(&str, &str)]) -> ConfigMap {
        let metadata = ObjectMeta {
            name: Some(name.to_owned()),
            namespace: Some("knative-serving".to_owned()),
            ..ObjectMeta::default()
        };
        let data = data.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        ConfigMap { metadata, data: Some(data), ..ConfigMap::default() }
    }

    fn value(config_map: &ConfigMap, key: &str) -> Option<String> {
        config_map.data.as_ref()?.get(key).cloned()
    }

    #[test]
    fn a_bad_value_leaves_the_one_before_it() {
        let good = config_map("config-alb", &[("cluster-local", "shared")]);
        let bad = config_map("config-alb", &[("cluster-local", "everywhere"), ("target", "gateway")]);
        let outcome = kept(&bad, Some(&good));
        assert_eq!(value(&outcome.value, "cluster-local").as_deref(), Some("shared"));
        assert_eq!(value(&outcome.value, "target").as_deref(), Some("gateway"));
        assert_eq!(outcome.diagnostics.len(), 1);
        assert_eq!(value(&kept(&bad, None).value, "cluster-local"), None);
    }

    #[test]
    fn a_value_that_is_taken_out_is_the_default_again() {
        let good = config_map("config-alb", &[("cluster-local", "shared")]);
        assert_eq!(value(&kept(&config_map("config-alb", &[]), Some(&good)).value, "cluster-local"), None);
    }

    #[test]
    fn knatives_own_are_kept_too_and_others_pass() {
        let good = config_map("config-network", &[("rollout-duration", "60")]);
        let bad = config_map("config-network", &[("rollout-duration", "soon")]);
        assert_eq!(value(&kept(&bad, Some(&good)).value, "rollout-duration").as_deref(), Some("60"));
        assert!(kept(&config_map("config-gc", &[("target", "none")]), None).diagnostics.is_empty());
    }
}
