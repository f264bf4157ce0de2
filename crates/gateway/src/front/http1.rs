//! HTTP/1.1 clients: one task a connection, one request after the other.

use super::Connection;
use super::answer::Http1Answer;
use super::body::Http1Body;
use super::decide::{Decision, decide};
use super::reply::Reply;
use crate::access_log::Record;
use crate::buffer::{Buffer, SMALL};
use crate::forward::tunnel::{self, TunnelEnd};
use crate::forward::{Failure, Forwarded, Incoming, Job, Scratch as ForwardScratch, Trace};
use crate::http1::request::Parsed;
use crate::http1::writer::Writer;
use crate::reason::Reason;
use crate::socket::Socket;
use crate::table::action::End;
use crate::worker::Scratch;
use std::time::{Duration, Instant};

/// How long a client has to read the last answer.
const LINGER: Duration = Duration::from_secs(2);

/// What comes after an answer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Next {
    /// Another request.
    Request,
    /// The end, once the client, which may still be sending, has had time to read the answer.
    Close,
    /// The end.
    #[default]
    Drop,
}

/// Serves a connection to its end.
pub(crate) async fn serve(connection: &Connection) {
    let mut input = Buffer::default();
    loop {
        if input.is_empty() && !wait(connection, &mut input).await {
            return;
        }
        let mut scratch = connection.worker.take_scratch();
        let next = match read_head(connection, &mut input, &mut scratch).await {
            Ok(true) => respond(connection, &mut input, &mut scratch).await,
            Ok(false) => Next::Drop,
            Err(reason) => refuse(connection, reason, &mut scratch.answer).await,
        };
        connection.worker.give_scratch(scratch);
        match next {
            Next::Request => {}
            Next::Close => return linger(connection, &mut input).await,
            Next::Drop => return,
        }
    }
}

/// Waits for the first bytes of a request without holding a buffer. False: there will be none.
async fn wait(connection: &Connection, input: &mut Buffer) -> bool {
    connection.worker.buffers.release(input);
    let idle = connection.listener.serving().frame.idle;
    connection.deadline.set_idle(connection.worker.idle(idle));
    let first = connection.worker.fill(&connection.socket, input, SMALL);
    matches!(connection.deadline.watch(first).await, Ok(Ok(1..)))
}

/// Reads a request's head. `Ok(false)`: the client went away.
async fn read_head(
    connection: &Connection,
    input: &mut Buffer,
    scratch: &mut Scratch,
) -> Result<bool, Reason> {
    let worker = &connection.worker;
    let limits = &worker.options.limits;
    // A method and a version around the URL, and the reading goes on a little beyond the limits.
    let most = (limits.header_bytes + limits.uri_bytes + 1024).next_multiple_of(SMALL);
    let mut searched = 0;
    connection.deadline.set(worker.timeouts.head);
    loop {
        match scratch.request.parse(input.filled(), searched, limits) {
            Parsed::Complete(length) => {
                input.consume(length);
                return Ok(true);
            }
            Parsed::Refused(reason) => return Err(reason),
            Parsed::Partial => searched = input.filled().len(),
        }
        worker.buffers.park(input);
        match connection.deadline.watch(worker.fill(&connection.socket, input, most)).await {
            Ok(Ok(1..)) => {}
            Ok(Ok(0) | Err(_)) => return Ok(false),
            Err(_) => return Err(Reason::RequestTimeout),
        }
    }
}

/// A request that is over.
#[derive(Debug, Default)]
struct Over {
    next: Next,
    status: u16,
    sent: u64,
    error: Option<Reason>,
}

/// Decides about a request and answers it.
async fn respond(connection: &Connection, input: &mut Buffer, scratch: &mut Scratch) -> Next {
    let worker = &connection.worker;
    let begun = worker.options.access_log.is_some().then(Instant::now);
    let serving = connection.listener.serving();
    let incoming = Incoming {
        head: scratch.request.head(connection.peer.ip()),
        facts: &scratch.request.facts,
        peer: connection.peer,
        listener: &connection.listener.state.key,
        frame: &serving.frame,
        tls: connection.tls.as_ref(),
    };
    let mut client = Client {
        connection,
        incoming: &incoming,
        body: Http1Body::new(connection, input, scratch.request.facts.framing),
        out: &mut scratch.answer,
    };
    let rule = serving.table.route(&incoming.head).map(|rule| &**rule);
    let mut trace = Trace::default();
    let over = match decide(&serving, &incoming, rule, worker.epoch) {
        Decision::Reply(reply) => client.reply(&reply).await,
        Decision::Forward(rule, forward) => {
            let (deadline, table) = (&connection.deadline, &*serving.table);
            let job = Job { worker, deadline, incoming: &incoming, table, rule, forward };
            client.forward(&job, &mut scratch.forward, &mut trace).await
        }
    };
    if let (Some(begun), Some(log)) = (begun, &worker.options.access_log) {
        log.record(&Record {
            listener: &connection.listener.state.key,
            client: connection.peer,
            method: incoming.head.method,
            host: incoming.head.authority,
            path: incoming.head.path,
            status: over.status,
            received: scratch.request.len() as u64 + client.body.received,
            sent: over.sent,
            duration: begun.elapsed(),
            rule: rule.map(|rule| &rule.rule().id),
            reason: rule.map(|rule| rule.rule().reason.as_str()),
            target: rule.zip(trace.target).and_then(|(rule, target)| rule.target_group(target)),
            endpoint: trace.endpoint,
            error: over.error,
        });
    }
    over.next
}

