//! Where the backends are. Endpoints come and go without touching any table: a rule holds a cell, and the cell's
//! content is swapped.

use crate::metrics::revision::RevisionTracks;
use crate::tls::UpstreamTls;
use arc_swap::{ArcSwap, ArcSwapOption, Guard};
use net_alb_model::Backend;
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// The addresses of one [`Backend`], swappable while requests read them.
#[derive(Debug, Default)]
pub struct Endpoints {
    addresses: ArcSwap<Vec<SocketAddr>>,
    /// How its servers prove who they are, where they must.
    tls: ArcSwapOption<UpstreamTls>,
    turn: AtomicUsize,
}

impl Endpoints {
    /// The addresses right now.
    pub fn addresses(&self) -> Guard<Arc<Vec<SocketAddr>>> {
        self.addresses.load()
    }

    /// How its servers prove who they are, where they must.
    pub(crate) fn tls(&self) -> Option<Arc<UpstreamTls>> {
        self.tls.load_full()
    }

    /// The next address in turn; `None` if there is none.
    pub(crate) fn next(&self) -> Option<SocketAddr> {
        let addresses = self.addresses.load();
        match addresses.len() {
            0 => None,
            1 => Some(addresses[0]),
            count => Some(addresses[self.turn.fetch_add(1, Ordering::Relaxed) % count]),
        }
    }

    /// Another address than `tried`; `None` if there is no other.
    pub(crate) fn other_than(&self, tried: SocketAddr) -> Option<SocketAddr> {
        let addresses = self.addresses.load();
        let start = self.turn.fetch_add(1, Ordering::Relaxed);
        let count = addresses.len();
        (0..count).map(|step| addresses[start.wrapping_add(step) % count]).find(|address| *address != tried)
    }
}

/// Every backend's cell. A cell lives as long as a rule or an address needs it.
#[derive(Debug, Default)]
pub(crate) struct Registry {
    cells: Mutex<Cells>,
    /// Which revisions are counted by themselves.
    pub(crate) revisions: Arc<RevisionTracks>,
}

#[derive(Debug, Default)]
struct Cells {
    by_backend: HashMap<Backend, Arc<Endpoints>>,
    /// At so many, those that nobody needs are swept out.
    sweep_at: usize,
}

impl Registry {
    pub(crate) fn new(revisions: Arc<RevisionTracks>) -> Registry {
        Registry { revisions, ..Registry::default() }
    }

    /// The backend's cell, empty if nobody has set its endpoints yet.
    pub(crate) fn cell(&self, backend: &Backend) -> Arc<Endpoints> {
        let mut cells = self.cells.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(cell) = cells.by_backend.get(backend) {
            return Arc::clone(cell);
        }
        if cells.by_backend.len() >= cells.sweep_at {
            let needed = |cell: &Arc<Endpoints>| {
                Arc::strong_count(cell) > 1 || !cell.addresses().is_empty() || cell.tls.load().is_some()
            };
            cells.by_backend.retain(|_, cell| needed(cell));
            // Twice as many again: what a sweep costs is spread over as many additions.
            cells.sweep_at = (cells.by_backend.len() * 2).max(64);
        }
        Arc::clone(cells.by_backend.entry(backend.clone()).or_default())
    }

    /// Swaps the addresses of a backend. Requests that have chosen an address already keep it.
    pub(crate) fn set(&self, backend: &Backend, endpoints: Vec<SocketAddr>) {
        self.cell(backend).addresses.store(Arc::new(endpoints));
    }

    /// Says how a backend's servers prove who they are, from the next new connection on.
    pub(crate) fn set_tls(&self, backend: &Backend, tls: Option<Arc<UpstreamTls>>) {
        self.cell(backend).tls.store(tls);
    }

    /// Every backend and its addresses.
    pub(crate) fn all(&self) -> Vec<(Backend, Arc<Endpoints>)> {
        let cells = self.cells.lock().unwrap_or_else(PoisonError::into_inner);
        cells.by_backend.iter().map(|(backend, cell)| (backend.clone(), Arc::clone(cell))).collect()
    }

    #[cfg(test)]
    fn len(&self) -> usize {
        self.cells.lock().unwrap().by_backend.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use net_alb_model::ObjectKey;

    fn backend() -> Backend {
        Backend { service: ObjectKey::new("default", "hello"), port: "80".to_owned() }
    }

    fn address(port: u16) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], port))
    }

    #[test]
    fn a_cell_outlives_its_endpoints_while_a_rule_holds_it() {
        let registry = Registry::default();
        let held = registry.cell(&backend());
        registry.set(&backend(), vec![address(1)]);
        registry.set(&backend(), vec![]);
        registry.set(&backend(), vec![address(2)]);
        assert_eq!(held.next(), Some(address(2)));
    }

    #[test]
    fn cells_that_nobody_needs_are_swept_out() {
        let registry = Registry::default();
        let numbered = |number: usize| Backend { port: number.to_string(), ..backend() };
        let held = registry.cell(&numbered(0));
        registry.set(&numbered(1), vec![address(1)]);
        for number in 2..10_000 {
            registry.set(&numbered(number), vec![address(2)]);
            registry.set(&numbered(number), vec![]);
        }
        assert!(registry.len() <= 128, "{}", registry.len());
        assert!(Arc::ptr_eq(&held, &registry.cell(&numbered(0))));
        assert_eq!(registry.cell(&numbered(1)).next(), Some(address(1)));
    }

    #[test]
    fn the_second_try_goes_elsewhere() {
        let registry = Registry::default();
        registry.set(&backend(), vec![address(1), address(2)]);
        let cell = registry.cell(&backend());
        for _ in 0..10 {
            assert_eq!(cell.other_than(address(1)), Some(address(2)));
        }
        registry.set(&backend(), vec![address(1), address(1)]);
        assert_eq!(cell.other_than(address(1)), None);
    }
}
