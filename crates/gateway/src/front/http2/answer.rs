use super::stream::Ends;
use super::{Session, piece};
use crate::forward::head::push_answer;
use crate::forward::{Answer, Changes, Incoming};
use crate::front::reply::Reply;
use crate::front::respond::Replying;
use crate::http1::Framing;
use crate::http1::field::FieldKind;
use crate::http1::response::Response;
use crate::parts::fields;
use crate::worker::clock::{Deadline, Ticks};
use bytes::{Bytes, BytesMut};
use http::{HeaderMap, StatusCode};
use std::cell::RefCell;
use std::future::poll_fn;
use std::io;
use std::task::Poll;

/// An answer on its way to a stream. Data waits until the client's windows and the connection have room for it.
#[derive(Debug)]
pub(super) struct Http2Answer<'a> {
    session: &'a Session,
    ends: &'a RefCell<Ends>,
    deadline: &'a Deadline,
    patience: Ticks,
    /// Where the head's lines are made.
    lines: &'a mut Vec<u8>,
    is_head: bool,
    /// Data that the end of the stream may still go with.
    held: BytesMut,
    status: u16,
    sent: u64,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Open,
    Ended,
    /// The head couldn't be sent.
    Broken,
}

/// Data that is copied together: a frame's worth.
const HELD: usize = 16 * 1024;

impl<'a> Http2Answer<'a> {
    pub(super) fn new(
        session: &'a Session,
        ends: &'a RefCell<Ends>,
        deadline: &'a Deadline,
        (lines, is_head, patience): (&'a mut Vec<u8>, bool, Ticks),
    ) -> Self {
        Http2Answer {
            session,
            ends,
            deadline,
            patience,
            lines,
            is_head,
            held: BytesMut::new(),
            status: 0,
            sent: 0,
            state: State::Open,
        }
    }

    /// Sends a head. `ends`: nothing follows.
    fn send_head(&mut self, status: u16, fields: HeaderMap, ends: bool) -> Result<(), h2::Error> {
        let mut head = http::Response::new(());
        *head.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY);
        *head.headers_mut() = fields;
        let mut side = self.ends.borrow_mut();
        if let Ends::Silent(respond) = &mut *side {
            let sending = respond.send_response(head, ends)?;
            *side = Ends::Sending(sending);
        }
        if ends {
            self.state = State::Ended;
        }
        Ok(())
    }

    /// Waits for room; how many of `wanted` bytes may be sent now.
    async fn room(&self, wanted: usize) -> io::Result<usize> {
        let room = poll_fn(|context| {
            std::task::ready!(self.session.ledger.poll_room(context));
            let Ends::Sending(stream) = &mut *self.ends.borrow_mut() else {
                return Poll::Ready(Err(io::ErrorKind::NotConnected.into()));
            };
            stream.reserve_capacity(wanted);
            loop {
                match stream.capacity() {
                    0 => {}
                    room => return Poll::Ready(Ok(room.min(wanted))),
                }
                match std::task::ready!(stream.poll_capacity(context)) {
                    Some(Ok(_)) => {}
                    Some(Err(error)) => return Poll::Ready(Err(broken(error))),
                    None => return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into())),
                }
            }
        });
        let room = room.await?;
        self.deadline.set(self.patience);
        Ok(room)
    }

    fn send(&mut self, bytes: Bytes, ends: bool) -> io::Result<()> {
        self.sent += bytes.len() as u64;
        let Ends::Sending(stream) = &mut *self.ends.borrow_mut() else {
            return Err(io::ErrorKind::NotConnected.into());
        };
        stream.send_data(piece(&self.session.ledger, bytes), ends).map_err(broken)?;
        if ends {
            self.state = State::Ended;
        }
        Ok(())
    }

    /// Sends what was held back, and the end of the stream if it is.
    async fn send_held(&mut self, ends: bool) -> io::Result<()> {
        let mut held = std::mem::take(&mut self.held).freeze();
        while !held.is_empty() {
            let room = self.room(held.len()).await?;
            let now = held.split_to(room);
            self.send(now, ends && held.is_empty())?;
        }
        if ends && self.state == State::Open { self.send(Bytes::new(), true) } else { Ok(()) }
    }

    fn check(&self) -> io::Result<()> {
        if self.state == State::Broken { Err(io::ErrorKind::ConnectionReset.into()) } else { Ok(()) }
    }
}