/// The client of one request.
struct Client<'a> {
    connection: &'a Connection,
    incoming: &'a Incoming<'a>,
    body: Http1Body<'a>,
    out: &'a mut Vec<u8>,
}

impl Client<'_> {
    /// Lets a backend answer.
    async fn forward(&mut self, job: &Job<'_>, borrowed: &mut ForwardScratch, trace: &mut Trace) -> Over {
        let mut answer = Http1Answer::new(self.connection, self.out, self.incoming);
        let outcome = job.run(&mut self.body, &mut answer, borrowed, trace).await;
        let mut over = Over { status: answer.status, sent: answer.sent(), ..Over::default() };
        match outcome {
            Ok(Forwarded::Answered) => {
                over.next = match (answer.closes, self.body.skip()) {
                    (false, true) => Next::Request,
                    (true, true) => Next::Drop,
                    (_, false) => Next::Close,
                };
                over
            }
            Ok(Forwarded::Upgraded { upstream, leftover }) => {
                let (received, sent) = self.tunnel(upstream, leftover).await;
                self.body.received += received;
                over.sent += sent;
                over
            }
            Ok(Forwarded::Replaced(rule)) => match &rule.plan.end {
                End::Fixed(fixed) => self.reply(&Reply::fixed(fixed)).await,
                _ => over,
            },
            Err(Failure::Refused(reason)) => self.reply(&Reply::error(reason)).await,
            Err(Failure::ClientGone) => {
                over.error = Some(Reason::ClientGone);
                over.status = if over.status == 0 { Reason::ClientGone.status() } else { over.status };
                over
            }
            // The client must see that something is missing: nothing more is said on this connection.
            Err(Failure::Aborted) => {
                self.connection.socket.abort();
                Over { error: Some(Reason::ResponseAborted), ..over }
            }
        }
    }

    /// Answers without a backend.
    async fn reply(&mut self, reply: &Reply) -> Over {
        let facts = self.incoming.facts;
        let all_here = self.body.skip();
        let keep = all_here && facts.keep_alive && !self.connection.is_closing();
        let options: &[u8] = match (keep, facts.http10) {
            (false, _) => b"connection: close\r\n",
            (true, true) => b"connection: keep-alive\r\n",
            (true, false) => b"",
        };
        let sent = write(self.connection, reply, facts.is_head, options, self.out).await;
        let next = match sent {
            Some(_) if keep => Next::Request,
            Some(_) if !all_here => Next::Close,
            _ => Next::Drop,
        };
        Over { next, status: reply.status, sent: sent.unwrap_or_default(), error: reply.reason }
    }

    /// Both sides go on in another protocol. An end of a listener ends it only with the grace period.
    async fn tunnel(&mut self, upstream: Socket, leftover: Buffer) -> (u64, u64) {
        let connection = self.connection;
        let client = TunnelEnd { socket: &connection.socket, leftover: self.body.take_rest() };
        let server = TunnelEnd { socket: &upstream, leftover };
        let patience = self.incoming.frame.request;
        tunnel::run(&connection.worker, &connection.deadline, patience, client, server).await
    }
}

/// Answers a request whose head couldn't be read.
async fn refuse(connection: &Connection, reason: Reason, out: &mut Vec<u8>) -> Next {
    let begun = Instant::now();
    let reply = Reply::error(reason);
    let sent = write(connection, &reply, false, b"connection: close\r\n", out).await;
    if let Some(log) = &connection.worker.options.access_log {
        log.record(&Record {
            listener: &connection.listener.state.key,
            client: connection.peer,
            method: "",
            host: "",
            path: "",
            status: reply.status,
            received: 0,
            sent: sent.unwrap_or_default(),
            duration: begun.elapsed(),
            rule: None,
            reason: None,
            target: None,
            endpoint: None,
            error: Some(reason),
        });
    }
    Next::Close
}

/// Writes an answer of the gateway's own. `None`: the client doesn't take it.
async fn write(
    connection: &Connection,
    reply: &Reply,
    is_head: bool,
    options: &[u8],
    out: &mut Vec<u8>,
) -> Option<u64> {
    out.clear();
    reply.push(out, &connection.worker.clock.date(), is_head, options);
    let patience = connection.worker.timeouts.head;
    connection.deadline.set(patience);
    let mut writer = Writer::new(&connection.socket, &connection.deadline, patience, out);
    match connection.deadline.watch(writer.flush()).await {
        Ok(Ok(())) => Some(writer.written),
        _ => None,
    }
}

/// Bytes that are read and dropped before a connection is closed.
const LINGER_BYTES: usize = 1024 * 1024;

/// Closes a connection so that the client can read the answer: closing while it still sends would reset it, and the answer with
/// it (RFC 9112 §9.6).
async fn linger(connection: &Connection, input: &mut Buffer) {
    let worker = &connection.worker;
    connection.deadline.set_idle(LINGER.into());
    let drained = async {
        connection.socket.shutdown().await?;
        let mut total = 0;
        while total < LINGER_BYTES {
            input.consume(usize::MAX);
            match worker.fill(&connection.socket, input, SMALL).await? {
                0 => break,
                count => total += count,
            }
        }
        std::io::Result::Ok(())
    };
    // Whatever happens, the connection is over.
    let _ = connection.deadline.watch(drained).await;
    input.consume(usize::MAX);
    worker.buffers.release(input);
}
