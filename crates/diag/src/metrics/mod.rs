//! The registry of metrics: what a process says of itself in numbers. One file a part, one `static` a metric.
//!
//! A part of the program that counts is a [`Source`]; it gives its numbers as plain values when it's asked, and whoever serves
//! them chooses the notation. `docs/reference/metrics.md` is generated from this registry.

pub mod certificate;
pub mod gateway;
pub mod process;

use std::fmt;

/// One kind of number.
#[derive(Debug, PartialEq, Eq)]
pub struct Metric {
    /// As Prometheus names it, without the `_total` that a counter gets.
    pub name: &'static str,
    /// Whether it only grows.
    pub kind: Kind,
    /// What it is, in one sentence without a period.
    pub help: &'static str,
    /// Names of its labels; each [`Sample`] has a value for each.
    pub labels: &'static [&'static str],
}

/// How a number behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Grows from 0 until the process ends.
    Counter,
    /// Goes up and down.
    Gauge,
    /// How often something had which size.
    Histogram,
}

/// All numbers of one kind.
#[derive(Debug, Clone, PartialEq)]
pub struct Family {
    /// What they are.
    pub metric: &'static Metric,
    /// One for each combination of labels.
    pub samples: Vec<Sample>,
}

/// One number.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    /// Values in the order of [`Metric::labels`].
    pub labels: Vec<String>,
    /// The number.
    pub value: Value,
}

/// A number, or what stands for many.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// A count.
    Count(u64),
    /// A measure.
    Number(f64),
    /// Of a [`Kind::Histogram`].
    Histogram {
        /// Of everything that was measured.
        sum: f64,
        /// Upper bound and count of each bucket by itself, in order; the last bound is infinite.
        buckets: Vec<(f64, u64)>,
    },
}

/// Whatever counts.
pub trait Source: Send + Sync + fmt::Debug {
    /// Appends the numbers as they are now. Each metric comes once.
    fn collect(&self, families: &mut Vec<Family>);
}

impl Family {
    /// A family without numbers yet.
    pub fn new(metric: &'static Metric) -> Family {
        Family { metric, samples: Vec::new() }
    }

    /// A family with one number and no labels.
    pub fn single(metric: &'static Metric, value: Value) -> Family {
        Family { metric, samples: vec![Sample { labels: Vec::new(), value }] }
    }

    /// Adds a number.
    pub fn push(&mut self, labels: Vec<String>, value: Value) {
        debug_assert_eq!(labels.len(), self.metric.labels.len(), "{}", self.metric.name);
        self.samples.push(Sample { labels, value });
    }
}

impl Metric {
    /// The name as it is served.
    pub fn full_name(&self) -> String {
        let suffix = if self.kind == Kind::Counter { "_total" } else { "" };
        format!("{}{suffix}", self.name)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
            Kind::Histogram => "histogram",
        })
    }
}

/// Every metric: the part of the program, and what it counts.
pub fn all() -> impl Iterator<Item = (&'static str, &'static [&'static Metric])> {
    [("Gateway", gateway::ALL), ("Certificates", certificate::ALL), ("Process", process::ALL)].into_iter()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn names_are_unique_and_helps_have_no_period() {
        let mut names = BTreeSet::new();
        for metric in all().flat_map(|(_, metrics)| metrics) {
            assert!(names.insert(metric.name), "{} is there twice", metric.name);
            assert!(!metric.help.ends_with('.') && !metric.name.ends_with("_total"), "{}", metric.name);
            let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
            assert!(metric.name.bytes().all(allowed), "{}", metric.name);
        }
    }
}
