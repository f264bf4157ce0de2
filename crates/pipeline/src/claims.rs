//! Which Ingresses want the same requests.

use crate::root::Key;
use net_alb_model::{Fragment, claims};
use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash, Hasher};

/// Every request that an Ingress' rules want, as a digest: two that are the same may be a conflict, two that differ aren't.
#[derive(Debug, Default)]
pub(crate) struct Claims(BTreeSet<(u64, Key)>);

impl Claims {
    pub(crate) fn add(&mut self, ingress: &Key, claims: &[u64]) {
        self.0.extend(claims.iter().map(|claim| (*claim, ingress.clone())));
    }

    pub(crate) fn remove(&mut self, ingress: &Key, claims: &[u64]) {
        for claim in claims {
            self.0.remove(&(*claim, ingress.clone()));
        }
    }

    /// The Ingresses that want this.
    pub(crate) fn of(&self, claim: u64) -> impl Iterator<Item = &Key> {
        let from = (claim, Key::default());
        self.0.range(from..).take_while(move |(other, _)| *other == claim).map(|(_, ingress)| ingress)
    }
}

/// The digests of what a fragment wants, in order; one that it wants twice is here twice.
pub(crate) fn digests(fragment: &Fragment) -> Vec<u64> {
    let digest = |claim| {
        let mut hasher = DefaultHasher::new();
        (&fragment.alb, claim).hash(&mut hasher);
        hasher.finish()
    };
    let mut digests: Vec<u64> = claims(fragment).map(digest).collect();
    digests.sort_unstable();
    digests
}

/// Whether an Ingress is in its own way.
pub(crate) fn has_repetition(claims: &[u64]) -> bool {
    claims.windows(2).any(|pair| pair[0] == pair[1])
}
