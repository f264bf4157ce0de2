//! Where the backends are. Endpoints come and go without touching any table: a rule holds a cell, and the cell's
//! content is swapped.

use arc_swap::{ArcSwap, Guard};
use net_alb_model::Backend;
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// The addresses of one [`Backend`], swappable while requests read them.
#[derive(Debug, Default)]
pub struct Endpoints {
    addresses: ArcSwap<Vec<SocketAddr>>,
    turn: AtomicUsize,
}

impl Endpoints {
    /// The addresses right now.
    pub fn addresses(&self) -> Guard<Arc<Vec<SocketAddr>>> {
        self.addresses.load()
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
    cells: Mutex<HashMap<Backend, Arc<Endpoints>>>,
}

impl Registry {
    /// The backend's cell, empty if nobody has set its endpoints yet.
    pub(crate) fn cell(&self, backend: &Backend) -> Arc<Endpoints> {
        let mut cells = self.lock();
        if let Some(cell) = cells.get(backend) {
            return Arc::clone(cell);
        }
        Arc::clone(cells.entry(backend.clone()).or_default())
    }

    /// Swaps the addresses of a backend. Requests that have chosen an address already keep it.
    pub(crate) fn set(&self, backend: &Backend, endpoints: Vec<SocketAddr>) {
        let empty = endpoints.is_empty();
        self.cell(backend).addresses.store(Arc::new(endpoints));
        if empty {
            self.forget_unused(backend);
        }
    }

    /// Lets go of a cell that no rule holds and that has no addresses.
    pub(crate) fn forget_unused(&self, backend: &Backend) {
        let mut cells = self.lock();
        let unused = cells
            .get(backend)
            .is_some_and(|cell| Arc::strong_count(cell) == 1 && cell.addresses().is_empty());
        if unused {
            cells.remove(backend);
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<Backend, Arc<Endpoints>>> {
        self.cells.lock().unwrap_or_else(PoisonError::into_inner)
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
        drop(held);
        registry.set(&backend(), vec![]);
        assert!(registry.lock().is_empty());
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
