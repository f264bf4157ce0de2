use smallvec::SmallVec;

/// A map from bytes whose clone is cheap and shares what it can. Most hosts have a path or two, so a few entries are
/// a list; many are a hash trie, of which a change copies one branch.
#[derive(Debug, Clone)]
pub(crate) enum Map<V: Clone> {
    Few(Vec<(Box<[u8]>, V)>),
    Many(Trie<V>),
}

pub(crate) type Trie<V> = imbl::GenericHashMap<Box<[u8]>, V, Hasher, imbl::shared_ptr::DefaultSharedPtr>;

/// Seeded at random: whoever chooses host names can't make them collide.
pub(crate) type Hasher = foldhash::fast::RandomState;

/// As many entries as a scan finds faster than a hash does.
const FEW: usize = 8;

impl<V: Clone> Default for Map<V> {
    fn default() -> Self {
        Map::Few(Vec::new())
    }
}

impl<V: Clone + Default> Map<V> {
    pub(crate) fn get(&self, key: &[u8]) -> Option<&V> {
        match self {
            Map::Few(entries) => entries.iter().find(|(k, _)| **k == *key).map(|(_, value)| value),
            Map::Many(entries) => entries.get(key),
        }
    }

    /// The value of this key, made if it's absent.
    pub(crate) fn entry(&mut self, key: &[u8]) -> &mut V {
        if let Map::Few(entries) = self
            && entries.len() >= FEW
            && !entries.iter().any(|(k, _)| **k == *key)
        {
            *self = Map::Many(entries.drain(..).collect());
        }
        match self {
            Map::Few(entries) => {
                let at = entries.iter().position(|(k, _)| **k == *key).unwrap_or_else(|| {
                    // Most lists stay as short as they begin; a host has three.
                    entries.reserve_exact(1);
                    entries.push((key.into(), V::default()));
                    entries.len() - 1
                });
                &mut entries[at].1
            }
            Map::Many(entries) => entries.entry(key.into()).or_default(),
        }
    }

    /// Changes the value of this key, and takes it out if `change` says that it is empty.
    pub(crate) fn shrink(&mut self, key: &[u8], change: impl FnOnce(&mut V) -> bool) {
        match self {
            Map::Few(entries) => {
                if let Some(at) = entries.iter().position(|(k, _)| **k == *key)
                    && change(&mut entries[at].1)
                {
                    entries.swap_remove(at);
                }
            }
            Map::Many(entries) => {
                if entries.get_mut(key).is_some_and(change) {
                    entries.remove(key);
                }
            }
        }
    }

    #[cfg(test)]
    pub(crate) fn values(&self) -> Vec<&V> {
        match self {
            Map::Few(entries) => entries.iter().map(|(_, value)| value).collect(),
            Map::Many(entries) => entries.values().collect(),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        match self {
            Map::Few(entries) => entries.is_empty(),
            Map::Many(entries) => entries.is_empty(),
        }
    }
}

/// How many keys there are of each length, shortest first: the lengths at which a prefix is worth looking up.
#[derive(Debug, Clone, Default)]
pub(crate) struct Lengths(SmallVec<[(u32, u32); 2]>);

impl Lengths {
    pub(crate) fn add(&mut self, length: usize) {
        let length = u32::try_from(length).unwrap_or(u32::MAX);
        match self.0.binary_search_by_key(&length, |(length, _)| *length) {
            Ok(at) => self.0[at].1 += 1,
            Err(at) => self.0.insert(at, (length, 1)),
        }
    }

    pub(crate) fn remove(&mut self, length: usize) {
        let length = u32::try_from(length).unwrap_or(u32::MAX);
        if let Ok(at) = self.0.binary_search_by_key(&length, |(length, _)| *length) {
            self.0[at].1 -= 1;
            if self.0[at].1 == 0 {
                self.0.remove(at);
            }
        }
    }

    /// The lengths up to `longest`.
    pub(crate) fn up_to(&self, longest: usize) -> impl Iterator<Item = usize> {
        self.0.iter().map(|(length, _)| *length as usize).take_while(move |length| *length <= longest)
    }

    pub(crate) fn contains(&self, length: usize) -> bool {
        self.0.iter().any(|(known, _)| *known as usize == length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_become_many_and_none_is_lost() {
        let mut map: Map<Vec<usize>> = Map::default();
        for number in 0..100usize {
            map.entry(number.to_string().as_bytes()).push(number);
        }
        let before = map.clone();
        for number in 0..100usize {
            assert_eq!(map.get(number.to_string().as_bytes()), Some(&vec![number]));
            map.shrink(number.to_string().as_bytes(), |_| true);
        }
        assert!(map.is_empty());
        assert_eq!(before.get(b"7"), Some(&vec![7]));
    }

    #[test]
    fn lengths_are_counted() {
        let mut lengths = Lengths::default();
        for length in [3, 1, 3, 9] {
            lengths.add(length);
        }
        lengths.remove(3);
        assert_eq!(lengths.up_to(5).collect::<Vec<_>>(), [1, 3]);
        lengths.remove(3);
        assert_eq!(lengths.up_to(9).collect::<Vec<_>>(), [1, 9]);
        assert!(!lengths.contains(3));
    }
}
