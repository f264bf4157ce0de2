//! What Ingresses need of net-alb's load balancers, and what it means for them where they are.

use crate::apply::Round;
use crate::evaluate::{Evaluated, World, evaluate};
use crate::pipeline::Pipeline;
use crate::places::{Excess, Need, Place, Rules, Side};
use crate::root::{Key, Root};
use net_alb_api::config::{AddressType, Overflow, Settings};
use net_alb_api::{Ingress, ObjectKey};
use net_alb_diag::codes::build::{ALB_FULL, FURTHER_ALB};
use net_alb_diag::{Diagnostic, FieldPath, ObjectRef};
use net_alb_model::{Edition, Fragment, Limits};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

impl Pipeline {
    /// Ingresses of a KIngress are applied with these classes.
    pub(crate) fn hold(&mut self, kingress: &Key, classes: &[String]) {
        for place in classes.iter().filter_map(|class| self.settings.place_of(class)) {
            self.places.hold(kingress, place);
        }
    }

    /// Works on every root, where it is and, if there is no room for it there, where it goes. Roots that find room by that are worked
    /// on as well.
    pub(crate) fn evaluate_in_place(
        &mut self,
        roots: BTreeSet<Root>,
        round: &mut Round,
    ) -> BTreeMap<Root, Evaluated> {
        let mut all = BTreeMap::new();
        let mut needs: BTreeMap<Side, Need> = BTreeMap::new();
        for root in roots {
            if let Root::KIngress(key) = &root {
                self.places.forget_refusal(key);
            }
            let evaluated = evaluate(&root, self.world());
            match &root {
                Root::KIngress(key) => needs.extend(self.needs(key, &evaluated)),
                Root::Ingress(key) => {
                    let need = evaluated.shares.first().and_then(|share| {
                        Some((self.settings.place_of_alb_config(&share.alb)?, need(share.fragment.iter())))
                    });
                    self.places.set_other(key, need);
                }
            }
            all.insert(root, evaluated);
        }
        for kingress in self.settle(needs) {
            for name in self.alb_configs_of(&kingress) {
                if !self.frames.contains_key(&name) {
                    self.set_frame(&name);
                    round.balancers.insert(name.as_str().into());
                }
            }
            let root = Root::KIngress(kingress);
            let evaluated = evaluate(&root, self.world());
            all.insert(root, evaluated);
        }
        all
    }

    /// By class, since that is what is chosen; nothing of a kind that there isn't.
    fn needs(&self, kingress: &Key, evaluated: &Evaluated) -> BTreeMap<Side, Need> {
        let kind = |ingress: &Key| {
            let made = evaluated.ingresses.iter().find(|made| ObjectKey::of(&made.metadata) == **ingress)?;
            Some(place_of(made, &self.settings)?.0)
        };
        let mut needs: BTreeMap<Side, Need> =
            AddressType::ALL.map(|kind| ((kingress.clone(), kind), Need::default())).into();
        for share in &evaluated.shares {
            let side = kind(&share.ingress).map(|kind| (kingress.clone(), kind));
            if let Some(total) = side.and_then(|side| needs.get_mut(&side)) {
                let need = need(share.fragment.iter());
                total.rules += need.rules;
                total.certificates.extend(need.certificates);
            }
        }
        needs
    }

    fn settle(&mut self, needs: BTreeMap<Side, Need>) -> BTreeSet<Key> {
        let (frames, settings) = (&self.frames, &self.settings);
        let limits = |(address_type, number): Place| -> Limits {
            let frame = frames.get(&settings.alb_config_name(address_type, number));
            frame.map_or(Edition::Standard, |frame| frame.edition).limits()
        };
        let rules = Rules { spreads: settings.overflow == Overflow::Spread, limits: &limits };
        self.places.settle(needs, &rules)
    }

    fn alb_configs_of(&self, kingress: &Key) -> Vec<String> {
        let kinds = AddressType::ALL.into_iter();
        kinds.map(|kind| self.settings.alb_config_name(kind, self.places.number(kingress, kind))).collect()
    }
}

/// Rules of all listeners, and certificates of each.
fn need<'a>(fragments: impl Iterator<Item = &'a Fragment>) -> Need {
    let mut need = Need::default();
    for listener in fragments.flat_map(|fragment| &fragment.listeners) {
        need.rules += listener.rules.len();
        let secrets = listener.certificate_secrets.iter().cloned();
        need.certificates.extend(secrets.map(|secret| (listener.id, secret)));
    }
    need
}

fn class(ingress: &Ingress) -> Option<&str> {
    ingress.spec.as_ref()?.ingress_class_name.as_deref()
}

fn place_of(ingress: &Ingress, settings: &Settings) -> Option<Place> {
    settings.place_of(class(ingress)?)
}

/// Gives an Ingress that stage 1 made the class of the load balancer that its KIngress is on.
pub(crate) fn place(ingress: &mut Ingress, kingress: &Key, world: World<'_>) {
    let Some((address_type, _)) = place_of(ingress, world.settings) else { return };
    let number = world.places.number(kingress, address_type);
    if let Some(spec) = ingress.spec.as_mut().filter(|_| number > 1) {
        spec.ingress_class_name = Some(world.settings.class(address_type, number));
    }
}

/// What to say of a KIngress for which there is no room.
pub(crate) fn no_room(object: ObjectRef, excess: &Excess, settings: &Settings) -> Diagnostic {
    let Excess { place: (address_type, number), what, needed, used, limit } = excess;
    let name = settings.alb_config_name(*address_type, *number);
    let message = format!(
        "needs {needed} {what} on load balancer `{name}`, which has {used} of {limit}: {} too many; what was applied of it before stays",
        needed + used - limit
    );
    let help = match settings.overflow {
        Overflow::Refuse => "set `overflow: spread`, remove routes, or ask Alibaba for a higher quota",
        Overflow::Spread => "split the KIngress: an empty load balancer has no room for it either",
    };
    Diagnostic::new(&ALB_FULL, object, FieldPath::root(), message).help(help)
}

/// What to say of a KIngress that isn't on the first load balancers.
pub(crate) fn further(
    object: ObjectRef,
    ingresses: &[Arc<Ingress>],
    settings: &Settings,
) -> Option<Diagnostic> {
    let classes: BTreeSet<&str> = ingresses
        .iter()
        .filter(|ingress| place_of(ingress, settings).is_some_and(|(_, number)| number > 1))
        .filter_map(|ingress| class(ingress))
        .collect();
    if classes.is_empty() {
        return None;
    }
    let classes = classes.into_iter().map(|class| format!("`{class}`")).collect::<Vec<_>>().join(" and ");
    let message =
        format!("is on {classes}, since the load balancers before are full: it has an address of its own");
    Some(Diagnostic::new(&FURTHER_ALB, object, FieldPath::root(), message).help(FURTHER_ALB.fix))
}
