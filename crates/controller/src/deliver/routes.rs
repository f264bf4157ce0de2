//! How far each KIngress is with its Ingresses: applied, taken by ALB Ingress Controller, in effect. Pure, told what happens and what
//! time it is.

mod part;

pub use part::{Part, Verdict};

use super::objects::Objects;
use super::{Delivered, Delivery};
use crate::acknowledgement::{Effect, Problem};
use crate::status::Addresses;
use net_alb_api::ObjectKey;
use net_alb_diag::ObjectRef;
use part::Progress;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// Every KIngress that is delivered.
#[derive(Debug, Default)]
pub struct Routes {
    by_kingress: BTreeMap<ObjectKey, Route>,
    /// Which KIngress an Ingress is of.
    owners: BTreeMap<ObjectRef, ObjectKey>,
    dirty: BTreeSet<ObjectKey>,
    timers: BTreeSet<(Duration, ObjectKey)>,
}

#[derive(Debug, Default)]
struct Route {
    version: String,
    /// What the stages say.
    problems: Vec<Problem>,
    parts: BTreeMap<ObjectRef, Part>,
    /// The stages have said which parts there are. Not while something keeps them from being written.
    is_decided: bool,
    /// Ingresses that are to go once the others are in effect.
    obsolete: BTreeSet<ObjectRef>,
    told: Option<Delivered>,
}

/// What follows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// To be told to whoever writes status.
    Tell(Delivery),
    /// Ingresses that aren't wanted any more.
    Drop(Vec<ObjectRef>),
    /// To be asked at a load balancer: whether it serves this Ingress as it was written at this time.
    Ask {
        /// Which Ingress.
        ingress: ObjectRef,
        /// When it was written.
        written: Duration,
        /// The load balancer's name.
        address: String,
        /// What to ask, and what a new answer says.
        question: Question,
    },
    /// To be said in an Event on the KIngress.
    Say(ObjectKey, Problem),
}

/// A request that shows which version of an Ingress a load balancer serves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// The `Host`.
    pub host: String,
    /// The path.
    pub path: String,
    /// The network hash that is to come back.
    pub hash: String,
}

/// Names of load balancers that are there whether an Ingress has one or not.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Defaults {
    /// The internet class'.
    pub public: Option<String>,
    /// The intranet class'.
    pub private: Option<String>,
    /// Why there can be none.
    pub fault: Option<String>,
}

impl Routes {
    /// A KIngress is this version now. `version` is `None` where only what is said of it has changed.
    pub fn version(&mut self, kingress: &ObjectKey, version: String) {
        let route = self.by_kingress.entry(kingress.clone()).or_default();
        if route.version != version {
            route.version = version;
            self.dirty.insert(kingress.clone());
        }
    }

    /// What the stages say of a KIngress now.
    pub fn problems(&mut self, kingress: &ObjectKey, problems: Vec<Problem>) {
        if let Some(route) = self.by_kingress.get_mut(kingress) {
            route.problems = problems;
            self.dirty.insert(kingress.clone());
        }
    }

    /// A KIngress is to have these Ingresses, and no others of its own.
    pub fn parts(&mut self, kingress: &ObjectKey, parts: BTreeMap<ObjectRef, Part>) {
        let Some(route) = self.by_kingress.get_mut(kingress) else { return };
        route.is_decided = true;
        let mut before = std::mem::take(&mut route.parts);
        for (ingress, part) in parts {
            route.obsolete.remove(&ingress);
            self.owners.insert(ingress.clone(), kingress.clone());
            let part = match before.remove(&ingress) {
                Some(known) => known.replaced_by(part),
                None => part,
            };
            route.parts.insert(ingress, part);
        }
        route.obsolete.extend(before.into_keys());
        self.dirty.insert(kingress.clone());
    }

    /// An Ingress of a KIngress that has been there since before: to go once the wanted ones are in effect.
    pub fn left_over(&mut self, kingress: &ObjectKey, ingress: ObjectRef) {
        let Some(route) =
            self.by_kingress.get_mut(kingress).filter(|route| !route.parts.contains_key(&ingress))
        else {
            return;
        };
        route.obsolete.insert(ingress);
        self.dirty.insert(kingress.clone());
    }

    /// A KIngress is gone. Returns its Ingresses.
    pub fn gone(&mut self, kingress: &ObjectKey) -> Vec<ObjectRef> {
        self.dirty.remove(kingress);
        let route = self.by_kingress.remove(kingress).unwrap_or_default();
        let ingresses: Vec<_> = route.parts.into_keys().chain(route.obsolete).collect();
        for ingress in &ingresses {
            self.owners.remove(ingress);
        }
        ingresses
    }

    /// Whether a KIngress is known.
    pub fn has(&self, kingress: &ObjectKey) -> bool {
        self.by_kingress.contains_key(kingress)
    }

