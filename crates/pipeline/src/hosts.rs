//! Who names which host.

use crate::root::{Key, Root};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use net_alb_api::annotation::knative::{ALB_INGRESS_CLASS, INGRESS_CLASS};
use net_alb_api::{Ingress, KIngress};
use net_alb_model::is_canary;
use std::collections::BTreeSet;
use std::sync::Arc;

/// A root's mention of a host. The order decides: the oldest KIngress, then the first by name, has the host.
type Mention = (Arc<str>, Option<Time>, Root);

/// Every host with the roots that name it, in lower case; an empty one is any host.
#[derive(Debug, Default)]
pub(crate) struct Hosts {
    mentions: BTreeSet<Mention>,
    canaries: BTreeSet<Key>,
}

/// What a root has to do with hosts.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Naming {
    hosts: BTreeSet<Arc<str>>,
    age: Option<Time>,
    is_canary: bool,
}

impl Naming {
    pub(crate) fn of_kingress(kingress: Option<&KIngress>) -> Naming {
        let Some(kingress) = kingress.filter(|kingress| other_class(kingress).is_none()) else {
            return Naming::default();
        };
        let mut hosts = BTreeSet::new();
        for rule in &kingress.spec.rules {
            hosts.extend(rule.hosts.iter().map(|host| host.to_ascii_lowercase().into()));
            if rule.hosts.is_empty() {
                hosts.insert("".into());
            }
        }
        Naming { hosts, age: kingress.metadata.creation_timestamp.clone(), is_canary: false }
    }

    pub(crate) fn of_ingress(ingress: Option<&Ingress>) -> Naming {
        let Some(ingress) = ingress else { return Naming::default() };
        Naming { hosts: hosts(ingress), age: None, is_canary: is_canary(ingress) }
    }
}

/// The hosts of an Ingress' rules.
pub(crate) fn hosts(ingress: &Ingress) -> BTreeSet<Arc<str>> {
    let rules = ingress.spec.iter().flat_map(|spec| spec.rules.iter().flatten());
    rules.map(|rule| rule.host.as_deref().unwrap_or_default().to_ascii_lowercase().into()).collect()
}

/// The class of a KIngress that another networking layer serves. No class is ours.
pub(crate) fn other_class(kingress: &KIngress) -> Option<&str> {
    let annotations = kingress.metadata.annotations.as_ref()?;
    annotations.get(INGRESS_CLASS).map(String::as_str).filter(|class| *class != ALB_INGRESS_CLASS)
}

impl Hosts {
    /// Replaces what a root names. Returns every other root to which that makes a difference.
    pub(crate) fn replace(&mut self, root: &Root, before: &Naming, after: &Naming) -> BTreeSet<Root> {
        if before == after {
            return BTreeSet::new();
        }
        let all: BTreeSet<&Arc<str>> = before.hosts.union(&after.hosts).collect();
        let owners = |hosts: &Hosts| all.iter().map(|host| hosts.owner(host)).collect::<Vec<_>>();
        let owned_before = owners(self);
        for host in &before.hosts {
            self.mentions.remove(&(host.clone(), before.age.clone(), root.clone()));
        }
        for host in &after.hosts {
            self.mentions.insert((host.clone(), after.age.clone(), root.clone()));
        }
        let owned_after = owners(self);
        if let Root::Ingress(key) = root {
            if after.is_canary {
                self.canaries.insert(key.clone());
            } else {
                self.canaries.remove(key);
            }
        }
        let mut touched = BTreeSet::new();
        for (host, (before, after)) in all.iter().zip(owned_before.iter().zip(&owned_after)) {
            if before != after && !host.is_empty() {
                touched.extend(self.kingresses_at(host).cloned());
            }
        }
        if before.is_canary || after.is_canary {
            touched.extend(all.iter().flat_map(|host| self.at(host)).cloned());
        }
        touched.remove(root);
        touched
    }

    /// The canaries that share a host with any of these roots.
    pub(crate) fn canaries_beside<'a>(&self, namings: impl Iterator<Item = &'a Naming>) -> BTreeSet<Root> {
        if self.canaries.is_empty() {
            return BTreeSet::new();
        }
        let hosts: BTreeSet<&Arc<str>> = namings.flat_map(|naming| &naming.hosts).collect();
        let there = hosts.into_iter().flat_map(|host| self.at(host));
        let is_canary = |root: &&Root| matches!(root, Root::Ingress(key) if self.canaries.contains(key));
        there.filter(is_canary).cloned().collect()
    }

    /// Whether there are canaries at all.
    pub(crate) fn has_canaries(&self) -> bool {
        !self.canaries.is_empty()
    }

    /// Every root that names a host.
    pub(crate) fn at<'a>(&'a self, host: &'a Arc<str>) -> impl Iterator<Item = &'a Root> {
        let from = (host.clone(), None, Root::KIngress(Key::default()));
        self.mentions.range(from..).take_while(move |(other, ..)| other == host).map(|(.., root)| root)
    }

    fn kingresses_at<'a>(&'a self, host: &'a Arc<str>) -> impl Iterator<Item = &'a Root> {
        self.at(host).filter(|root| matches!(root, Root::KIngress(_)))
    }

    /// The KIngress that has the host, if others want it too.
    pub(crate) fn owner(&self, host: &Arc<str>) -> Option<Key> {
        let mut claims = self.kingresses_at(host);
        match (claims.next(), claims.next()) {
            (Some(Root::KIngress(first)), Some(_)) => Some(first.clone()),
            _ => None,
        }
    }
}
