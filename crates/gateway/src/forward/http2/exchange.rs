use super::session::Session;
use crate::forward::exchange::{Broken, MOST_INTERIM, Progress, SendError, both_ways, response_changes};
use crate::forward::head::Rewritten;
use crate::forward::{Answer, Job, RequestBody, Scratch};
use crate::http1::response::Response;
use crate::parts::{fields, push_lines};
use crate::reason::Reason;
use crate::table::CompiledRule;
use bytes::Bytes;
use h2::client::ResponseFuture;
use h2::{RecvStream, SendStream};
use http::header::{CONNECTION, HOST, TRANSFER_ENCODING};
use http::uri::{Authority, PathAndQuery, Scheme};
use http::{Request, Uri};
use std::cell::Cell;
use std::future::{pending, poll_fn};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker, ready};

/// One request and one answer on one stream, both directions at once.
pub(super) struct Http2Exchange<'e, 'a> {
    job: &'e Job<'a>,
    session: &'e Session,
    to: &'e Rewritten,
    /// The request's body is at hand.
    whole: bool,
    progress: Cell<Progress>,
}

/// The head of a request as HTTP/2 has it, from what HTTP/1.1 would get: there is one place where heads are made.
pub(super) fn request(head: &[u8]) -> Option<Request<()>> {
    let end = memchr::memchr(b'\n', head)?;
    let mut line = head[..end].trim_ascii_end().split(|b| *b == b' ');
    let (method, target) = (line.next()?, line.next()?);
    let mut fields = fields(&head[end + 1..]);
    let host = fields.remove(HOST)?;
    for name in [CONNECTION, TRANSFER_ENCODING] {
        fields.remove(name);
    }
    let mut uri = http::uri::Parts::default();
    uri.scheme = Some(Scheme::HTTP);
    uri.authority = Some(Authority::try_from(host.as_bytes()).ok()?);
    uri.path_and_query = Some(PathAndQuery::try_from(target).ok()?);
    let mut request = Request::new(());
    *request.method_mut() = http::Method::from_bytes(method).ok()?;
    *request.uri_mut() = Uri::from_parts(uri).ok()?;
    *request.headers_mut() = fields;
    Some(request)
}

impl<'e, 'a> Http2Exchange<'e, 'a> {
    pub(super) fn new(job: &'e Job<'a>, session: &'e Session, to: &'e Rewritten, whole: bool) -> Self {
        Http2Exchange { job, session, to, whole, progress: Cell::new(Progress::Sending) }
    }

