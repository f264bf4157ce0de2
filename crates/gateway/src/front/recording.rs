//! What is remembered of a request when it's over: numbers, a line in the access log, a span of its trace.

use super::Client;
use super::reply::Reply;
use super::respond::{Asked, Outcome};
use crate::access_log::Record;
use crate::forward::{Answer, Changes, Incoming, Trace};
use crate::http1::request::Version;
use crate::http1::response::Response;
use crate::metrics::counter::Inside;
use crate::metrics::listener::Finished;
use crate::reason::Reason;
use crate::table::CompiledRule;
use crate::table::action::End;
use std::io;
use std::time::{Duration, Instant};

/// A request that is going on.
pub(super) struct Recording<'a> {
    asked: &'a Asked<'a>,
    begun: Instant,
    _active: Inside<'a>,
}

/// What became of it.
#[derive(Debug)]
pub(super) struct Ended<'a> {
    pub(super) rule: Option<&'a CompiledRule>,
    pub(super) trace: Trace,
    pub(super) status: u16,
    pub(super) upstream_status: u16,
    pub(super) received: u64,
    pub(super) sent: u64,
    pub(super) body_sent: u64,
    pub(super) outcome: Outcome,
    pub(super) error: Option<Reason>,
}

impl<'a> Recording<'a> {
    pub(super) fn begin(asked: &'a Asked<'a>) -> Recording<'a> {
        let listener = &asked.connection.listener.metrics;
        let active = listener.of(asked.incoming.facts.version).active.enter();
        Recording { asked, begun: Instant::now(), _active: active }
    }

    /// Counts it, and tells those who want to know more.
    pub(super) fn end(self, ended: &Ended<'_>) {
        let Asked { connection, incoming, .. } = *self.asked;
        let duration = self.begun.elapsed();
        let finished = Finished {
            status: ended.status,
            received: ended.received,
            sent: ended.sent,
            duration: (ended.outcome != Outcome::Tunnelled).then_some(duration),
        };
        connection.listener.metrics.finish(incoming.facts.version, &finished);
        let worker = &connection.worker;
        if let Some(error) = ended.error {
            worker.metrics.error(error);
        }
        if let (Some(rule), Some(target)) = (ended.rule, ended.trace.target)
            && let End::Forward(forward) = &rule.plan.end
        {
            worker.metrics.revision(&forward.targets[target].track, ended.status);
        }
        let span = incoming.span.filter(|span| span.sampled);
        let is_error = ended.error.is_some() || ended.status >= 500;
        let logged = worker.options.access_log.as_ref().filter(|_| is_error || worker.is_logged());
        if span.is_some() || logged.is_some() {
            let record = self.record(ended, duration);
            if let (Some(span), Some(tracing)) = (&span, &worker.options.tracing) {
                tracing.sink.finish(span, &record);
            }
            logged.inspect(|log| log.record(&record));
        }
    }

    fn record<'r>(&self, ended: &'r Ended<'r>, duration: Duration) -> Record<'r>
    where
        'a: 'r,
    {
        let Asked { connection, incoming, .. } = *self.asked;
        let server_group = |(rule, target): (&'r CompiledRule, usize)| rule.target_group(target);
        Record {
            listener: &connection.listener.state.key,
            client: incoming.peer,
            version: incoming.facts.version.as_str(),
            scheme: incoming.scheme(),
            tls: incoming.tls,
            request: Some(incoming.head),
            trace: incoming.span,
            status: ended.status,
            upstream_status: Some(ended.upstream_status).filter(|status| *status != 0),
            received: ended.received,
            sent: ended.sent,
            body_sent: ended.body_sent,
            duration,
            rule: ended.rule.map(|rule| &rule.rule().id),
            reason: ended.rule.map(|rule| rule.rule().reason.as_str()),
            target: ended.rule.zip(ended.trace.target).and_then(server_group),
            endpoint: ended.trace.endpoint,
            error: ended.error,
        }
    }
}

/// Records a request whose head couldn't be read, and what was answered.
pub(super) fn record_refused(connection: &Client, version: Version, reply: &Reply, sent: u64) {
    let finished = Finished { status: reply.status, received: 0, sent, duration: None };
    connection.listener.metrics.finish(version, &finished);
    if let Some(reason) = reply.reason {
        connection.worker.metrics.error(reason);
    }
    if let Some(log) = &connection.worker.options.access_log {
        log.record(&Record {
            listener: &connection.listener.state.key,
            client: connection.peer,
            version: version.as_str(),
            scheme: if connection.tls.is_some() { "https" } else { "http" },
            tls: connection.tls.as_ref(),
            request: None,
            trace: None,
            status: reply.status,
            upstream_status: None,
            received: 0,
            sent,
            body_sent: reply.body.len() as u64,
            duration: Duration::ZERO,
            rule: None,
            reason: None,
            target: None,
            endpoint: None,
            error: reply.reason,
        });
    }
}

/// An answer, and what is seen of it on its way.
#[derive(Debug)]
pub(super) struct Watched<'a, A> {
    pub(super) answer: &'a mut A,
    /// What the backend said; 0 until it has.
    pub(super) upstream_status: u16,
    /// Bytes of the body.
    pub(super) body: u64,
}

impl<'a, A> Watched<'a, A> {
    pub(super) fn new(answer: &'a mut A) -> Watched<'a, A> {
        Watched { answer, upstream_status: 0, body: 0 }
    }
}

impl<A: Answer> Answer for Watched<'_, A> {
    async fn interim(&mut self, response: &Response) -> io::Result<()> {
        self.answer.interim(response).await
    }

    fn begin(&mut self, response: &Response, changes: &Changes<'_>, incoming: &Incoming<'_>, reuse: bool) {
        self.upstream_status = response.status;
        self.answer.begin(response, changes, incoming, reuse);
    }

    async fn data(&mut self, data: &[u8]) -> io::Result<()> {
        self.body += data.len() as u64;
        self.answer.data(data).await
    }

    async fn flush(&mut self) -> io::Result<()> {
        self.answer.flush().await
    }

    async fn end(&mut self, trailers: &[u8]) -> io::Result<()> {
        self.answer.end(trailers).await
    }

    fn status(&self) -> u16 {
        self.answer.status()
    }

    fn sent(&self) -> u64 {
        self.answer.sent()
    }
}
