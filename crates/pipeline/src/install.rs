//! What is kept of a root in place of what was kept of it before.

use crate::apply::Round;
use crate::balancer::Balancer;
use crate::evaluate::{Evaluated, evaluate};
use crate::part::{Lane, Part};
use crate::pipeline::{Pipeline, Served};
use crate::root::{Key, Root};
use net_alb_api::Ingress;
use net_alb_api::config::Target;
use net_alb_diag::ObjectRef;
use net_alb_model::Backend;
use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

impl Pipeline {
    /// Works on every root of a round. Only parts that are otherwise now are taken out of and put into the indexes: all of the
    /// old ones first, since an Ingress may have moved from one root to another.
    pub(crate) fn work_on_roots(&mut self, round: &mut Round) {
        let mut replaced = Vec::new();
        let roots = std::mem::take(&mut round.roots);
        if self.settings.target == Target::Alb {
            for (root, evaluated) in self.evaluate_in_place(roots, round) {
                replaced.push(self.replace(root, evaluated, round));
            }
        } else {
            for root in roots {
                let evaluated = evaluate(&root, self.world());
                replaced.push(self.replace(root, evaluated, round));
            }
        }
        let mut gone = BTreeSet::new();
        for (root, before, after) in &replaced {
            let parts = before.parts.iter().chain(&after.parts);
            round.claims.extend(parts.flat_map(|part| &part.claims));
            for part in before.parts.iter().filter(|part| !after.parts.iter().any(|new| new.is_like(part))) {
                self.take_out(root, part, round, &mut gone);
            }
        }
        for (root, before, after) in replaced {
            for part in after.parts.iter().filter(|part| !before.parts.iter().any(|old| old.is_like(part))) {
                self.put_in(&root, part, round, &mut gone);
            }
            if self.is_there(&root) {
                self.served.insert(root, after);
            }
        }
        round.delta.backends.extend(gone.into_iter().map(|backend| ((*backend).clone(), None)));
    }

    /// Keeps what came of a root. Returns it with what was kept before and what is kept now.
    fn replace(&mut self, root: Root, mut evaluated: Evaluated, round: &mut Round) -> (Root, Served, Served) {
        let before = self.served.remove(&root).unwrap_or_default();
        let after = self.keep(&root, &before, &mut evaluated, round);
        self.set_said(root.to_ref(), evaluated.said);
        round.subjects.insert(root.to_ref());
        (root, before, after)
    }

    fn is_there(&self, root: &Root) -> bool {
        match root {
            Root::KIngress(key) => self.inputs.has_kingress(key),
            Root::Ingress(key) => self.inputs.ingresses.contains(key),
        }
    }

    /// What is to be kept of a root; what is new about it goes into the delta.
    fn keep(&mut self, root: &Root, before: &Served, evaluated: &mut Evaluated, round: &mut Round) -> Served {
        let mut after = Served::default();
        let looked_up = std::mem::take(&mut evaluated.looked_up).into_iter();
        after.looked_up = looked_up.map(|dependency| self.dependents.shared(dependency)).collect();
        for (secret, is_needed) in self.dependents.replace(root, &before.looked_up, &after.looked_up) {
            // Needed no longer by one root and for the first time by another is neither.
            if round.delta.secrets.remove(&*secret).is_none() {
                round.delta.secrets.insert((*secret).clone(), is_needed);
            }
        }
        if let Root::KIngress(key) = root {
            after.made = std::mem::take(&mut evaluated.made).into();
            // Without room, what was applied stays.
            after.digest = if evaluated.is_refused { before.digest } else { digest(&evaluated.ingresses) };
            self.set_made(key, before, &after);
            if after.digest != before.digest {
                round.delta.ingresses.insert((**key).clone(), std::mem::take(&mut evaluated.ingresses));
            }
        }
        after.parts = self.parts(root, before, evaluated, round);
        after
    }

