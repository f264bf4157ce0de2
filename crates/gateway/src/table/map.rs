use smallvec::SmallVec;
use std::borrow::Borrow;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// A map from bytes whose clone is cheap and shares what it can. Most hosts have a path or two, so a few entries are
/// a list; many are a hash trie, of which a change copies one branch.
#[derive(Debug, Clone)]
pub(crate) enum Map<V> {
    Few(SmallVec<[Kept<V>; 1]>),
    Many(Trie<Kept<V>>),
}

/// A set that is looked at by what its members can be borrowed as.
pub(crate) type Trie<K> = imbl::GenericHashMap<K, (), RandomState, imbl::shared_ptr::DefaultSharedPtr>;

/// Seeded at random: whoever chooses host names can't make them collide.
type RandomState = foldhash::fast::RandomState;

/// A key and its value in one piece of memory: with 10,000 hosts, every other piece would be a cache miss.
#[derive(Debug)]
pub(crate) struct Kept<V>(Arc<Entry<V>>);

#[derive(Debug, Clone)]
struct Entry<V> {
    key: SmallVec<[u8; 36]>,
    value: V,
}

/// As many entries as a scan finds faster than a hash does.
const FEW: usize = 8;

impl<V> Default for Map<V> {
    fn default() -> Self {
        Map::Few(SmallVec::new())
    }
}

impl<V: Clone + Default> Map<V> {
    pub(crate) fn get(&self, key: &[u8]) -> Option<&V> {
        let kept = match self {
            Map::Few(entries) => entries.iter().find(|kept| kept.key() == key),
            Map::Many(entries) => entries.get_key_value(key).map(|(kept, ())| kept),
        };
        kept.map(|kept| &kept.0.value)
    }

    /// Changes the value of this key, made if it's absent.
    pub(crate) fn change(&mut self, key: &[u8], change: impl FnOnce(&mut V)) {
        let mut kept = self.take(key).unwrap_or_else(|| Kept::new(key));
        change(kept.value_mut());
        self.put(kept);
    }

    /// Changes the value of this key, if it's there, and leaves it out if `change` says that it is empty.
    pub(crate) fn shrink(&mut self, key: &[u8], change: impl FnOnce(&mut V) -> bool) {
        if let Some(mut kept) = self.take(key)
            && !change(kept.value_mut())
        {
            self.put(kept);
        }
    }

    /// Taken out and put back, an entry that nobody else has is changed where it is.
    fn take(&mut self, key: &[u8]) -> Option<Kept<V>> {
        match self {
            Map::Few(entries) => {
                let at = entries.iter().position(|kept| kept.key() == key)?;
                Some(entries.swap_remove(at))
            }
            Map::Many(entries) => entries.remove_with_key(key).map(|(kept, ())| kept),
        }
    }

    fn put(&mut self, kept: Kept<V>) {
        if let Map::Few(entries) = self
            && entries.len() >= FEW
        {
            *self = Map::Many(entries.drain(..).map(|kept| (kept, ())).collect());
        }
        match self {
            Map::Few(entries) => {
                // Most lists stay as short as they begin.
                entries.reserve_exact(1);
                entries.push(kept);
            }
            Map::Many(entries) => {
                entries.insert(kept, ());
            }
        }
    }

    #[cfg(test)]
    pub(crate) fn values(&self) -> Vec<&V> {
        match self {
            Map::Few(entries) => entries.iter().map(|kept| &kept.0.value).collect(),
            Map::Many(entries) => entries.keys().map(|kept| &kept.0.value).collect(),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        match self {
            Map::Few(entries) => entries.is_empty(),
            Map::Many(entries) => entries.is_empty(),
        }
    }
}

impl<V> Kept<V> {
    fn key(&self) -> &[u8] {
        &self.0.key
    }
}

impl<V: Clone + Default> Kept<V> {
    fn new(key: &[u8]) -> Self {
        Kept(Arc::new(Entry { key: key.into(), value: V::default() }))
    }

    fn value_mut(&mut self) -> &mut V {
        &mut Arc::make_mut(&mut self.0).value
    }
}

impl<V> Clone for Kept<V> {
    fn clone(&self) -> Self {
        Kept(Arc::clone(&self.0))
    }
}

impl<V> Borrow<[u8]> for Kept<V> {
    fn borrow(&self) -> &[u8] {
        self.key()
    }
}

impl<V> Hash for Kept<V> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.key().hash(state);
    }
}

impl<V> PartialEq for Kept<V> {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl<V> Eq for Kept<V> {}

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
            map.change(number.to_string().as_bytes(), |numbers| numbers.push(number));
        }
        let before = map.clone();
        for number in 0..100usize {
            let key = number.to_string();
            assert_eq!(map.get(key.as_bytes()), Some(&vec![number]));
            map.change(key.as_bytes(), |numbers| numbers.push(number));
            map.shrink(key.as_bytes(), |numbers| numbers.len() > 2);
            assert_eq!(map.get(key.as_bytes()), Some(&vec![number, number]));
            map.shrink(key.as_bytes(), |_| true);
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
