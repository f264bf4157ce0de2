use crate::buffer::{Buffer, LARGE};
use crate::socket::Socket;
use crate::worker::Worker;
use crate::worker::clock::{Deadline, Ticks};
use std::future::{Future, poll_fn};
use std::io;
use std::pin::pin;
use std::task::Poll;

/// One end of a tunnel: a connection and what has been read from it already.
#[derive(Debug)]
pub(crate) struct TunnelEnd<'a> {
    pub(crate) socket: &'a Socket,
    pub(crate) leftover: Buffer,
}

/// Passes bytes both ways until both sides have ended, one breaks, or neither has sent anything for `patience`. Returns the
/// bytes that went each way.
pub(crate) async fn run(
    worker: &Worker,
    deadline: &Deadline,
    patience: Ticks,
    client: TunnelEnd<'_>,
    server: TunnelEnd<'_>,
) -> (u64, u64) {
    let (mut up, mut down) = (0, 0);
    let (client_socket, server_socket) = (client.socket, server.socket);
    deadline.set(patience);
    {
        let progress = || deadline.set(patience);
        let mut upward = pin!(copy(worker, client, server_socket, &progress, &mut up));
        let mut downward = pin!(copy(worker, server, client_socket, &progress, &mut down));
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
    (up, down)
}

async fn copy(
    worker: &Worker,
    mut from: TunnelEnd<'_>,
    to: &Socket,
    progress: &impl Fn(),
    total: &mut u64,
) -> io::Result<()> {
    let buffer = &mut from.leftover;
    loop {
        while !buffer.is_empty() {
            let count = to.write(buffer.filled(), &[]).await?;
            progress();
            buffer.consume(count);
            *total += count as u64;
        }
        worker.buffers.release(buffer);
        if worker.fill(from.socket, buffer, LARGE).await? == 0 {
            return to.shutdown().await;
        }
        progress();
    }
}
