//! What the two sides of a QUIC connection may ask of each other.

use super::connection_id::ConnectionIds;
use super::siblings::{Desk, Siblings};
use super::socket::{SteeredSocket, bind};
use super::steering::{Seat, seats};
use quinn::crypto::rustls::QuicServerConfig;
use quinn::{Endpoint, EndpointConfig, IdleTimeout, ServerConfig, TokioRuntime, TransportConfig, VarInt};
use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::time::Duration;

/// Requests of one connection at once (RFC 9114 §6.1 wants at least 100).
const STREAMS: u32 = 128;

/// Streams that a client opens beside its requests: control, QPACK's two, and some that mean nothing (RFC 9114 §6.2.3).
const OTHER_STREAMS: u32 = 8;

/// Bytes of one request that may wait to be read by the gateway.
const STREAM_WINDOW: u32 = 512 * 1024;

/// Bytes of all requests of a connection that may wait to be read by the gateway.
const WINDOW: u32 = 2 * 1024 * 1024;

/// Bytes of a connection's answers that may wait for the client to take them. Beyond, servers wait.
const SEND_WINDOW: u64 = 1024 * 1024;

/// Clients of one thread that may wait to be looked at.
const WAITING: usize = 1024;

/// Bytes that clients may send before they are looked at, each and all of a thread together.
const EARLY: (u64, u64) = (64 * 1024, 4 * 1024 * 1024);

/// What all threads, and all addresses of a gateway, have in common: a packet on the wrong thread is answered as on the right
/// one.
#[derive(Debug)]
pub(crate) struct Quic {
    ids: ConnectionIds,
    threads: usize,
    /// Holds the key of stateless resets (RFC 9000 §10.3).
    endpoint: EndpointConfig,
}

/// An endpoint on its way to the thread that will run it.
#[derive(Debug)]
pub(crate) struct Seated {
    socket: UdpSocket,
    seat: Seat,
    endpoint: EndpointConfig,
    server: ServerConfig,
    /// One thread's of an address.
    desk: Option<Desk>,
}

impl Quic {
    pub(crate) fn new(threads: usize) -> Quic {
        Quic { ids: ConnectionIds::new(threads), threads, endpoint: EndpointConfig::default() }
    }

    /// One endpoint for each thread, on sockets that share an address; returns the address, which differs where the port was
    /// 0. They share the key of address validation (RFC 9000 §8.1).
    pub(crate) fn bind(
        &self,
        address: SocketAddr,
        tls: Arc<rustls::ServerConfig>,
    ) -> io::Result<(SocketAddr, Vec<Seated>)> {
        let crypto = QuicServerConfig::try_from(tls).map_err(io::Error::other)?;
        let mut server = ServerConfig::with_crypto(Arc::new(crypto));
        server.max_incoming(WAITING).incoming_buffer_size(EARLY.0).incoming_buffer_size_total(EARLY.1);
        let first = bind(address)?;
        let address = first.local_addr()?;
        let more = (1..self.threads).map(|_| bind(address));
        let sockets = std::iter::once(Ok(first)).chain(more).collect::<io::Result<Vec<_>>>()?;
        let (seats, desk) = seats(&self.ids, self.threads, address);
        let desks = std::iter::once(Some(desk)).chain(std::iter::repeat_with(|| None));
        let seated = |((socket, seat), desk)| Seated {
            socket,
            seat,
            endpoint: self.endpoint.clone(),
            server: server.clone(),
            desk,
        };
        Ok((address, sockets.into_iter().zip(seats).zip(desks).map(seated).collect()))
    }
}

impl Seated {
    /// Starts the endpoint on this thread.
    pub(crate) fn start(self) -> io::Result<(Endpoint, Offer)> {
        let Seated { socket, seat, mut endpoint, server, desk } = self;
        let siblings = seat.siblings();
        let factory = seat.factory();
        endpoint.cid_generator(move || Box::new(factory()));
        let socket = Arc::new(SteeredSocket::new(socket, seat)?);
        let started = Endpoint::new_with_abstract_socket(
            endpoint,
            Some(server.clone()),
            socket,
            Arc::new(TokioRuntime),
        )?;
        Ok((started, Offer { server, made: None, siblings, desk }))
    }
}

/// What new connections are made with.
#[derive(Debug)]
pub(crate) struct Offer {
    server: ServerConfig,
    made: Option<Made>,
    siblings: Arc<Siblings>,
    desk: Option<Desk>,
}

#[derive(Debug)]
struct Made {
    tls: Arc<rustls::ServerConfig>,
    idle: Duration,
    server: Arc<ServerConfig>,
}

impl Offer {
    /// What passes packets between processes, to be run by the thread that has it.
    pub(crate) fn take_desk(&mut self) -> Option<Desk> {
        self.desk.take()
    }

    /// No connections are accepted any more: other processes may.
    pub(crate) fn leave(&self) {
        self.siblings.leave();
    }

    /// For a listener with this TLS side, whose connections are given up after so long without a packet. It's made anew only
    /// when one of them changes. `None`: there is no QUIC with that.
    pub(crate) fn with(
        &mut self,
        tls: Arc<rustls::ServerConfig>,
        idle: Duration,
    ) -> Option<Arc<ServerConfig>> {
        let made = self.made.as_ref().filter(|made| Arc::ptr_eq(&made.tls, &tls) && made.idle == idle);
        if let Some(made) = made {
            return Some(Arc::clone(&made.server));
        }
        let mut server = self.server.clone();
        server.crypto = Arc::new(QuicServerConfig::try_from(Arc::clone(&tls)).ok()?);
        server.transport = Arc::new(transport(idle));
        let server = Arc::new(server);
        self.made = Some(Made { tls, idle, server: Arc::clone(&server) });
        Some(server)
    }
}

/// Bounds for a connection that is given up after so long without a packet.
fn transport(idle: Duration) -> TransportConfig {
    let mut transport = TransportConfig::default();
    transport
        .max_concurrent_bidi_streams(STREAMS.into())
        .max_concurrent_uni_streams(OTHER_STREAMS.into())
        .stream_receive_window(STREAM_WINDOW.into())
        .receive_window(WINDOW.into())
        .send_window(SEND_WINDOW)
        .datagram_receive_buffer_size(None)
        // More than fits is more than any timeout of a listener.
        .max_idle_timeout(Some(IdleTimeout::try_from(idle).unwrap_or(VarInt::MAX.into())));
    transport
}
