//! What is acknowledged of each KIngress: a version is served once its rules are in effect and its backends are there.

use net_alb_api::ObjectKey;
use net_alb_controller::acknowledgement::{Board, Effect, Problem};
use net_alb_model::Backend;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The KIngresses that are served.
#[derive(Debug)]
pub(super) struct Report {
    board: Arc<Board>,
    kingresses: BTreeMap<ObjectKey, Entry>,
    /// Those that wait for a backend's servers.
    waiting: BTreeSet<(Backend, ObjectKey)>,
    /// Backends that have a server.
    served: BTreeSet<Backend>,
    /// Why others have none, where it isn't [`NO_ENDPOINT`].
    absent: BTreeMap<Backend, &'static str>,
    /// What is wrong with Secrets, and who needs each.
    certificates: BTreeMap<ObjectKey, Vec<Problem>>,
    needed_by: BTreeSet<(ObjectKey, ObjectKey)>,
    dirty: BTreeSet<ObjectKey>,
}

/// What there is to know of one Ingress' rules.
#[derive(Debug, Default)]
pub(super) struct Route {
    /// Where they lead.
    pub(super) backends: Vec<Backend>,
    /// The certificates that they need.
    pub(super) secrets: Vec<ObjectKey>,
    /// What the compiler says of them.
    pub(super) problems: Vec<Problem>,
}

#[derive(Debug, Default)]
struct Entry {
    version: String,
    /// What the stages say of it.
    problems: Vec<Problem>,
    /// Its Ingresses' rules.
    routes: BTreeMap<ObjectKey, Route>,
    waits_for: Vec<Backend>,
    /// Every backend has been there since this version came: from then on they are no matter of routing.
    complete: bool,
}

impl Report {
    pub(super) fn new(board: Arc<Board>) -> Report {
        Report {
            board,
            kingresses: BTreeMap::new(),
            waiting: BTreeSet::new(),
            served: BTreeSet::new(),
            absent: BTreeMap::new(),
            certificates: BTreeMap::new(),
            needed_by: BTreeSet::new(),
            dirty: BTreeSet::new(),
        }
    }

    /// A KIngress has this version now.
    pub(super) fn put(&mut self, kingress: ObjectKey, version: String) {
        let entry = self.kingresses.entry(kingress.clone()).or_default();
        if entry.version != version {
            entry.version = version;
            entry.complete = false;
            self.dirty.insert(kingress);
        }
    }

    /// A KIngress is gone.
    pub(super) fn remove(&mut self, kingress: &ObjectKey) {
        if let Some(entry) = self.kingresses.remove(kingress) {
            self.waiting_no_more(kingress, &entry.waits_for);
            for secret in entry.secrets() {
                self.needed_by.remove(&(secret.clone(), kingress.clone()));
            }
        }
        self.dirty.remove(kingress);
        self.board.removed(kingress);
    }

    /// What the stages say of it now.
    pub(super) fn said(&mut self, kingress: &ObjectKey, problems: Vec<Problem>) {
        self.change(kingress, |entry| entry.problems = problems);
    }

    /// One of its Ingresses has these rules now, or none.
    pub(super) fn routed(&mut self, kingress: &ObjectKey, ingress: &ObjectKey, route: Option<Route>) {
        let Some(entry) = self.kingresses.get_mut(kingress) else { return };
        for secret in entry.secrets() {
            self.needed_by.remove(&(secret.clone(), kingress.clone()));
        }
        match route {
            Some(route) => drop(entry.routes.insert(ingress.clone(), route)),
            None => drop(entry.routes.remove(ingress)),
        }
        self.needed_by.extend(entry.secrets().map(|secret| (secret.clone(), kingress.clone())));
        self.dirty.insert(kingress.clone());
    }

    /// Where the rules of one of a KIngress' Ingresses lead, as last told.
    pub(super) fn leads(&self, kingress: &ObjectKey, ingress: &ObjectKey) -> Option<&[Backend]> {
        let route = self.kingresses.get(kingress)?.routes.get(ingress)?;
        Some(&route.backends)
    }

    /// Whether a backend has a server.
    pub(super) fn is_served(&self, backend: &Backend) -> bool {
        self.served.contains(backend)
    }

    /// What is wrong with a Secret now.
    pub(super) fn certificate(&mut self, secret: &ObjectKey, problems: Vec<Problem>) {
        let before = self.certificates.remove(secret).unwrap_or_default();
        if before != problems {
            let from = (secret.clone(), ObjectKey::default());
            let needed_by = self.needed_by.range(from..).take_while(|(other, _)| other == secret);
            self.dirty.extend(needed_by.map(|(_, kingress)| kingress.clone()));
        }
        if !problems.is_empty() {
            self.certificates.insert(secret.clone(), problems);
        }
    }

    /// Why a backend has no server now; `None`: it has one.
    pub(super) fn servers(&mut self, backend: &Backend, absent: Option<&'static str>) {
        let before = self.absent.remove(backend);
        if let Some(why) = absent.filter(|why| *why != NO_ENDPOINT) {
            self.absent.insert(backend.clone(), why);
        }
        let is_there = absent.is_none();
        let was_there = self.served.contains(backend);
        if !is_there {
            self.served.remove(backend);
        } else if !was_there {
            self.served.insert(backend.clone());
        }
        let why_differs = self.absent.get(backend).copied() != before;
        if (is_there && !was_there) || why_differs {
            let from = (backend.clone(), ObjectKey::default());
            let waiting = self.waiting.range(from..).take_while(|(other, _)| other == backend);
            self.dirty.extend(waiting.map(|(_, kingress)| kingress.clone()));
        }
    }

