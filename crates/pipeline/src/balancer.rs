//! One load balancer as the sum of its parts.

use crate::evaluate::{Said, Stage};
use crate::part::Part;
use crate::root::{Key, Root};
use net_alb_api::config::Settings;
use net_alb_model::{
    Alb, Fragment, FragmentListener, ListenerId, ObjectKey, Review, Used, listener_conflict, merge,
};
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What is kept of a load balancer.
#[derive(Debug, Default)]
pub(crate) struct Balancer {
    /// What has an Ingress on it.
    pub(crate) members: BTreeMap<Root, usize>,
    lanes: BTreeMap<ListenerId, Lane>,
    /// Ingresses by the order that they name.
    orders: BTreeMap<u16, BTreeSet<Key>>,
    /// As it was given out last.
    merged: Option<Alb>,
    /// About the whole.
    pub(crate) said: Vec<Said>,
    /// About Ingresses that are on a listener which can't be there.
    pub(crate) conflicts: BTreeMap<Key, Vec<Said>>,
}

/// One listener, by whom and for what it is asked for.
#[derive(Debug, Default)]
struct Lane {
    /// By priority.
    ingresses: BTreeSet<(u16, Key)>,
    used: Used,
    secrets: BTreeMap<(u16, Key, usize), ObjectKey>,
}

impl Balancer {
    /// Adds a part; `servers` are those that the targets of each of its listeners lead to.
    pub(crate) fn add(&mut self, root: &Root, part: &Part, servers: &[usize]) {
        *self.members.entry(root.clone()).or_default() += 1;
        if let Some(order) = part.explicit_order {
            self.orders.entry(order).or_default().insert(part.ingress.clone());
        }
        for (share, servers) in part.lanes.iter().zip(servers) {
            let lane = self.lanes.entry(share.id).or_default();
            lane.ingresses.insert((part.order, part.ingress.clone()));
            lane.used.rules += share.rules;
            lane.used.servers += servers;
            for (index, secret) in share.secrets.iter().enumerate() {
                lane.secrets.insert((part.order, part.ingress.clone(), index), secret.clone());
            }
        }
    }

    /// Takes a part out.
    pub(crate) fn remove(&mut self, root: &Root, part: &Part, servers: &[usize]) {
        if let Entry::Occupied(mut count) = self.members.entry(root.clone()) {
            *count.get_mut() -= 1;
            if *count.get() == 0 {
                count.remove();
            }
        }
        if let Some(order) = part.explicit_order
            && let Some(same) = self.orders.get_mut(&order)
        {
            same.remove(&part.ingress);
            if same.is_empty() {
                self.orders.remove(&order);
            }
        }
        for (share, servers) in part.lanes.iter().zip(servers) {
            let Some(lane) = self.lanes.get_mut(&share.id) else { continue };
            lane.ingresses.remove(&(part.order, part.ingress.clone()));
            lane.used.rules -= share.rules;
            lane.used.servers -= servers;
            for index in 0..share.secrets.len() {
                lane.secrets.remove(&(part.order, part.ingress.clone(), index));
            }
            if lane.ingresses.is_empty() {
                self.lanes.remove(&share.id);
            }
        }
    }

    /// Servers have come to a backend or gone from it.
    pub(crate) fn add_servers(&mut self, listener: ListenerId, before: usize, after: usize) {
        if let Some(lane) = self.lanes.get_mut(&listener) {
            lane.used.servers = lane.used.servers + after - before;
        }
    }

    /// The listeners that Ingresses ask for.
    pub(crate) fn listeners(&self) -> BTreeSet<ListenerId> {
        self.lanes.keys().copied().collect()
    }

    /// How many rules a listener has.
    pub(crate) fn rules_on(&self, listener: ListenerId) -> usize {
        self.lanes.get(&listener).map_or(0, |lane| lane.used.rules)
    }

    /// Every Ingress with this order, the first of which may have it.
    pub(crate) fn with_order(&self, order: u16) -> impl Iterator<Item = &Key> {
        self.orders.get(&order).into_iter().flatten()
    }

    /// The load balancer as it was put together last; `None` if it isn't there.
    pub(crate) fn merged(&self) -> Option<&Alb> {
        self.merged.as_ref()
    }

