//! The client's side: reading requests, deciding by the table, answering. One module a protocol.

mod answer;
mod body;
mod decide;
pub(crate) mod http1;
mod reply;

use crate::listener::LocalListener;
use crate::socket::Socket;
use crate::tls::TlsFacts;
use crate::worker::Worker;
use crate::worker::clock::Deadline;
use std::net::SocketAddr;
use std::rc::Rc;

/// A client's connection.
#[derive(Debug)]
pub(crate) struct Connection {
    pub(crate) worker: Rc<Worker>,
    pub(crate) listener: Rc<LocalListener>,
    pub(crate) socket: Socket,
    pub(crate) peer: SocketAddr,
    /// Where the client speaks TLS.
    pub(crate) tls: Option<TlsFacts>,
    pub(crate) deadline: Deadline,
}

impl Connection {
    pub(crate) fn new(
        worker: &Rc<Worker>,
        listener: &Rc<LocalListener>,
        socket: Socket,
        peer: SocketAddr,
    ) -> Connection {
        let deadline = Deadline::new(&worker.clock);
        let (worker, listener, tls) = (Rc::clone(worker), Rc::clone(listener), socket.facts());
        Connection { worker, listener, socket, peer, tls, deadline }
    }

    /// Whether the connection ends after the next answer, whatever the client wants.
    fn is_closing(&self) -> bool {
        self.worker.is_draining() || self.listener.state.is_closing()
    }
}
