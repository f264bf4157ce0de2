use super::answer::Http2Answer;
use super::body::Http2Body;
use super::ledger::Piece;
use super::{Sending, Session};
use crate::forward::Answer;
use crate::front::grpc;
use crate::front::recording::record_refused;
use crate::front::reply::Reply;
use crate::front::respond::{Asked, Outcome, Replying, respond};
use crate::http1::request::Version;
use crate::worker::Scratch;
use crate::worker::clock::Deadline;
use h2::server::SendResponse;
use h2::{Reason, RecvStream};
use http::Request;
use std::cell::RefCell;
use std::task::{Context, Poll};

/// The writing side of a stream, which is also where a client's reset shows.
#[derive(Debug)]
pub(super) enum Ends {
    /// Before the answer's head.
    Silent(SendResponse<Piece>),
    /// After it.
    Sending(Sending),
}

impl Ends {
    /// Waits until the client has given up.
    pub(super) fn poll_reset(&mut self, context: &mut Context<'_>) -> Poll<()> {
        match self {
            Ends::Silent(respond) => respond.poll_reset(context).map(drop),
            Ends::Sending(stream) => stream.poll_reset(context).map(drop),
        }
    }

    fn send_reset(&mut self, reason: Reason) {
        match self {
            Ends::Silent(respond) => respond.send_reset(reason),
            Ends::Sending(stream) => stream.send_reset(reason),
        }
    }
}

/// Serves one request.
pub(super) async fn serve(session: &Session, request: Request<RecvStream>, sending: SendResponse<Piece>) {
    let ends = RefCell::new(Ends::Silent(sending));
    let worker = &session.connection.worker;
    let mut scratch = worker.take_scratch();
    match answer(session, request, &ends, &mut scratch).await {
        Outcome::Answered | Outcome::Tunnelled => {}
        Outcome::Broken => {
            session.cancelled.set(session.cancelled.get() + 1);
            ends.borrow_mut().send_reset(Reason::INTERNAL_ERROR);
        }
    }
    worker.give_scratch(scratch);
}

async fn answer(
    session: &Session,
    request: Request<RecvStream>,
    ends: &RefCell<Ends>,
    scratch: &mut Scratch,
) -> Outcome {
    let connection = &*session.connection;
    let Scratch { request: head, forward, answer } = scratch;
    let (parts, stream) = request.into_parts();
    let protocol = parts.extensions.get::<h2::ext::Protocol>().map(h2::ext::Protocol::as_str);
    let (mut body, size) = Http2Body::new(stream, ends);
    let deadline = Deadline::new(&connection.worker.clock);
    let serving = connection.listener.serving();
    let taken = head.take(&parts, protocol, (Version::Http2, size), &connection.worker.options.limits);
    let is_head = parts.method == http::Method::HEAD;
    drop(parts);
    let mut answer = Http2Answer::new(session, ends, &deadline, (answer, is_head, serving.frame.request));
    if let Err(reason) = taken {
        let reply = Reply::error(reason);
        let written = answer.reply(&reply, true).await;
        record_refused(connection, Version::Http2, &reply, answer.sent());
        return if written.is_ok() { Outcome::Answered } else { Outcome::Broken };
    }
    let incoming = connection.incoming(head, &serving);
    if let Some(most) = grpc::timeout(incoming.head.headers) {
        deadline.cap(most.into());
    }
    let head_bytes = head.len() as u64;
    let asked = Asked { connection, deadline: &deadline, serving: &serving, incoming: &incoming, head_bytes };
    respond(&asked, &mut body, &mut answer, forward).await
}
