//! What is worked on, and what it looked up.

use net_alb_api::ObjectKey;
use net_alb_diag::ObjectRef;
use std::collections::BTreeSet;
use std::sync::Arc;

/// A key that many indexes share.
pub(crate) type Key = Arc<ObjectKey>;

/// What is worked on as one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Root {
    /// A KIngress, with the Ingresses that it becomes.
    KIngress(Key),
    /// An Ingress that was given.
    Ingress(Key),
}

impl Root {
    /// Its own key.
    pub(crate) fn key(&self) -> &Key {
        match self {
            Root::KIngress(key) | Root::Ingress(key) => key,
        }
    }

    pub(crate) fn to_ref(&self) -> ObjectRef {
        match self {
            Root::KIngress(key) => key.to_ref("networking.internal.knative.dev", "Ingress"),
            Root::Ingress(key) => key.to_ref("networking.k8s.io", "Ingress"),
        }
    }

    /// The smallest of all.
    fn least() -> Root {
        Root::KIngress(Key::default())
    }
}

/// Something that is looked up while a root is worked on, whether it is there or not.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Dependency {
    Service(Key),
    Secret(Key),
}

/// Who looked up what.
#[derive(Debug, Default)]
pub(crate) struct Dependents(BTreeSet<(Dependency, Root)>);

impl Dependents {
    /// Replaces what a root looked up. Returns the Secrets that somebody needs for the first time, and those that nobody needs any
    /// more.
    pub(crate) fn replace(
        &mut self,
        root: &Root,
        before: &[Dependency],
        after: &[Dependency],
    ) -> Vec<(Key, bool)> {
        let mut secrets = Vec::new();
        for gone in before.iter().filter(|dependency| !after.contains(dependency)) {
            self.0.remove(&(gone.clone(), root.clone()));
            if let Dependency::Secret(key) = gone
                && self.of(gone).next().is_none()
            {
                secrets.push((key.clone(), false));
            }
        }
        for new in after.iter().filter(|dependency| !before.contains(dependency)) {
            if let Dependency::Secret(key) = new
                && self.of(new).next().is_none()
            {
                secrets.push((key.clone(), true));
            }
            self.0.insert((new.clone(), root.clone()));
        }
        secrets
    }

    /// Every root that looked this up.
    pub(crate) fn of(&self, dependency: &Dependency) -> impl Iterator<Item = &Root> {
        let from = (dependency.clone(), Root::least());
        self.0.range(from..).take_while(move |(other, _)| other == dependency).map(|(_, root)| root)
    }

    /// The same value as one that is in the index already, so that it is there once.
    pub(crate) fn shared(&self, dependency: Dependency) -> Dependency {
        let from = (dependency.clone(), Root::least());
        match self.0.range(from..).next() {
            Some((known, _)) if *known == dependency => known.clone(),
            _ => dependency,
        }
    }
}