    /// Puts everything that is different on the board.
    pub(super) fn tell(&mut self) {
        for kingress in std::mem::take(&mut self.dirty) {
            self.tell_of(&kingress);
        }
        self.board.announce();
    }

    fn tell_of(&mut self, kingress: &ObjectKey) {
        let Some(entry) = self.kingresses.get_mut(kingress) else { return };
        let before = std::mem::take(&mut entry.waits_for);
        if !entry.complete {
            let backends = entry.routes.values().flat_map(|route| &route.backends);
            let missing = backends.filter(|backend| !self.served.contains(*backend));
            entry.waits_for = missing.cloned().collect::<BTreeSet<_>>().into_iter().collect();
            entry.complete = entry.waits_for.is_empty();
        }
        let waits_for = entry.waits_for.clone();
        let compiled = entry.routes.values().flat_map(|route| &route.problems);
        let certificates = entry.secrets().filter_map(|secret| self.certificates.get(secret)).flatten();
        let problems = entry.problems.iter().chain(compiled).chain(certificates).cloned();
        let why = |backend| self.absent.get(backend).copied().unwrap_or(NO_ENDPOINT);
        let waiting = waits_for.iter().map(|backend| no_server(backend, why(backend)));
        let problems = problems.chain(waiting).collect();
        self.board.applied(kingress, entry.version.clone(), problems);
        self.waiting_no_more(kingress, &before);
        self.waiting.extend(waits_for.into_iter().map(|backend| (backend, kingress.clone())));
    }

    fn waiting_no_more(&mut self, kingress: &ObjectKey, backends: &[Backend]) {
        for backend in backends {
            self.waiting.remove(&(backend.clone(), kingress.clone()));
        }
    }

    fn change(&mut self, kingress: &ObjectKey, change: impl FnOnce(&mut Entry)) {
        if let Some(entry) = self.kingresses.get_mut(kingress) {
            change(entry);
            self.dirty.insert(kingress.clone());
        }
    }
}

impl Entry {
    fn secrets(&self) -> impl Iterator<Item = &ObjectKey> {
        self.routes.values().flat_map(|route| &route.secrets)
    }
}

/// Why a backend has no server, mostly.
pub(super) const NO_ENDPOINT: &str = "has no ready endpoint";

fn no_server(backend: &Backend, why: &str) -> Problem {
    Problem {
        effect: Effect::Waiting,
        reason: "EndpointsNotReady".to_owned(),
        message: format!("`{backend}` {why}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use net_alb_controller::acknowledgement::Line;

    fn hello() -> ObjectKey {
        ObjectKey::new("default", "hello")
    }

    fn backend(name: &str) -> Backend {
        Backend { service: ObjectKey::new("default", name), port: "80".to_owned() }
    }

    fn route(backends: &[&str]) -> Route {
        Route { backends: backends.iter().map(|name| backend(name)).collect(), ..Route::default() }
    }

    fn report() -> (Report, Arc<Board>) {
        let board = Arc::new(Board::default());
        (Report::new(Arc::clone(&board)), board)
    }

    /// What the board says of `hello`.
    fn told(report: &mut Report, board: &Board) -> Vec<String> {
        report.tell();
        let (lines, _) = board.since(None, 10).unwrap();
        let text = |line: Line| match line {
            Line::Applied { version, problems, .. } => {
                let problems: Vec<_> = problems.into_iter().map(|problem| problem.message).collect();
                format!("{version} {}", problems.join(","))
            }
            other => format!("{other:?}"),
        };
        lines.into_iter().map(text).collect()
    }

    #[test]
    fn a_version_waits_for_its_backends_once() {
        let (mut report, board) = report();
        report.put(hello(), "1".to_owned());
        report.routed(&hello(), &hello(), Some(route(&["a", "b"])));
        report.servers(&backend("a"), None);
        assert_eq!(told(&mut report, &board), ["1 `default/b:80` has no ready endpoint"]);
        report.servers(&backend("b"), None);
        assert_eq!(told(&mut report, &board), ["1 "]);
        report.servers(&backend("b"), Some(NO_ENDPOINT));
        assert_eq!(told(&mut report, &board), ["1 "], "backends may go");
        report.put(hello(), "2".to_owned());
        assert_eq!(told(&mut report, &board), ["2 `default/b:80` has no ready endpoint"]);
    }

    #[test]
    fn a_broken_certificate_is_told_of_those_who_need_it() {
        let (mut report, board) = report();
        report.put(hello(), "1".to_owned());
        let secret = ObjectKey::new("default", "certificate");
        let route = Route { secrets: vec![secret.clone()], ..Route::default() };
        report.routed(&hello(), &hello(), Some(route));
        let problem = Problem { effect: Effect::Waiting, reason: "R".into(), message: "broken".into() };
        report.certificate(&secret, vec![problem]);
        assert_eq!(told(&mut report, &board), ["1 broken"]);
        report.certificate(&secret, vec![]);
        assert_eq!(told(&mut report, &board), ["1 "]);
    }

    #[test]
    fn what_is_gone_is_told_and_forgotten() {
        let (mut report, board) = report();
        report.put(hello(), "1".to_owned());
        report.routed(&hello(), &hello(), Some(route(&["a"])));
        report.tell();
        report.remove(&hello());
        assert!(told(&mut report, &board).is_empty());
        assert!(report.waiting.is_empty());
    }
}
