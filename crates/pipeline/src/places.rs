//! On which of net-alb's load balancers each KIngress is: as many as ALB's quotas ask for, and none is moved while it fits.
//!
//! A KIngress' public Ingresses are on one load balancer, and so are its cluster-local ones. What has a place keeps it while it fits
//! there: those that ask for no more than before first, then those that ask for more. What is new goes to the first load balancer with
//! room, the largest first, so that the order of a batch doesn't show.
//!
//! Rules and certificates are counted, which only a change of Ingresses changes. Servers aren't: they come and go with the load, and a
//! KIngress that moved with its load would change its address each time. Too many of them are told of the load balancer.

use crate::root::Key;
use net_alb_api::ObjectKey;
use net_alb_api::config::AddressType;
use net_alb_model::{Limits, ListenerId};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

/// A load balancer: its kind, and its number from 1.
pub(crate) type Place = (AddressType, u16);
/// A KIngress' Ingresses of one kind.
pub(crate) type Side = (Key, AddressType);

/// What Ingresses need of a load balancer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Need {
    /// On all listeners together.
    pub(crate) rules: usize,
    pub(crate) certificates: BTreeSet<(ListenerId, ObjectKey)>,
}

impl Need {
    fn is_nothing(&self) -> bool {
        *self == Need::default()
    }

    fn is_within(&self, other: &Need) -> bool {
        self.rules <= other.rules && self.certificates.is_subset(&other.certificates)
    }
}

/// Why something doesn't fit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Excess {
    /// The first load balancer that was tried.
    pub(crate) place: Place,
    /// `rules` or `certificates`.
    pub(crate) what: &'static str,
    pub(crate) needed: usize,
    pub(crate) used: usize,
    pub(crate) limit: usize,
}

/// What is used of a load balancer.
#[derive(Debug, Default)]
struct Load {
    rules: usize,
    /// With how many need it.
    certificates: BTreeMap<(ListenerId, ObjectKey), usize>,
}

impl Load {
    fn add(&mut self, need: &Need) {
        self.rules += need.rules;
        for certificate in &need.certificates {
            *self.certificates.entry(certificate.clone()).or_default() += 1;
        }
    }

    fn remove(&mut self, need: &Need) {
        self.rules -= need.rules;
        for certificate in &need.certificates {
            if let Some(count) = self.certificates.get_mut(certificate) {
                *count -= 1;
                if *count == 0 {
                    self.certificates.remove(certificate);
                }
            }
        }
    }

    /// Beside the default one of each listener.
    fn additional<'a>(all: impl Iterator<Item = &'a (ListenerId, ObjectKey)>) -> usize {
        let (listeners, count) = all.fold((BTreeSet::new(), 0), |(mut listeners, count), (listener, _)| {
            listeners.insert(*listener);
            (listeners, count + 1)
        });
        count - listeners.len()
    }

    fn excess(&self, place: Place, need: &Need, limits: &Limits) -> Option<Excess> {
        if self.rules + need.rules > limits.rules {
            let (needed, used) = (need.rules, self.rules);
            return Some(Excess { place, what: "rules", needed, used, limit: limits.rules });
        }
        if need.certificates.is_empty() {
            return None;
        }
        let new = need.certificates.iter().filter(|certificate| !self.certificates.contains_key(certificate));
        let used = Load::additional(self.certificates.keys());
        let after = Load::additional(self.certificates.keys().chain(new));
        let what = "certificates beside the default ones";
        let excess = Excess { place, what, needed: after - used, used, limit: limits.certificates };
        (after > limits.certificates).then_some(excess)
    }
}

#[derive(Debug)]
struct Seat {
    number: u16,
    need: Need,
}

/// Who is where, and what each load balancer has room for.
#[derive(Debug, Default)]
pub(crate) struct Places {
    seats: BTreeMap<Side, Seat>,
    /// Ingresses that were given.
    others: BTreeMap<Key, (Place, Need)>,
    loads: BTreeMap<Place, Load>,
    refused: BTreeMap<Side, (Need, Excess)>,
    /// Where Ingresses were applied before this pipeline knew of them.
    held: BTreeMap<Side, u16>,
    /// Whether there is room that wasn't there when something was refused.
    has_freed: bool,
}

/// What the load balancers take.
pub(crate) struct Rules<'a> {
    /// Whether there may be more than one of each kind.
    pub(crate) spreads: bool,
    pub(crate) limits: &'a dyn Fn(Place) -> Limits,
}

impl Places {
    /// The number of the load balancer; the first one's while nothing is known.
    pub(crate) fn number(&self, kingress: &Key, address_type: AddressType) -> u16 {
        self.seats.get(&(kingress.clone(), address_type)).map_or(1, |seat| seat.number)
    }

    /// Why there is no room for a KIngress.
    pub(crate) fn excess(&self, kingress: &Key) -> Option<&Excess> {
        let sides = AddressType::ALL.map(|address_type| (kingress.clone(), address_type));
        sides.iter().find_map(|side| self.refused.get(side)).map(|(_, excess)| excess)
    }

