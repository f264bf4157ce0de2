//! HTTP/2 clients: a task a connection, and a task for each of its streams.
//!
//! Bounded on purpose: streams at once, header bytes, what is buffered for a client that doesn't read ([`Ledger`]), what a
//! client may send before the backend takes it (windows), how often a client may cancel, and what it may send beside requests
//! ([`control`]). What isn't named here the `h2` crate bounds: CONTINUATION frames, frames without data, frames of closed streams, local resets.
//!
//! Source: RFC 9113; RFC 8441 for WebSockets.

mod answer;
mod body;
mod control;
mod io;
mod ledger;
mod stream;

use super::{Connection, http1};
use crate::buffer::{Buffer, SMALL};
use crate::http1::MOST_FIELDS;
use crate::http1::request::Version;
use crate::options::Limits;
use crate::worker::clock::Ticks;
use bytes::Bytes;
use h2::server::{Builder, SendResponse};
use h2::{Reason, RecvStream};
use http::Request;
use io::SocketIo;
use ledger::{Ledger, Piece};
use std::cell::Cell;
use std::future::poll_fn;
use std::rc::Rc;
use std::time::Duration;

/// What a client says first who knows that the server speaks HTTP/2 (RFC 9113 §3.4).
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Requests of one connection at once. ALB's number isn't published; 128 is nginx's.
const STREAMS: u32 = 128;

/// Bytes that a client may send on one stream, and on all of them, before the backend has taken them.
const STREAM_WINDOW: u32 = 128 * 1024;
const CONNECTION_WINDOW: u32 = 1024 * 1024;

/// Bytes of one answer that wait for the client.
const SEND_BUFFER: usize = 64 * 1024;

/// How often a connection looks whether it should end while it has requests.
const RECHECK: Duration = Duration::from_millis(500);

/// How long a connection without requests may take to end.
const GOODBYE: Duration = Duration::from_secs(2);

/// Requests that a client may cancel at once, and in each [`RECHECK`] from then on: cancelling costs the gateway and its
/// backends more than the client (CVE-2023-44487).
const CANCELS: u32 = 200;

/// What the streams of a connection share.
#[derive(Debug)]
pub(super) struct Session {
    connection: Rc<Connection>,
    ledger: Rc<Ledger>,
    active: Cell<usize>,
    /// The tick at which the last stream ended.
    quiet_since: Cell<u64>,
    cancelled: Cell<u32>,
}

/// Whether a connection's first bytes are HTTP/2's. Reads more if they may be.
pub(super) async fn is_preface(connection: &Connection, input: &mut Buffer) -> bool {
    connection.deadline.set(connection.worker.timeouts.head);
    loop {
        let first = input.filled();
        let compared = first.len().min(PREFACE.len());
        if first[..compared] != PREFACE[..compared] {
            return false;
        }
        if compared == PREFACE.len() {
            return true;
        }
        let more = connection.worker.fill(&connection.socket, input, SMALL);
        if !matches!(connection.deadline.watch(more).await, Ok(Ok(1..))) {
            return false;
        }
    }
}

/// Serves a connection to its end. `input` is what has been read from it already.
pub(crate) async fn serve(connection: &Rc<Connection>, input: Buffer) {
    let io = SocketIo::new(Rc::clone(connection), input);
    connection.deadline.set(connection.worker.timeouts.head);
    let handshake = builder(&connection.worker.options.limits).handshake(io);
    let Ok(Ok(mut accepting)) = connection.deadline.watch(handshake).await else { return };
    let _open = connection.speaks(Version::Http2);
    let session = Rc::new(Session::new(connection));
    let mut leaving = false;
    session.rearm(leaving);
    loop {
        let next = poll_fn(|context| accepting.poll_accept(context));
        match connection.deadline.watch(next).await {
            Ok(Some(Ok((request, respond)))) => session.begin(request, respond),
            Ok(Some(Err(_)) | None) => break,
            Err(_) if leaving && session.active.get() == 0 => break,
            Err(_) => {
                if !leaving && session.should_leave() {
                    leaving = true;
                    accepting.graceful_shutdown();
                }
                session.cancelled.set(session.cancelled.get().saturating_sub(CANCELS / 2));
            }
        }
        if session.cancelled.get() > CANCELS {
            accepting.abrupt_shutdown(Reason::ENHANCE_YOUR_CALM);
        }
        session.rearm(leaving);
    }
    drop(accepting);
    // A client that still sends must be able to read why it shouldn't.
    http1::linger(connection, &mut Buffer::default()).await;
}

fn builder(limits: &Limits) -> Builder {
    // What a field counts beside its text (RFC 9113 §6.5.2). Heads that are too large for us, but not for this, get an
    // answer that says so.
    let fields = 32 * (MOST_FIELDS + 8);
    let heads = limits.header_bytes + limits.uri_bytes + fields;
    let mut builder = Builder::new();
    builder
        .max_concurrent_streams(STREAMS)
        .initial_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .max_header_list_size(u32::try_from(heads).unwrap_or(u32::MAX))
        .max_send_buffer_size(SEND_BUFFER)
        .enable_connect_protocol();
    builder
}

impl Session {
    fn new(connection: &Rc<Connection>) -> Session {
        Session {
            connection: Rc::clone(connection),
            ledger: Rc::default(),
            active: Cell::new(0),
            quiet_since: Cell::new(connection.worker.clock.now()),
            cancelled: Cell::new(0),
        }
    }

    fn begin(self: &Rc<Self>, request: Request<RecvStream>, respond: SendResponse<Piece>) {
        self.active.set(self.active.get() + 1);
        let session = Rc::clone(self);
        tokio::task::spawn_local(async move {
            stream::serve(&session, request, respond).await;
            session.active.set(session.active.get() - 1);
            session.quiet_since.set(session.connection.worker.clock.now());
        });
    }

    fn idle(&self) -> Ticks {
        self.connection.worker.idle(self.connection.listener.serving().frame.idle)
    }

    /// How long there has been no request.
    fn quiet(&self) -> Ticks {
        Ticks::between(self.quiet_since.get(), self.connection.worker.clock.now())
    }

    /// Whether the client should go elsewhere, or has nothing more to say.
    fn should_leave(&self) -> bool {
        self.connection.is_closing() || (self.active.get() == 0 && self.quiet() >= self.idle())
    }

    /// Sets when to look next. While there are requests, their own deadlines hold.
    fn rearm(&self, leaving: bool) {
        let deadline = &self.connection.deadline;
        match (self.active.get(), leaving) {
            (0, true) => deadline.set(GOODBYE.into()),
            (0, false) => deadline.set_idle(self.idle().minus(self.quiet())),
            (_, _) => deadline.set_idle(RECHECK.into()),
        }
    }
}

/// What is sent: it knows when it has been.
type Sending = h2::SendStream<Piece>;

/// A piece of a connection's data.
fn piece(ledger: &Rc<Ledger>, bytes: Bytes) -> Piece {
    Piece::new(ledger, bytes)
}
