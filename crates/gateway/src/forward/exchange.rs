//! One request and one answer on one connection to a server, both directions at once.

use super::connect::Upstream;
use super::head::Rewritten;
use super::tunnel::ServerEnd;
use super::{Answer, BodyError, Changes, Failure, Forwarded, Incoming, Job, RequestBody, Scratch};
use crate::buffer::{Buffer, LARGE, SMALL};
use crate::http1::Framing;
use crate::http1::body::{Piece, Unframer};
use crate::http1::response::Response;
use crate::http1::writer::Writer;
use crate::reason::Reason;
use crate::socket::Socket;
use crate::table::CompiledRule;
use crate::table::action::{End as RuleEnd, TargetPlan};
use std::cell::Cell;
use std::future::{Future, pending, poll_fn};
use std::io;
use std::pin::{Pin, pin};
use std::task::Poll;

/// Bytes of an answer's head at most.
const LARGEST_HEAD: usize = 64 * 1024;

/// 1xx answers before the final one at most.
pub(super) const MOST_INTERIM: usize = 32;

pub(super) struct Exchange<'e, 'a> {
    job: &'e Job<'a>,
    socket: &'e Socket,
    to: &'e Rewritten,
    /// The request is all in the first write.
    whole: bool,
    progress: Cell<Progress>,
}

/// How far the request has got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Progress {
    Sending,
    /// The client owes us more of its body.
    WaitingForBody,
    Sent,
}

/// An answer that is complete.
#[derive(Debug)]
pub(super) struct End<'a> {
    /// The server would use the connection again, and nothing is left on it.
    reusable: bool,
    leftover: Buffer,
    upgraded: bool,
    replaced: Option<&'a CompiledRule>,
}

/// An exchange that broke.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Broken {
    /// The server closed the connection without a byte.
    Unanswered,
    /// The server has said that it hasn't looked at the request.
    Unprocessed,
    /// Something else, before the answer began.
    Early(Reason),
    /// After it began.
    Late,
    ClientGone,
}

impl Broken {
    /// What it is once the answer may have begun.
    pub(super) fn after(self, answer: &impl Answer) -> Broken {
        match self {
            Broken::ClientGone => self,
            _ if answer.status() != 0 => Broken::Late,
            _ => self,
        }
    }
}

impl From<BodyError> for Broken {
    fn from(error: BodyError) -> Broken {
        match error {
            BodyError::Gone => Broken::ClientGone,
            BodyError::BadChunk => Broken::Early(Reason::BadChunk),
        }
    }
}

impl From<Broken> for Failure {
    fn from(broken: Broken) -> Failure {
        match broken {
            Broken::Unanswered | Broken::Unprocessed => Failure::Refused(Reason::UpstreamClosed),
            Broken::Early(reason) => Failure::Refused(reason),
            Broken::Late => Failure::Aborted,
            Broken::ClientGone => Failure::ClientGone,
        }
    }
}

/// Appends the body if all of it has arrived: then the request is one write, and can be sent again.
pub(super) fn push_whole(incoming: &Incoming<'_>, body: &mut impl RequestBody, out: &mut Vec<u8>) -> bool {
    if incoming.facts.framing == Framing::None {
        return true;
    }
    match body.whole() {
        Some(bytes) => {
            out.extend_from_slice(bytes);
            true
        }
        None => false,
    }
}

/// Puts the connection back if it can be used again.
pub(super) fn finish<'a>(
    job: &Job<'a>,
    target: &TargetPlan,
    upstream: Upstream,
    end: End<'a>,
) -> Forwarded<'a> {
    if end.upgraded {
        let (socket, leftover) = (upstream.socket, end.leftover);
        return Forwarded::Upgraded(ServerEnd { socket, leftover });
    }
    if end.reusable && target.keepalive {
        job.worker.upstreams.give(upstream.key, upstream.socket, job.worker.clock.now());
    }
    end.replaced.map_or(Forwarded::Answered, Forwarded::Replaced)
}

impl<'e, 'a> Exchange<'e, 'a> {
    pub(super) fn new(job: &'e Job<'a>, socket: &'e Socket, to: &'e Rewritten, whole: bool) -> Self {
        Exchange { job, socket, to, whole, progress: Cell::new(Progress::Sending) }
    }