    fn set_made(&mut self, kingress: &Key, before: &Served, after: &Served) {
        for gone in before.made.iter().filter(|key| !after.made.contains(key)) {
            self.made.remove(gone);
        }
        self.made.extend(after.made.iter().map(|key| (key.clone(), kingress.clone())));
    }

    fn parts(
        &mut self,
        root: &Root,
        before: &Served,
        evaluated: &mut Evaluated,
        round: &mut Round,
    ) -> Box<[Part]> {
        let mut parts = Vec::new();
        for share in std::mem::take(&mut evaluated.shares) {
            let alb = self.balancers.get_key_value(&share.alb).map_or(&share.alb, |(known, _)| known);
            let part = Part::new(&share, alb.clone(), &self.backends);
            let known = before.parts.iter().find(|known| known.ingress == part.ingress);
            if let Some(fragment) = share.fragment
                && known.is_none_or(|known| known.digest != part.digest)
            {
                round.delta.fragments.insert((*part.ingress).clone(), Some(Arc::new(fragment)));
            }
            parts.push(part);
        }
        for gone in before.parts.iter().filter(|part| part.digest.is_some()) {
            let is_left = parts.iter().any(|part| part.ingress == gone.ingress && part.digest.is_some());
            // Another root may have the Ingress now, and have said so already.
            let is_elsewhere = self.root_of(&gone.ingress) != *root;
            let is_said = is_elsewhere && round.delta.fragments.contains_key(&*gone.ingress);
            if !is_left && !is_said {
                round.delta.fragments.insert((*gone.ingress).clone(), None);
            }
        }
        parts.into()
    }

    fn take_out(&mut self, root: &Root, part: &Part, round: &mut Round, gone: &mut BTreeSet<Arc<Backend>>) {
        self.claims.remove(&part.ingress, &part.claims);
        self.shadowed.remove(&part.ingress);
        let servers = self.servers_of_lanes(part);
        if let Some(balancer) = self.balancers.get_mut(&part.alb) {
            round.subjects.extend(of_same_order(balancer, part));
            balancer.remove(root, part, &servers);
            round.balancers.insert(part.alb.clone());
        }
        for lane in &part.lanes {
            for (backend, targets) in &lane.backends {
                if self.backends.remove(backend, &part.alb, lane.id, *targets) {
                    gone.insert(backend.clone());
                }
            }
        }
    }

    fn put_in(&mut self, root: &Root, part: &Part, round: &mut Round, gone: &mut BTreeSet<Arc<Backend>>) {
        self.claims.add(&part.ingress, &part.claims);
        let servers = self.servers_of_lanes(part);
        let balancer = self.balancers.entry(part.alb.clone()).or_default();
        balancer.add(root, part, &servers);
        round.subjects.extend(of_same_order(balancer, part));
        round.balancers.insert(part.alb.clone());
        for lane in &part.lanes {
            for (backend, targets) in &lane.backends {
                let is_new = self.backends.add(backend, &part.alb, lane.id, *targets);
                if is_new && !gone.remove(backend) {
                    round.backends.insert(backend.clone());
                }
            }
        }
    }

    /// The servers that the targets on each listener lead to.
    fn servers_of_lanes(&self, part: &Part) -> Vec<usize> {
        let of_lane = |lane: &Lane| {
            let targets = lane.backends.iter();
            targets.map(|(backend, targets)| self.servers_of(&backend.service) * targets).sum()
        };
        part.lanes.iter().map(of_lane).collect()
    }
}

/// Every Ingress with this one's order, since the first of them decides what is said about the others.
fn of_same_order(balancer: &Balancer, part: &Part) -> Vec<ObjectRef> {
    let order = part.explicit_order.into_iter();
    order
        .flat_map(|order| balancer.with_order(order))
        .map(|key| Root::Ingress(key.clone()).to_ref())
        .collect()
}

fn digest(ingresses: &[Arc<Ingress>]) -> u64 {
    if ingresses.is_empty() {
        return 0;
    }
    let mut hasher = DefaultHasher::new();
    format!("{ingresses:?}").hash(&mut hasher);
    hasher.finish()
}
