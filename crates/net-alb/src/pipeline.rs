//! The stages over files that are read once: one batch through the pipeline that `dev` and the cluster roles follow
//! changes with.

use crate::read::{Reading, SourceMap};
use crate::render::without_repetition;
use crate::secret::Secrets;
use net_alb_api::config::Settings;
use net_alb_api::{Ingress, Object};
use net_alb_diag::Diagnostic;
use net_alb_model::{Alb, Fragment, ObjectKey};
use net_alb_pipeline::{Change, Delta, Pipeline};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What the stages made, and what there is to say about it.
#[derive(Debug)]
pub(crate) struct Stages {
    pub(crate) settings: Settings,
    /// The Ingresses of stage 1, by KIngress.
    pub(crate) converted: Vec<Arc<Ingress>>,
    /// The KIngress that each of them was made of.
    pub(crate) kingresses: BTreeMap<ObjectKey, ObjectKey>,
    pub(crate) albs: Vec<Alb>,
    /// In the order of the stages.
    pub(crate) diagnostics: Vec<Diagnostic>,
    pub(crate) sources: SourceMap,
    secrets: Secrets,
}

/// Runs stages 0 to 2. Settings come from `config-alb` over `base`; `adjust` has the last word.
pub(crate) fn run(
    reading: Reading,
    base: Settings,
    adjust: impl Fn(Settings) -> Settings + Send + 'static,
) -> Stages {
    let Reading { objects, mut sources, mut diagnostics, .. } = reading;
    let mut pipeline = Pipeline::new(base, adjust);
    let secrets = objects.values().filter_map(|object| match &**object {
        Object::Secret(secret) => Some((ObjectKey::of(&secret.metadata), Arc::new(secret.clone()))),
        _ => None,
    });
    let secrets = secrets.collect();
    let objects = objects.into_values().map(|object| Change::Put(Arc::unwrap_or_clone(object)));
    let delta = pipeline.apply(objects);
    diagnostics.extend(pipeline.diagnostics());
    add_origins(&mut sources, &pipeline, &delta);
    Stages {
        settings: pipeline.settings().clone(),
        albs: load_balancers(&pipeline, &delta),
        kingresses: kingresses(&delta),
        diagnostics: without_repetition(diagnostics, &sources),
        converted: delta.ingresses.into_values().flatten().collect(),
        sources,
        secrets,
    }
}

/// Remembers what was made of what, for messages about it.
fn add_origins(sources: &mut SourceMap, pipeline: &Pipeline, delta: &Delta) {
    let kingresses = delta.ingresses.iter().map(|(kingress, ingresses)| {
        let ingresses = ingresses.iter().map(|ingress| ObjectKey::of(&ingress.metadata));
        let ingresses = ingresses.map(|key| key.to_ref("networking.k8s.io", "Ingress"));
        (kingress.to_ref("networking.internal.knative.dev", "Ingress"), ingresses.collect::<Vec<_>>())
    });
    let made = kingresses.flat_map(|(kingress, ingresses)| ingresses.into_iter().chain([kingress]));
    for object in made.chain(delta.diagnostics.keys().cloned()) {
        if let Some(origin) = pipeline.origin_of(&object) {
            sources.add_origin(object, origin);
        }
    }
}

fn kingresses(delta: &Delta) -> BTreeMap<ObjectKey, ObjectKey> {
    let made = delta.ingresses.iter().flat_map(|(kingress, ingresses)| {
        ingresses.iter().map(|ingress| (ObjectKey::of(&ingress.metadata), kingress.clone()))
    });
    made.collect()
}

fn load_balancers(pipeline: &Pipeline, delta: &Delta) -> Vec<Alb> {
    let mut fragments: BTreeMap<&str, Vec<Fragment>> = BTreeMap::new();
    for fragment in delta.fragments.values().flatten() {
        fragments.entry(&fragment.alb).or_default().push((**fragment).clone());
    }
    let there = delta.frames.iter().filter(|(_, frame)| frame.is_some());
    let merged = there.filter_map(|(name, _)| {
        let own = fragments.remove(&**name).unwrap_or_default();
        Some(net_alb_model::merge(pipeline.frame(name)?.clone(), own).value)
    });
    merged.collect()
}

impl Stages {
    /// Compiles every listener's rules and reads its certificates as the gateway does, for what that has to say.
    pub(crate) fn compile(&mut self) {
        for alb in &self.albs {
            for listener in &alb.listeners {
                let table = net_alb_gateway::compile(alb, listener);
                self.diagnostics.extend(table.diagnostics);
                self.diagnostics.extend(crate::secret::check(listener, &self.secrets));
            }
        }
        self.diagnostics = without_repetition(std::mem::take(&mut self.diagnostics), &self.sources);
    }
}
