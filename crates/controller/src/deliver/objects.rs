//! What is wanted of objects, what is found of them, and what has to be written: pure, told what happens and what time it is.

pub(crate) use super::difference::differences;
use net_alb_api::ObjectKey;
use net_alb_diag::ObjectRef;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

/// Label on everything that net-alb makes: what doesn't have it is somebody else's, and stays as it is.
pub const MANAGED_BY: (&str, &str) = ("app.kubernetes.io/managed-by", "net-alb");

/// Between two tries of a write that fails, or that somebody undoes: twice as long after each, from the first to the last.
const PAUSES: (Duration, Duration) = (Duration::from_millis(500), Duration::from_mins(1));

/// What has to be there of an object.
#[derive(Debug, Clone, PartialEq)]
pub struct Wanted {
    /// How much of it.
    pub content: Content,
    /// What has to be right before it is written.
    pub after: Vec<ObjectRef>,
}

/// How much of an object is wanted.
#[derive(Debug, Clone, PartialEq)]
pub enum Content {
    /// The whole object, with `apiVersion` and `kind`: it is net-alb's.
    Whole(Arc<Value>),
    /// Of an AlbConfig of another's making: listeners, each by port and protocol, beside those that are there.
    Listeners(Vec<Value>),
}

/// How far an object is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State<'a> {
    /// It is there as it is wanted.
    Right,
    /// An object of that name is there, and it isn't net-alb's.
    Foreign,
    /// It has to wait for this one.
    After(&'a ObjectRef),
    /// It is about to be written.
    Pending,
    /// The API server refused it.
    Refused(&'a str),
}

/// Something to write.
#[derive(Debug, Clone, PartialEq)]
pub struct Write {
    /// Of which object.
    pub object: ObjectRef,
    /// What.
    pub action: Action,
    /// Which fields somebody else has changed, and that are put back.
    pub edited: Vec<String>,
}

/// What is written.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// By server-side apply.
    Apply(Arc<Value>),
    /// By merge, only if nobody was faster.
    Merge(Value),
    /// Only this one, not another of the same name: its uid.
    Delete(String),
}

/// Everything that is known of the objects that net-alb writes.
#[derive(Debug, Default)]
pub struct Objects {
    entries: BTreeMap<ObjectRef, Entry>,
    /// Those to look at.
    dirty: BTreeSet<ObjectRef>,
    /// Those that wait: for what, and who.
    waiting: BTreeSet<(ObjectRef, ObjectRef)>,
    timers: BTreeSet<(Duration, ObjectRef)>,
}

#[derive(Debug, Default)]
struct Entry {
    wanted: Option<Wanted>,
    found: Option<Arc<Value>>,
    /// It is to go, if it is ours. Not the same as that nobody has said anything of it yet.
    is_unwanted: bool,
    writing: bool,
    /// Since what is wanted now was there: a difference is somebody's edit.
    was_right: bool,
    refused: Option<String>,
    /// Not before this; how long the next pause is.
    not_before: Duration,
    pause: Duration,
}

impl Objects {
    /// What is wanted of an object from now on; `None`: that it isn't there, if it is ours.
    pub fn want(&mut self, object: &ObjectRef, wanted: Option<Wanted>) {
        let entry = self.entries.entry(object.clone()).or_default();
        if entry.wanted == wanted && entry.is_unwanted == wanted.is_none() {
            return;
        }
        let pause = entry.pause;
        entry.is_unwanted = wanted.is_none();
        entry.wanted = wanted;
        (entry.was_right, entry.refused) = (false, None);
        (entry.not_before, entry.pause) = (Duration::ZERO, pause.min(PAUSES.0));
        self.dirty.insert(object.clone());
    }

    /// What is found of an object.
    pub fn found(&mut self, object: &ObjectRef, found: Option<Value>) {
        let entry = self.entries.entry(object.clone()).or_default();
        if let (Some(known), Some(new)) = (&entry.found, &found)
            && known["metadata"]["uid"] == new["metadata"]["uid"]
            && resource_version(known) > resource_version(new)
        {
            // Our own write is newer than what the watch shows.
            return;
        }
        entry.found = found.map(Arc::new);
        if entry.writing {
            return;
        }
        self.dirty.insert(object.clone());
        self.wake(object);
    }

