//! Stage 3a: the embedded ALB, a gateway that serves the model.
//!
//! A [`Gateway`] has threads that share nothing but tables and addresses. Rules come as [`Change`]s, one Ingress each, and
//! are compiled into one [`Table`] a listener; endpoints are swapped beside it. The same table answers
//! [`Table::explain`] without any socket.
//!
//! Invariants: a request is routed as a scan over all rules in order of priority would route it; a change costs what it
//! changes; a change closes no connection; what the gateway answers by itself says why in `x-net-alb-error`
//! ([`Reason`]).

mod access_log;
mod buffer;
mod endpoints;
mod forward;
mod front;
mod gateway;
mod http1;
mod http3;
mod listener;
pub mod metrics;
mod options;
mod parts;
mod quic;
mod reason;
mod socket;
pub mod table;
mod tls;
pub mod trace;
mod view;
mod worker;

pub use access_log::{AccessLog, Record};
pub use endpoints::Endpoints;
pub use gateway::{Applied, Gateway};
pub use listener::ListenerKey;
pub use net_alb_model::ObjectKey;
pub use options::{Limits, Options};
pub use reason::Reason;
pub use table::{Change, Table, compile, fragments};
pub use tls::{
    BackendTls, CertificateInfo, ClientCertificate, Pem, TlsFacts, check_certificate, check_client_ca,
};
pub use view::View;
