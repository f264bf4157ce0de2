//! The client's side: reading requests, deciding by the table, answering.
//!
//! A protocol's module reads heads and bodies and writes answers. What is between is the same for all of them
//! ([`respond`]): every head becomes the same [`Request`], judged by the same rules.

mod answer;
mod body;
mod decide;
mod grpc;
pub(crate) mod http1;
pub(crate) mod http2;
pub(crate) mod http3;
mod recording;
mod reply;
mod respond;

use crate::forward::Incoming;
use crate::http1::request::{Request, Version};
use crate::listener::{LocalListener, Serving};
use crate::metrics::counter::Inside;
use crate::socket::Socket;
use crate::tls::TlsFacts;
use crate::worker::Worker;
use crate::worker::clock::Deadline;
use std::net::SocketAddr;
use std::ops::Deref;
use std::rc::Rc;

/// The other side of a connection, whatever it speaks.
#[derive(Debug)]
pub(crate) struct Client {
    pub(crate) worker: Rc<Worker>,
    pub(crate) listener: Rc<LocalListener>,
    pub(crate) peer: SocketAddr,
    /// Where it speaks TLS.
    pub(crate) tls: Option<TlsFacts>,
}

impl Client {
    /// A request as rules and backends see it.
    fn incoming<'a>(&'a self, request: &'a Request, serving: &'a Serving) -> Incoming<'a> {
        let head = request.head(self.peer.ip());
        Incoming {
            head,
            facts: &request.facts,
            peer: self.peer,
            listener: &self.listener.state.key,
            frame: &serving.frame,
            tls: self.tls.as_ref(),
            span: self.worker.begin_span(head.headers),
        }
    }

    /// Counts the connection as one of this protocol's, until what is returned is dropped.
    fn speaks(&self, version: Version) -> Inside<'_> {
        let metrics = self.listener.metrics.of(version);
        metrics.connections.add(1);
        metrics.open.enter()
    }

    /// Whether the connection ends after the next answer, whatever the client wants.
    fn is_closing(&self) -> bool {
        self.worker.is_draining() || self.listener.state.is_closing()
    }
}

/// A client's connection by TCP.
#[derive(Debug)]
pub(crate) struct Connection {
    client: Client,
    pub(crate) socket: Socket,
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
        Connection { client: Client { worker, listener, peer, tls }, socket, deadline }
    }
}

impl Deref for Connection {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}
