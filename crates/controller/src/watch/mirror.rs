use super::{Kind, Seen};
use kube::Resource;
use kube::runtime::watcher::{Error, Event};
use net_alb_api::ObjectKey;
use std::collections::BTreeSet;

/// Which objects of a kind are there: so that one that vanished while nobody watched is noticed.
#[derive(Debug)]
pub(super) struct Mirror {
    kind: Kind,
    known: BTreeSet<ObjectKey>,
    /// Found by the list that is under way.
    listed: Option<BTreeSet<ObjectKey>>,
    synced: bool,
}

impl Mirror {
    pub(super) fn new(kind: Kind) -> Mirror {
        Mirror { kind, known: BTreeSet::new(), listed: None, synced: false }
    }

    /// What an event changes.
    pub(super) fn see<K: Resource, T>(&mut self, event: Event<K>, into: fn(K) -> Option<T>) -> Vec<Seen<T>> {
        match event {
            Event::Init => {
                self.listed = Some(BTreeSet::new());
                Vec::new()
            }
            Event::InitApply(object) | Event::Apply(object) => self.put(object, into).into_iter().collect(),
            Event::Delete(object) => self.gone(key(&object)).into_iter().collect(),
            Event::InitDone => self.done(),
        }
    }

    /// What an error means. A kind that the cluster doesn't have, or whose objects we may not see, has none.
    pub(super) fn fail<T>(&mut self, error: &Error) -> Vec<Seen<T>> {
        let absent = match error {
            Error::InitialListFailed(kube::Error::Api(status))
            | Error::WatchStartFailed(kube::Error::Api(status)) => {
                status.code == 404 || (status.code == 403 && self.is_optional())
            }
            _ => false,
        };
        let failed = Seen::Failed(self.kind, error.to_string());
        if !absent {
            return vec![failed];
        }
        let first = (!std::mem::replace(&mut self.synced, true)).then_some(Seen::Synced(self.kind));
        first.into_iter().chain([failed]).collect()
    }

    /// Kinds without which Knative is served all the same.
    fn is_optional(&self) -> bool {
        matches!(self.kind, Kind::Ingress | Kind::IngressClass | Kind::AlbConfig)
    }

    fn put<K: Resource, T>(&mut self, mut object: K, into: fn(K) -> Option<T>) -> Option<Seen<T>> {
        let key = key(&object);
        object.meta_mut().managed_fields = None;
        match into(object) {
            Some(wanted) => {
                if let Some(listed) = &mut self.listed {
                    listed.insert(key.clone());
                }
                self.known.insert(key);
                Some(Seen::Put(Box::new(wanted)))
            }
            // It has become somebody else's.
            None => self.gone(key),
        }
    }

    fn gone<T>(&mut self, key: ObjectKey) -> Option<Seen<T>> {
        self.known.remove(&key).then_some(Seen::Gone(self.kind, key))
    }

    fn done<T>(&mut self) -> Vec<Seen<T>> {
        let listed = self.listed.take().unwrap_or_default();
        let vanished: Vec<_> = self.known.difference(&listed).cloned().collect();
        let mut seen: Vec<_> = vanished.into_iter().filter_map(|key| self.gone(key)).collect();
        if !std::mem::replace(&mut self.synced, true) {
            seen.push(Seen::Synced(self.kind));
        }
        seen
    }
}

fn key<K: Resource>(object: &K) -> ObjectKey {
    let metadata = object.meta();
    ObjectKey::new(metadata.namespace.clone().unwrap_or_default(), metadata.name.clone().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use net_alb_api::{ObjectMeta, Secret};

    fn secret(name: &str) -> Secret {
        let metadata = ObjectMeta {
            name: Some(name.to_owned()),
            namespace: Some("n".to_owned()),
            managed_fields: Some(vec![]),
            ..ObjectMeta::default()
        };
        Secret { metadata, ..Secret::default() }
    }

    fn not_foreign(secret: Secret) -> Option<Secret> {
        let mine = secret.data.is_none();
        mine.then_some(secret)
    }

    fn see(mirror: &mut Mirror, event: Event<Secret>) -> Vec<String> {
        let text = |seen: Seen<Secret>| match seen {
            Seen::Put(object) => {
                assert_eq!(object.metadata.managed_fields, None);
                format!("+{}", object.metadata.name.unwrap_or_default())
            }
            Seen::Gone(_, key) => format!("-{}", key.name),
            Seen::Synced(_) => "synced".to_owned(),
            Seen::Failed(..) => "failed".to_owned(),
        };
        mirror.see(event, not_foreign).into_iter().map(text).collect()
    }

    #[test]
    fn what_vanished_while_nobody_watched_is_gone() {
        let mut mirror = Mirror::new(Kind::Secret);
        assert!(see(&mut mirror, Event::Init).is_empty());
        assert_eq!(see(&mut mirror, Event::InitApply(secret("a"))), ["+a"]);
        assert_eq!(see(&mut mirror, Event::InitApply(secret("b"))), ["+b"]);
        assert_eq!(see(&mut mirror, Event::InitDone), ["synced"]);
        assert_eq!(see(&mut mirror, Event::Apply(secret("c"))), ["+c"]);
        see(&mut mirror, Event::Init);
        see(&mut mirror, Event::InitApply(secret("b")));
        assert_eq!(see(&mut mirror, Event::InitDone), ["-a", "-c"]);
    }

    #[test]
    fn what_becomes_somebody_elses_is_gone_once() {
        let mut mirror = Mirror::new(Kind::Secret);
        see(&mut mirror, Event::Apply(secret("a")));
        let foreign = Secret { data: Some(std::collections::BTreeMap::new()), ..secret("a") };
        assert_eq!(see(&mut mirror, Event::Apply(foreign.clone())), ["-a"]);
        assert!(see(&mut mirror, Event::Apply(foreign)).is_empty());
        assert!(see(&mut mirror, Event::Delete(secret("a"))).is_empty());
    }
}
