use super::clock::Deadline;
use super::{Census, Worker};
use crate::buffer::Buffer;
use crate::front::{Connection, http1, http2};
use crate::listener::{ListenerState, LocalListener};
use crate::socket::Socket;
use std::future::{Future, poll_fn};
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

/// Pause after an error such as "too many open files", which the next attempt would only repeat.
const PAUSE: Duration = Duration::from_millis(50);

/// Accepts connections until told to stop, then what still waits, and lets go of the socket.
pub(super) async fn run(
    worker: Rc<Worker>,
    listener: TcpListener,
    state: Arc<ListenerState>,
    stop: Rc<Notify>,
) {
    let metrics = worker.metrics_of(&state.key);
    let state = Rc::new(LocalListener::new(state, metrics));
    let mut stopped = pin!(stop.notified());
    loop {
        let mut is_stopped = false;
        let next = poll_fn(|context| {
            is_stopped = stopped.as_mut().poll(context).is_ready();
            if is_stopped { Poll::Ready(None) } else { listener.poll_accept(context).map(Some) }
        });
        match next.await {
            None => break,
            Some(Ok((stream, peer))) => serve(&worker, &state, stream, peer),
            Some(Err(error)) if is_about_one_connection(&error) => {}
            Some(Err(_)) => tokio::time::sleep(PAUSE).await,
        }
    }
    let mut context = Context::from_waker(std::task::Waker::noop());
    while let Poll::Ready(Ok((stream, peer))) = listener.poll_accept(&mut context) {
        serve(&worker, &state, stream, peer);
    }
}

fn serve(worker: &Rc<Worker>, state: &Rc<LocalListener>, stream: TcpStream, peer: SocketAddr) {
    let census = Census::new(worker);
    if state.state.tls.is_some() {
        let (worker, state) = (Rc::clone(worker), Rc::clone(state));
        tokio::task::spawn_local(async move {
            if let Some(socket) = secure(&worker, &state, stream).await {
                let connection = Rc::new(Connection::new(&worker, &state, socket, peer));
                if connection.socket.speaks(b"h2") {
                    http2::serve(&connection, Buffer::default()).await;
                } else {
                    http1::serve(&connection).await;
                }
            }
            drop(census);
        });
        return;
    }
    let connection = Rc::new(Connection::new(worker, state, Socket::new(stream), peer));
    tokio::task::spawn_local(async move {
        http1::serve(&connection).await;
        drop(census);
    });
}

/// The TLS handshake, for which a client has as long as for a request's head.
async fn secure(worker: &Worker, listener: &LocalListener, stream: TcpStream) -> Option<Socket> {
    let config = listener.state.tls.as_ref()?.config()?;
    let session = rustls::ServerConnection::new(config).ok()?;
    let deadline = Deadline::new(&worker.clock);
    deadline.set(worker.timeouts.head);
    deadline.watch(Socket::secure(stream, session)).await.ok()?.ok()
}

/// The peer went away before it was accepted.
fn is_about_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}
