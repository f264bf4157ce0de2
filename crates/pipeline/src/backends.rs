//! Which backends rules lead to.

use net_alb_api::ObjectKey;
use net_alb_model::{Backend, ListenerId};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Every backend that a rule leads to, with how many targets of each listener do.
#[derive(Debug, Default)]
pub(crate) struct Backends {
    used: BTreeMap<Arc<Backend>, Vec<Use>>,
}

/// A listener of a load balancer, and how many of its rules' targets are a backend.
#[derive(Debug)]
pub(crate) struct Use {
    pub(crate) alb: Arc<str>,
    pub(crate) listener: ListenerId,
    pub(crate) targets: usize,
}

impl Backends {
    /// Counts more targets. Returns whether they are the first.
    pub(crate) fn add(
        &mut self,
        backend: &Arc<Backend>,
        alb: &Arc<str>,
        listener: ListenerId,
        targets: usize,
    ) -> bool {
        let uses = self.used.entry(Arc::clone(backend)).or_default();
        let is_first = uses.is_empty();
        match uses.iter_mut().find(|known| known.alb == *alb && known.listener == listener) {
            Some(known) => known.targets += targets,
            None => uses.push(Use { alb: Arc::clone(alb), listener, targets }),
        }
        is_first
    }

    /// Counts fewer targets. Returns whether none is left.
    pub(crate) fn remove(
        &mut self,
        backend: &Arc<Backend>,
        alb: &str,
        listener: ListenerId,
        targets: usize,
    ) -> bool {
        let Some(uses) = self.used.get_mut(backend) else { return false };
        if let Some(known) = uses.iter_mut().find(|known| *known.alb == *alb && known.listener == listener) {
            known.targets -= targets.min(known.targets);
        }
        uses.retain(|known| known.targets > 0);
        let is_last = uses.is_empty();
        if is_last {
            self.used.remove(backend);
        }
        is_last
    }

    /// The same value as one that is here already, so that it is there once.
    pub(crate) fn shared(&self, backend: &Arc<Backend>) -> Arc<Backend> {
        let known = self.used.get_key_value(backend).map(|(known, _)| known);
        Arc::clone(known.unwrap_or(backend))
    }

    /// Every backend that is used.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Backend> {
        self.used.keys().map(|backend| &**backend)
    }

    /// The backends of a Service, with who uses them.
    pub(crate) fn of(&self, service: &ObjectKey) -> impl Iterator<Item = (&Arc<Backend>, &[Use])> {
        let from = Backend { service: service.clone(), port: String::new() };
        let all = self.used.range(from..).take_while(move |(backend, _)| backend.service == *service);
        all.map(|(backend, uses)| (backend, uses.as_slice()))
    }
}