    /// Sends the request and relays the answer. What comes back is the rule that answers instead, if one does.
    pub(super) async fn run<B: RequestBody, A: Answer>(
        &self,
        request: Request<()>,
        body: &mut B,
        answer: &mut A,
        scratch: &mut Scratch,
    ) -> Result<Option<&'a CompiledRule>, Broken> {
        let _entered = self.session.enter(&self.job.worker.clock);
        let ends = self.whole && scratch.out.is_empty();
        let opened = self.session.sender().send_request(request, ends);
        // The session has just ended.
        let (coming, stream) = opened.map_err(|_| Broken::Unprocessed)?;
        if ends {
            self.progress.set(Progress::Sent);
        }
        let outcome = {
            let upload = pin!(self.upload(stream, body, &scratch.out));
            let download = pin!(self.download(coming, answer, &mut scratch.response));
            both_ways(self.job, &self.progress, upload, download).await
        };
        if matches!(outcome, Err(Broken::Early(Reason::UpstreamTimeout))) {
            // Perhaps nobody is there any more, which TCP notices late.
            self.session.retire();
        }
        outcome.map_err(|broken| broken.after(answer))
    }

    /// Sends the body, then watches the client. Comes back only if that ends the exchange.
    async fn upload<B: RequestBody>(
        &self,
        mut stream: SendStream<Bytes>,
        body: &mut B,
        whole: &[u8],
    ) -> Broken {
        if self.progress.get() != Progress::Sent {
            match self.send(&mut stream, body, whole).await {
                Ok(()) => self.progress.set(Progress::Sent),
                // The server may have answered before it stopped reading.
                Err(SendError::Server) => pending().await,
                Err(SendError::Client(broken)) => return broken.into(),
            }
        }
        body.gone().await;
        Broken::ClientGone
    }

    async fn send<B: RequestBody>(
        &self,
        stream: &mut SendStream<Bytes>,
        body: &mut B,
        whole: &[u8],
    ) -> Result<(), SendError> {
        if self.whole {
            return self.send_data(stream, whole, true).await;
        }
        loop {
            self.progress.set(Progress::WaitingForBody);
            let data = body.read().await.map_err(SendError::Client)?;
            self.progress.set(Progress::Sending);
            self.job.deadline.set(self.job.request_ticks());
            if data.is_empty() {
                break;
            }
            self.send_data(stream, data, false).await?;
        }
        let sent = match body.trailers() {
            [] => stream.send_data(Bytes::new(), true),
            trailers => stream.send_trailers(fields(trailers)),
        };
        sent.map_err(|_| SendError::Server)
    }

    /// Sends as much at a time as the server has room for.
    async fn send_data(
        &self,
        stream: &mut SendStream<Bytes>,
        mut data: &[u8],
        ends: bool,
    ) -> Result<(), SendError> {
        while !data.is_empty() {
            let room = poll_fn(|context| poll_room(stream, data.len(), context)).await?;
            let (now, later) = data.split_at(room);
            let last = ends && later.is_empty();
            stream.send_data(Bytes::copy_from_slice(now), last).map_err(|_| SendError::Server)?;
            self.job.deadline.set(self.job.request_ticks());
            data = later;
        }
        Ok(())
    }

    async fn download<A: Answer>(
        &self,
        coming: ResponseFuture,
        answer: &mut A,
        response: &mut Response,
    ) -> Result<Option<&'a CompiledRule>, Broken> {
        let stream = self.read_head(coming, answer, response).await?;
        let changes = match response_changes(self.job, self.to, response) {
            Ok(changes) => changes,
            Err(rule) => return Ok(Some(rule)),
        };
        answer.begin(response, &changes, self.job.incoming, self.progress.get() == Progress::Sent);
        self.relay(stream, answer).await?;
        Ok(None)
    }

    /// Waits for the final answer's head, passing on what comes before.
    async fn read_head<A: Answer>(
        &self,
        mut coming: ResponseFuture,
        answer: &mut A,
        response: &mut Response,
    ) -> Result<RecvStream, Broken> {
        let is_head = self.job.incoming.facts.is_head;
        let malformed = Broken::Early(Reason::MalformedResponse);
        for _ in 0..MOST_INTERIM {
            let (parts, stream) =
                poll_fn(|context| poll_head(&mut coming, context)).await.map_err(|error| early(&error))?;
            self.job.deadline.set(self.job.request_ticks());
            let ends = stream.as_ref().is_some_and(RecvStream::is_end_stream);
            response.take(parts.status, &parts.headers, (ends, is_head)).map_err(|_| malformed)?;
            match stream {
                Some(_) if response.status < 200 => return Err(malformed),
                Some(stream) => return Ok(stream),
                None if response.status == 101 => return Err(malformed),
                None => answer.interim(response).await.map_err(|_| Broken::ClientGone)?,
            }
        }
        Err(malformed)
    }

    /// Passes the body on. What the client hasn't taken the server can't send more of.
    async fn relay<A: Answer>(&self, mut stream: RecvStream, answer: &mut A) -> Result<(), Broken> {
        let gone = |_| Broken::ClientGone;
        loop {
            let mut context = Context::from_waker(Waker::noop());
            let next = match stream.poll_data(&mut context) {
                Poll::Ready(next) => next,
                Poll::Pending => {
                    answer.flush().await.map_err(gone)?;
                    poll_fn(|context| stream.poll_data(context)).await
                }
            };
            self.job.deadline.set(self.job.request_ticks());
            let Some(data) = next else { break };
            let data = data.map_err(|_| Broken::Late)?;
            answer.data(&data).await.map_err(gone)?;
            // A stream that has ended needs no window.
            let _ = stream.flow_control().release_capacity(data.len());
        }
        let mut lines = Vec::new();
        if let Some(trailers) =
            poll_fn(|context| stream.poll_trailers(context)).await.map_err(|_| Broken::Late)?
        {
            push_lines(&trailers, &mut lines);
        }
        answer.end(&lines).await.map_err(gone)
    }
}

/// The next head: of an interim answer without a stream, or the final one's.
fn poll_head(
    coming: &mut ResponseFuture,
    context: &mut Context<'_>,
) -> Poll<Result<(http::response::Parts, Option<RecvStream>), h2::Error>> {
    if let Some(interim) = ready!(coming.poll_informational(context)) {
        return Poll::Ready(interim.map(|interim| (interim.into_parts().0, None)));
    }
    let response = ready!(std::future::Future::poll(Pin::new(coming), context))?;
    let (parts, stream) = response.into_parts();
    Poll::Ready(Ok((parts, Some(stream))))
}

fn poll_room(
    stream: &mut SendStream<Bytes>,
    wanted: usize,
    context: &mut Context<'_>,
) -> Poll<Result<usize, SendError>> {
    stream.reserve_capacity(wanted);
    loop {
        match stream.capacity() {
            0 => {}
            room => return Poll::Ready(Ok(room.min(wanted))),
        }
        match ready!(stream.poll_capacity(context)) {
            Some(Ok(_)) => {}
            _ => return Poll::Ready(Err(SendError::Server)),
        }
    }
}

/// What an error before the answer means: whether the server may have looked at the request.
fn early(error: &h2::Error) -> Broken {
    let refused = error.is_reset() && error.reason() == Some(h2::Reason::REFUSED_STREAM);
    let above_last = error.is_go_away() && error.is_remote() && error.reason() == Some(h2::Reason::NO_ERROR);
    if refused || above_last {
        Broken::Unprocessed
    } else if error.is_io() || error.is_go_away() {
        Broken::Unanswered
    } else {
        Broken::Early(Reason::UpstreamClosed)
    }
}
