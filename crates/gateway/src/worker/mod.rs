//! One thread of the data plane: its own runtime, sockets, connections and time. Threads share nothing but the listeners'
//! tables and the backends' addresses.

mod accept;
pub(crate) mod clock;
mod quic;
mod thread;

pub(crate) use thread::{Bound, Command, Listen, WorkerHandle};

use crate::buffer::{Buffer, Buffers};
use crate::forward::Scratch as ForwardScratch;
use crate::forward::http2::Sessions;
use crate::forward::pool::Upstreams;
use crate::http1::request::Request;
use crate::listener::ListenerKey;
use crate::metrics::Metrics;
use crate::metrics::listener::ListenerMetrics;
use crate::metrics::worker::WorkerMetrics;
use crate::options::Options;
use crate::socket::Socket;
use crate::table::Headers;
use crate::trace::{Ids, SpanContext};
use clock::{Clock, Ticks};
use quinn::Endpoint;
use slab::Slab;
use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::io;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};
use tokio::sync::Notify;

/// What all connections of a thread share.
#[derive(Debug)]
pub(crate) struct Worker {
    pub(crate) options: Arc<Options>,
    number: usize,
    all_metrics: Arc<Metrics>,
    /// What is saved up towards the next line of the access log.
    logged: Cell<u64>,
    /// What each request adds to it.
    logged_share: u64,
    ids: Ids,
    /// What this thread counts.
    pub(crate) metrics: Arc<WorkerMetrics>,
    pub(crate) timeouts: Timeouts,
    /// A moment before any request, the same on all threads.
    pub(crate) epoch: Instant,
    pub(crate) clock: Rc<Clock>,
    pub(crate) buffers: Buffers,
    pub(crate) upstreams: Upstreams,
    pub(crate) sessions: Sessions,
    #[allow(clippy::vec_box, reason = "moved with every request, and too large for that")]
    scratches: RefCell<Vec<Box<Scratch>>>,
    /// Set when the thread is about to end: how long a connection may still send a request that was on its way.
    draining: Cell<Option<Ticks>>,
    connections: Cell<usize>,
    /// To tell QUIC clients when the thread ends, who wouldn't notice otherwise.
    endpoints: RefCell<Slab<Endpoint>>,
    /// The last connection has ended.
    empty: Notify,
    /// The grace period is over: who can say goodbye does.
    pub(crate) parting: Notify,
}

/// What all threads are started with.
#[derive(Debug, Clone)]
pub(crate) struct Shared {
    pub(crate) options: Arc<Options>,
    pub(crate) metrics: Arc<Metrics>,
    /// A moment before any request.
    pub(crate) epoch: Instant,
}

/// The limits that are times.
#[derive(Debug)]
pub(crate) struct Timeouts {
    pub(crate) head: Ticks,
    pub(crate) connect: Ticks,
}

/// Buffers that one request borrows: a connection that waits for its next request holds none.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    pub(crate) request: Request,
    pub(crate) forward: ForwardScratch,
    /// What goes to the client.
    pub(crate) answer: Vec<u8>,
}

/// A whole line of the access log.
const LINE: u64 = 1 << 32;

/// What a request adds towards a line: a whole number, rounded up, so that ten times a tenth is one.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "0 to 2³²"
)]
fn share_of_line(share: f64) -> u64 {
    (share.clamp(0.0, 1.0) * LINE as f64).ceil() as u64
}

/// Sets of buffers kept for later.
const KEPT: usize = 256;

/// A set with a buffer beyond this isn't kept.
const LARGEST_KEPT: usize = 32 * 1024;

impl Worker {
    fn new(shared: Shared, number: usize) -> Worker {
        let Shared { options, metrics, epoch } = shared;
        let limits = &options.limits;
        Worker {
            number,
            metrics: Arc::clone(&metrics.workers[number]),
            all_metrics: metrics,
            logged: Cell::new(0),
            logged_share: share_of_line(options.access_log_share),
            ids: Ids::default(),
            timeouts: Timeouts { head: limits.head_timeout.into(), connect: limits.connect_timeout.into() },
            upstreams: Upstreams::new(limits.upstream_idle, limits.upstream_idle_timeout.into()),
            sessions: Sessions::default(),
            options,
            epoch,
            clock: Rc::new(Clock::new()),
            buffers: Buffers::default(),
            scratches: RefCell::default(),
            draining: Cell::new(None),
            connections: Cell::new(0),
            endpoints: RefCell::default(),
            empty: Notify::new(),
            parting: Notify::new(),
        }
    }

