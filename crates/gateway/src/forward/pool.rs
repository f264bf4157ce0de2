use crate::socket::Socket;
use crate::worker::clock::Ticks;
use std::cell::RefCell;
use std::collections::HashMap;
use std::net::SocketAddr;

/// A server, and how it is spoken to: what connections have in common that can stand in for each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct PoolKey {
    pub(crate) address: SocketAddr,
    /// [`UpstreamTls::id`](crate::tls::UpstreamTls), 0 in clear.
    pub(crate) tls: u64,
}

/// Unused connections of one thread to backends, by address: routes that share a server share its connections. The one used
/// last is used next, so that those not needed grow old.
#[derive(Debug)]
pub(crate) struct Upstreams {
    idle: RefCell<HashMap<PoolKey, Vec<Idle>, foldhash::fast::RandomState>>,
    most: usize,
    keep: Ticks,
}

#[derive(Debug)]
struct Idle {
    socket: Socket,
    since: u64,
}

impl Upstreams {
    pub(crate) fn new(most: usize, keep: Ticks) -> Upstreams {
        Upstreams { idle: RefCell::default(), most, keep }
    }

    /// A connection that has been used before and seems to be alive.
    pub(crate) fn take(&self, key: PoolKey) -> Option<Socket> {
        let mut idle = self.idle.borrow_mut();
        let sockets = idle.get_mut(&key)?;
        while let Some(Idle { socket, .. }) = sockets.pop() {
            if socket.is_quiet() {
                return Some(socket);
            }
        }
        None
    }

    /// Keeps a connection for later.
    pub(crate) fn give(&self, key: PoolKey, socket: Socket, now: u64) {
        let mut idle = self.idle.borrow_mut();
        let sockets = idle.entry(key).or_default();
        if sockets.len() < self.most {
            sockets.push(Idle { socket, since: now });
        }
    }

    /// Closes what is too old or was closed by the other side.
    pub(crate) fn sweep(&self, now: u64) {
        self.idle.borrow_mut().retain(|_, sockets| {
            sockets.retain(|idle| Ticks::between(idle.since, now) < self.keep && idle.socket.is_quiet());
            !sockets.is_empty()
        });
    }

    /// Closes all of them.
    pub(crate) fn clear(&self) {
        self.idle.borrow_mut().clear();
    }
}
