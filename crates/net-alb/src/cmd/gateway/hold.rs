//! Make before break: rules that lead to servers stay until those of the rules that replace them are known.
//!
//! A KIngress and the EndpointSlices of its new revision come by different watches, in any order. Whoever changed the KIngress saw
//! that the revision has servers; a gateway that hears of the KIngress first would answer 503 until it hears of the others.

use super::serving::backends;
use net_alb_api::ObjectKey;
use net_alb_model::{Backend, Fragment};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// After that the new rules count in any case: the servers of the old ones aren't followed any more.
const LONGEST: Duration = Duration::from_secs(10);

/// What an Ingress' rules are to be; `None`: it has none any more.
pub(super) type Wanted = (ObjectKey, Option<Arc<Fragment>>);

/// Rules that wait for their backends.
#[derive(Debug, Default)]
pub(super) struct Holds {
    held: BTreeMap<ObjectKey, Held>,
    /// Backends that no new rule leads to, but one that stays for now.
    postponed: BTreeSet<Backend>,
}

#[derive(Debug)]
struct Held {
    fragment: Arc<Fragment>,
    /// Where the rules in effect lead.
    before: Vec<Backend>,
    until: Instant,
}

impl Holds {
    /// What is to take effect now, of what is wanted and of what has waited. `before` says where an Ingress' rules lead
    /// so far, `is_served` whether a backend has a server.
    pub(super) fn admit(
        &mut self,
        wanted: impl IntoIterator<Item = Wanted>,
        before: impl Fn(&ObjectKey) -> Vec<Backend>,
        is_served: impl Fn(&Backend) -> bool,
        now: Instant,
    ) -> Vec<Wanted> {
        let is_whole = |backends: &[Backend]| backends.iter().all(&is_served);
        let mut admitted = Vec::new();
        for (ingress, fragment) in wanted {
            let held = self.held.remove(&ingress);
            let (before, until) = match held {
                Some(held) => (held.before, held.until),
                None => (before(&ingress), now + LONGEST),
            };
            match fragment {
                Some(fragment) if !before.is_empty() && is_whole(&before) => {
                    self.held.insert(ingress, Held { fragment, before, until });
                }
                fragment => admitted.push((ingress, fragment)),
            }
        }
        let is_due =
            |_: &ObjectKey, held: &mut Held| held.until <= now || is_whole(&backends(&held.fragment));
        let due = self.held.extract_if(.., is_due).map(|(ingress, held)| (ingress, Some(held.fragment)));
        admitted.extend(due);
        admitted
    }

    /// Whether an Ingress' new rules wait.
    pub(super) fn holds(&self, ingress: &ObjectKey) -> bool {
        self.held.contains_key(ingress)
    }

    /// No new rule leads to a backend. Returns whether it can be forgotten now.
    pub(super) fn release(&mut self, backend: &Backend) -> bool {
        let is_needed = needs(&self.held, backend);
        if is_needed {
            self.postponed.insert(backend.clone());
        }
        !is_needed
    }

    /// A rule leads to a backend again.
    pub(super) fn keep(&mut self, backend: &Backend) {
        self.postponed.remove(backend);
    }

    /// Backends that can be forgotten by now.
    pub(super) fn released(&mut self) -> Vec<Backend> {
        let held = &self.held;
        self.postponed.extract_if(.., |backend| !needs(held, backend)).collect()
    }

    /// When something has waited long enough.
    pub(super) fn until(&self) -> Option<Instant> {
        self.held.values().map(|held| held.until).min()
    }
}

/// Whether rules that stay for now lead to a backend.
fn needs(held: &BTreeMap<ObjectKey, Held>, backend: &Backend) -> bool {
    held.values().any(|held| held.before.contains(backend))
}

#[cfg(test)]
mod tests;
