//! HTTP/3 clients: a task a connection, and a task for each of its streams.
//!
//! Bounded on purpose: requests at once, header bytes, what a client may send before the backend takes it and what waits for a
//! client that doesn't read (both in [`crate::quic`]), frames that mean nothing, and how often a client may cancel.
//!
//! Source: RFC 9114; RFC 9220 for WebSockets.

mod answer;
mod body;
mod control;
mod frames;
mod stream;

use super::Client;
use crate::http1::request::Version;
use crate::http3::ErrorCode;
use crate::http3::frame::{CONTROL_STREAM, QPACK_ENCODER_STREAM, push_control, push_goaway};
use crate::http3::qpack::Decoder;
use crate::http3::varint;
use crate::worker::clock::{Deadline, Ticks};
use quinn::{Connection, RecvStream, SendStream, VarInt};
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

/// How often a connection looks whether it should end while it has requests.
const RECHECK: Duration = Duration::from_millis(500);

/// How long a client that was told to go elsewhere may still send requests that were on their way.
const GOODBYE: Duration = Duration::from_millis(500);

/// How long the last answer has, beside some round trips, to reach the client.
const ARRIVAL: Duration = Duration::from_millis(200);

/// Requests that a client may cancel at once, and in each [`RECHECK`] from then on: cancelling costs the gateway and its
/// backends more than the client.
const CANCELS: u32 = 200;

/// Bytes of heads that haven't come whole, of all requests of a connection. Heads are rarely in more than one packet.
const HEADS: usize = 256 * 1024;

/// What the streams of a connection share.
#[derive(Debug)]
pub(super) struct Session {
    client: Client,
    quic: Connection,
    decoder: RefCell<Decoder>,
    active: Cell<usize>,
    /// The tick at which the last stream ended.
    quiet_since: Cell<u64>,
    cancelled: Cell<u32>,
    /// Bytes of heads that haven't come whole.
    heads: Cell<usize>,
    /// Which of the streams that a client has one of have begun, a bit each.
    begun: Cell<u8>,
}

/// How far a connection's end has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Leaving {
    No,
    /// The client knows that it should go elsewhere; what it sent before it heard of that is answered.
    Announced,
    /// Requests from this stream on are rejected, so that the client can send them elsewhere.
    From(u64),
}

/// Serves a connection to its end.
pub(crate) async fn serve(client: Client, quic: Connection) {
    let deadline = Deadline::new(&client.worker.clock);
    let Some(mut control) = open_control(&client, &quic).await else { return };
    let session = Rc::new(Session::new(client, quic));
    let _open = session.client.speaks(Version::Http3);
    tokio::task::spawn_local(accept_others(Rc::clone(&session)));
    let mut leaving = Leaving::No;
    let mut next_id = 0;
    session.rearm(&deadline, leaving);
    loop {
        match deadline.watch(session.quic.accept_bi()).await {
            Ok(Ok((sending, receiving))) => {
                let id = sending.id().index() * 4;
                match leaving {
                    Leaving::From(first) if id >= first => reject(sending, receiving),
                    _ => session.begin(sending, receiving),
                }
                next_id = next_id.max(id + 4);
                if leaving == Leaving::No {
                    session.rearm(&deadline, leaving);
                }
            }
            Ok(Err(_)) => return,
            Err(_) if session.is_over(leaving) => break,
            Err(_) => {
                leaving = session.leave(leaving, next_id, &mut control).await;
                session.cancelled.set(session.cancelled.get().saturating_sub(CANCELS / 2));
                session.rearm(&deadline, leaving);
            }
        }
    }
    session.close(ErrorCode::NO_ERROR);
    // The task that sends it comes first.
    tokio::task::yield_now().await;
}

/// Opens our control stream and sends our settings on it.
async fn open_control(client: &Client, quic: &Connection) -> Option<SendStream> {
    let limits = &client.worker.options.limits;
    let mut control = quic.open_uni().await.ok()?;
    let mut settings = Vec::new();
    push_control(limits.header_bytes + limits.uri_bytes, &mut settings);
    control.write_all(&settings).await.ok()?;
    Some(control)
}

