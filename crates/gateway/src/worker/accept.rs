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
use std::task::Poll;
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
    let begun = |(stream, peer)| serve(&worker, &state, stream, peer);
    if worker.ends_gently() && refuse_new(&listener).is_ok() {
        let waiting = poll_fn(|context| {
            while let Poll::Ready(Ok(accepted)) = listener.poll_accept(context) {
                begun(accepted);
            }
            Poll::<()>::Pending
        });
        // What is late is answered by a reset, as it would be by any server.
        let _ = tokio::time::timeout(HANDSHAKE, waiting).await;
    }
    // Asked of the system itself: the runtime may not have heard yet of those that came last.
    let Ok(listener) = listener.into_std() else { return };
    while let Ok((stream, peer)) = listener.accept() {
        let stream = stream.set_nonblocking(true).and_then(|()| TcpStream::from_std(stream));
        if let Ok(stream) = stream {
            begun((stream, peer));
        }
    }
}

/// How long a client that has begun to connect may take until it is connected: a round trip.
const HANDSHAKE: Duration = Duration::from_millis(100);

/// Lets the system forget that anybody wants to connect. A client whose SYN isn't answered sends it again after a second, by when the
/// socket is closed and another process that shares the port gets it. Closing the socket at once would reset those whose
/// handshake is under way: the system has chosen this socket for them already (unless `net.ipv4.tcp_migrate_req` is 1).
#[cfg(target_os = "linux")]
fn refuse_new(listener: &TcpListener) -> io::Result<()> {
    use socket2::{SockFilter, SockRef};
    // Classic BPF over the TCP header (linux/bpf_common.h): load the flags' byte, keep SYN and ACK, drop what is SYN alone.
    let filter = [
        SockFilter::new(0x30, 0, 0, 13),
        SockFilter::new(0x54, 0, 0, 0x12),
        SockFilter::new(0x15, 0, 1, 0x02),
        SockFilter::new(0x06, 0, 0, 0),
        SockFilter::new(0x06, 0, 0, u32::MAX),
    ];
    SockRef::from(listener).attach_filter(&filter)
}

#[cfg(not(target_os = "linux"))]
fn refuse_new(_: &TcpListener) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

fn serve(worker: &Rc<Worker>, state: &Rc<LocalListener>, stream: TcpStream, peer: SocketAddr) {
    let census = Census::new(worker);
    if state.state.tls.is_some() {
        let (worker, state) = (Rc::clone(worker), Rc::clone(state));
        tokio::task::spawn_local(async move {
            let secured = secure(&worker, &state, stream).await;
            let metrics = &state.metrics;
            let counted = if secured.is_some() { &metrics.tls_handshakes } else { &metrics.tls_failures };
            counted.add(1);
            if let Some(socket) = secured {
                let connection = Rc::new(Connection::new(&worker, &state, socket, peer));
                if connection.socket.speaks(b"h2") {
                    Box::pin(http2::serve(&connection, Buffer::default())).await;
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