    /// A write has ended: with the object as it is now, `None` if it was deleted, or with what the API server says.
    pub fn wrote(&mut self, object: &ObjectRef, result: Result<Option<Value>, String>, now: Duration) {
        let Some(entry) = self.entries.get_mut(object) else { return };
        entry.writing = false;
        match result {
            Ok(found) => {
                entry.refused = None;
                self.found(object, found);
            }
            Err(error) => {
                entry.refused = Some(error);
                let at = entry.put_off(now);
                self.timers.insert((at, object.clone()));
            }
        }
        self.dirty.insert(object.clone());
        self.wake(object);
    }

    /// The object as it is.
    pub fn get(&self, object: &ObjectRef) -> Option<&Arc<Value>> {
        self.entries.get(object)?.found.as_ref()
    }

    /// How far an object is.
    pub fn state(&self, object: &ObjectRef) -> State<'_> {
        let Some(entry) = self.entries.get(object) else { return State::Pending };
        let Some(wanted) = &entry.wanted else { return State::Pending };
        if entry.is_foreign() {
            return State::Foreign;
        }
        if entry.found.as_ref().is_some_and(|found| wanted.differences(found).is_empty()) {
            return State::Right;
        }
        match (&entry.refused, wanted.after.iter().find(|other| !self.is_usable(other))) {
            (Some(error), _) => State::Refused(error),
            (None, Some(other)) => State::After(other),
            (None, None) => State::Pending,
        }
    }

    /// Whether others may build on it. An IngressClass or AlbConfig that somebody else made is as good.
    pub fn is_usable(&self, object: &ObjectRef) -> bool {
        let is_wanted = self.entries.get(object).is_some_and(|entry| entry.wanted.is_some());
        match self.state(object) {
            State::Right => true,
            State::Foreign => is_shared(object),
            _ => !is_wanted && is_shared(object) && self.get(object).is_some(),
        }
    }

    /// Every object of a kind that is there and ours.
    pub fn ours(&self, kind: &str) -> impl Iterator<Item = &ObjectRef> {
        let of_kind = self.entries.iter().filter(move |(object, _)| object.kind == kind);
        of_kind.filter(|(_, entry)| entry.found.as_ref().is_some_and(|found| is_ours(found))).map(|(o, _)| o)
    }

    /// When the next timer is due.
    pub fn next(&self) -> Option<Duration> {
        self.timers.first().map(|(at, _)| *at)
    }

    /// What has to be written now.
    pub fn writes(&mut self, now: Duration) -> Vec<Write> {
        while let Some((_, object)) = self.timers.first().filter(|(at, _)| *at <= now) {
            self.dirty.insert(object.clone());
            self.timers.pop_first();
        }
        let dirty = std::mem::take(&mut self.dirty);
        dirty.into_iter().filter_map(|object| self.write(object, now)).collect()
    }

    fn write(&mut self, object: ObjectRef, now: Duration) -> Option<Write> {
        let waits_for = self.waits_for(&object).cloned();
        let entry = self.entries.get_mut(&object)?;
        if entry.wanted.is_none() && entry.found.is_none() && !entry.writing {
            self.entries.remove(&object);
            return None;
        }
        if entry.writing || entry.is_foreign() {
            return None;
        }
        let (action, edited) = entry.action()?;
        if let Some(other) = waits_for.filter(|_| !matches!(action, Action::Delete(_))) {
            self.waiting.insert((other, object));
            return None;
        }
        if now < entry.not_before {
            self.timers.insert((entry.not_before, object));
            return None;
        }
        if !edited.is_empty() {
            // Whoever changes it again and again is answered more and more slowly.
            entry.put_off(now);
        }
        entry.writing = true;
        Some(Write { object, action, edited })
    }

    fn waits_for(&self, object: &ObjectRef) -> Option<&ObjectRef> {
        let wanted = self.entries.get(object)?.wanted.as_ref()?;
        wanted.after.iter().find(|other| !self.is_usable(other))
    }

    /// Looks again at those that waited for an object.
    fn wake(&mut self, object: &ObjectRef) {
        if !self.is_usable(object) {
            return;
        }
        let from = (object.clone(), ObjectKey::default().to_ref("", ""));
        let waiting = self.waiting.range(from..).take_while(|(other, _)| other == object);
        for pair in waiting.cloned().collect::<Vec<_>>() {
            self.waiting.remove(&pair);
            self.dirty.insert(pair.1);
        }
    }
}