/// Takes the streams on which only the client sends.
async fn accept_others(session: Rc<Session>) {
    while let Ok(stream) = session.quic.accept_uni().await {
        tokio::task::spawn_local(control::serve(Rc::clone(&session), stream));
    }
}

/// Tells a client that a request hasn't been looked at (RFC 9114 §4.1.1).
fn reject(mut sending: SendStream, mut receiving: RecvStream) {
    let code = VarInt::from_u32(ErrorCode::REQUEST_REJECTED.0);
    // It may have ended by itself.
    let _ = sending.reset(code);
    let _ = receiving.stop(code);
}

impl Session {
    fn new(client: Client, quic: Connection) -> Session {
        Session {
            active: Cell::new(0),
            quiet_since: Cell::new(client.worker.clock.now()),
            cancelled: Cell::new(0),
            heads: Cell::new(0),
            begun: Cell::new(0),
            decoder: RefCell::default(),
            client,
            quic,
        }
    }

    fn begin(self: &Rc<Self>, sending: SendStream, receiving: RecvStream) {
        self.active.set(self.active.get() + 1);
        let session = Rc::clone(self);
        tokio::task::spawn_local(async move {
            stream::serve(&session, sending, receiving).await;
            session.active.set(session.active.get() - 1);
            session.quiet_since.set(session.client.worker.clock.now());
        });
    }

    /// Ends the connection, for all of its streams.
    fn close(&self, code: ErrorCode) -> ErrorCode {
        self.quic.close(VarInt::from_u32(code.0), b"");
        code
    }

    /// Whether a client opens this stream, of which it has one, for the first time.
    fn is_first(&self, kind: u64) -> bool {
        let bit = match kind {
            CONTROL_STREAM => 1,
            QPACK_ENCODER_STREAM => 2,
            _ => 4,
        };
        let before = self.begun.replace(self.begun.get() | bit);
        before & bit == 0
    }

    fn count_cancelled(&self) {
        self.cancelled.set(self.cancelled.get() + 1);
        if self.cancelled.get() > CANCELS {
            self.close(ErrorCode::EXCESSIVE_LOAD);
        }
    }

    fn idle(&self) -> Ticks {
        self.client.worker.idle(self.client.listener.serving().frame.idle)
    }

    /// How long there has been no request.
    fn quiet(&self) -> Ticks {
        Ticks::between(self.quiet_since.get(), self.client.worker.clock.now())
    }

    /// Whether the client should go elsewhere, or has nothing more to say.
    fn should_leave(&self) -> bool {
        self.client.is_closing() || (self.active.get() == 0 && self.quiet() >= self.idle())
    }

    /// Whether everything has been said, and has had time to arrive.
    fn is_over(&self, leaving: Leaving) -> bool {
        let arrival = Ticks::from(ARRIVAL.max(self.quic.rtt() * 3));
        matches!(leaving, Leaving::From(_)) && self.active.get() == 0 && self.quiet() >= arrival
    }

    /// Says goodbye in two steps, so that no request is lost that the client sends before it hears of it.
    ///
    /// Source: RFC 9114 §5.2.
    async fn leave(&self, leaving: Leaving, next_id: u64, control: &mut SendStream) -> Leaving {
        let (step, id) = match leaving {
            Leaving::No if self.should_leave() => (Leaving::Announced, varint::MOST - 3),
            Leaving::Announced => (Leaving::From(next_id), next_id),
            same => return same,
        };
        let mut goaway = Vec::new();
        push_goaway(id, &mut goaway);
        // A connection that is lost needs no goodbye.
        let _ = control.write_all(&goaway).await;
        step
    }

    /// Sets when to look next. While there are requests, their own deadlines hold.
    fn rearm(&self, deadline: &Deadline, leaving: Leaving) {
        match (self.active.get(), leaving) {
            (0, Leaving::No) => deadline.set_idle(self.idle().minus(self.quiet())),
            (_, Leaving::No) => deadline.set_idle(RECHECK.into()),
            (0, Leaving::From(_)) => deadline.set(ARRIVAL.into()),
            _ => deadline.set(self.client.worker.idle(GOODBYE.into())),
        }
    }
}
