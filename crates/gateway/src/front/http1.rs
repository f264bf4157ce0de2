//! HTTP/1.1 clients: one task a connection, one request after the other.

use super::answer::Http1Answer;
use super::body::Http1Body;
use super::recording::record_refused;
use super::reply::Reply;
use super::respond::{Asked, Outcome, Replying, respond};
use super::{Connection, http2};
use crate::buffer::{Buffer, SMALL};
use crate::forward::{Answer, RequestBody};
use crate::http1::request::{Facts, Parsed, Version};
use crate::reason::Reason;
use crate::worker::Scratch;
use std::rc::Rc;
use std::time::Duration;

/// How long a client has to read the last answer.
const LINGER: Duration = Duration::from_secs(2);

/// What comes after an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    /// Another request.
    Request,
    /// The end, once the client, which may still be sending, has had time to read the answer.
    Close,
    /// The end.
    Drop,
}

/// Serves a connection to its end. A client that begins with HTTP/2's preface gets HTTP/2.
pub(crate) async fn serve(connection: &Rc<Connection>) {
    let mut input = Buffer::default();
    if !wait(connection, &mut input).await {
        return;
    }
    // Over TLS a client says before what it speaks (RFC 9113 §3.3); in clear it shows.
    let is_http2 = if connection.listener.state.tls.is_some() {
        connection.socket.speaks(b"h2")
    } else {
        http2::is_preface(connection, &mut input).await
    };
    if is_http2 {
        return Box::pin(http2::serve(connection, input)).await;
    }
    let _open = connection.speaks(Version::Http11);
    loop {
        if input.is_empty() && !wait(connection, &mut input).await {
            return;
        }
        let mut scratch = connection.worker.take_scratch();
        let next = match read_head(connection, &mut input, &mut scratch).await {
            Ok(true) => answer(connection, &mut input, &mut scratch).await,
            Ok(false) => Next::Drop,
            // Who speaks no HTTP couldn't read the answer.
            Err(_) if is_foreign(input.filled()) => Next::Close,
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

/// Decides about a request and answers it.
async fn answer(connection: &Connection, input: &mut Buffer, scratch: &mut Scratch) -> Next {
    let Scratch { request, forward, answer } = scratch;
    let serving = connection.listener.serving();
    let incoming = connection.incoming(request, &serving);
    let mut body = Http1Body::new(connection, input, request.facts.framing);
    let mut answer = Http1Answer::new(connection, answer, &request.facts, serving.frame.request);
    let deadline = &connection.deadline;
    let head_bytes = request.len() as u64;
    let asked = Asked { connection, deadline, serving: &serving, incoming: &incoming, head_bytes };
    match respond(&asked, &mut body, &mut answer, forward).await {
        Outcome::Answered => match (answer.closes, body.skip()) {
            (false, true) => Next::Request,
            (true, true) => Next::Drop,
            (_, false) => Next::Close,
        },
        Outcome::Tunnelled => Next::Drop,
        Outcome::Broken => {
            connection.socket.abort();
            Next::Drop
        }
    }
}

/// Answers a request whose head couldn't be read.
async fn refuse(connection: &Connection, reason: Reason, out: &mut Vec<u8>) -> Next {
    let reply = Reply::error(reason);
    let facts = Facts::default();
    let mut answer = Http1Answer::new(connection, out, &facts, connection.worker.timeouts.head);
    // Whether the client takes it makes no difference: the connection ends.
    let _ = answer.reply(&reply, false).await;
    record_refused(connection, facts.version, &reply, answer.sent());
    Next::Close
}

/// Whether a first line is another protocol's: no version of HTTP in it, and nothing that a request could be for.
fn is_foreign(bytes: &[u8]) -> bool {
    let line = bytes.split(|b| *b == b'\n').next().unwrap_or_default();
    let target = line.split(|b| *b == b' ').nth(1).unwrap_or(b"/");
    let has = |text: &[u8]| memchr::memmem::find(line, text).is_some();
    !target.starts_with(b"/") && !target.starts_with(b"*") && !has(b"HTTP/") && !has(b"://")
}

/// Bytes that are read and dropped before a connection is closed.
const LINGER_BYTES: usize = 1024 * 1024;

/// Closes a connection so that the client can read the answer: closing while it still sends would reset it, and the answer with
/// it (RFC 9112 §9.6).
pub(super) async fn linger(connection: &Connection, input: &mut Buffer) {
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Bytes of the future that a function makes.
    fn size<A, F: Future>(_: impl FnOnce(A) -> F) -> usize {
        size_of::<F>()
    }

    /// What is rarely needed is in boxes of its own: every connection has this one, and a large one lies in several pages,
    /// all of which a request touches.
    #[test]
    fn a_connection_is_small() {
        let serving = size(|connection: &'static Rc<Connection>| async move { serve(connection).await });
        assert!(serving <= 3 * 1024, "{serving}");
    }
}
