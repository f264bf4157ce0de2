//! What depends on several Ingresses: whose requests they are, and what a load balancer is as a whole.

use crate::apply::Round;
use crate::balancer::Balancer;
use crate::claims::has_repetition;
use crate::evaluate::{Said, Stage, evaluate, ingresses_of};
use crate::part::Part;
use crate::pipeline::Pipeline;
use crate::root::Key;
use net_alb_api::{Ingress, KIngress, ObjectKey};
use net_alb_model::{Fragment, Origins, merge, shadowed};
use std::collections::BTreeSet;
use std::sync::Arc;

impl Pipeline {
    /// Puts load balancers together again of which a part has changed.
    pub(crate) fn merge_balancers(&mut self, round: &mut Round) {
        for name in std::mem::take(&mut round.balancers) {
            let mut work = self.work.get();
            work.frames += 1;
            self.work.set(work);
            let is_given = self.inputs.given.alb_configs.contains_key(&*name);
            let balancer = self.balancers.entry(name.clone()).or_default();
            let (is_new, conflicts) = balancer.merge(self.frames.get(&*name), is_given, &self.settings);
            if is_new {
                round.delta.frames.insert(name.to_string(), balancer.merged().cloned());
            }
            let asked = balancer.listeners();
            let is_used = !balancer.members.is_empty();
            let is_idle = balancer.members.is_empty() && balancer.merged().is_none();
            if is_idle {
                self.balancers.remove(&name);
            }
            self.bootstrapped.review(&name, is_used, &asked, &self.settings, &mut round.delta);
            round.subjects.insert(ObjectKey::new("", &*name).to_ref("alibabacloud.com", "AlbConfig"));
            round.subjects.extend(conflicts.iter().map(|ingress| self.root_of(ingress).to_ref()));
        }
    }

    /// Looks again at Ingresses that want, or wanted, the same requests.
    pub(crate) fn set_shadowed(&mut self, round: &mut Round) {
        let mut rivals: BTreeSet<Key> = BTreeSet::new();
        for claim in &round.claims {
            let there: Vec<_> = self.claims.of(*claim).take(2).collect();
            let is_shadowed = there.first().is_some_and(|key| self.shadowed.contains_key(*key));
            if there.len() > 1 || is_shadowed || there.first().is_some_and(|key| self.repeats(key)) {
                rivals.extend(self.claims.of(*claim).cloned());
            }
        }
        for ingress in rivals {
            let said = self.shadows_over(&ingress);
            round.subjects.insert(self.root_of(&ingress).to_ref());
            if said.is_empty() {
                self.shadowed.remove(&ingress);
            } else {
                self.shadowed.insert(ingress, said);
            }
        }
    }

    fn part(&self, ingress: &Key) -> Option<&Part> {
        let served = self.served.get(&self.root_of(ingress))?;
        served.parts.iter().find(|part| part.ingress == *ingress)
    }

    fn repeats(&self, ingress: &Key) -> bool {
        self.part(ingress).is_some_and(|part| has_repetition(&part.claims))
    }

    /// What takes requests from an Ingress, worked out from the rules of all that want one of them.
    fn shadows_over(&self, ingress: &Key) -> Vec<Said> {
        let Some(part) = self.part(ingress) else { return Vec::new() };
        let rivals: BTreeSet<&Key> = part.claims.iter().flat_map(|claim| self.claims.of(*claim)).collect();
        if rivals.len() < 2 && !has_repetition(&part.claims) {
            return Vec::new();
        }
        let balancer = self.balancers.get(&part.alb).and_then(Balancer::merged);
        let frame = balancer.or_else(|| self.frame(&part.alb));
        let Some(frame) = frame.cloned() else { return Vec::new() };
        let fragments = rivals.into_iter().filter_map(|rival| self.fragment_of(rival));
        let alb = merge(frame, fragments.collect::<Vec<_>>()).value;
        let found = shadowed(&alb, self).into_iter().filter(|(loser, _)| loser == &**ingress);
        let say = |diagnostic| Said {
            stage: Stage::Shadowed,
            alb: Some(part.alb.clone()),
            ingress: Some(ingress.clone()),
            diagnostic,
        };
        found.map(|(_, diagnostic)| say(diagnostic)).collect()
    }

    /// An Ingress' fragment, made again.
    fn fragment_of(&self, ingress: &Key) -> Option<Fragment> {
        let shares = evaluate(&self.root_of(ingress), self.world()).shares;
        shares.into_iter().find(|share| share.ingress == *ingress)?.fragment
    }
}

impl Origins for Pipeline {
    fn ingress(&self, key: &ObjectKey) -> Option<Arc<Ingress>> {
        let root = self.root_of(&Arc::new(key.clone()));
        let ingresses = ingresses_of(&root, self.world());
        ingresses.into_iter().find(|ingress| ObjectKey::of(&ingress.metadata) == *key)
    }

    fn kingress(&self, key: &ObjectKey) -> Option<Arc<KIngress>> {
        self.inputs.kingress(&Arc::new(key.clone())).map(Arc::new)
    }
}
