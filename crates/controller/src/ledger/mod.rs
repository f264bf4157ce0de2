//! What was asked, what gateways say, and what follows: pure, told what happens and what time it is.
//!
//! What a change costs is in proportion to the KIngresses that it can change: one for an acknowledgement, those that aren't ready
//! for a replica that comes or goes.

#[cfg(test)]
mod tests;

use crate::acknowledgement::{Effect, Line, Problem};
use crate::deliver::{Delivered, Delivery};
use crate::status::{self, Addresses, Desired, IngressStatus, Progress, Replica};
use net_alb_api::ObjectKey;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// A status that isn't final is written at most once in so long: mostly the final one comes first, and one write is enough.
pub const PATIENCE: Duration = Duration::from_secs(1);

/// A KIngress as the API server has it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Asked {
    /// `metadata.generation`.
    pub generation: i64,
    /// What [`crate::version()`] says.
    pub version: String,
    /// `metadata.uid`.
    pub uid: String,
    /// `metadata.resourceVersion`, which only grows.
    pub resource_version: u64,
    /// Its status.
    pub status: IngressStatus,
}

/// All that the controller knows.
#[derive(Debug)]
pub struct Ledger {
    addresses: Addresses,
    kingresses: BTreeMap<ObjectKey, Entry>,
    replicas: BTreeMap<String, Gateway>,
    /// What is delivered of each KIngress; `None` for target `gateway`.
    delivered: Option<BTreeMap<ObjectKey, Delivered>>,
    /// Those whose status may have to change when replicas do.
    open: BTreeSet<ObjectKey>,
    /// Those to look at.
    dirty: BTreeSet<ObjectKey>,
    /// When to look again.
    timers: BTreeSet<(Duration, ObjectKey)>,
}

#[derive(Debug)]
struct Entry {
    asked: Asked,
    /// A status that isn't final waits until then.
    patience: Duration,
    /// A write is under way.
    writing: bool,
    /// What was said in Events already.
    said: BTreeSet<String>,
}

#[derive(Debug, Default)]
struct Gateway {
    /// Why it doesn't answer; `None` while it does.
    cause: Option<String>,
    serves: BTreeMap<ObjectKey, (String, Vec<Problem>)>,
}

/// A status to write, and what to say in Events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Write {
    /// Of which KIngress.
    pub kingress: ObjectKey,
    /// Its uid, for Events.
    pub uid: String,
    /// `None`: it is right as it is.
    pub status: Option<IngressStatus>,
    /// New problems.
    pub events: Vec<Problem>,
}

impl Ledger {
    /// Nothing is known yet.
    pub fn new(addresses: Addresses) -> Ledger {
        Ledger {
            addresses,
            kingresses: BTreeMap::new(),
            replicas: BTreeMap::new(),
            delivered: None,
            open: BTreeSet::new(),
            dirty: BTreeSet::new(),
            timers: BTreeSet::new(),
        }
    }

    /// A KIngress of ours is so now.
    pub fn asked(&mut self, kingress: ObjectKey, asked: Asked, now: Duration) {
        let entry = self.kingresses.entry(kingress.clone()).or_insert_with(|| Entry {
            asked: Asked::default(),
            patience: Duration::ZERO,
            writing: false,
            said: BTreeSet::new(),
        });
        if entry.asked.version != asked.version {
            entry.patience = now + PATIENCE;
            entry.said.clear();
        }
        let known = std::mem::replace(&mut entry.asked, asked);
        if known.resource_version > entry.asked.resource_version && known.uid == entry.asked.uid {
            // Our own write is newer than what the watch shows.
            entry.asked.resource_version = known.resource_version;
            entry.asked.status = known.status;
        }
        self.dirty.insert(kingress);
    }

    /// It is gone, or no longer ours.
    pub fn gone(&mut self, kingress: &ObjectKey) {
        self.kingresses.remove(kingress);
        self.open.remove(kingress);
        self.dirty.remove(kingress);
    }

    /// These replicas are live, by name.
    pub fn replicas(&mut self, live: &BTreeSet<String>) {
        let before = self.replicas.len();
        self.replicas.retain(|name, _| live.contains(name));
        let mut changed = before != self.replicas.len();
        for name in live {
            changed |= !self.replicas.contains_key(name);
            let starting = || Gateway { cause: Some("not asked yet".to_owned()), ..Gateway::default() };
            self.replicas.entry(name.clone()).or_insert_with(starting);
        }
        if changed {
            self.look_at_open();
        }
    }

    /// The stream of a replica has begun: everything that it serves will be named.
    pub fn connected(&mut self, replica: &str) {
        if let Some(gateway) = self.replicas.get_mut(replica) {
            *gateway = Gateway::default();
            self.look_at_open();
        }
    }

    /// The stream of a replica broke off, or couldn't begin.
    pub fn lost(&mut self, replica: &str, cause: &str) {
        if let Some(gateway) = self.replicas.get_mut(replica)
            && gateway.cause.as_deref() != Some(cause)
        {
            gateway.cause = Some(cause.to_owned());
            self.look_at_open();
        }
    }

    /// A replica says something.
    pub fn heard(&mut self, replica: &str, line: Line) {
        let Some(gateway) = self.replicas.get_mut(replica) else { return };
        let name = match line {
            Line::Applied { kingress, version, problems } => {
                let key = key(&kingress);
                gateway.serves.insert(key.clone(), (version, problems));
                key
            }
            Line::Removed { kingress } => {
                let key = key(&kingress);
                gateway.serves.remove(&key);
                key
            }
            Line::Synced | Line::Alive => return,
        };
        if self.kingresses.contains_key(&name) {
            self.dirty.insert(name);
        }
    }