    /// Sends the request and relays the answer. The answer may come, and end, before the request has been sent.
    pub(super) async fn run<B: RequestBody, A: Answer>(
        &self,
        body: &mut B,
        answer: &mut A,
        scratch: &mut Scratch,
    ) -> Result<End<'a>, Broken> {
        let outcome = {
            let upload = pin!(self.upload(body, &scratch.out));
            let download = pin!(self.download(answer, &mut scratch.response));
            both_ways(self.job, &self.progress, upload, download).await
        };
        outcome.map_err(|broken| broken.after(answer))
    }

    /// Sends the request, then watches the client. Comes back only if that ends the exchange.
    async fn upload<B: RequestBody>(&self, body: &mut B, out: &[u8]) -> Broken {
        match self.send(body, out).await {
            Ok(()) => self.progress.set(Progress::Sent),
            // The server may have answered before it stopped reading.
            Err(SendError::Server) => pending().await,
            Err(SendError::Client(broken)) => return broken.into(),
        }
        body.gone().await;
        Broken::ClientGone
    }

    async fn send<B: RequestBody>(&self, body: &mut B, out: &[u8]) -> Result<(), SendError> {
        let (deadline, patience) = (self.job.deadline, self.job.request_ticks());
        let mut gathered = Vec::new();
        let mut writer = Writer::new(self.socket, deadline, patience, &mut gathered);
        writer.write(out).await?;
        if self.whole {
            return Ok(());
        }
        writer.chunked = self.job.incoming.facts.framing == Framing::Chunked;
        loop {
            self.progress.set(Progress::WaitingForBody);
            let data = body.read().await.map_err(SendError::Client)?;
            self.progress.set(Progress::Sending);
            deadline.set(patience);
            if data.is_empty() {
                break;
            }
            writer.data(data).await?;
            writer.flush().await?;
        }
        writer.end(body.trailers()).await?;
        Ok(())
    }

    async fn download<A: Answer>(&self, answer: &mut A, response: &mut Response) -> Result<End<'a>, Broken> {
        let mut input = Buffer::default();
        self.read_head(answer, response, &mut input).await?;
        let job = self.job;
        let mut end = End { reusable: false, leftover: Buffer::default(), upgraded: false, replaced: None };
        let changes = match response_changes(job, self.to, response) {
            Ok(changes) => changes,
            Err(rule) => {
                end.replaced = Some(rule);
                return Ok(end);
            }
        };
        let sent = || self.progress.get() == Progress::Sent;
        answer.begin(response, &changes, job.incoming, sent());
        if response.status == 101 {
            answer.flush().await.map_err(|_| Broken::ClientGone)?;
            end.upgraded = true;
            end.leftover = input;
            return Ok(end);
        }
        let complete = self.relay(answer, response, &mut input).await?;
        end.reusable = complete && response.keep_alive && sent() && input.is_empty();
        job.worker.buffers.release(&mut input);
        Ok(end)
    }

    /// Waits for the final answer's head, passing on what comes before.
    async fn read_head<A: Answer>(
        &self,
        answer: &mut A,
        response: &mut Response,
        input: &mut Buffer,
    ) -> Result<(), Broken> {
        let facts = self.job.incoming.facts;
        let malformed = Broken::Early(Reason::MalformedResponse);
        let mut searched = 0;
        for _ in 0..MOST_INTERIM {
            let length = loop {
                let parsed = response.parse(input.filled(), searched, facts.is_head);
                if let Some(length) = parsed.map_err(|_| malformed)? {
                    break length;
                }
                searched = input.filled().len();
                match self.fill(input).await {
                    Ok(0) | Err(_) if input.is_empty() => return Err(Broken::Unanswered),
                    Ok(0) | Err(_) => return Err(Broken::Early(Reason::UpstreamClosed)),
                    Ok(_) => {}
                }
                if input.filled().len() >= LARGEST_HEAD {
                    return Err(malformed);
                }
            };
            input.consume(length);
            searched = 0;
            match response.status {
                101 if !facts.upgrade => return Err(malformed),
                100 | 102..=199 => answer.interim(response).await.map_err(|_| Broken::ClientGone)?,
                _ => return Ok(()),
            }
        }
        Err(malformed)
    }

    /// Passes the body on. False if its end was the connection's.
    async fn relay<A: Answer>(
        &self,
        answer: &mut A,
        response: &Response,
        input: &mut Buffer,
    ) -> Result<bool, Broken> {
        let mut unframer = Unframer::new(response.framing);
        let mut filled = false;
        loop {
            match unframer.next(input).map_err(|_| Broken::Late)? {
                Piece::Data(count) => {
                    let data = &input.filled()[..count];
                    answer.data(data).await.map_err(|_| Broken::ClientGone)?;
                    input.consume(count);
                }
                Piece::More => {
                    answer.flush().await.map_err(|_| Broken::ClientGone)?;
                    if filled || unframer.left().is_some_and(|left| left > SMALL as u64) {
                        self.job.worker.buffers.enlarge(input);
                    }
                    match self.fill(input).await {
                        Ok(0) if unframer.may_end_here() => break,
                        Ok(0) | Err(_) => return Err(Broken::Late),
                        Ok(count) => filled = count == SMALL,
                    }
                }
                Piece::End => break,
            }
        }
        answer.end(unframer.trailers()).await.map_err(|_| Broken::ClientGone)?;
        Ok(unframer.is_done())
    }

    /// Reads more of the answer.
    async fn fill(&self, input: &mut Buffer) -> io::Result<usize> {
        let count = self.job.worker.fill(self.socket, input, LARGE).await?;
        self.job.deadline.set(self.job.request_ticks());
        Ok(count)
    }
}

