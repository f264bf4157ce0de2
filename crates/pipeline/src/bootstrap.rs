//! Which objects have to be there beside the Ingresses: AlbConfigs, IngressClasses, and the hop's Services.

use crate::apply::Round;
use crate::delta::Delta;
use crate::pipeline::Pipeline;
use net_alb_api::config::{Settings, Target};
use net_alb_api::{IngressClass, ObjectKey, hop};
use net_alb_model::{ListenerId, Wanted, wanted_alb_config, wanted_ingress_class};
use std::collections::{BTreeMap, BTreeSet};

/// What was wanted last, by the AlbConfig's name.
#[derive(Debug, Default)]
pub(crate) struct Bootstrapped(BTreeMap<String, (Wanted, IngressClass)>);

impl Bootstrapped {
    /// Looks again at a load balancer. The first one of each kind is wanted even if no Ingress is on it, since users need to know
    /// its address before.
    pub(crate) fn review(
        &mut self,
        name: &str,
        is_used: bool,
        asked: &BTreeSet<ListenerId>,
        settings: &Settings,
        delta: &mut Delta,
    ) {
        let place = settings.place_of_alb_config(name).filter(|(_, number)| *number == 1 || is_used);
        let wanted = place.filter(|_| settings.target == Target::Alb).and_then(|place| {
            let alb_config = wanted_alb_config(place, asked, settings)?;
            Some((alb_config, wanted_ingress_class(place, settings)))
        });
        let before = self.0.get(name);
        if before == wanted.as_ref() {
            return;
        }
        let class_name = |class: &IngressClass| class.metadata.name.clone().unwrap_or_default();
        if let Some((alb_config, class)) = before {
            if matches!(alb_config, Wanted::Made(_)) {
                delta.alb_configs.insert(name.to_owned(), None);
            }
            delta.ingress_classes.entry(class_name(class)).or_default();
        }
        match wanted {
            Some((alb_config, class)) => {
                delta.alb_configs.insert(name.to_owned(), Some(alb_config.clone()));
                delta.ingress_classes.insert(class_name(&class), Some(class.clone()));
                self.0.insert(name.to_owned(), (alb_config, class));
            }
            None => drop(self.0.remove(name)),
        }
    }
}

impl Pipeline {
    /// Which namespaces need the hop's Service, by the backends that have come or gone.
    pub(crate) fn find_hops(&self, round: &mut Round) {
        let delta = &mut round.delta;
        let services: BTreeSet<&ObjectKey> = delta
            .backends
            .keys()
            .map(|b| &b.service)
            .filter(|service| service.name == hop::SERVICE)
            .collect();
        let needed = services
            .into_iter()
            .map(|service| (service.namespace.clone(), self.backends.of(service).next().is_some()));
        delta.hops = needed.collect();
    }
}
