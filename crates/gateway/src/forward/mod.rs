//! From a rule to an answer: choosing a server, connecting, sending the request, reading the answer.
//!
//! It knows no protocol of the client's side. A front hands in the request's head, a [`RequestBody`] to read from and an
//! [`Answer`] to write to; HTTP/1.1 is one front.

mod connect;
mod exchange;
pub(crate) mod head;
pub(crate) mod http2;
pub(crate) mod pool;
pub(crate) mod tunnel;
mod websocket;

use crate::http1::request::Facts;
use crate::http1::response::Response;
use crate::listener::{Frame, ListenerKey};
use crate::reason::Reason;
use crate::table::action::Forward;
use crate::table::cors::CorsPolicy;
use crate::table::edits::HeaderEdits;
use crate::table::{CompiledRule, RequestHead, Table};
use crate::tls::TlsFacts;
use crate::trace::SpanContext;
use crate::worker::Worker;
use crate::worker::clock::{Deadline, Ticks};
use connect::Servers;
use head::Rewritten;
use std::io;
use std::net::SocketAddr;
use tunnel::ServerEnd;

/// A request as its front hands it in.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Incoming<'a> {
    pub(crate) head: RequestHead<'a>,
    pub(crate) facts: &'a Facts,
    pub(crate) peer: SocketAddr,
    pub(crate) listener: &'a ListenerKey,
    pub(crate) frame: &'a Frame,
    /// Where the client speaks TLS.
    pub(crate) tls: Option<&'a TlsFacts>,
    /// Its place in a trace, where requests are traced.
    pub(crate) span: Option<SpanContext>,
}

impl Incoming<'_> {
    /// `http` or `https`, as the client spoke.
    pub(crate) fn scheme(&self) -> &'static str {
        if self.tls.is_some() { "https" } else { "http" }
    }
}

/// Why a request's body ended early.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BodyError {
    Gone,
    BadChunk,
}

/// The body of a request, read from the client's side.
pub(crate) trait RequestBody {
    /// All of it, if it has arrived already.
    fn whole(&mut self) -> Option<&[u8]>;
    /// Holds no more memory than it needs: nobody knows how long the server takes to accept a connection.
    fn rest(&mut self);
    /// Waits for more of it; empty at the end. What is returned is used up by the next call.
    async fn read(&mut self) -> Result<&[u8], BodyError>;
    /// Trailer lines, after the end.
    fn trailers(&self) -> &[u8];
    /// Waits until the client has gone away, after the end.
    async fn gone(&mut self);
    /// What follows is no part of the request: both sides go on in another protocol.
    fn upgrade(&mut self);
    /// Drops what has arrived of the rest. Whether that was all.
    fn skip(&mut self) -> bool;
    /// Bytes of the body so far.
    fn received(&self) -> u64;
}

/// What is changed in an answer on its way to the client.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Changes<'a> {
    /// Cross-origin headers for this origin.
    pub(crate) cors: Option<(&'a CorsPolicy, &'a [u8])>,
    /// By a response rule.
    pub(crate) edits: Option<&'a HeaderEdits>,
}

/// The answer to a request, written to the client's side. Data is kept back until `flush` or `end`, as far as it's small.
pub(crate) trait Answer {
    /// 1xx, which may come several times.
    async fn interim(&mut self, response: &Response) -> io::Result<()>;
    /// The head. `reuse`: the connection to the client may be used again.
    fn begin(&mut self, response: &Response, changes: &Changes<'_>, incoming: &Incoming<'_>, reuse: bool);
    async fn data(&mut self, data: &[u8]) -> io::Result<()>;
    async fn flush(&mut self) -> io::Result<()>;
    async fn end(&mut self, trailers: &[u8]) -> io::Result<()>;
    /// The answer's status; 0 until its head has been written.
    fn status(&self) -> u16;
    /// Bytes that the client has taken.
    fn sent(&self) -> u64;
}

