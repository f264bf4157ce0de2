//! What is kept of an Ingress that is worked on: numbers and digests.

use crate::backends::Backends;
use crate::claims;
use crate::evaluate::Share;
use crate::root::Key;
use net_alb_model::{Action, Backend, Fragment, FragmentListener, ListenerId, ObjectKey, ServerGroupId};
use std::collections::BTreeMap;
use std::fmt::{self, Write};
use std::hash::{DefaultHasher, Hasher};
use std::sync::Arc;

/// What one Ingress adds to its load balancer, as far as others have to know.
#[derive(Debug)]
pub(crate) struct Part {
    pub(crate) ingress: Key,
    pub(crate) alb: Arc<str>,
    pub(crate) order: u16,
    pub(crate) explicit_order: Option<u16>,
    /// Of the fragment, if there is one.
    pub(crate) digest: Option<[u64; 2]>,
    pub(crate) claims: Box<[u64]>,
    pub(crate) lanes: Box<[Lane]>,
}

/// Its share of one listener.
#[derive(Debug, PartialEq)]
pub(crate) struct Lane {
    pub(crate) id: ListenerId,
    pub(crate) rules: usize,
    /// With the number of targets that lead there.
    pub(crate) backends: Box<[(Arc<Backend>, usize)]>,
    pub(crate) secrets: Box<[ObjectKey]>,
}

impl Part {
    /// `alb` is the name that many parts share.
    pub(crate) fn new(share: &Share, alb: Arc<str>, backends: &Backends) -> Part {
        let listeners = share.fragment.iter().flat_map(|fragment| &fragment.listeners);
        Part {
            ingress: share.ingress.clone(),
            alb,
            order: share.order,
            explicit_order: share.explicit_order,
            digest: share.fragment.as_ref().map(digest),
            claims: share.fragment.as_ref().map(claims::digests).unwrap_or_default().into(),
            lanes: listeners.map(|listener| Lane::new(listener, backends)).collect(),
        }
    }
}

impl Part {
    /// Whether others see no difference: all but the fragment's own content.
    pub(crate) fn is_like(&self, other: &Part) -> bool {
        let numbers = |part: &Part| (part.order, part.explicit_order, part.digest.is_some());
        (&self.ingress, &self.alb, numbers(self)) == (&other.ingress, &other.alb, numbers(other))
            && (&self.claims, &self.lanes) == (&other.claims, &other.lanes)
    }
}

impl Lane {
    fn new(listener: &FragmentListener, backends: &Backends) -> Lane {
        let mut targets: BTreeMap<&Arc<Backend>, usize> = BTreeMap::new();
        let actions = listener.rules.iter().flat_map(|rule| &rule.actions);
        let forwards = actions.filter_map(|action| match action {
            Action::ForwardGroup { targets, .. } => Some(targets),
            _ => None,
        });
        for target in forwards.flatten() {
            if let ServerGroupId::Service { backend, .. } = &target.server_group {
                *targets.entry(backend).or_default() += 1;
            }
        }
        let shared = |(backend, count): (&Arc<Backend>, usize)| (backends.shared(backend), count);
        Lane {
            id: listener.id,
            rules: listener.rules.len(),
            backends: targets.into_iter().map(shared).collect(),
            secrets: listener.certificate_secrets.as_slice().into(),
        }
    }
}

/// What no other fragment has: every field shows in it, whatever fields there will be.
fn digest(fragment: &Fragment) -> [u64; 2] {
    let mut digest = Digest([DefaultHasher::new(), DefaultHasher::new()]);
    digest.0[1].write_u8(1);
    write!(digest, "{fragment:?}").expect("a digest takes any text");
    digest.0.map(|hasher| hasher.finish())
}

struct Digest([DefaultHasher; 2]);

impl fmt::Write for Digest {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.iter_mut().for_each(|hasher| hasher.write(text.as_bytes()));
        Ok(())
    }
}
