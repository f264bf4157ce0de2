//! What the gateway counts.
//!
//! Each thread counts for itself, in memory that no other thread writes; whoever wants the numbers adds the threads' up
//! ([`Source::collect`]). A request costs a dozen loads and stores and two looks at the clock.

pub(crate) mod collect;
pub(crate) mod counter;
pub(crate) mod listener;
pub(crate) mod revision;
pub(crate) mod worker;

use crate::listener::ListenerKey;
use counter::Durations;
use listener::ListenerMetrics;
use net_alb_diag::metrics::{Family, Source};
use net_alb_diag::{Diagnostic, Severity};
use revision::RevisionTracks;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use worker::WorkerMetrics;

/// The numbers of one gateway.
#[derive(Debug)]
pub struct Metrics {
    pub(crate) workers: Vec<Arc<WorkerMetrics>>,
    pub(crate) revisions: Arc<RevisionTracks>,
    facts: Mutex<Facts>,
}

/// What changes seldom and is counted under a lock.
#[derive(Debug, Default)]
struct Facts {
    /// Each listener's, by thread.
    listeners: BTreeMap<ListenerKey, BTreeMap<usize, Arc<ListenerMetrics>>>,
    rules: BTreeMap<ListenerKey, usize>,
    generation: u64,
    applies: Durations,
    diagnostics: BTreeMap<Severity, u64>,
}

impl Metrics {
    /// For so many threads, and so many revisions with numbers of their own.
    pub(crate) fn new(threads: usize, revisions: usize) -> Metrics {
        let workers: Vec<_> = (0..threads).map(|_| Arc::new(WorkerMetrics::new(revisions))).collect();
        let tracks = RevisionTracks::new(revisions);
        tracks.set_threads(workers.clone());
        Metrics { workers, revisions: Arc::new(tracks), facts: Mutex::default() }
    }

    /// What a thread counts of a listener.
    pub(crate) fn listener(&self, key: &ListenerKey, thread: usize) -> Arc<ListenerMetrics> {
        let mut facts = self.lock();
        let by_thread = facts.listeners.entry(key.clone()).or_default();
        Arc::clone(by_thread.entry(thread).or_default())
    }

    /// A listener has so many rules from now on.
    pub(crate) fn set_rules(&self, key: &ListenerKey, rules: usize) {
        self.lock().rules.insert(key.clone(), rules);
    }

    /// Rules have changed.
    pub(crate) fn applied(&self, generation: u64, took: Duration) {
        let mut facts = self.lock();
        facts.generation = generation;
        facts.applies.record(took);
    }

    /// What there is to say about the configuration as it was read last.
    pub fn set_diagnostics<'a>(&self, diagnostics: impl IntoIterator<Item = &'a Diagnostic>) {
        let mut counts = BTreeMap::new();
        for diagnostic in diagnostics {
            *counts.entry(diagnostic.severity).or_default() += 1;
        }
        self.lock().diagnostics = counts;
    }

    fn lock(&self) -> MutexGuard<'_, Facts> {
        self.facts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Source for Metrics {
    fn collect(&self, families: &mut Vec<Family>) {
        collect::listeners(&self.lock(), families);
        collect::workers(&self.workers, families);
        collect::revisions(&self.revisions, families);
        collect::facts(&self.lock(), families);
    }
}