    /// Reads into the buffer, which has a block only while there is something to read: an empty one gives its block back to
    /// wait, a parked one stays parked. The block grows up to `most`; beyond it's an error.
    pub(crate) async fn fill(&self, socket: &Socket, buffer: &mut Buffer, most: usize) -> io::Result<usize> {
        poll_fn(|context| {
            // Most polls are about something else that the task waits for: they come to this and no further.
            if socket.poll_readable(context)?.is_pending() {
                self.buffers.release(buffer);
                return Poll::Pending;
            }
            self.poll_fill(context, buffer, most, |context, buffer| socket.poll_read(context, buffer))
        })
        .await
    }

    /// As [`Worker::fill`], from whatever can be read.
    pub(crate) async fn fill_by(
        &self,
        buffer: &mut Buffer,
        most: usize,
        mut poll_read: impl FnMut(&mut Context<'_>, &mut Buffer) -> Poll<io::Result<usize>>,
    ) -> io::Result<usize> {
        poll_fn(|context| self.poll_fill(context, buffer, most, &mut poll_read)).await
    }

    fn poll_fill(
        &self,
        context: &mut Context<'_>,
        buffer: &mut Buffer,
        most: usize,
        poll_read: impl FnOnce(&mut Context<'_>, &mut Buffer) -> Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        let parked = buffer.is_parked();
        if !self.buffers.make_room(buffer, most) {
            return Poll::Ready(Err(io::ErrorKind::OutOfMemory.into()));
        }
        let read = poll_read(context, buffer);
        if read.is_pending() {
            if parked {
                self.buffers.park(buffer);
            } else {
                self.buffers.release(buffer);
            }
        }
        read
    }

    /// Whether a request without an error goes into the access log: as many as are wanted, evenly spread.
    pub(crate) fn is_logged(&self) -> bool {
        let saved = self.logged.get() + self.logged_share;
        self.logged.set(saved % LINE);
        saved >= LINE
    }

    /// A request's place in a trace, where requests are traced.
    pub(crate) fn begin_span(&self, headers: Headers<'_>) -> Option<SpanContext> {
        let tracing = self.options.tracing.as_ref()?;
        Some(tracing.begin(&self.ids, headers.values("traceparent").next()))
    }

    /// What this thread counts of a listener.
    pub(crate) fn metrics_of(&self, listener: &ListenerKey) -> Arc<ListenerMetrics> {
        self.all_metrics.listener(listener, self.number)
    }

    /// Whether the thread is about to end.
    pub(crate) fn is_draining(&self) -> bool {
        self.draining.get().is_some()
    }

    /// Whether there is time for clients to notice: not where everything ends at once.
    pub(crate) fn ends_gently(&self) -> bool {
        self.draining.get() != Some(Ticks::from(Duration::ZERO))
    }

    /// How long a connection may be idle that otherwise may be so for `usual`.
    pub(crate) fn idle(&self, usual: Ticks) -> Ticks {
        self.draining.get().map_or(usual, |last| usual.min(last))
    }

    pub(crate) fn take_scratch(&self) -> Box<Scratch> {
        self.scratches.borrow_mut().pop().unwrap_or_default()
    }

    pub(crate) fn give_scratch(&self, scratch: Box<Scratch>) {
        let mut scratches = self.scratches.borrow_mut();
        if scratches.len() < KEPT
            && scratch.answer.capacity() <= LARGEST_KEPT
            && scratch.forward.is_small(LARGEST_KEPT)
        {
            scratches.push(scratch);
        }
    }
}

/// Counts a connection while it lives.
#[derive(Debug)]
pub(crate) struct Census(Rc<Worker>);

impl Census {
    pub(crate) fn new(worker: &Rc<Worker>) -> Census {
        worker.connections.set(worker.connections.get() + 1);
        Census(Rc::clone(worker))
    }
}

impl Drop for Census {
    fn drop(&mut self) {
        self.0.connections.set(self.0.connections.get() - 1);
        if self.0.connections.get() == 0 {
            self.0.empty.notify_one();
        }
    }
}