    /// Puts the whole together again. Returns whether it is otherwise now, and the Ingresses about which something else is to be
    /// said.
    pub(crate) fn merge(
        &mut self,
        frame: Option<&Arc<Alb>>,
        is_given: bool,
        settings: &Settings,
    ) -> (bool, BTreeSet<Key>) {
        let lost = frame.map_or_else(BTreeMap::new, |frame| self.lost(frame));
        let merged =
            frame.filter(|_| is_given || !self.members.is_empty()).map(|frame| self.whole(frame, &lost));
        self.said = match (&merged, frame) {
            (Some(alb), Some(declared)) => {
                let review = Review { alb, declared, is_given, settings };
                self.review(review, &lost)
            }
            _ => Vec::new(),
        };
        let conflicts = self.say_conflicts(&lost, frame);
        let touched = self.conflicts.keys().chain(conflicts.keys()).cloned().collect();
        self.conflicts = conflicts;
        let is_same = self.merged == merged;
        self.merged = merged;
        (!is_same, touched)
    }

    /// Listeners that can't be there, each with the one that is there instead: of two that can't share a port the one that
    /// the AlbConfig declares stays, else that of the first Ingress.
    fn lost(&self, frame: &Alb) -> BTreeMap<ListenerId, ListenerId> {
        let is_declared = |id: ListenerId| frame.listeners.iter().any(|listener| listener.id == id);
        let rank =
            |id: ListenerId| (!is_declared(id), self.lanes.get(&id).and_then(|lane| lane.ingresses.first()));
        let declared = frame.listeners.iter().map(|listener| listener.id);
        let all: BTreeSet<ListenerId> = self.lanes.keys().copied().chain(declared).collect();
        let winner = |id: ListenerId| {
            let mut others = all.iter().filter(|other| other.conflicts_with(id));
            others.find(|other| rank(**other) < rank(id)).copied()
        };
        let asked = self.lanes.keys().filter(|id| !is_declared(**id));
        asked.filter_map(|id| Some((*id, winner(*id)?))).collect()
    }

    /// Every listener that is there, with certificates and without rules.
    fn whole(&self, frame: &Alb, lost: &BTreeMap<ListenerId, ListenerId>) -> Alb {
        let there = self.lanes.iter().filter(|(id, _)| !lost.contains_key(id));
        let listeners = there.map(|(id, lane)| FragmentListener {
            id: *id,
            rules: Vec::new(),
            certificate_secrets: lane.secrets.values().cloned().collect(),
        });
        let all = Fragment {
            ingress: ObjectKey::default(),
            alb: frame.name.clone(),
            listeners: listeners.collect(),
            server_groups: Vec::new(),
        };
        // Nothing conflicts any more.
        merge(frame.clone(), [all]).value
    }

    fn review(&self, review: Review<'_>, lost: &BTreeMap<ListenerId, ListenerId>) -> Vec<Said> {
        let first = |id: ListenerId| Some((*self.lanes.get(&id)?.ingresses.first()?.1).clone());
        let there = self.lanes.iter().filter(|(id, _)| !lost.contains_key(id));
        let mut used = Used::default();
        for (_, lane) in there {
            used.rules += lane.used.rules;
            used.servers += lane.used.servers;
        }
        let alb: Arc<str> = review.alb.name.as_str().into();
        let say = |stage| {
            let alb = alb.clone();
            move |diagnostic| Said { stage, alb: Some(alb.clone()), ingress: None, diagnostic }
        };
        let listeners = review.listeners(first).into_iter().map(say(Stage::Listeners));
        listeners.chain(review.quotas(used).into_iter().map(say(Stage::Quota))).collect()
    }

    fn say_conflicts(
        &self,
        lost: &BTreeMap<ListenerId, ListenerId>,
        frame: Option<&Arc<Alb>>,
    ) -> BTreeMap<Key, Vec<Said>> {
        let mut conflicts: BTreeMap<Key, Vec<Said>> = BTreeMap::new();
        let alb = frame.map(|frame| frame.name.as_str().into());
        for (id, other) in lost {
            let ingresses = self.lanes.get(id).into_iter().flat_map(|lane| &lane.ingresses);
            for (_, ingress) in ingresses {
                let diagnostic = listener_conflict(ingress, *id, *other);
                let (stage, alb) = (Stage::Conflict, alb.clone());
                let said = Said { stage, alb, ingress: Some(ingress.clone()), diagnostic };
                conflicts.entry(ingress.clone()).or_default().push(said);
            }
        }
        conflicts
    }
}
