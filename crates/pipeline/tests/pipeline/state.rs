//! Everything that deltas add up to.

use net_alb_api::config::{Settings, Target};
use net_alb_api::{Ingress, IngressClass};
use net_alb_diag::{Diagnostic, ObjectRef};
use net_alb_model::{Alb, Backend, Fragment, ObjectKey, Wanted};
use net_alb_pipeline::{Change, Delta, Pipeline, Servers};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What somebody knows who has heard every delta.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct State {
    pub(crate) fragments: BTreeMap<ObjectKey, Arc<Fragment>>,
    pub(crate) frames: BTreeMap<String, Alb>,
    pub(crate) backends: BTreeMap<Backend, Servers>,
    pub(crate) secrets: Vec<ObjectKey>,
    pub(crate) ingresses: BTreeMap<ObjectKey, Vec<Arc<Ingress>>>,
    pub(crate) alb_configs: BTreeMap<String, Wanted>,
    pub(crate) ingress_classes: BTreeMap<String, IngressClass>,
    pub(crate) hops: Vec<String>,
    pub(crate) diagnostics: BTreeMap<ObjectRef, Vec<Diagnostic>>,
}

fn there<K: Ord, V>(map: BTreeMap<K, Option<V>>) -> BTreeMap<K, V> {
    map.into_iter().filter_map(|(key, value)| Some((key, value?))).collect()
}

impl State {
    pub(crate) fn of(delta: Delta) -> State {
        let (mut ingresses, mut diagnostics) = (delta.ingresses, delta.diagnostics);
        ingresses.retain(|_, ingresses| !ingresses.is_empty());
        diagnostics.retain(|_, diagnostics| !diagnostics.is_empty());
        State {
            fragments: there(delta.fragments),
            frames: there(delta.frames),
            backends: there(delta.backends),
            secrets: delta.secrets.into_iter().filter(|(_, needed)| *needed).map(|(key, _)| key).collect(),
            ingresses,
            alb_configs: there(delta.alb_configs),
            ingress_classes: there(delta.ingress_classes),
            hops: delta.hops.into_iter().filter(|(_, needed)| *needed).map(|(name, _)| name).collect(),
            diagnostics,
        }
    }
}

pub(crate) fn pipeline(target: Target) -> Pipeline {
    Pipeline::new(Settings { target, ..Settings::default() }, |settings| settings)
}

/// Feeds the changes in batches; returns the pipeline and what the deltas add up to.
pub(crate) fn fed(target: Target, batches: impl IntoIterator<Item = Vec<Change>>) -> (Pipeline, Delta) {
    let mut pipeline = pipeline(target);
    let mut sum = Delta::default();
    for batch in batches {
        sum.extend(pipeline.apply(batch));
    }
    (pipeline, sum)
}

/// Objects from YAML.
pub(crate) fn puts(yaml: &str) -> Vec<Change> {
    let snapshot = net_alb_testkit::snapshot(yaml);
    objects(&snapshot).into_iter().map(Change::Put).collect()
}

pub(crate) fn objects(snapshot: &net_alb_api::Snapshot) -> Vec<net_alb_api::Object> {
    use net_alb_api::Object;
    let mut objects: Vec<Object> = Vec::new();
    objects.extend(snapshot.kservices.values().map(|o| Object::KService((**o).clone())));
    objects.extend(snapshot.kingresses.values().map(|o| Object::KIngress((**o).clone())));
    objects.extend(snapshot.ingresses.values().map(|o| Object::Ingress((**o).clone())));
    objects.extend(snapshot.ingress_classes.values().map(|o| Object::IngressClass((**o).clone())));
    objects.extend(snapshot.alb_configs.values().map(|o| Object::AlbConfig((**o).clone())));
    objects.extend(snapshot.services.values().map(|o| Object::Service((**o).clone())));
    objects.extend(snapshot.endpoint_slices.values().map(|o| Object::EndpointSlice((**o).clone())));
    objects.extend(snapshot.secrets.values().map(|o| Object::Secret((**o).clone())));
    objects.extend(snapshot.config_maps.values().map(|o| Object::ConfigMap((**o).clone())));
    objects
}
