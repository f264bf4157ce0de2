use super::{Line, Problem};
use net_alb_api::ObjectKey;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;

/// Removals that are remembered. A subscriber that is further behind begins anew.
const MOST_REMOVALS: usize = 4096;

/// Which KIngress is served in which version, and what changed last. A change costs the same whatever the number of KIngresses
/// and subscribers; a slow subscriber costs no memory.
#[derive(Debug)]
pub struct Board {
    state: Mutex<State>,
    news: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct State {
    entries: BTreeMap<ObjectKey, Entry>,
    /// When each entry changed last.
    order: BTreeMap<u64, ObjectKey>,
    /// Counts the changes.
    last: u64,
    /// Removals up to here are forgotten.
    forgotten: u64,
    removals: usize,
}

#[derive(Debug)]
struct Entry {
    at: u64,
    /// `None`: it is gone.
    served: Option<Served>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Served {
    version: String,
    problems: Arc<[Problem]>,
}

impl Default for Board {
    fn default() -> Self {
        Board { state: Mutex::default(), news: watch::Sender::new(0) }
    }
}

impl Board {
    /// Says that a KIngress is served in this version. Subscribers hear of it with the next [`Board::announce`].
    pub fn applied(&self, kingress: &ObjectKey, version: String, problems: Vec<Problem>) {
        let served = Served { version, problems: problems.into() };
        let mut state = self.lock();
        if state.entries.get(kingress).is_some_and(|entry| entry.served.as_ref() == Some(&served)) {
            return;
        }
        state.set(kingress, Some(served));
    }

    /// Says that nothing of a KIngress is served any more.
    pub fn removed(&self, kingress: &ObjectKey) {
        let mut state = self.lock();
        if state.entries.get(kingress).is_some_and(|entry| entry.served.is_some()) {
            state.set(kingress, None);
        }
    }

    /// Wakes subscribers for everything that was said since the last time.
    pub fn announce(&self) {
        let last = self.lock().last;
        self.news.send_if_modified(|told| std::mem::replace(told, last) != last);
    }

    /// Tells when there is news: the number of the last change.
    pub fn subscribe(&self) -> watch::Receiver<u64> {
        self.news.subscribe()
    }

    /// At most `most` lines about what changed after `cursor` (everything, if there is none), and the cursor to go on from.
    /// `None`: the cursor is too old.
    pub fn since(&self, cursor: Option<u64>, most: usize) -> Option<(Vec<Line>, u64)> {
        let state = self.lock();
        if cursor.is_some_and(|cursor| cursor < state.forgotten) {
            return None;
        }
        let mut lines = Vec::new();
        let mut reached = state.last;
        for (at, key) in state.order.range(cursor.map_or(0, |cursor| cursor + 1)..) {
            if lines.len() == most {
                break;
            }
            reached = *at;
            match &state.entries[key].served {
                Some(served) => lines.push(Line::Applied {
                    kingress: key.to_string(),
                    version: served.version.clone(),
                    problems: served.problems.to_vec(),
                }),
                // Who begins anew needs no removals.
                None if cursor.is_none() => {}
                None => lines.push(Line::Removed { kingress: key.to_string() }),
            }
        }
        if lines.len() < most {
            reached = state.last;
        }
        Some((lines, reached))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn set(&mut self, key: &ObjectKey, served: Option<Served>) {
        self.last += 1;
        let at = self.last;
        self.removals += usize::from(served.is_none());
        if let Some(old) = self.entries.insert(key.clone(), Entry { at, served }) {
            self.order.remove(&old.at);
            self.removals -= usize::from(old.served.is_none());
        }
        self.order.insert(at, key.clone());
        if self.removals > MOST_REMOVALS {
            self.forget();
        }
    }

    /// Forgets the older half of the removals, so that what it costs is spread over as many changes.
    fn forget(&mut self) {
        let is_gone = |key: &ObjectKey| self.entries.get(key).is_some_and(|entry| entry.served.is_none());
        let gone: Vec<_> = self.order.iter().filter(|(_, key)| is_gone(key)).map(|(at, _)| *at).collect();
        for at in &gone[..gone.len() / 2] {
            if let Some(key) = self.order.remove(at) {
                self.entries.remove(&key);
                self.removals -= 1;
                self.forgotten = *at;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(number: usize) -> ObjectKey {
        ObjectKey::new("n", format!("k{number}"))
    }

    fn names(board: &Board, cursor: Option<u64>) -> (Vec<String>, u64) {
        let (lines, cursor) = board.since(cursor, 1000).unwrap();
        let name = |line: Line| match line {
            Line::Applied { kingress, version, .. } => format!("{kingress}@{version}"),
            Line::Removed { kingress } => format!("-{kingress}"),
            other => format!("{other:?}"),
        };
        (lines.into_iter().map(name).collect(), cursor)
    }

    #[test]
    fn a_subscriber_gets_everything_and_then_only_changes() {
        let board = Board::default();
        board.applied(&key(1), "1".into(), vec![]);
        board.applied(&key(2), "1".into(), vec![]);
        board.removed(&key(1));
        let (first, cursor) = names(&board, None);
        assert_eq!(first, ["n/k2@1"]);
        board.applied(&key(2), "1".into(), vec![]);
        assert_eq!(names(&board, Some(cursor)), (vec![], cursor), "nothing has changed");
        board.applied(&key(2), "2".into(), vec![]);
        board.applied(&key(2), "3".into(), vec![]);
        board.removed(&key(2));
        board.applied(&key(3), "1".into(), vec![]);
        assert_eq!(names(&board, Some(cursor)).0, ["-n/k2", "n/k3@1"], "only where each is now");
    }

    #[test]
    fn a_long_answer_comes_in_parts() {
        let board = Board::default();
        (0..10).for_each(|number| board.applied(&key(number), "1".into(), vec![]));
        let (mut cursor, mut seen) = (None, 0);
        loop {
            let (lines, next) = board.since(cursor, 3).unwrap();
            seen += lines.len();
            if lines.is_empty() {
                break;
            }
            cursor = Some(next);
        }
        assert_eq!(seen, 10);
    }

    #[test]
    fn removals_are_forgotten_and_old_cursors_refused() {
        let board = Board::default();
        board.applied(&key(0), "1".into(), vec![]);
        let (_, cursor) = board.since(None, 10).unwrap();
        for number in 1..=MOST_REMOVALS + 1 {
            board.applied(&key(number), "1".into(), vec![]);
            board.removed(&key(number));
        }
        assert_eq!(board.since(Some(cursor), 10), None);
        assert_eq!(names(&board, None).0, ["n/k0@1"]);
        assert!(board.lock().entries.len() <= MOST_REMOVALS);
    }
}
