use super::websocket::{Frames, GOING_AWAY};
use super::{Answer, RequestBody};
use crate::buffer::{Buffer, LARGE};
use crate::socket::Socket;
use crate::table::RequestHead;
use crate::worker::Worker;
use crate::worker::clock::{Deadline, Ticks};
use std::future::{Future, poll_fn};
use std::io;
use std::pin::{Pin, pin};
use std::task::Poll;

/// The server's end of a tunnel: a connection and what has been read from it already.
#[derive(Debug)]
pub(crate) struct ServerEnd {
    pub(crate) socket: Socket,
    pub(crate) leftover: Buffer,
}

/// Both sides go on in another protocol, and bytes are passed on as they are.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Tunnel<'a> {
    pub(crate) worker: &'a Worker,
    pub(crate) deadline: &'a Deadline,
    /// How long both sides may be silent.
    pub(crate) patience: Ticks,
    /// The client can be told that the gateway goes away.
    pub(crate) is_websocket: bool,
}

/// Whether this upgrade leads to a WebSocket.
pub(crate) fn is_websocket(head: &RequestHead<'_>) -> bool {
    head.headers.values("upgrade").any(|value| value.eq_ignore_ascii_case(b"websocket"))
}

impl Tunnel<'_> {
    /// Passes bytes both ways until both sides have ended, one breaks, neither has sent anything for long, or the thread ends.
    pub(crate) async fn run<B: RequestBody, A: Answer>(&self, client: (&mut B, &mut A), server: ServerEnd) {
        let ServerEnd { socket, leftover } = server;
        self.progress();
        let mut upward = pin!(self.upward(client.0, &socket));
        let mut downward = pin!(self.downward(&socket, leftover, client.1));
        let (mut up_done, mut down_done) = (false, false);
        let both = poll_fn(|context| {
            if !up_done && let Poll::Ready(result) = upward.as_mut().poll(context) {
                result?;
                up_done = true;
            }
            if !down_done && let Poll::Ready(result) = downward.as_mut().poll(context) {
                result?;
                down_done = true;
            }
            if up_done && down_done { Poll::Ready(io::Result::Ok(())) } else { Poll::Pending }
        });
        // However it ends, both connections are over.
        let _ = self.deadline.watch(both).await;
    }

    fn progress(&self) {
        self.deadline.set(self.patience);
    }

    async fn upward<B: RequestBody>(&self, from: &mut B, to: &Socket) -> io::Result<()> {
        loop {
            let mut data = from.read().await.map_err(|_| io::ErrorKind::ConnectionAborted)?;
            self.progress();
            if data.is_empty() {
                return to.shutdown().await;
            }
            while !data.is_empty() {
                let count = to.write(data, &[]).await?;
                self.progress();
                data = &data[count..];
            }
        }
    }

    async fn downward<A: Answer>(&self, from: &Socket, mut buffer: Buffer, to: &mut A) -> io::Result<()> {
        let mut frames = Frames::default();
        let mut parting = pin!(self.worker.parting.notified());
        loop {
            if !buffer.is_empty() {
                if self.is_websocket {
                    frames.pass(buffer.filled());
                }
                to.data(buffer.filled()).await?;
                to.flush().await?;
                self.progress();
                buffer.consume(usize::MAX);
            }
            self.worker.buffers.release(&mut buffer);
            match self.read(from, &mut buffer, parting.as_mut()).await? {
                Some(0) => return to.end(&[]).await,
                Some(_) => self.progress(),
                None => {
                    if self.is_websocket && frames.is_between() {
                        to.data(&GOING_AWAY).await?;
                        to.end(&[]).await?;
                    }
                    return Err(io::ErrorKind::ConnectionAborted.into());
                }
            }
        }
    }

    /// Reads from the server; `None`: the grace period is over.
    async fn read(
        &self,
        from: &Socket,
        buffer: &mut Buffer,
        mut parting: Pin<&mut impl Future>,
    ) -> io::Result<Option<usize>> {
        let mut filled = pin!(self.worker.fill(from, buffer, LARGE));
        poll_fn(|context| {
            if let Poll::Ready(read) = filled.as_mut().poll(context) {
                return Poll::Ready(read.map(Some));
            }
            parting.as_mut().poll(context).map(|_| Ok(None))
        })
        .await
    }
}
