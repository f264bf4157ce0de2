use super::clock::Deadline;
use super::{Census, Worker};
use crate::front::{Client, http3};
use crate::http3::ErrorCode;
use crate::listener::{ListenerState, LocalListener};
use crate::quic::Offer;
use crate::tls::{ListenerTls, TlsFacts};
use quinn::crypto::rustls::HandshakeData;
use quinn::{Connecting, Connection, Endpoint, Incoming, VarInt};
use std::cell::Cell;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::Poll;
use tokio::sync::Notify;

/// Handshakes at once from which on clients must show that they get what is sent to their address (RFC 9000 §8.1). It costs
/// them a round trip.
const UNPROVEN: usize = 64;

/// Handshakes at once from which on nobody gets in.
const MOST: usize = 2048;

/// What the handshakes of an endpoint share.
struct Door {
    worker: Rc<Worker>,
    listener: Rc<LocalListener>,
    handshakes: Cell<usize>,
}

/// Accepts connections until told to stop. Those that are there go on, and packets for them still come here; until the last one
/// has ended, new ones are passed to another process if there is one, and else refused, so that clients try elsewhere at once.
pub(super) async fn run(
    worker: Rc<Worker>,
    (endpoint, mut offer): (Endpoint, Offer),
    state: Arc<ListenerState>,
    stop: Rc<Notify>,
) {
    let metrics = worker.metrics_of(&state.key);
    let listener = Rc::new(LocalListener::new(state, metrics));
    let door = Rc::new(Door { worker, listener, handshakes: Cell::new(0) });
    let key = door.worker.endpoints.borrow_mut().insert(endpoint.clone());
    let desk = offer.take_desk().map(|desk| tokio::task::spawn_local(desk.run()));
    let mut stopped = pin!(stop.notified());
    loop {
        let mut accepting = pin!(endpoint.accept());
        let next = poll_fn(|context| match stopped.as_mut().poll(context) {
            Poll::Ready(()) => Poll::Ready(None),
            Poll::Pending => accepting.as_mut().poll(context),
        });
        match next.await {
            Some(incoming) => door.admit(incoming, &mut offer),
            None => break,
        }
    }
    offer.leave();
    tokio::task::spawn_local(async move {
        let mut idle = pin!(endpoint.wait_idle());
        loop {
            let mut accepting = pin!(endpoint.accept());
            let next = poll_fn(|context| match idle.as_mut().poll(context) {
                Poll::Ready(()) => Poll::Ready(None),
                Poll::Pending => accepting.as_mut().poll(context),
            });
            let Some(incoming) = next.await else { break };
            incoming.refuse();
        }
        door.worker.endpoints.borrow_mut().try_remove(key);
        if let Some(desk) = desk {
            desk.abort();
        }
    });
}

/// Ends the connections that are left.
pub(super) async fn close_all(worker: &Worker) {
    let endpoints: Vec<_> = worker.endpoints.borrow_mut().drain().collect();
    for endpoint in &endpoints {
        endpoint.close(VarInt::from_u32(ErrorCode::NO_ERROR.0), b"");
    }
    // The tasks that send it come first: the endpoints' drivers tell the connections', which send.
    for _ in 0..2 * endpoints.len() {
        tokio::task::yield_now().await;
    }
}

impl Door {
    fn admit(self: &Rc<Self>, incoming: Incoming, offer: &mut Offer) {
        let handshakes = self.handshakes.get();
        if handshakes >= MOST {
            return incoming.refuse();
        }
        if handshakes >= UNPROVEN && !incoming.remote_address_validated() {
            // Where it can't be asked for, it has been shown.
            let _ = incoming.retry();
            return;
        }
        let frame = &self.listener.serving().frame;
        // A backend may take its time without a packet being sent.
        let idle = frame.idle.max(frame.request).duration();
        let tls = self.listener.state.tls.as_ref().and_then(ListenerTls::config);
        match tls.and_then(|tls| offer.with(tls, idle)) {
            Some(config) => {
                if let Ok(connecting) = incoming.accept_with(config) {
                    self.serve(connecting);
                }
            }
            None => incoming.refuse(),
        }
    }

    fn serve(self: &Rc<Self>, connecting: Connecting) {
        let door = Rc::clone(self);
        let census = Census::new(&self.worker);
        tokio::task::spawn_local(async move {
            if let Some(connection) = door.handshake(connecting).await {
                http3::serve(door.client(&connection), connection).await;
            }
            drop(census);
        });
    }

    /// The handshake, for which a client has as long as for a request's head.
    async fn handshake(&self, connecting: Connecting) -> Option<Connection> {
        self.handshakes.set(self.handshakes.get() + 1);
        let deadline = Deadline::new(&self.worker.clock);
        deadline.set(self.worker.timeouts.head);
        let connection = deadline.watch(connecting).await;
        self.handshakes.set(self.handshakes.get() - 1);
        connection.ok()?.ok()
    }

    fn client(&self, connection: &Connection) -> Client {
        let data = connection.handshake_data().and_then(|data| data.downcast::<HandshakeData>().ok());
        let server_name = data.and_then(|data| data.server_name).map(|name| name.to_ascii_lowercase());
        Client {
            worker: Rc::clone(&self.worker),
            listener: Rc::clone(&self.listener),
            peer: connection.remote_address(),
            tls: Some(TlsFacts { server_name, version: "TLSv1.3", ..TlsFacts::default() }),
        }
    }
}
