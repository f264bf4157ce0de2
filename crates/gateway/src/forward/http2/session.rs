use crate::forward::pool::PoolKey;
use crate::tls::UpstreamTls;
use crate::worker::clock::{Clock, Ticks};
use bytes::Bytes;
use h2::client::{Builder, SendRequest};
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::Notify;

/// Sessions of one thread with backends, by address and TLS identity: all routes that share a server share them.
#[derive(Debug, Default)]
pub(crate) struct Sessions {
    peers: RefCell<HashMap<PoolKey, Rc<Peer>, foldhash::fast::RandomState>>,
}

/// The sessions with one server.
#[derive(Debug, Default)]
struct Peer {
    sessions: RefCell<Vec<Rc<Session>>>,
    /// Somebody is connecting; others wait for that, for a session has room for many.
    connecting: Cell<bool>,
    connected: Notify,
}

/// One session.
#[derive(Debug)]
pub(crate) struct Session {
    sender: RefCell<SendRequest<Bytes>>,
    streams: Cell<usize>,
    /// It has carried other requests before.
    seasoned: Cell<bool>,
    /// New requests go elsewhere.
    retired: Cell<bool>,
    /// The tick at which the last stream ended.
    quiet_since: Cell<u64>,
}

/// Requests of one session at once, if the server takes as many.
const STREAMS: usize = 100;

/// Bytes that a server may send on one stream, and on all of them, before the client has taken them.
const STREAM_WINDOW: u32 = 128 * 1024;
const SESSION_WINDOW: u32 = 1024 * 1024;

/// Bytes of one request that wait for the server.
const SEND_BUFFER: usize = 64 * 1024;

/// How long a session without requests is kept. A server that ends it sooner says so, and no request is lost.
const KEEP: Duration = Duration::from_secs(30);

impl Sessions {
    /// A session that has room for one more stream; a new one if need be.
    pub(super) async fn get(
        &self,
        key: PoolKey,
        tls: Option<&UpstreamTls>,
        clock: &Rc<Clock>,
    ) -> io::Result<Rc<Session>> {
        let peer = Rc::clone(self.peers.borrow_mut().entry(key).or_default());
        loop {
            if let Some(session) = peer.find() {
                return Ok(session);
            }
            if peer.connecting.get() {
                peer.connected.notified().await;
            } else {
                return peer.connect(key.address, tls, clock).await;
            }
        }
    }

    /// Ends what hasn't been used for long, and forgets what has ended.
    pub(crate) fn sweep(&self, now: u64) {
        self.peers.borrow_mut().retain(|_, peer| {
            peer.sessions.borrow_mut().retain(|session| {
                let quiet = Ticks::between(session.quiet_since.get(), now) >= KEEP.into();
                !session.retired.get() && (session.streams.get() > 0 || !quiet)
            });
            peer.connecting.get() || !peer.sessions.borrow().is_empty()
        });
    }

    /// Ends all of them.
    pub(crate) fn clear(&self) {
        self.peers.borrow_mut().clear();
    }
}

impl Peer {
    fn find(&self) -> Option<Rc<Session>> {
        let mut sessions = self.sessions.borrow_mut();
        sessions.retain(|session| session.is_open());
        let found = sessions.iter().find(|session| session.has_room())?;
        found.seasoned.set(true);
        Some(Rc::clone(found))
    }

    async fn connect(
        &self,
        address: SocketAddr,
        tls: Option<&UpstreamTls>,
        clock: &Rc<Clock>,
    ) -> io::Result<Rc<Session>> {
        self.connecting.set(true);
        let _connecting = Connecting(self);
        let stream = TcpStream::connect(address).await?;
        // Without the option the connection works, only slower.
        let _ = stream.set_nodelay(true);
        match tls {
            None => self.open(stream, clock).await,
            Some(tls) => self.open(tls.connect_http2(stream, address).await?, clock).await,
        }
    }

    async fn open<T>(&self, stream: T, clock: &Rc<Clock>) -> io::Result<Rc<Session>>
    where
        T: AsyncRead + AsyncWrite + Unpin + 'static,
    {
        let mut builder = Builder::new();
        builder
            .enable_push(false)
            .initial_window_size(STREAM_WINDOW)
            .initial_connection_window_size(SESSION_WINDOW)
            .max_send_buffer_size(SEND_BUFFER);
        let (sender, driver) = builder.handshake(stream).await.map_err(io::Error::other)?;
        let session = Rc::new(Session {
            sender: RefCell::new(sender),
            streams: Cell::new(0),
            seasoned: Cell::new(false),
            retired: Cell::new(false),
            quiet_since: Cell::new(clock.now()),
        });
        let ending = Rc::downgrade(&session);
        tokio::task::spawn_local(async move {
            // How it ended its streams know.
            let _ = driver.await;
            if let Some(session) = ending.upgrade() {
                session.retire();
            }
        });
        self.sessions.borrow_mut().push(Rc::clone(&session));
        Ok(session)
    }
}

/// Wakes those who wait for a session, whether there is one or not.
struct Connecting<'a>(&'a Peer);

impl Drop for Connecting<'_> {
    fn drop(&mut self) {
        self.0.connecting.set(false);
        self.0.connected.notify_waiters();
    }
}

impl Session {
    fn is_open(&self) -> bool {
        let mut context = Context::from_waker(Waker::noop());
        !self.retired.get()
            && !matches!(self.sender.borrow_mut().poll_ready(&mut context), Poll::Ready(Err(_)))
    }

    fn has_room(&self) -> bool {
        self.streams.get() < STREAMS.min(self.sender.borrow().current_max_send_streams())
    }

    /// Whether it has carried other requests.
    pub(super) fn is_seasoned(&self) -> bool {
        self.seasoned.get()
    }

    /// Takes no more requests: it has ended, or nobody seems to be there.
    pub(super) fn retire(&self) {
        self.retired.set(true);
    }

    /// A handle to open a stream with.
    pub(super) fn sender(&self) -> SendRequest<Bytes> {
        self.sender.borrow().clone()
    }

    /// Counts a stream.
    pub(super) fn enter<'s>(&'s self, clock: &'s Clock) -> Entered<'s> {
        self.streams.set(self.streams.get() + 1);
        Entered { session: self, clock }
    }
}

/// A stream while it lasts.
pub(super) struct Entered<'s> {
    session: &'s Session,
    clock: &'s Clock,
}

impl Drop for Entered<'_> {
    fn drop(&mut self) {
        self.session.streams.set(self.session.streams.get() - 1);
        self.session.quiet_since.set(self.clock.now());
    }
}
