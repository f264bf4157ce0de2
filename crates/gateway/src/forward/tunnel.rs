use super::{Answer, RequestBody};
use crate::buffer::{Buffer, LARGE};
use crate::socket::Socket;
use crate::worker::Worker;
use crate::worker::clock::{Deadline, Ticks};
use std::future::{Future, poll_fn};
use std::io;
use std::pin::pin;
use std::task::Poll;

/// The server's end of a tunnel: a connection and what has been read from it already.
#[derive(Debug)]
pub(crate) struct ServerEnd {
    pub(crate) socket: Socket,
    pub(crate) leftover: Buffer,
}

/// Passes bytes both ways until both sides have ended, one breaks, or neither has sent anything for `patience`.
pub(crate) async fn run<B: RequestBody, A: Answer>(
    worker: &Worker,
    deadline: &Deadline,
    patience: Ticks,
    client: (&mut B, &mut A),
    server: ServerEnd,
) {
    let ServerEnd { socket, leftover } = server;
    deadline.set(patience);
    let progress = || deadline.set(patience);
    let mut upward = pin!(upward(client.0, &socket, &progress));
    let mut downward = pin!(downward(worker, &socket, leftover, client.1, &progress));
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
    let _ = deadline.watch(both).await;
}

async fn upward<B: RequestBody>(from: &mut B, to: &Socket, progress: &impl Fn()) -> io::Result<()> {
    loop {
        let mut data = from.read().await.map_err(|_| io::ErrorKind::ConnectionAborted)?;
        progress();
        if data.is_empty() {
            return to.shutdown().await;
        }
        while !data.is_empty() {
            let count = to.write(data, &[]).await?;
            progress();
            data = &data[count..];
        }
    }
}

async fn downward<A: Answer>(
    worker: &Worker,
    from: &Socket,
    mut buffer: Buffer,
    to: &mut A,
    progress: &impl Fn(),
) -> io::Result<()> {
    loop {
        if !buffer.is_empty() {
            to.data(buffer.filled()).await?;
            to.flush().await?;
            progress();
            buffer.consume(usize::MAX);
        }
        worker.buffers.release(&mut buffer);
        if worker.fill(from, &mut buffer, LARGE).await? == 0 {
            return to.end(&[]).await;
        }
        progress();
    }
}
