use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

/// A number that one thread writes and any other may read: a load, an addition and a store, with no lock on the bus.
#[derive(Debug, Default)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    /// Only for the thread that owns it: another writer's addition may be lost.
    pub(crate) fn add(&self, count: u64) {
        self.0.store(self.0.load(Relaxed).wrapping_add(count), Relaxed);
    }

    pub(crate) fn get(&self) -> u64 {
        self.0.load(Relaxed)
    }
}

/// How many there are at the moment, on one thread.
#[derive(Debug, Default)]
pub(crate) struct Level(Counter);

impl Level {
    /// One more, until what is returned is dropped.
    pub(crate) fn enter(&self) -> Inside<'_> {
        self.0.add(1);
        Inside(self)
    }

    pub(crate) fn get(&self) -> u64 {
        self.0.get()
    }
}

/// One of those that a [`Level`] counts.
#[derive(Debug)]
pub(crate) struct Inside<'a>(&'a Level);

impl Drop for Inside<'_> {
    fn drop(&mut self) {
        self.0.0.add(u64::MAX);
    }
}

/// Upper bounds of the buckets, in nanoseconds: half a millisecond to half a minute.
const BOUNDS: [u64; 15] = [
    500_000,
    1_000_000,
    2_500_000,
    5_000_000,
    10_000_000,
    25_000_000,
    50_000_000,
    100_000_000,
    250_000_000,
    500_000_000,
    1_000_000_000,
    2_500_000_000,
    5_000_000_000,
    10_000_000_000,
    30_000_000_000,
];

/// How long something took, on one thread.
#[derive(Debug, Default)]
pub(crate) struct Durations {
    buckets: [Counter; BOUNDS.len() + 1],
    nanoseconds: Counter,
}

impl Durations {
    pub(crate) fn record(&self, duration: Duration) {
        // 584 years fit.
        let nanoseconds = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        self.buckets[BOUNDS.partition_point(|bound| *bound < nanoseconds)].add(1);
        self.nanoseconds.add(nanoseconds);
    }
}

/// The durations of several threads together.
#[derive(Debug, Default)]
pub(crate) struct Sum {
    buckets: [u64; BOUNDS.len() + 1],
    nanoseconds: u64,
}

impl Sum {
    pub(crate) fn add(&mut self, durations: &Durations) {
        for (sum, bucket) in self.buckets.iter_mut().zip(&durations.buckets) {
            *sum += bucket.get();
        }
        self.nanoseconds += durations.nanoseconds.get();
    }

    /// The sum in seconds; bounds in seconds, with counts.
    pub(crate) fn value(&self) -> net_alb_diag::metrics::Value {
        let seconds = |nanoseconds| Duration::from_nanos(nanoseconds).as_secs_f64();
        let bounds = BOUNDS.iter().map(|bound| seconds(*bound)).chain([f64::INFINITY]);
        net_alb_diag::metrics::Value::Histogram {
            sum: seconds(self.nanoseconds),
            buckets: bounds.zip(self.buckets).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use net_alb_diag::metrics::Value;

    #[test]
    fn a_duration_is_in_the_bucket_whose_bound_it_does_not_exceed() {
        let durations = Durations::default();
        for microseconds in [0, 500, 501, 10_000_000, 31_000_000] {
            durations.record(Duration::from_micros(microseconds));
        }
        let mut sum = Sum::default();
        sum.add(&durations);
        let Value::Histogram { sum, buckets } = sum.value() else { panic!("it is a histogram") };
        assert!((sum - 41.001_001).abs() < 1e-9, "{sum}");
        let filled: Vec<_> = buckets.into_iter().filter(|(_, count)| *count > 0).collect();
        assert_eq!(filled, [(0.0005, 2), (0.001, 1), (10.0, 1), (f64::INFINITY, 1)]);
    }

    #[test]
    fn a_level_falls_when_what_entered_leaves() {
        let level = Level::default();
        let (first, second) = (level.enter(), level.enter());
        drop(first);
        assert_eq!(level.get(), 1);
        drop(second);
        assert_eq!(level.get(), 0);
    }
}
