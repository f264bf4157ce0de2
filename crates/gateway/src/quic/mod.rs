//! QUIC (RFC 9000): sockets, connection ids, and what a client may ask for.
//!
//! Every thread has its own socket on the shared port and its own endpoint. The system picks the socket by the client's
//! address; a connection whose client has moved is led back to its thread by its connection id ([`steering`]).

pub(crate) mod config;
mod connection_id;
mod socket;
mod steering;

pub(crate) use config::{Quic, Seated};
use socket::SteeredSocket;
pub(crate) use socket::bind;
