//! From the threads' counts to numbers with labels. What nobody has counted yet is left out where there could be many.

use super::Facts;
use super::counter::Sum;
use super::listener::{CODES, ListenerMetrics, ProtocolMetrics};
use super::revision::{Counts, OTHER, RevisionTracks};
use super::worker::WorkerMetrics;
use crate::http1::request::Version;
use crate::listener::ListenerKey;
use crate::reason::Reason;
use crate::tls::CertificateInfo;
use net_alb_diag::Severity;
use net_alb_diag::metrics::{Family, Metric, Value, certificate, gateway};
use std::sync::Arc;
use std::time::SystemTime;

/// Certificates with a number of their own.
const CERTIFICATES: usize = 100;

/// One number of what a thread counts.
type Read<T> = fn(&T) -> u64;

/// What belongs to listeners.
pub(super) fn listeners(facts: &Facts, families: &mut Vec<Family>) {
    families.push(requests(facts));
    families.push(durations(facts));
    let sums: [(_, Read<ListenerMetrics>); 5] = [
        (&gateway::REQUEST_BYTES, |thread| thread.received.get()),
        (&gateway::RESPONSE_BYTES, |thread| thread.sent.get()),
        (&gateway::TUNNELS_ACTIVE, |thread| thread.tunnels.get()),
        (&gateway::TLS_HANDSHAKES, |thread| thread.tls_handshakes.get()),
        (&gateway::TLS_HANDSHAKE_FAILURES, |thread| thread.tls_failures.get()),
    ];
    families.extend(sums.map(|(metric, read)| by_listener(metric, facts, read)));
    let by_protocol: [(_, Read<ProtocolMetrics>); 3] = [
        (&gateway::REQUESTS_ACTIVE, |thread| thread.active.get()),
        (&gateway::CONNECTIONS, |thread| thread.connections.get()),
        (&gateway::CONNECTIONS_ACTIVE, |thread| thread.open.get()),
    ];
    families.extend(by_protocol.map(|(metric, read)| by_listener_and_protocol(metric, facts, read)));
}

fn requests(facts: &Facts) -> Family {
    let mut family = Family::new(&gateway::REQUESTS);
    each_protocol(facts, |key, version, threads| {
        for (code, name) in CODES.iter().enumerate() {
            let count = threads.iter().map(|thread| thread.requests[code].get()).sum();
            if count > 0 {
                family.push(labels([key, &version.as_str(), name]), Value::Count(count));
            }
        }
    });
    family
}

fn durations(facts: &Facts) -> Family {
    let mut family = Family::new(&gateway::REQUEST_DURATION);
    for (key, threads) in &facts.listeners {
        let mut sum = Sum::default();
        for thread in threads.values() {
            sum.add(&thread.durations);
        }
        family.push(labels([key]), sum.value());
    }
    family
}

fn by_listener(metric: &'static Metric, facts: &Facts, read: Read<ListenerMetrics>) -> Family {
    let mut family = Family::new(metric);
    for (key, threads) in &facts.listeners {
        let sum = threads.values().map(|thread| read(thread)).fold(0, u64::wrapping_add);
        family.push(labels([key]), Value::Count(sum));
    }
    family
}

fn by_listener_and_protocol(metric: &'static Metric, facts: &Facts, read: Read<ProtocolMetrics>) -> Family {
    let mut family = Family::new(metric);
    each_protocol(facts, |key, version, threads| {
        // A protocol that nobody has spoken yet says nothing.
        if threads.iter().any(|thread| thread.connections.get() > 0) {
            let sum = threads.iter().map(|thread| read(thread)).fold(0, u64::wrapping_add);
            family.push(labels([key, &version.as_str()]), Value::Count(sum));
        }
    });
    family
}

fn each_protocol(facts: &Facts, mut visit: impl FnMut(&ListenerKey, Version, &[&ProtocolMetrics])) {
    for (key, threads) in &facts.listeners {
        for version in Version::ALL {
            let threads: Vec<_> = threads.values().map(|thread| thread.of(version)).collect();
            visit(key, version, &threads);
        }
    }
}