    /// Something is otherwise with an object.
    pub fn touched(&mut self, object: &ObjectRef) {
        self.dirty.extend(self.owners.get(object).cloned());
    }

    /// Looks at everything that isn't in effect yet: something that all of them need is otherwise.
    pub fn look_at_open(&mut self) {
        let open = |route: &&ObjectKey| {
            let told = self.by_kingress[*route].told.as_ref();
            told.is_none_or(|told| told.addresses.is_none())
        };
        let open: Vec<_> = self.by_kingress.keys().filter(open).cloned().collect();
        self.dirty.extend(open);
    }

    /// An Ingress was written.
    pub fn wrote(&mut self, ingress: &ObjectRef, now: Duration, objects: &Objects) {
        let had_address = objects.get(ingress).is_some_and(|found| part::address(found).is_some());
        self.change(ingress, |part| part.wrote(now, had_address));
    }

    /// What a load balancer answered about an Ingress as it was written then.
    pub fn answered(&mut self, ingress: &ObjectRef, written: Duration, verdict: Verdict, now: Duration) {
        self.change(ingress, |part| part.answered(written, verdict, now));
    }

    /// ALB Ingress Controller says that it failed with an Ingress; `None`: that all is well.
    pub fn event(&mut self, ingress: &ObjectRef, failure: Option<Problem>) {
        self.change(ingress, |part| part.event(failure));
    }

    fn change(&mut self, ingress: &ObjectRef, change: impl FnOnce(&mut Part)) {
        let Some(owner) = self.owners.get(ingress) else { return };
        if let Some(part) = self.by_kingress.get_mut(owner).and_then(|route| route.parts.get_mut(ingress)) {
            change(part);
            self.dirty.insert(owner.clone());
        }
    }

    /// When the next timer is due.
    pub fn next(&self) -> Option<Duration> {
        self.timers.first().map(|(at, _)| *at)
    }

    /// What follows now.
    pub fn steps(&mut self, now: Duration, objects: &Objects, defaults: &Defaults) -> Vec<Step> {
        while let Some((_, kingress)) = self.timers.first().filter(|(at, _)| *at <= now) {
            self.dirty.insert(kingress.clone());
            self.timers.pop_first();
        }
        let mut steps = Vec::new();
        for kingress in std::mem::take(&mut self.dirty) {
            if let Some(route) = self.by_kingress.get_mut(&kingress) {
                let again = route.step(&kingress, (now, objects, defaults), &mut steps);
                self.timers.extend(again.map(|at| (at, kingress)));
            }
        }
        steps
    }
}

impl Route {
    /// What follows for one KIngress, and when to look again.
    fn step(
        &mut self,
        kingress: &ObjectKey,
        (now, objects, defaults): (Duration, &Objects, &Defaults),
        steps: &mut Vec<Step>,
    ) -> Option<Duration> {
        let mut problems = self.problems.clone();
        let mut again: Option<Duration> = None;
        let (mut public, mut private) = (None, None);
        for (ingress, part) in &mut self.parts {
            match part.progress(ingress, objects, now) {
                Progress::Done(address) => {
                    let place = if part.is_private { &mut private } else { &mut public };
                    place.get_or_insert(address);
                }
                Progress::Waits(mut problem, at) => {
                    if let Some(fault) =
                        defaults.fault.as_ref().filter(|_| problem.reason == part::DEPENDENCY)
                    {
                        problem.message = format!("{}: {fault}", problem.message);
                    }
                    problems.push(problem);
                    again = again.into_iter().chain(at).min();
                }
                Progress::Ask(step, problem) => {
                    problems.push(problem);
                    steps.push(*step);
                }
                Progress::Overdue(problem) => {
                    steps.push(Step::Say(kingress.clone(), problem.clone()));
                    problems.push(problem);
                }
            }
        }
        let waits = !self.is_decided || problems.iter().any(|problem| problem.effect == Effect::Waiting);
        let public = public.or_else(|| defaults.public.clone());
        let private = private.or_else(|| defaults.private.clone());
        let addresses = match (public, private) {
            (Some(public), Some(internal)) => Some(Addresses { public, internal }),
            (Some(one), None) | (None, Some(one)) => Some(Addresses { public: one.clone(), internal: one }),
            (None, None) => None,
        };
        let delivered = Delivered {
            version: self.version.clone(),
            problems,
            addresses: addresses.filter(|_| !waits && !self.version.is_empty()),
        };
        if delivered.addresses.is_some() && !self.obsolete.is_empty() {
            steps.push(Step::Drop(std::mem::take(&mut self.obsolete).into_iter().collect()));
        }
        if self.told.as_ref() != Some(&delivered) {
            self.told = Some(delivered.clone());
            steps.push(Step::Tell(Delivery::Kingress(kingress.clone(), Some(delivered))));
        }
        again
    }
}

#[cfg(test)]
mod tests;