impl Answer for Http2Answer<'_> {
    async fn interim(&mut self, response: &Response) -> io::Result<()> {
        self.lines.clear();
        response.head().headers.copy(self.lines, |_, kind| kind == FieldKind::Other);
        let mut head = http::Response::new(());
        *head.status_mut() = StatusCode::from_u16(response.status).unwrap_or(StatusCode::CONTINUE);
        *head.headers_mut() = fields(self.lines);
        match &mut *self.ends.borrow_mut() {
            Ends::Silent(respond) => respond.send_informational(head).map_err(broken),
            Ends::Sending(_) => Ok(()),
        }
    }

    fn begin(&mut self, response: &Response, changes: &Changes<'_>, incoming: &Incoming<'_>, _: bool) {
        self.lines.clear();
        push_answer(response, changes, incoming, self.lines);
        let mut fields = fields(self.lines);
        self.status = response.status;
        let mut ends = response.framing == Framing::None;
        if response.status == 101 {
            // A stream becomes a tunnel by 200, and says nothing about how (RFC 8441 §5).
            self.status = 200;
            ends = false;
            fields.remove(http::header::UPGRADE);
            fields.remove(http::header::SEC_WEBSOCKET_ACCEPT);
            fields.remove(http::header::CONTENT_LENGTH);
        }
        if self.send_head(self.status, fields, ends).is_err() {
            self.state = State::Broken;
        }
    }

    async fn data(&mut self, data: &[u8]) -> io::Result<()> {
        self.check()?;
        if self.held.len() + data.len() <= HELD {
            self.held.extend_from_slice(data);
            return Ok(());
        }
        self.send_held(false).await?;
        let mut data = data;
        while data.len() > HELD {
            let room = self.room(data.len()).await?;
            let (now, later) = data.split_at(room);
            self.send(Bytes::copy_from_slice(now), false)?;
            data = later;
        }
        self.held.extend_from_slice(data);
        Ok(())
    }

    async fn flush(&mut self) -> io::Result<()> {
        self.check()?;
        self.send_held(false).await
    }

    async fn end(&mut self, trailers: &[u8]) -> io::Result<()> {
        self.check()?;
        if self.state == State::Ended {
            return Ok(());
        }
        if trailers.is_empty() {
            return self.send_held(true).await;
        }
        self.send_held(false).await?;
        self.state = State::Ended;
        match &mut *self.ends.borrow_mut() {
            Ends::Sending(stream) => stream.send_trailers(fields(trailers)).map_err(broken),
            Ends::Silent(_) => Err(io::ErrorKind::NotConnected.into()),
        }
    }

    fn status(&self) -> u16 {
        self.status
    }

    fn sent(&self) -> u64 {
        self.sent
    }
}

impl Replying for Http2Answer<'_> {
    async fn reply(&mut self, reply: &Reply, _: bool) -> io::Result<()> {
        self.lines.clear();
        self.status = reply.status;
        reply.push_fields(self.lines, &self.session.connection.worker.clock.date());
        let body = if self.is_head { &[][..] } else { &reply.body };
        self.send_head(reply.status, fields(self.lines), body.is_empty()).map_err(broken)?;
        self.patience = self.session.connection.worker.timeouts.head;
        let deadline = self.deadline;
        deadline.set(self.patience);
        let written = async {
            self.data(body).await?;
            self.end(&[]).await
        };
        deadline.watch(written).await.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
    }
}

fn broken(error: h2::Error) -> io::Error {
    error.into_io().unwrap_or_else(|| io::ErrorKind::ConnectionReset.into())
}