    /// Something is delivered, or the target is another.
    pub fn delivered(&mut self, delivery: Delivery) {
        match delivery {
            Delivery::Off => {
                if self.delivered.take().is_some() {
                    self.look_at_all();
                }
            }
            Delivery::On => {
                self.delivered = Some(BTreeMap::new());
                self.look_at_all();
            }
            Delivery::Kingress(kingress, delivered) => {
                let known = self.delivered.get_or_insert_default();
                match delivered {
                    Some(delivered) => drop(known.insert(kingress.clone(), delivered)),
                    None => drop(known.remove(&kingress)),
                }
                if self.kingresses.contains_key(&kingress) {
                    self.dirty.insert(kingress);
                }
            }
        }
    }

    /// Looks at everything again: we have become the one who writes.
    pub fn look_at_all(&mut self) {
        self.dirty.extend(self.kingresses.keys().cloned());
    }

    /// A write has ended, with the status as it is now and its resource version. One that failed is tried again at `retry`.
    pub fn wrote(&mut self, kingress: &ObjectKey, result: Result<(IngressStatus, u64), Duration>) {
        let Some(entry) = self.kingresses.get_mut(kingress) else { return };
        entry.writing = false;
        match result {
            Ok((status, resource_version)) => {
                if resource_version > entry.asked.resource_version {
                    entry.asked.status = status;
                    entry.asked.resource_version = resource_version;
                }
                self.dirty.insert(kingress.clone());
            }
            Err(retry) => {
                self.timers.insert((retry, kingress.clone()));
            }
        }
    }

    /// When the next timer is due.
    pub fn next(&self) -> Option<Duration> {
        self.timers.first().map(|(at, _)| *at)
    }

    /// What has to be written now. `time` is what new conditions are marked with: RFC 3339.
    pub fn writes(&mut self, now: Duration, time: &str) -> Vec<Write> {
        while let Some((_, key)) = self.timers.first().filter(|(at, _)| *at <= now) {
            self.dirty.insert(key.clone());
            self.timers.pop_first();
        }
        let dirty = std::mem::take(&mut self.dirty);
        dirty.into_iter().filter_map(|key| self.write(key, now, time)).collect()
    }

    fn write(&mut self, key: ObjectKey, now: Duration, time: &str) -> Option<Write> {
        let entry = self.kingresses.get_mut(&key)?;
        if entry.writing {
            // The end of the write brings it back.
            return None;
        }
        let gateways = self.replicas.iter();
        let gateways = gateways.map(|(name, gateway)| gateway.replica(name, &key, &entry.asked.version));
        let delivered = self.delivered.as_ref().map(|delivered| {
            delivered.get(&key).filter(|delivered| delivered.version == entry.asked.version)
        });
        let addresses = match delivered {
            None => Some(&self.addresses),
            Some(delivered) => delivered.and_then(|delivered| delivered.addresses.as_ref()),
        };
        let alb = delivered.map(|delivered| Replica { name: "the ALB", progress: progress(delivered) });
        let replicas: Vec<_> = gateways.chain(alb).collect();
        let desired = Desired { generation: entry.asked.generation, status: &entry.asked.status };
        let wanted = status::status(desired, &replicas, addresses, time);
        let differs = wanted != entry.asked.status;
        let is_final = wanted.is_true("Ready") || status::is_settled(&replicas);
        if is_final {
            self.open.remove(&key);
        } else {
            self.open.insert(key.clone());
            if differs && now < entry.patience {
                self.timers.insert((entry.patience, key));
                return None;
            }
            entry.patience = now + PATIENCE;
        }
        let events = news(&replicas, &mut entry.said, wanted.is_true("Ready"));
        if !differs && events.is_empty() {
            return None;
        }
        entry.writing = differs;
        Some(Write { kingress: key, uid: entry.asked.uid.clone(), status: differs.then_some(wanted), events })
    }

    fn look_at_open(&mut self) {
        self.dirty.extend(self.open.iter().cloned());
    }
}

impl Gateway {
    fn replica<'a>(&'a self, name: &'a str, kingress: &ObjectKey, version: &str) -> Replica<'a> {
        let progress = match (&self.cause, self.serves.get(kingress)) {
            (Some(cause), _) => Progress::Unreachable(cause),
            (None, Some((served, problems))) if served == version => Progress::Applied(problems),
            (None, _) => Progress::Behind,
        };
        Replica { name, progress }
    }
}

fn progress(delivered: Option<&Delivered>) -> Progress<'_> {
    delivered.map_or(Progress::Undelivered, |delivered| Progress::Delivered(&delivered.problems))
}

/// The problems that no Event has said yet. What waits is in the condition, and mostly over in a moment; but where the condition
/// says Ready, nothing else tells of a certificate that has become garbage. What an ALB does says its own controller in Events.
fn news(replicas: &[Replica<'_>], said: &mut BTreeSet<String>, is_ready: bool) -> Vec<Problem> {
    let mut news = Vec::new();
    for replica in replicas {
        let also_waiting = is_ready && matches!(replica.progress, Progress::Applied(_));
        let problems = replica.progress.problems().unwrap_or_default();
        for problem in problems.iter().filter(|problem| also_waiting || problem.effect != Effect::Waiting) {
            if said.insert(problem.message.clone()) {
                news.push(problem.clone());
            }
        }
    }
    news
}

fn key(text: &str) -> ObjectKey {
    let (namespace, name) = text.split_once('/').unwrap_or_default();
    ObjectKey::new(namespace, name)
}
