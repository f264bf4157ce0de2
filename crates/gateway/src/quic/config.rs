//! What the two sides of a QUIC connection may ask of each other.

use super::SteeredSocket;
use super::connection_id::ConnectionIds;
use super::steering::{Seat, seats};
use quinn::crypto::rustls::QuicServerConfig;
use quinn::{Endpoint, EndpointConfig, IdleTimeout, ServerConfig, TokioRuntime, TransportConfig, VarInt};
use std::io;
use std::net::UdpSocket;
use std::sync::Arc;
use std::time::Duration;

/// Requests of one connection at once (RFC 9114 §6.1 wants at least 100).
pub(crate) const STREAMS: u32 = 128;

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
    pub(crate) socket: UdpSocket,
    seat: Seat,
    endpoint: EndpointConfig,
    server: ServerConfig,
}

impl Quic {
    pub(crate) fn new(threads: usize) -> Quic {
        Quic { ids: ConnectionIds::new(threads), threads, endpoint: EndpointConfig::default() }
    }

    /// One endpoint for each socket; they share the key of address validation (RFC 9000 §8.1) and TLS sessions.
    pub(crate) fn seated(
        &self,
        sockets: Vec<UdpSocket>,
        tls: Arc<rustls::ServerConfig>,
    ) -> io::Result<Vec<Seated>> {
        let crypto = QuicServerConfig::try_from(tls).map_err(io::Error::other)?;
        let mut server = ServerConfig::with_crypto(Arc::new(crypto));
        server.max_incoming(WAITING).incoming_buffer_size(EARLY.0).incoming_buffer_size_total(EARLY.1);
        let seats = seats(&self.ids, self.threads);
        let seated =
            |(socket, seat)| Seated { socket, seat, endpoint: self.endpoint.clone(), server: server.clone() };
        Ok(sockets.into_iter().zip(seats).map(seated).collect())
    }
}

impl Seated {
    /// Starts the endpoint on this thread. Connections are made with what the second part of the result says.
    pub(crate) fn start(self) -> io::Result<(Endpoint, ServerConfig)> {
        let Seated { socket, seat, mut endpoint, server } = self;
        let factory = seat.factory();
        endpoint.cid_generator(move || Box::new(factory()));
        let socket = Arc::new(SteeredSocket::new(socket, seat)?);
        let started = Endpoint::new_with_abstract_socket(
            endpoint,
            Some(server.clone()),
            socket,
            Arc::new(TokioRuntime),
        )?;
        Ok((started, server))
    }
}

/// Bounds for a connection that is given up after so long without a packet.
pub(crate) fn transport(idle: Duration) -> TransportConfig {
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
