//! HTTP/2 to a backend: one stream of a session that all requests of the thread share.
//!
//! Source: RFC 9113; for which backends: knative.dev/networking `pkg/apis/networking/ports.go`.

mod exchange;
mod session;

pub(crate) use session::Sessions;

use super::connect::Servers;
use super::exchange::Broken;
use super::head::{self, Rewritten};
use super::{Answer, Failure, Forwarded, Job, RequestBody, Scratch, Trace, is_idempotent};
use crate::reason::Reason;
use crate::table::action::TargetPlan;
use exchange::Http2Exchange;
use session::Session;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::rc::Rc;

/// Attempts for one request in all, on sessions that end just then.
const ATTEMPTS: usize = 4;

impl<'a> Job<'a> {
    /// Forwards the request on a stream, and relays the answer. A stream that the server hasn't looked at is tried again.
    pub(super) async fn run_http2<B: RequestBody, A: Answer>(
        &self,
        (target, servers): (&TargetPlan, &Servers<'_>),
        to: &Rewritten,
        (body, answer): (&mut B, &mut A),
        scratch: &mut Scratch,
        trace: &mut Trace,
    ) -> Result<Forwarded<'a>, Failure> {
        scratch.out.clear();
        head::push_request(self.incoming, to, &target.edits, true, &mut scratch.out);
        let request = exchange::request(&scratch.out).ok_or(Failure::Refused(Reason::MalformedRequest))?;
        scratch.out.clear();
        let whole = super::exchange::push_whole(self.incoming, body, &mut scratch.out);
        body.rest();
        let mut address = servers.endpoints.next().ok_or(Failure::Refused(Reason::NoEndpoints))?;
        let mut attempt = 1;
        loop {
            trace.endpoint = Some(address);
            let session = match self.session(address, servers).await {
                Ok(session) => session,
                Err(refused) if attempt < ATTEMPTS => {
                    attempt = ATTEMPTS;
                    address = servers.endpoints.other_than(address).ok_or(Failure::Refused(refused))?;
                    continue;
                }
                Err(refused) => return Err(Failure::Refused(refused)),
            };
            let exchange = Http2Exchange::new(self, &session, to, whole);
            match exchange.run(request.clone(), body, answer, scratch).await {
                Ok(None) => return Ok(Forwarded::Answered),
                Ok(Some(rule)) => return Ok(Forwarded::Replaced(rule)),
                Err(broken) => {
                    let untouched = whole || body.received() == 0;
                    let again = match broken {
                        Broken::Unprocessed => untouched,
                        // The session broke just when it was used again.
                        Broken::Unanswered => session.is_seasoned() && whole && is_idempotent(self.incoming),
                        _ => false,
                    };
                    if !again || attempt == ATTEMPTS {
                        return Err(broken.into());
                    }
                    attempt += 1;
                    address = servers.endpoints.next().unwrap_or(address);
                }
            }
        }
    }

    /// A session with this server that has room for a stream.
    async fn session(&self, address: SocketAddr, servers: &Servers<'_>) -> Result<Rc<Session>, Reason> {
        self.deadline.set(self.worker.timeouts.connect);
        let (key, tls) = (servers.key(address), servers.tls());
        let session = self.worker.sessions.get(key, tls, &self.worker.clock);
        match self.deadline.watch(session).await {
            Ok(Ok(session)) => Ok(session),
            Ok(Err(error)) if error.kind() == ErrorKind::InvalidData => Err(Reason::UpstreamTls),
            Ok(Err(_)) => Err(Reason::ConnectFailed),
            Err(_) => Err(Reason::ConnectTimeout),
        }
    }
}
