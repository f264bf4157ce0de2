//! From a request's head to the end of its answer: what is the same for every protocol of the client's side.

use super::Client;
use super::decide::{Decision, decide};
use super::grpc;
use super::recording::{Ended, Recording, Watched};
use super::reply::Reply;
use crate::forward::tunnel::{self, Tunnel};
use crate::forward::{Answer, Failure, Forwarded, Incoming, Job, RequestBody, Scratch, Trace};
use crate::listener::Serving;
use crate::reason::Reason;
use crate::table::action::End as RuleEnd;
use crate::worker::clock::Deadline;
use std::io;

/// A request whose head has been read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asked<'a> {
    pub(crate) connection: &'a Client,
    /// The request's own, where a connection has several requests at once.
    pub(crate) deadline: &'a Deadline,
    pub(crate) serving: &'a Serving,
    pub(crate) incoming: &'a Incoming<'a>,
    /// Bytes of the request's head.
    pub(crate) head_bytes: u64,
}

/// An answer that can also be the gateway's own.
pub(crate) trait Replying: Answer {
    /// Writes it all. `request_over`: nothing of the request is still to come.
    async fn reply(&mut self, reply: &Reply, request_over: bool) -> io::Result<()>;
}

/// How a request ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It has been answered to the end.
    Answered,
    /// It became a tunnel, which is over.
    Tunnelled,
    /// The client must see that something is missing, or has gone: nothing more is said.
    Broken,
}

/// Decides about a request, answers it, and records it.
pub(crate) async fn respond<B: RequestBody, A: Replying>(
    asked: &Asked<'_>,
    body: &mut B,
    answer: &mut A,
    scratch: &mut Scratch,
) -> Outcome {
    let worker = &asked.connection.worker;
    let recording = Recording::begin(asked);
    let Asked { serving, incoming, .. } = *asked;
    let rule = serving.table.route(&incoming.head).map(|rule| &**rule);
    let mut trace = Trace::default();
    let mut watched = Watched::new(answer);
    let over = match decide(serving, incoming, rule, worker.epoch) {
        Decision::Reply(made) => reply(asked, made, body, &mut watched).await,
        Decision::Forward(rule, forward) => {
            let (deadline, table) = (asked.deadline, &*serving.table);
            let job = Job { worker, deadline, incoming, table, rule, forward };
            let outcome = job.run(body, &mut watched, scratch, &mut trace).await;
            conclude(asked, outcome, body, &mut watched).await
        }
    };
    let status = watched.status();
    recording.end(&Ended {
        rule,
        trace,
        status: if status == 0 { over.status } else { status },
        upstream_status: watched.upstream_status,
        received: asked.head_bytes + body.received(),
        sent: watched.sent(),
        body_sent: watched.body,
        outcome: over.outcome,
        error: over.error,
    });
    over.outcome
}

/// A request that is over.
#[derive(Debug)]
struct Over {
    outcome: Outcome,
    /// Where nothing was answered.
    status: u16,
    error: Option<Reason>,
}

impl Over {
    fn without_error(outcome: Outcome) -> Over {
        Over { outcome, status: 0, error: None }
    }

    fn broken(reason: Reason) -> Over {
        Over { outcome: Outcome::Broken, status: reason.status(), error: Some(reason) }
    }
}

/// Does what is left to do after a backend was asked.
async fn conclude<B: RequestBody, A: Replying>(
    asked: &Asked<'_>,
    outcome: Result<Forwarded<'_>, Failure>,
    body: &mut B,
    answer: &mut Watched<'_, A>,
) -> Over {
    match outcome {
        Ok(Forwarded::Answered) => Over::without_error(Outcome::Answered),
        Ok(Forwarded::Upgraded(server)) => {
            body.upgrade();
            let worker = &asked.connection.worker;
            let patience = asked.incoming.frame.request;
            let _active = asked.connection.listener.metrics.tunnels.enter();
            // An end of a listener ends it only with the grace period.
            let is_websocket = tunnel::is_websocket(&asked.incoming.head);
            let tunnel = Tunnel { worker, deadline: asked.deadline, patience, is_websocket };
            // Once a connection, and larger than a request needs.
            Box::pin(tunnel.run((body, answer), server)).await;
            Over::without_error(Outcome::Tunnelled)
        }
        Ok(Forwarded::Replaced(rule)) => match &rule.plan.end {
            RuleEnd::Fixed(fixed) => reply(asked, Reply::fixed(fixed), body, answer).await,
            _ => Over::without_error(Outcome::Broken),
        },
        Err(Failure::Refused(reason)) => reply(asked, Reply::error(reason), body, answer).await,
        Err(Failure::ClientGone) => Over::broken(Reason::ClientGone),
        Err(Failure::Aborted) => Over::broken(Reason::ResponseAborted),
    }
}

/// Answers without a backend.
async fn reply<B: RequestBody, A: Replying>(
    asked: &Asked<'_>,
    mut made: Reply,
    body: &mut B,
    watched: &mut Watched<'_, A>,
) -> Over {
    asked.incoming.push_alt_svc(&mut made.lines);
    watched.body = made.body.len() as u64;
    let written = if made.reason.is_some() && grpc::is_grpc(asked.incoming.head.headers) {
        let made = grpc::reply(&made, asked.deadline.is_at_cap());
        watched.answer.reply(&made, body.skip()).await
    } else {
        watched.answer.reply(&made, body.skip()).await
    };
    let outcome = if written.is_ok() { Outcome::Answered } else { Outcome::Broken };
    Over { outcome, status: made.status, error: made.reason }
}
