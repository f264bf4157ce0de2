//! The pieces make the whole that `net_alb_model::build` makes.

use crate::generate::batches;
use crate::incremental::last_words;
use crate::state::{State, fed};
use net_alb_api::annotation::knative::{ALB_INGRESS_CLASS, INGRESS_CLASS};
use net_alb_api::config::{KnativeConfig, Settings, Target};
use net_alb_api::{KIngress, Object, ObjectKey, Objects, Secret, Service, Snapshot};
use net_alb_diag::Diagnostic;
use net_alb_diag::codes::read::{MADE_AND_GIVEN, OTHER_CLASS};
use net_alb_model::{Alb, Listener};
use net_alb_pipeline::Change;
use proptest::prelude::*;
use std::sync::Arc;

/// A snapshot in which the owner of a host is found by looking at every KIngress.
struct Owned<'a>(&'a Snapshot);

impl Objects for Owned<'_> {
    fn service(&self, key: &ObjectKey) -> Option<Arc<Service>> {
        self.0.service(key)
    }

    fn secret(&self, key: &ObjectKey) -> Option<Arc<Secret>> {
        self.0.secret(key)
    }

    fn host_owner(&self, host: &str) -> Option<ObjectKey> {
        let names = |kingress: &&Arc<KIngress>| {
            let mut hosts = kingress.spec.rules.iter().flat_map(|rule| &rule.hosts);
            is_ours(kingress) && hosts.any(|other| other.to_ascii_lowercase() == host)
        };
        let owner = self.0.kingresses.values().filter(names);
        owner.min_by_key(|k| (k.metadata.creation_timestamp.clone(), k.key())).map(|owner| owner.key())
    }
}

fn is_ours(kingress: &KIngress) -> bool {
    let class = kingress.metadata.annotations.as_ref().and_then(|all| all.get(INGRESS_CLASS));
    class.is_none_or(|class| class == ALB_INGRESS_CLASS)
}

/// Every stage over everything.
fn stages(mut snapshot: Snapshot, target: Target) -> (Vec<Alb>, Vec<Diagnostic>) {
    let mut said = Vec::new();
    let settings = Settings { target, ..Settings::default() };
    let settings = Settings::from_snapshot(&snapshot, settings).drain_into(&mut said);
    let knative = KnativeConfig::from_snapshot(&snapshot).drain_into(&mut said);
    for kservice in snapshot.kservices.clone().values() {
        let made = net_alb_convert::expand(kservice, &knative).drain_into(&mut said);
        if let Some(made) = made {
            for service in made.services {
                snapshot.insert(Object::Service(service));
            }
            snapshot.insert(Object::KIngress(made.kingress));
        }
    }
    let mut ingresses = Vec::new();
    for kingress in snapshot.kingresses.values().filter(|kingress| is_ours(kingress)) {
        let outcome = net_alb_convert::convert(kingress, &Owned(&snapshot), &settings);
        ingresses.extend(outcome.drain_into(&mut said));
    }
    for ingress in ingresses {
        snapshot.insert(Object::Ingress(ingress));
    }
    let albs = net_alb_model::build(&snapshot, &settings).drain_into(&mut said);
    (albs, said)
}

fn without_rules(alb: &Alb) -> Alb {
    let listeners = alb.listeners.iter().map(|listener| Listener { rules: Vec::new(), ..listener.clone() });
    Alb { listeners: listeners.collect(), server_groups: Vec::new(), ..alb.clone() }
}

/// What only the pipeline and the commands say: an order isn't part of it.
fn sorted(said: &[Diagnostic]) -> Vec<String> {
    let stages = said.iter().filter(|d| d.code != &MADE_AND_GIVEN && d.code != &OTHER_CLASS);
    let mut texts: Vec<String> = stages.map(|diagnostic| format!("{diagnostic:?}")).collect();
    texts.sort();
    texts
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn the_pieces_make_the_whole(batches in batches(), is_alb in any::<bool>()) {
        let target = if is_alb { Target::Alb } else { Target::Gateway };
        let mut snapshot = Snapshot::default();
        for change in last_words(&batches) {
            let Change::Put(object) = change else { continue };
            prop_assert!(snapshot.insert(object));
        }
        let (albs, said) = stages(snapshot, target);
        let (pipeline, sum) = fed(target, batches);
        let state = State::of(sum);
        let frames: Vec<Alb> = albs.iter().map(without_rules).collect();
        prop_assert_eq!(state.frames.into_values().collect::<Vec<_>>(), frames);
        for alb in &albs {
            let own = state.fragments.values().filter(|fragment| fragment.alb == alb.name);
            let frame = pipeline.frame(&alb.name).unwrap().clone();
            let merged = net_alb_model::merge(frame, own.map(|fragment| (**fragment).clone())).value;
            prop_assert_eq!(&merged, alb);
        }
        prop_assert_eq!(sorted(&pipeline.diagnostics()), sorted(&said));
        let by_object: Vec<Diagnostic> = state.diagnostics.into_values().flatten().collect();
        prop_assert_eq!(sorted(&by_object), sorted(&said));
    }
}
