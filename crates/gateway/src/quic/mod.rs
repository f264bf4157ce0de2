//! QUIC (RFC 9000): sockets, connection ids, and what a client may ask for.
//!
//! Every thread has its own socket on the shared port and its own endpoint. The system picks the socket by the client's
//! address; a connection whose client has moved is led back to its thread by its connection id ([`steering`]).

mod config;
mod connection_id;
mod siblings;
mod socket;
mod steering;

pub(crate) use config::{Offer, Quic, Seated};