    /// Ingresses of a KIngress are on this load balancer. It counts until the KIngress has a place.
    pub(crate) fn hold(&mut self, kingress: &Key, (address_type, number): Place) {
        let side = (kingress.clone(), address_type);
        if !self.seats.contains_key(&side) {
            self.held.insert(side, number);
        }
    }

    /// The refusal of a KIngress no longer counts: it is looked at again.
    pub(crate) fn forget_refusal(&mut self, kingress: &Key) {
        for address_type in AddressType::ALL {
            self.refused.remove(&(kingress.clone(), address_type));
        }
    }

    /// An Ingress that was given needs this now, whether there is room or not.
    pub(crate) fn set_other(&mut self, ingress: &Key, needs: Option<(Place, Need)>) {
        if let Some((place, need)) = self.others.remove(ingress) {
            self.loads.entry(place).or_default().remove(&need);
            self.has_freed |=
                needs.as_ref().is_none_or(|(other, now)| *other != place || !need.is_within(now));
        }
        if let Some((place, need)) = needs {
            self.loads.entry(place).or_default().add(&need);
            self.others.insert(ingress.clone(), (place, need));
        }
    }

    /// Finds places for what these need now, and for what was refused before if there is new room. Returns every KIngress whose
    /// place or refusal is otherwise than it was.
    pub(crate) fn settle(&mut self, needs: BTreeMap<Side, Need>, rules: &Rules<'_>) -> BTreeSet<Key> {
        let mut moved = self.settle_batch(needs, rules);
        if std::mem::take(&mut self.has_freed) {
            let refused = std::mem::take(&mut self.refused);
            let again = refused.iter().map(|(side, (need, _))| (side.clone(), need.clone())).collect();
            self.refused = refused;
            moved.extend(self.settle_batch(again, rules));
        }
        moved
    }

    fn settle_batch(&mut self, needs: BTreeMap<Side, Need>, rules: &Rules<'_>) -> BTreeSet<Key> {
        let before: Vec<_> = needs.keys().map(|side| (side.clone(), self.told(side))).collect();
        let (mut stay, mut grown, mut new) = (Vec::new(), Vec::new(), Vec::new());
        for (side, need) in needs {
            self.refused.remove(&side);
            let seat = self.leave(&side);
            let held = self.held.remove(&side);
            self.has_freed |= seat.as_ref().is_some_and(|seat| !seat.need.is_within(&need));
            if need.is_nothing() {
                continue;
            }
            match (seat, held) {
                (Some(seat), _) if need.is_within(&seat.need) => stay.push((side, need, seat.number)),
                (Some(seat), _) => grown.push((side, need, seat.number)),
                (None, Some(number)) => stay.push((side, need, number)),
                (None, None) => new.push((side, need)),
            }
        }
        for (side, need, number) in stay.into_iter().chain(grown) {
            let is_open = number == 1 || rules.spreads;
            match self.excess_at((side.1, number), &need, rules) {
                None if is_open => self.sit(side, number, need),
                _ => {
                    self.has_freed = true;
                    new.push((side, need));
                }
            }
        }
        new.sort_by(|a, b| (Reverse(a.1.rules), &a.0).cmp(&(Reverse(b.1.rules), &b.0)));
        for (side, need) in new {
            self.find(side, need, rules);
        }
        let is_otherwise = |(side, before): &(Side, _)| self.told(side) != *before;
        before.into_iter().filter(is_otherwise).map(|((kingress, _), _)| kingress).collect()
    }

    fn told(&self, side: &Side) -> (u16, Option<Excess>) {
        (self.number(&side.0, side.1), self.refused.get(side).map(|(_, excess)| excess.clone()))
    }

    fn excess_at(&self, place: Place, need: &Need, rules: &Rules<'_>) -> Option<Excess> {
        static EMPTY: Load = Load { rules: 0, certificates: BTreeMap::new() };
        self.loads.get(&place).unwrap_or(&EMPTY).excess(place, need, &(rules.limits)(place))
    }

    /// The first load balancer with room, a new one if there is none.
    fn find(&mut self, side: Side, need: Need, rules: &Rules<'_>) {
        let mut refusal = None;
        for number in 1..=u16::MAX {
            let place = (side.1, number);
            let Some(excess) = self.excess_at(place, &need, rules) else {
                return self.sit(side, number, need);
            };
            let is_empty =
                self.loads.get(&place).is_none_or(|load| load.rules == 0 && load.certificates.is_empty());
            refusal.get_or_insert(excess);
            if !rules.spreads || is_empty {
                break;
            }
        }
        if let Some(excess) = refusal {
            self.refused.insert(side, (need, excess));
        }
    }

    fn sit(&mut self, side: Side, number: u16, need: Need) {
        self.loads.entry((side.1, number)).or_default().add(&need);
        self.seats.insert(side, Seat { number, need });
    }

    fn leave(&mut self, side: &Side) -> Option<Seat> {
        let seat = self.seats.remove(side)?;
        self.loads.entry((side.1, seat.number)).or_default().remove(&seat.need);
        Some(seat)
    }
}

#[cfg(test)]
mod tests;
