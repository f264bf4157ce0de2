//! What every process says of itself, by the names that Prometheus' own client libraries use.

use super::{Kind, Metric};

/// All of them, in the order of the page.
pub(super) const ALL: &[&Metric] = &[
    &BUILD_INFO,
    &CPU_SECONDS,
    &RESIDENT_MEMORY,
    &VIRTUAL_MEMORY,
    &OPEN_FDS,
    &MAX_FDS,
    &THREADS,
    &START_TIME,
];

/// Which net-alb it is.
pub static BUILD_INFO: Metric = Metric {
    name: "net_alb_build_info",
    kind: Kind::Gauge,
    help: "Which net-alb it is; always 1",
    labels: &["version"],
};

/// Processor time.
pub static CPU_SECONDS: Metric = Metric {
    name: "process_cpu_seconds",
    kind: Kind::Counter,
    help: "Processor time spent, in user and system mode",
    labels: &[],
};

/// Memory in use.
pub static RESIDENT_MEMORY: Metric = Metric {
    name: "process_resident_memory_bytes",
    kind: Kind::Gauge,
    help: "Memory that is resident",
    labels: &[],
};

/// Address space.
pub static VIRTUAL_MEMORY: Metric = Metric {
    name: "process_virtual_memory_bytes",
    kind: Kind::Gauge,
    help: "Address space in use",
    labels: &[],
};

/// File descriptors in use.
pub static OPEN_FDS: Metric = Metric {
    name: "process_open_fds",
    kind: Kind::Gauge,
    help: "File descriptors that are open: sockets, mostly",
    labels: &[],
};

/// File descriptors allowed.
pub static MAX_FDS: Metric = Metric {
    name: "process_max_fds",
    kind: Kind::Gauge,
    help: "File descriptors that may be open",
    labels: &[],
};

/// Threads.
pub static THREADS: Metric =
    Metric { name: "process_threads", kind: Kind::Gauge, help: "Threads of the process", labels: &[] };

/// When it began.
pub static START_TIME: Metric = Metric {
    name: "process_start_time_seconds",
    kind: Kind::Gauge,
    help: "When the process began, in seconds since 1970",
    labels: &[],
};
