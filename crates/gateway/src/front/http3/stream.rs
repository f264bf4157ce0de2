use super::answer::Http3Answer;
use super::body::Http3Body;
use super::frames::{Broken, Frames, Next};
use super::{HEADS, Session};
use crate::forward::Answer;
use crate::front::grpc;
use crate::front::recording::record_refused;
use crate::front::reply::Reply;
use crate::front::respond::{Asked, Outcome, Replying, respond};
use crate::http1::request::Version;
use crate::http3::ErrorCode;
use crate::http3::fields::Refused;
use crate::http3::frame::FrameHeader;
use crate::reason::Reason;
use crate::worker::Scratch;
use crate::worker::clock::Deadline;
use quinn::{RecvStream, SendStream, VarInt};
use std::cell::{Cell, RefCell};

/// Serves one request.
pub(super) async fn serve(session: &Session, sending: SendStream, receiving: RecvStream) {
    let stream = RefCell::new(sending);
    let mut frames = Frames::new(receiving);
    let worker = &session.client.worker;
    let mut scratch = worker.take_scratch();
    let code = match answer(session, &stream, &mut frames, &mut scratch).await {
        // Whatever the client still sends isn't needed (RFC 9114 §4.1).
        Ok(Outcome::Answered | Outcome::Tunnelled) => ErrorCode::NO_ERROR,
        Ok(Outcome::Broken) => {
            session.count_cancelled();
            ErrorCode::INTERNAL_ERROR
        }
        Err(code) => code,
    };
    if code != ErrorCode::NO_ERROR {
        // It may have ended by itself.
        let _ = stream.borrow_mut().reset(VarInt::from_u32(code.0));
    }
    if !frames.is_over() {
        frames.stop(code);
    }
    frames.input.consume(usize::MAX);
    worker.buffers.release(&mut frames.input);
    worker.give_scratch(scratch);
}

/// Reads a request and answers it. An error ends the stream with this code.
async fn answer(
    session: &Session,
    stream: &RefCell<SendStream>,
    frames: &mut Frames,
    scratch: &mut Scratch,
) -> Result<Outcome, ErrorCode> {
    let (client, limits) = (&session.client, &session.client.worker.options.limits);
    let Scratch { request, forward, answer } = scratch;
    let deadline = Deadline::new(&client.worker.clock);
    deadline.set(client.worker.timeouts.head);
    let read = match deadline.watch(read_head(session, frames)).await {
        Ok(read) => read?,
        Err(_) => Err(Reason::RequestTimeout),
    };
    let serving = client.listener.serving();
    let patience = serving.frame.request;
    let taken = match read {
        Ok(length) => {
            let section = &frames.input.filled()[..length];
            let taken = request.take_section(&mut session.decoder.borrow_mut(), section, limits);
            frames.take(length);
            match taken {
                Ok(head) => Ok((head, length)),
                Err(Refused::Section) => return Err(session.close(ErrorCode::QPACK_DECOMPRESSION_FAILED)),
                Err(Refused::Request(reason)) => Err(reason),
            }
        }
        Err(reason) => Err(reason),
    };
    let (head, head_bytes) = match taken {
        Ok(taken) => taken,
        Err(reason) => {
            let mut answer = Http3Answer::new(session, stream, &deadline, (answer, false, patience));
            return Ok(refuse(session, reason, &mut answer).await);
        }
    };
    let announced = head.length;
    let size = frames.body_size(&client.worker).await;
    let mut body = Http3Body::new(session, frames, stream, (size, announced));
    let mut answer = Http3Answer::new(session, stream, &deadline, (answer, request.facts.is_head, patience));
    if let Err(reason) = request.frame_body(head, size) {
        return Ok(refuse(session, reason, &mut answer).await);
    }
    let peer = session.quic.remote_address();
    let mut incoming = client.incoming(request, &serving);
    incoming.peer = peer;
    incoming.head.client = peer.ip();
    if let Some(most) = grpc::timeout(incoming.head.headers) {
        deadline.cap(most.into());
    }
    let (serving, incoming) = (&*serving, &incoming);
    let asked =
        Asked { connection: client, deadline: &deadline, serving, incoming, head_bytes: head_bytes as u64 };
    Ok(respond(&asked, &mut body, &mut answer, forward).await)
}

/// Waits for a request's head: so many bytes at the front of the input. An outer error ends the stream, an inner one is
/// answered.
async fn read_head(session: &Session, frames: &mut Frames) -> Result<Result<usize, Reason>, ErrorCode> {
    let worker = &session.client.worker;
    let most = worker.options.limits.header_bytes + worker.options.limits.uri_bytes;
    loop {
        let more = match frames.next(most) {
            Ok(Next::Fields(length)) => return Ok(Ok(length)),
            Ok(Next::Data(_)) => Err(Broken::Connection(ErrorCode::FRAME_UNEXPECTED)),
            Ok(Next::End) => return Err(ErrorCode::REQUEST_INCOMPLETE),
            Ok(Next::More) if session.heads.get() > HEADS => Err(Broken::TooLarge),
            Ok(Next::More) => {
                let here = Held::new(&session.heads, frames.input.filled().len());
                let filled = frames.fill(worker, most + FrameHeader::LONGEST).await;
                drop(here);
                filled
            }
            Err(broken) => Err(broken),
        };
        match more {
            Ok(()) => {}
            Err(Broken::TooLarge) => return Ok(Err(Reason::HeaderTooLarge)),
            Err(Broken::Gone) => {
                session.count_cancelled();
                return Err(ErrorCode::REQUEST_INCOMPLETE);
            }
            Err(Broken::Connection(code)) => return Err(session.close(code)),
        }
    }
}

/// Counts bytes while they're held.
struct Held<'a> {
    total: &'a Cell<usize>,
    bytes: usize,
}

impl Held<'_> {
    fn new(total: &Cell<usize>, bytes: usize) -> Held<'_> {
        total.set(total.get() + bytes);
        Held { total, bytes }
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.total.set(self.total.get() - self.bytes);
    }
}

/// Answers a request whose head is refused.
async fn refuse(session: &Session, reason: Reason, answer: &mut Http3Answer<'_>) -> Outcome {
    let reply = Reply::error(reason);
    let written = answer.reply(&reply, true).await;
    record_refused(&session.client, Version::Http3, &reply, answer.sent());
    if written.is_ok() { Outcome::Answered } else { Outcome::Broken }
}
