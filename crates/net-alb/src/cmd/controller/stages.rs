//! The stages behind what is delivered for target `alb`.

use net_alb_api::config::{AddressType, Settings, Target};
use net_alb_api::{Ingress, Object, ObjectKey};
use net_alb_controller::acknowledgement::Problem;
use net_alb_controller::config::InEffect;
use net_alb_controller::deliver::objects::Content;
use net_alb_controller::deliver::{Round, Stages, WantedIngress};
use net_alb_controller::watch::{Kind, Seen};
use net_alb_diag::codes::build;
use net_alb_diag::{Code, Diagnostic, ObjectRef};
use net_alb_model::Wanted;
use net_alb_pipeline::{Change, Delta, Pipeline};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What keeps an Ingress from being written: with a Service that isn't there Alibaba's controller fails the whole AlbConfig, and with
/// it everybody else's rules.
const HOLDING: &[&Code] = &[&build::MISSING_SERVICE, &build::UNKNOWN_SERVICE_PORT];

/// Begins with no object.
pub(super) fn stages() -> Stages {
    let base = Settings { target: Target::Alb, network_hash: true, ..Settings::default() };
    let mut stage = Stage {
        pipeline: Pipeline::new(base, |settings| Settings { target: Target::Alb, ..settings }),
        config_maps: InEffect::default(),
        held: BTreeMap::new(),
        holding: BTreeSet::new(),
    };
    Box::new(move |seen, held| stage.round(seen, held))
}

struct Stage {
    pipeline: Pipeline,
    config_maps: InEffect,
    /// Ingresses that aren't written yet.
    held: BTreeMap<ObjectKey, Vec<Arc<Ingress>>>,
    /// KIngresses for which something has to come first.
    holding: BTreeSet<ObjectKey>,
}

impl Stage {
    fn round(&mut self, seen: Vec<Seen>, held: BTreeMap<ObjectKey, Vec<String>>) -> Round {
        let changes: Vec<Change> = seen.into_iter().filter_map(|seen| self.change(seen)).collect();
        // Settings say what a class means.
        let (settings, others): (Vec<Change>, Vec<Change>) =
            changes.into_iter().partition(|change| matches!(change, Change::Put(Object::ConfigMap(_))));
        let held = held.into_iter().map(|(kingress, classes)| Change::Held { kingress, classes });
        let mut delta = self.pipeline.apply(settings);
        delta.extend(self.pipeline.apply(held.chain(others)));
        let settings = self.pipeline.settings();
        let name = |address_type| settings.alb_config_name(address_type, 1);
        let mut round = Round {
            balancers: balancers(&delta),
            alb_configs: (name(AddressType::Internet), name(AddressType::Intranet)),
            eni: settings.bootstrap.eni,
            fault: settings.bootstrap.fault.clone(),
            ..Round::default()
        };
        self.say(&delta, &mut round);
        self.held.extend(delta.ingresses);
        let free: Vec<_> = self.held.keys().filter(|key| !self.holding.contains(*key)).cloned().collect();
        for kingress in free {
            let ingresses = self.held.remove(&kingress).unwrap_or_default();
            let wanted = ingresses.into_iter().map(|ingress| self.wanted(ingress)).collect();
            round.ingresses.insert(kingress, wanted);
        }
        round.secrets = delta.secrets;
        round
    }

    fn change(&mut self, seen: Seen) -> Option<Change> {
        match seen {
            Seen::Put(object) => Some(Change::Put(match *object {
                Object::ConfigMap(written) => Object::ConfigMap(self.config_maps.put(&written).value),
                other => other,
            })),
            Seen::Gone(kind, key) => {
                if kind == Kind::ConfigMap {
                    self.config_maps.remove(&key);
                }
                Some(Change::Delete(kind.to_ref(&key)))
            }
            Seen::Synced(_) | Seen::Failed(..) => None,
        }
    }

    fn wanted(&self, ingress: Arc<Ingress>) -> WantedIngress {
        let class = ingress.spec.as_ref().and_then(|spec| spec.ingress_class_name.as_deref());
        let place = class.and_then(|class| self.pipeline.settings().place_of(class));
        let is_private = place.is_some_and(|(address_type, _)| address_type == AddressType::Intranet);
        WantedIngress { ingress, is_private }
    }

    /// What there is to say of KIngresses, and which of them have to wait.
    fn say(&mut self, delta: &Delta, round: &mut Round) {
        for (object, diagnostics) in &delta.diagnostics {
            if object.group != "networking.internal.knative.dev" {
                for diagnostic in diagnostics {
                    tracing::warn!("{object}: {diagnostic}");
                }
                continue;
            }
            let key = ObjectKey::new(object.namespace.as_str(), object.name.as_str());
            if diagnostics.iter().any(holds) {
                self.holding.insert(key.clone());
            } else {
                self.holding.remove(&key);
            }
            round.problems.insert(key, diagnostics.iter().filter_map(Problem::of).collect());
        }
    }
}

fn holds(diagnostic: &Diagnostic) -> bool {
    HOLDING.iter().any(|code| std::ptr::eq(*code, diagnostic.code))
}

/// What has to be there beside the Ingresses. Nothing of it is ever taken away: with an AlbConfig goes a load balancer.
fn balancers(delta: &Delta) -> BTreeMap<ObjectRef, Content> {
    let mut balancers = BTreeMap::new();
    for (name, wanted) in &delta.alb_configs {
        let content = match wanted {
            Some(Wanted::Made(alb_config)) => whole(&Object::AlbConfig(alb_config.clone())),
            Some(Wanted::Listeners(listeners)) => Some(Content::Listeners(values(listeners))),
            None => None,
        };
        let object = ObjectKey::new("", name.as_str()).to_ref("alibabacloud.com", "AlbConfig");
        balancers.extend(content.map(|content| (object, content)));
    }
    for (name, class) in &delta.ingress_classes {
        let content = class.clone().and_then(|class| whole(&Object::IngressClass(class)));
        let object = ObjectKey::new("", name.as_str()).to_ref("networking.k8s.io", "IngressClass");
        balancers.extend(content.map(|content| (object, content)));
    }
    balancers
}

fn whole(object: &Object) -> Option<Content> {
    object.to_value().ok().map(|value| Content::Whole(Arc::new(value)))
}

fn values<T: Serialize>(items: &[T]) -> Vec<serde_json::Value> {
    items.iter().filter_map(|item| serde_json::to_value(item).ok()).collect()
}