/// What belongs to the threads.
pub(super) fn workers(workers: &[Arc<WorkerMetrics>], families: &mut Vec<Family>) {
    let sum = |read: Read<WorkerMetrics>| Value::Count(workers.iter().map(|worker| read(worker)).sum());
    let mut errors = Family::new(&gateway::REQUEST_ERRORS);
    for reason in Reason::ALL {
        let count = workers.iter().map(|worker| worker.errors(reason)).sum();
        if count > 0 {
            errors.push(labels([&reason]), Value::Count(count));
        }
    }
    let mut failures = Family::new(&gateway::UPSTREAM_CONNECT_FAILURES);
    failures.push(labels([&Reason::ConnectFailed]), sum(|worker| worker.connects_refused.get()));
    failures.push(labels([&Reason::ConnectTimeout]), sum(|worker| worker.connects_timed_out.get()));
    families.extend([
        errors,
        Family::single(&gateway::UPSTREAM_CONNECTS, sum(|worker| worker.connects.get())),
        failures,
        Family::single(&gateway::UPSTREAM_REUSES, sum(|worker| worker.reuses.get())),
        Family::single(&gateway::UPSTREAM_RETRIES, sum(|worker| worker.retries.get())),
    ]);
}

/// Requests by revision.
pub(super) fn revisions(tracks: &RevisionTracks, families: &mut Vec<Family>) {
    let mut family = Family::new(&gateway::REVISION_REQUESTS);
    let own = tracks.counts();
    families.push(Family::single(&gateway::REVISIONS_TRACKED, Value::Count(own.len() as u64)));
    for (key, counts) in own {
        push_codes(&mut family, &counts, &|code| {
            labels([&key.ingress.namespace, &key.ingress.name, &key.service, &key.reason, &key.tag, &code])
        });
    }
    let other = tracks.counted(OTHER);
    push_codes(&mut family, &other, &|code| labels([&"other", &"other", &"other", &"other", &"", &code]));
    families.push(family);
}

fn push_codes(family: &mut Family, counts: &Counts, labels: &dyn Fn(&str) -> Vec<String>) {
    for (count, code) in counts.iter().zip(CODES).filter(|(count, _)| **count > 0) {
        family.push(labels(code), Value::Count(*count));
    }
}

/// What changes seldom.
pub(super) fn facts(facts: &Facts, families: &mut Vec<Family>) {
    let mut applies = Sum::default();
    applies.add(&facts.applies);
    let mut rules = Family::new(&gateway::RULES);
    for (key, count) in &facts.rules {
        rules.push(labels([key]), Value::Count(*count as u64));
    }
    let mut diagnostics = Family::new(&gateway::CONFIG_DIAGNOSTICS);
    for severity in [Severity::Error, Severity::Warning, Severity::Note] {
        let count = facts.diagnostics.get(&severity).copied().unwrap_or_default();
        diagnostics.push(labels([&severity]), Value::Count(count));
    }
    families.extend([
        Family::single(&gateway::CONFIG_GENERATION, Value::Count(facts.generation)),
        Family::single(&gateway::CONFIG_APPLY_DURATION, applies.value()),
        rules,
        diagnostics,
    ]);
}

/// What is known of certificates, and how many Secrets were refused.
pub(crate) fn certificates(mut known: Vec<CertificateInfo>, refused: u64, families: &mut Vec<Family>) {
    let seconds = |time: SystemTime| {
        // What expired before 1970 has expired.
        Value::Number(time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs_f64())
    };
    known.sort_by(|a, b| (a.not_after, &a.secret).cmp(&(b.not_after, &b.secret)));
    let mut not_after = Family::new(&certificate::CERTIFICATE_NOT_AFTER);
    for info in known.iter().take(CERTIFICATES) {
        not_after.push(labels([&info.secret]), seconds(info.not_after));
    }
    let soonest = known.first().map(|info| seconds(info.not_after));
    let soonest = soonest.map(|value| Family::single(&certificate::CERTIFICATE_SOONEST_NOT_AFTER, value));
    families.extend(soonest);
    families.extend([
        Family::single(&certificate::CERTIFICATES, Value::Count(known.len() as u64)),
        not_after,
        Family::single(&certificate::SECRETS_REFUSED, Value::Count(refused)),
    ]);
}

fn labels<const N: usize>(values: [&dyn ToString; N]) -> Vec<String> {
    values.iter().map(|value| value.to_string()).collect()
}
