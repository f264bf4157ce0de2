use crate::metrics::listener::ListenerMetrics;
use crate::table::Table;
use crate::tls::ListenerTls;
use crate::worker::clock::Ticks;
use arc_swap::{ArcSwap, Cache};
use net_alb_model::{DefaultAction, Listener, ListenerId, Protocol, XForwardedFor};
use std::cell::RefCell;
use std::fmt;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// A listener of one load balancer.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ListenerKey {
    /// The AlbConfig's name.
    pub alb: String,
    /// Port and protocol, as in the AlbConfig; the gateway may listen elsewhere.
    pub id: ListenerId,
}

impl ListenerKey {
    pub(crate) fn transport(&self) -> Transport {
        if self.id.protocol == Protocol::Quic { Transport::Udp } else { Transport::Tcp }
    }
}

/// What a listener's packets come by. The two can share an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Transport {
    Tcp,
    Udp,
}

impl fmt::Display for ListenerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let protocol = match self.id.protocol {
            Protocol::Http => "HTTP",
            Protocol::Https => "HTTPS",
            Protocol::Quic => "QUIC",
        };
        write!(f, "{}/{protocol}:{}", self.alb, self.id.port)
    }
}

/// A listener's settings, without its rules.
#[derive(Debug, Clone)]
pub(crate) struct Frame {
    pub(crate) idle: Ticks,
    pub(crate) request: Ticks,
    pub(crate) x_forwarded_for: XForwardedFor,
    pub(crate) default_action: DefaultAction,
    /// The port of the QUIC listener that answers announce.
    pub(crate) quic_port: Option<u16>,
}

impl Frame {
    pub(crate) fn new(listener: &Listener) -> Frame {
        let seconds = |seconds: u16| Ticks::from(Duration::from_secs(seconds.into()));
        Frame {
            idle: seconds(listener.idle_timeout_seconds),
            request: seconds(listener.request_timeout_seconds),
            x_forwarded_for: listener.x_forwarded_for,
            default_action: listener.default_action,
            quic_port: listener.quic_port,
        }
    }
}

impl Default for Frame {
    /// What ALB has where nothing is said.
    fn default() -> Self {
        Frame {
            idle: Ticks::from(Duration::from_secs(15)),
            request: Ticks::from(Duration::from_mins(1)),
            x_forwarded_for: XForwardedFor::default(),
            default_action: DefaultAction::EmptyServerGroup,
            quic_port: None,
        }
    }
}

/// What a listener serves at one moment. Requests that have begun keep theirs.
#[derive(Debug, Clone)]
pub(crate) struct Serving {
    pub(crate) frame: Frame,
    pub(crate) table: Arc<Table>,
}

/// A listener as all threads share it.
#[derive(Debug)]
pub(crate) struct ListenerState {
    pub(crate) key: ListenerKey,
    pub(crate) serving: Arc<ArcSwap<Serving>>,
    /// HTTPS and QUIC only.
    pub(crate) tls: Option<ListenerTls>,
    closing: AtomicBool,
}

impl ListenerState {
    pub(crate) fn new(key: ListenerKey, table: Table, tls: Option<ListenerTls>) -> ListenerState {
        let serving = Serving { frame: Frame::default(), table: Arc::new(table) };
        ListenerState {
            key,
            serving: Arc::new(ArcSwap::from_pointee(serving)),
            tls,
            closing: AtomicBool::new(false),
        }
    }

    pub(crate) fn set_frame(&self, frame: Frame) {
        let table = Arc::clone(&self.serving.load().table);
        self.serving.store(Arc::new(Serving { frame, table }));
    }

    pub(crate) fn set_table(&self, table: Table) {
        let frame = self.serving.load().frame.clone();
        self.serving.store(Arc::new(Serving { frame, table: Arc::new(table) }));
    }

    /// Whether connections end after their next answer.
    pub(crate) fn is_closing(&self) -> bool {
        self.closing.load(Ordering::Relaxed)
    }

    pub(crate) fn set_closing(&self, closing: bool) {
        self.closing.store(closing, Ordering::Relaxed);
    }
}

/// A listener as the connections of one thread see it.
#[derive(Debug)]
pub(crate) struct LocalListener {
    pub(crate) state: Arc<ListenerState>,
    latest: RefCell<Latest>,
    /// What this thread counts of it.
    pub(crate) metrics: Arc<ListenerMetrics>,
}

/// What the last request was served by: looking whether it's still that costs one load.
#[derive(Debug)]
struct Latest {
    cache: Cache<Arc<ArcSwap<Serving>>, Arc<Serving>>,
    shared: Arc<Serving>,
    /// The same for this thread alone. Requests hold this one: all threads counting in one place would wait for each other.
    own: Rc<Serving>,
}

impl LocalListener {
    pub(crate) fn new(state: Arc<ListenerState>, metrics: Arc<ListenerMetrics>) -> LocalListener {
        let mut cache = Cache::new(Arc::clone(&state.serving));
        let shared = Arc::clone(cache.load());
        let own = Rc::new(Serving::clone(&shared));
        LocalListener { state, latest: RefCell::new(Latest { cache, shared, own }), metrics }
    }

    /// What the listener serves now. A request keeps what it began with.
    pub(crate) fn serving(&self) -> Rc<Serving> {
        let Latest { cache, shared, own } = &mut *self.latest.borrow_mut();
        let current = cache.load();
        if !Arc::ptr_eq(current, shared) {
            *shared = Arc::clone(current);
            *own = Rc::new(Serving::clone(current));
        }
        Rc::clone(own)
    }
}
