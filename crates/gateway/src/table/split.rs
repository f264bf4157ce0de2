use smallvec::SmallVec;
use std::sync::atomic::{AtomicU64, Ordering};

/// Chooses among weighted targets, one request after the other.
///
/// The sequence is Weyl's: multiples of the golden ratio, modulo 1. Any stretch of n requests gives each target its share to
/// within O(log n) requests, so 1 % of 10,000 is 100 give or take two. One atomic addition a request, no lock, and all
/// threads walk the same sequence.
#[derive(Debug)]
pub(crate) struct Splitter {
    /// `cumulative[i]` is the sum of the weights up to target `i`.
    cumulative: SmallVec<[u64; 2]>,
    state: AtomicU64,
}

/// 2⁶⁴ ÷ φ, odd.
const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;

impl Splitter {
    pub(crate) fn new(weights: impl IntoIterator<Item = u32>) -> Self {
        let mut sum = 0;
        let cumulative = weights.into_iter().map(|weight| {
            sum += u64::from(weight);
            sum
        });
        Splitter { cumulative: cumulative.collect(), state: AtomicU64::new(0) }
    }

    /// The sum of the weights.
    pub(crate) fn total(&self) -> u64 {
        self.cumulative.last().copied().unwrap_or_default()
    }

    /// The index of the next target; `None` if all weights are 0. A weight of 0 is never chosen.
    pub(crate) fn choose(&self) -> Option<usize> {
        let total = self.total();
        if total == 0 {
            return None;
        }
        if self.cumulative.len() == 1 {
            return Some(0);
        }
        let point = self.state.fetch_add(GOLDEN, Ordering::Relaxed);
        let position = u64::try_from((u128::from(point) * u128::from(total)) >> 64)
            .expect("a 64-bit number times another, shifted by 64, has 64 bits");
        Some(self.cumulative.partition_point(|sum| *sum <= position))
    }

    /// Goes on where another is that splits in the same way. What the other still chooses is not counted: a few requests
    /// that have begun with an older table.
    pub(crate) fn continue_from(&mut self, other: &Splitter) {
        if self.cumulative == other.cumulative {
            *self.state.get_mut() = other.state.load(Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(weights: &[u32], requests: usize) -> Vec<usize> {
        let splitter = Splitter::new(weights.iter().copied());
        let mut counts = vec![0; weights.len()];
        (0..requests).filter_map(|_| splitter.choose()).for_each(|target| counts[target] += 1);
        counts
    }

    #[test]
    fn shares_are_exact_to_a_few_requests() {
        for weights in [vec![50, 50], vec![1, 99], vec![100, 80], vec![1, 2, 4, 8, 16, 32, 37, 0, 0, 0]] {
            let total: u32 = weights.iter().sum();
            for (weight, count) in weights.iter().zip(counts(&weights, 10_000)) {
                let share = *weight as usize * 10_000 / total as usize;
                assert!(share.abs_diff(count) <= 5, "{weights:?}: {count}, not {share}");
            }
        }
    }

    #[test]
    fn any_hundred_requests_of_a_half_are_nearly_fifty() {
        let splitter = Splitter::new([50, 50]);
        for _ in 0..100 {
            let first = (0..100).filter(|_| splitter.choose() == Some(0)).count();
            assert!((47..=53).contains(&first), "{first}");
        }
    }

    #[test]
    fn zero_gets_nothing() {
        assert_eq!(counts(&[0, 7, 0], 1000), [0, 1000, 0]);
        assert_eq!(Splitter::new([0, 0]).choose(), None);
        assert_eq!(Splitter::new([]).choose(), None);
        assert_eq!(Splitter::new([0]).choose(), None);
    }
}
