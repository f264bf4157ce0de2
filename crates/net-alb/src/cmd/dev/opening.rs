//! What `dev` prints first: it is gathered while everything is read, and only what will be printed is kept.

use super::board::{Board, SHOWN, groups};
use super::serving::{Fragments, Serving};
use net_alb_gateway::ListenerKey;
use net_alb_model::{Fragment, ObjectKey};
use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

/// The first Ingresses, and how many hosts there are in all.
#[derive(Debug, Default)]
pub(super) struct Opening {
    /// Of each load balancer, by name and priority.
    first: BTreeMap<String, BTreeMap<(u16, ObjectKey), Arc<Fragment>>>,
    hosts: BTreeMap<ListenerKey, BTreeMap<ObjectKey, usize>>,
}

impl Opening {
    /// Takes in what became of some Ingresses.
    pub(super) fn take(&mut self, fragments: &Fragments) {
        for (ingress, fragment) in fragments {
            for hosts in self.hosts.values_mut() {
                hosts.remove(ingress);
            }
            self.first.values_mut().for_each(|first| first.retain(|(_, other), _| other != ingress));
            if let Some(fragment) = fragment {
                self.add(fragment);
            }
        }
    }

    fn add(&mut self, fragment: &Arc<Fragment>) {
        for part in &fragment.listeners {
            let key = ListenerKey { alb: fragment.alb.clone(), id: part.id };
            self.hosts.entry(key).or_default().insert(fragment.ingress.clone(), groups(part).len());
        }
        let rules = fragment.listeners.iter().find_map(|part| part.rules.first());
        let order = rules.map_or(0, |rule| rule.priority.order);
        let first = self.first.entry(fragment.alb.clone()).or_default();
        first.insert((order, fragment.ingress.clone()), Arc::clone(fragment));
        if first.len() > SHOWN {
            first.pop_last();
        }
    }

    /// All of it, as far as it is on open listeners.
    pub(super) fn print(self, serving: &Serving) -> io::Result<()> {
        let fragments = self.first.values().flat_map(BTreeMap::values).map(|fragment| &**fragment);
        let open = self.hosts.iter().filter(|(key, _)| serving.is_shown(&key.alb, key.id));
        let count = open.flat_map(|(_, hosts)| hosts.values()).sum();
        Board::new(fragments, serving).print(count, &mut anstream::stdout().lock())
    }
}
