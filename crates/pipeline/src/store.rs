//! Objects of a kind of which there are thousands.

use crate::root::Key;
use net_alb_api::{ObjectKey, Packed};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Every object of a kind, packed.
#[derive(Debug)]
pub(crate) struct Store<T>(BTreeMap<Key, Packed<T>>);

impl<T> Default for Store<T> {
    fn default() -> Self {
        Store(BTreeMap::new())
    }
}

impl<T: Serialize + DeserializeOwned> Store<T> {
    /// Puts an object in. Returns its key; `None` if it is as it was.
    pub(crate) fn put(&mut self, key: ObjectKey, object: &T) -> Option<Key> {
        let packed = Packed::new(object);
        let known = self.0.get_key_value(&key);
        if known.is_some_and(|(_, known)| *known == packed) {
            return None;
        }
        let key = known.map_or_else(|| Arc::new(key), |(key, _)| Arc::clone(key));
        self.0.insert(Arc::clone(&key), packed);
        Some(key)
    }

    /// Takes an object out. Returns its key if it was there.
    pub(crate) fn remove(&mut self, key: &ObjectKey) -> Option<Key> {
        self.0.remove_entry(key).map(|(key, _)| key)
    }

    /// The object, made anew.
    pub(crate) fn get(&self, key: &ObjectKey) -> Option<T> {
        self.0.get(key)?.get()
    }

    pub(crate) fn contains(&self, key: &ObjectKey) -> bool {
        self.0.contains_key(key)
    }

    /// The key as it is kept, so that it is there once.
    pub(crate) fn key(&self, key: &ObjectKey) -> Option<&Key> {
        self.0.get_key_value(key).map(|(key, _)| key)
    }

    pub(crate) fn keys(&self) -> impl Iterator<Item = &Key> {
        self.0.keys()
    }
}
