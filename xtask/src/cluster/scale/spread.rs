//! Times, and many of them.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::time::{Duration, Instant};

/// How long something took, or that it hadn't happened when nobody waited any longer.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Serialize, Deserialize)]
pub(super) struct Took {
    pub(super) milliseconds: f64,
    pub(super) is_over: bool,
}

impl Took {
    /// From `began` until `at`; `None`: it hasn't happened by now.
    pub(super) fn until(began: Instant, at: Option<Instant>) -> Took {
        let time = at.map_or_else(|| began.elapsed(), |at| at.saturating_duration_since(began));
        Took { milliseconds: milliseconds(time), is_over: at.is_none() }
    }
}

/// In words: `12 ms`, `3.4 s`, `> 600.0 s`.
impl fmt::Display for Took {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let than = if self.is_over { "> " } else { "" };
        if self.milliseconds < 1000.0 {
            write!(f, "{than}{:.0} ms", self.milliseconds)
        } else {
            write!(f, "{than}{:.1} s", self.milliseconds / 1000.0)
        }
    }
}

/// Of many measurements.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(super) struct Spread {
    pub(super) p50: Took,
    pub(super) p99: Took,
    pub(super) count: usize,
}

impl Spread {
    /// `None`, if there are none.
    pub(super) fn of(times: impl IntoIterator<Item = Took>) -> Option<Spread> {
        let mut times: Vec<_> = times.into_iter().collect();
        times.sort_by(|a, b| a.milliseconds.total_cmp(&b.milliseconds));
        let count = times.len();
        let at = |share: usize| times.get((count * share / 100).min(count.saturating_sub(1))).copied();
        Some(Spread { p50: at(50)?, p99: at(99)?, count })
    }
}

impl fmt::Display for Spread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {}", self.p50, self.p99)
    }
}

pub(super) fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_waited_for_is_more_than() {
        let took = |milliseconds, is_over| Took { milliseconds, is_over };
        assert_eq!(took(12.4, false).to_string(), "12 ms");
        assert_eq!(took(600_000.0, true).to_string(), "> 600.0 s");
        let spread = Spread::of([took(600_000.0, true), took(10.0, false), took(20.0, false)]).unwrap();
        assert_eq!((spread.to_string().as_str(), spread.count), ("20 ms, > 600.0 s", 3));
        assert!(Spread::of([]).is_none());
    }
}