/// Lets both directions go on until the answer is complete or one of them breaks. They stay where they are: a future that
/// is handed over by value takes its room twice.
pub(super) async fn both_ways<T>(
    job: &Job<'_>,
    progress: &Cell<Progress>,
    mut upload: Pin<&mut impl Future<Output = Broken>>,
    mut download: Pin<&mut impl Future<Output = Result<T, Broken>>>,
) -> Result<T, Broken> {
    job.deadline.set(job.request_ticks());
    let both = poll_fn(|context| {
        // Once the request is sent, only the answer is waited for; before, it can't come.
        let sent = progress.get() == Progress::Sent;
        if sent && let Poll::Ready(outcome) = download.as_mut().poll(context) {
            return Poll::Ready(outcome);
        }
        if let Poll::Ready(broken) = upload.as_mut().poll(context) {
            return Poll::Ready(Err(broken));
        }
        if sent { Poll::Pending } else { download.as_mut().poll(context) }
    });
    job.deadline.watch(both).await.unwrap_or_else(|_| {
        Err(Broken::Early(match progress.get() {
            Progress::WaitingForBody => Reason::RequestTimeout,
            Progress::Sending | Progress::Sent => Reason::UpstreamTimeout,
        }))
    })
}

/// What is changed in an answer; `Err`: the response rule that answers instead.
pub(super) fn response_changes<'a>(
    job: &Job<'a>,
    to: &Rewritten,
    response: &Response,
) -> Result<Changes<'a>, &'a CompiledRule> {
    let origin = || job.incoming.head.headers.values("origin").next();
    let cors = job.rule.plan.cors.as_deref().and_then(|policy| Some((policy, origin()?)));
    let mut changes = Changes { cors, edits: None };
    if job.table.has_response_rules() {
        let request = to.apply(&job.incoming.head);
        match job.table.route_response(&request, &response.head()).map(|rule| (rule, &rule.plan.end)) {
            Some((_, RuleEnd::Edit(edits))) => changes.edits = Some(edits),
            Some((rule, RuleEnd::Fixed(_))) => return Err(rule),
            _ => {}
        }
    }
    Ok(changes)
}

/// Who is to blame that a request wasn't sent.
pub(super) enum SendError {
    Server,
    Client(BodyError),
}

impl From<io::Error> for SendError {
    fn from(_: io::Error) -> Self {
        SendError::Server
    }
}
