use super::counter::Counter;
use super::listener::{ByCode, class};
use super::revision::{OTHER, RevisionTrack};
use crate::reason::Reason;

/// What one thread has seen that belongs to no listener.
#[derive(Debug)]
#[repr(align(128))]
pub(crate) struct WorkerMetrics {
    pub(crate) connects: Counter,
    pub(crate) reuses: Counter,
    pub(crate) retries: Counter,
    /// Connections to servers that couldn't be opened.
    pub(crate) connects_refused: Counter,
    pub(crate) connects_timed_out: Counter,
    errors: [Counter; Reason::ALL.len()],
    /// By track; the last one is [`OTHER`]'s.
    revisions: Box<[ByCode]>,
}

impl WorkerMetrics {
    /// With so many tracks for revisions.
    pub(crate) fn new(tracks: usize) -> WorkerMetrics {
        WorkerMetrics {
            connects: Counter::default(),
            reuses: Counter::default(),
            retries: Counter::default(),
            connects_refused: Counter::default(),
            connects_timed_out: Counter::default(),
            errors: Default::default(),
            revisions: (0..=tracks).map(|_| ByCode::default()).collect(),
        }
    }

    /// The gateway answered by itself, or gave up.
    pub(crate) fn error(&self, reason: Reason) {
        self.errors[reason as usize].add(1);
    }

    pub(crate) fn errors(&self, reason: Reason) -> u64 {
        self.errors[reason as usize].get()
    }

    /// A request that was sent to a revision got this answer.
    pub(crate) fn revision(&self, track: &RevisionTrack, status: u16) {
        self.by_code(track.index())[class(status)].add(1);
    }

    /// A track's counts.
    pub(crate) fn by_code(&self, index: usize) -> &ByCode {
        let last = self.revisions.len() - 1;
        &self.revisions[if index == OTHER { last } else { index.min(last) }]
    }
}
