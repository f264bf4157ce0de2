//! Which revisions have numbers of their own. There are few places, so that ten thousand routes don't become ten thousand
//! series: only Ingresses with a gray release get any, first come first served, and a place is free again when no rule needs it.

use super::listener::CODES;
use super::worker::WorkerMetrics;
use net_alb_model::{Action, Condition, Fragment, HeaderValue, ObjectKey, Pattern, Rule};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};

/// What a number is about: its place doesn't change with the order of rules.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct RevisionKey {
    pub(crate) ingress: ObjectKey,
    /// The Service's name; its namespace is the Ingress'.
    pub(crate) service: String,
    pub(crate) reason: String,
    /// The Knative tag by which the rule is reached; empty where it's none.
    pub(crate) tag: String,
}

impl RevisionKey {
    pub(crate) fn new(ingress: &ObjectKey, service: &str, rule: &Rule) -> RevisionKey {
        RevisionKey {
            ingress: ingress.clone(),
            service: service.to_owned(),
            reason: rule.reason.clone(),
            tag: tag(rule).unwrap_or_default().to_owned(),
        }
    }
}

/// The tag that a rule's requests ask for in a header or have in their host's name; either way the header goes on with it.
fn tag(rule: &Rule) -> Option<&str> {
    let asked = rule.conditions.iter().find_map(|condition| match condition {
        Condition::Header { key, values } if key.eq_ignore_ascii_case(TAG_HEADER) => {
            match values.as_slice() {
                [Pattern::Exact(tag)] => Some(tag.as_str()),
                _ => None,
            }
        }
        _ => None,
    });
    asked.or_else(|| {
        rule.actions.iter().find_map(|action| match action {
            Action::InsertHeader { key, value: HeaderValue::UserDefined(tag) }
                if key.eq_ignore_ascii_case(TAG_HEADER) =>
            {
                Some(tag.as_str())
            }
            _ => None,
        })
    })
}

/// Source: Knative Serving, `Knative-Serving-Tag` (networking's `TagHeaderName`).
const TAG_HEADER: &str = "Knative-Serving-Tag";

/// The index of what has no place of its own.
pub(crate) const OTHER: usize = usize::MAX;

/// A target's place in the numbers; it is held while a rule or a request needs it.
#[derive(Debug, Clone, Default)]
pub(crate) struct RevisionTrack(Option<Arc<Place>>);

#[derive(Debug)]
struct Place {
    index: usize,
    key: RevisionKey,
    tracks: Weak<RevisionTracks>,
}

/// All places.
#[derive(Debug, Default)]
pub(crate) struct RevisionTracks {
    limit: usize,
    threads: OnceLock<Vec<Arc<WorkerMetrics>>>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    places: BTreeMap<RevisionKey, Weak<Place>>,
    free: Vec<usize>,
    used: usize,
    /// What each place had counted for others before it was taken.
    bases: Vec<Counts>,
}

/// By class of status, of all threads together.
pub(crate) type Counts = [u64; CODES.len()];

impl RevisionTrack {
    pub(crate) fn index(&self) -> usize {
        self.0.as_ref().map_or(OTHER, |place| place.index)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let Some(tracks) = self.tracks.upgrade() else { return };
        let mut state = tracks.lock();
        // The same key may have been given another place in between.
        if state.places.get(&self.key).is_some_and(|place| place.strong_count() == 0) {
            state.places.remove(&self.key);
        }
        state.free.push(self.index);
    }
}

impl RevisionTracks {
    pub(crate) fn new(limit: usize) -> RevisionTracks {
        RevisionTracks { limit, ..RevisionTracks::default() }
    }

    /// The threads whose numbers these are.
    pub(crate) fn set_threads(&self, threads: Vec<Arc<WorkerMetrics>>) {
        // Set once, when the gateway starts.
        let _ = self.threads.set(threads);
    }

    /// The place for this key, the one that it has already if it has one.
    pub(crate) fn track(self: &Arc<Self>, key: RevisionKey) -> RevisionTrack {
        let mut state = self.lock();
        if let Some(place) = state.places.get(&key).and_then(Weak::upgrade) {
            return RevisionTrack(Some(place));
        }
        let index = match state.free.pop() {
            Some(index) => index,
            None if state.used < self.limit => {
                state.used += 1;
                state.bases.push(Counts::default());
                state.used - 1
            }
            None => return RevisionTrack(None),
        };
        state.bases[index] = self.counted(index);
        let place = Arc::new(Place { index, key: key.clone(), tracks: Arc::downgrade(self) });
        state.places.insert(key, Arc::downgrade(&place));
        RevisionTrack(Some(place))
    }

    /// Every key that has a place, with what was counted for it.
    pub(crate) fn counts(&self) -> Vec<(RevisionKey, Counts)> {
        // Places are let go of only after the lock: dropping one takes it.
        let mut held = Vec::new();
        let counts = {
            let state = self.lock();
            held.extend(state.places.values().filter_map(Weak::upgrade));
            let count = |place: &Arc<Place>| {
                let (now, base) = (self.counted(place.index), &state.bases[place.index]);
                (place.key.clone(), std::array::from_fn(|code| now[code].wrapping_sub(base[code])))
            };
            held.iter().map(count).collect()
        };
        drop(held);
        counts
    }

    /// Sums what all threads have counted in a place; [`OTHER`] is one too.
    pub(crate) fn counted(&self, index: usize) -> Counts {
        let mut sums = Counts::default();
        for thread in self.threads.get().into_iter().flatten() {
            for (sum, count) in sums.iter_mut().zip(thread.by_code(index)) {
                *sum = sum.wrapping_add(count.get());
            }
        }
        sums
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether an Ingress has a gray release: a rule that splits, or one that picks a revision by header or cookie.
pub(crate) fn is_gray(fragment: &Fragment) -> bool {
    let mut rules = fragment.listeners.iter().flat_map(|share| &share.rules);
    rules.any(|rule| matches!(&*rule.reason, "header" | "cookie" | "tag header") || splits(rule))
}

fn splits(rule: &Rule) -> bool {
    let targets = rule.actions.iter().flat_map(|action| match action {
        Action::ForwardGroup { targets, .. } => targets.as_slice(),
        _ => &[],
    });
    targets.filter(|target| target.weight > 0).count() > 1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(service: &str) -> RevisionKey {
        let (service, reason) = (service.to_owned(), "weight".to_owned());
        RevisionKey { ingress: ObjectKey::new("default", "hello"), service, reason, tag: String::new() }
    }

    #[test]
    fn a_place_that_is_free_again_counts_from_0_for_the_next() {
        let tracks = Arc::new(RevisionTracks::new(1));
        let thread = Arc::new(WorkerMetrics::new(1));
        tracks.set_threads(vec![Arc::clone(&thread)]);
        let first = tracks.track(key("a"));
        assert_eq!(tracks.track(key("a")).index(), first.index());
        let none_left = tracks.track(key("b"));
        thread.revision(&first, 200);
        thread.revision(&first, 404);
        thread.revision(&none_left, 500);
        assert_eq!(tracks.counts(), [(key("a"), [0, 0, 1, 0, 1, 0])]);
        assert_eq!(tracks.counted(OTHER), [0, 0, 0, 0, 0, 1]);
        drop(first);
        let second = tracks.track(key("b"));
        thread.revision(&second, 200);
        assert_eq!(tracks.counts(), [(key("b"), [0, 0, 1, 0, 0, 0])]);
    }
}