impl Entry {
    fn is_foreign(&self) -> bool {
        let whole = self.wanted.as_ref().is_none_or(|wanted| matches!(wanted.content, Content::Whole(_)));
        whole && self.found.as_ref().is_some_and(|found| !is_ours(found))
    }

    /// What to write, and which fields somebody else has changed.
    fn action(&mut self) -> Option<(Action, Vec<String>)> {
        let Some(wanted) = &self.wanted else {
            let metadata = &self.found.as_ref().filter(|_| self.is_unwanted)?["metadata"];
            let uid = metadata["uid"].as_str().filter(|_| metadata["deletionTimestamp"].is_null())?;
            return Some((Action::Delete(uid.to_owned()), Vec::new()));
        };
        let Some(found) = &self.found else {
            let Content::Whole(object) = &wanted.content else { return None };
            let edited = if self.was_right { vec!["all of it".to_owned()] } else { Vec::new() };
            return Some((Action::Apply(Arc::clone(object)), edited));
        };
        let differences = wanted.differences(found);
        if differences.is_empty() {
            self.was_right = true;
            return None;
        }
        let edited = if self.was_right { differences } else { Vec::new() };
        let action = match &wanted.content {
            Content::Whole(object) => Action::Apply(Arc::clone(object)),
            Content::Listeners(listeners) => Action::Merge(with_listeners(found, listeners)),
        };
        Some((action, edited))
    }

    fn put_off(&mut self, now: Duration) -> Duration {
        self.pause = (self.pause * 2).clamp(PAUSES.0, PAUSES.1);
        self.not_before = now + self.pause;
        self.not_before
    }
}

impl Wanted {
    fn differences(&self, found: &Value) -> Vec<String> {
        match &self.content {
            Content::Whole(object) => differences(object, found),
            Content::Listeners(listeners) => {
                let missing = missing(found, listeners);
                missing.map(|_| "spec.listeners".to_owned()).collect()
            }
        }
    }
}

/// Port and protocol, which an AlbConfig writes as it likes.
fn listener(of: &Value) -> (String, String) {
    let text = |value: &Value, default: &str| match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => default.to_owned(),
    };
    (text(&of["port"], "80"), text(&of["protocol"], "HTTP").to_uppercase())
}

fn missing<'a>(found: &Value, listeners: &'a [Value]) -> impl Iterator<Item = &'a Value> {
    let known = found["spec"]["listeners"].as_array().into_iter().flatten().map(listener);
    let known: BTreeSet<_> = known.collect();
    listeners.iter().filter(move |wanted| !known.contains(&listener(wanted)))
}

fn with_listeners(found: &Value, listeners: &[Value]) -> Value {
    let mut all = found["spec"]["listeners"].as_array().cloned().unwrap_or_default();
    all.extend(missing(found, listeners).cloned());
    json!({
        "metadata": {"resourceVersion": found["metadata"]["resourceVersion"]},
        "spec": {"listeners": all},
    })
}

/// Whether an object is as good if somebody else made it.
fn is_shared(object: &ObjectRef) -> bool {
    matches!(object.kind.as_str(), "IngressClass" | "AlbConfig")
}

/// Whether net-alb made an object.
pub fn is_ours(object: &Value) -> bool {
    let (key, value) = MANAGED_BY;
    object["metadata"]["labels"][key] == value
}

fn resource_version(object: &Value) -> u64 {
    object["metadata"]["resourceVersion"].as_str().and_then(|text| text.parse().ok()).unwrap_or_default()
}

#[cfg(test)]
#[path = "objects/tests.rs"]
mod tests;