/// A request that has been forwarded.
#[derive(Debug)]
pub(crate) enum Forwarded<'a> {
    /// The answer is complete.
    Answered,
    /// The backend speaks the protocol that the client asked for now: both go on without us.
    Upgraded(ServerEnd),
    /// A response rule answers instead.
    Replaced(&'a CompiledRule),
}

/// A request that couldn't be forwarded to the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Failure {
    /// Nothing has been answered: the front may still say why.
    Refused(Reason),
    /// There is nobody to answer.
    ClientGone,
    /// The answer broke off.
    Aborted,
}

/// Everything that forwarding one request needs.
pub(crate) struct Job<'a> {
    pub(crate) worker: &'a Worker,
    pub(crate) deadline: &'a Deadline,
    pub(crate) incoming: &'a Incoming<'a>,
    pub(crate) table: &'a Table,
    pub(crate) rule: &'a CompiledRule,
    pub(crate) forward: &'a Forward,
}

/// What happened on the way, for the access log.
#[derive(Debug, Default)]
pub(crate) struct Trace {
    pub(crate) target: Option<usize>,
    pub(crate) endpoint: Option<SocketAddr>,
}

/// Buffers that a request borrows while it's forwarded.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    /// What goes to the backend.
    out: Vec<u8>,
    response: Response,
}

impl Scratch {
    /// Whether it's worth keeping.
    pub(crate) fn is_small(&self, bytes: usize) -> bool {
        self.out.capacity() <= bytes
    }
}

impl<'a> Job<'a> {
    /// Forwards the request and relays the answer.
    pub(crate) async fn run<B: RequestBody, A: Answer>(
        &self,
        body: &mut B,
        answer: &mut A,
        scratch: &mut Scratch,
        trace: &mut Trace,
    ) -> Result<Forwarded<'a>, Failure> {
        let index = self.forward.split.choose().ok_or(Failure::Refused(Reason::NoTarget))?;
        trace.target = Some(index);
        let target = &self.forward.targets[index];
        let servers = Servers::of(target)?;
        let rewrite = self.forward.rewrite.as_deref();
        let to = rewrite.map(|plan| Rewritten::new(plan, self.rule, self.incoming)).unwrap_or_default();
        if target.protocol.is_http2() && !self.incoming.facts.upgrade {
            let sides = (body, answer);
            // Apart, since every connection that waits for a request keeps room for all that an answer may need.
            return Box::pin(self.run_http2((target, &servers), &to, sides, scratch, trace)).await;
        }
        scratch.out.clear();
        head::push_request(self.incoming, &to, &target.edits, target.keepalive, &mut scratch.out);
        let whole = exchange::push_whole(self.incoming, body, &mut scratch.out);
        body.rest();
        let address = servers.endpoints.next().ok_or(Failure::Refused(Reason::NoEndpoints))?;
        let mut upstream = self.connect(address, &servers, trace).await?;
        loop {
            let exchange = exchange::Exchange::new(self, &upstream.socket, &to, whole);
            match exchange.run(body, answer, scratch).await {
                Ok(end) => return Ok(exchange::finish(self, target, upstream, end)),
                // The server closed an unused connection just when it was used again.
                Err(exchange::Broken::Unanswered)
                    if upstream.reused && whole && is_idempotent(self.incoming) =>
                {
                    self.worker.metrics.retries.add(1);
                    upstream = Box::pin(self.reconnect(upstream.key.address, &servers, trace)).await?;
                }
                Err(broken) => return Err(broken.into()),
            }
        }
    }

    fn request_ticks(&self) -> Ticks {
        self.incoming.frame.request
    }
}

/// Whether sending the request twice is as good as once (RFC 9110 §9.2.2).
fn is_idempotent(incoming: &Incoming<'_>) -> bool {
    matches!(incoming.head.method, "GET" | "HEAD" | "OPTIONS" | "PUT" | "DELETE")
}
