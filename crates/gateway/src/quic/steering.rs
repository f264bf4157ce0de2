//! Leads packets to the thread whose connection they are for.

use super::connection_id::{ConnectionIds, Generator, destination};
use super::siblings::{Desk, Siblings};
use quinn::udp::{EcnCodepoint, RecvMeta};
use std::hash::RandomState;
use std::io::IoSliceMut;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use tokio::sync::mpsc::{Receiver, Sender, channel};

/// Packets that may wait for a thread. More are lost, as on any network.
const WAITING: usize = 1024;

/// A packet on its way from one thread to another.
#[derive(Debug)]
pub(super) struct Datagram {
    pub(super) from: SocketAddr,
    pub(super) to: Option<IpAddr>,
    pub(super) ecn: Option<EcnCodepoint>,
    pub(super) bytes: Box<[u8]>,
}

impl Datagram {
    pub(super) fn new(bytes: &[u8], meta: &RecvMeta) -> Datagram {
        Datagram { from: meta.addr, to: meta.dst_ip, ecn: meta.ecn, bytes: bytes.into() }
    }
}

/// One thread's place among all that share an address.
#[derive(Debug)]
pub(crate) struct Seat {
    ids: ConnectionIds,
    thread: usize,
    threads: Arc<[Sender<Datagram>]>,
    siblings: Arc<Siblings>,
    mailbox: Mutex<Receiver<Datagram>>,
}

/// A seat for each thread, and the desk where other processes' packets come in.
pub(super) fn seats(ids: &ConnectionIds, threads: usize, address: SocketAddr) -> (Vec<Seat>, Desk) {
    let (senders, mailboxes): (Vec<_>, Vec<_>) = (0..threads).map(|_| channel(WAITING)).unzip();
    let senders: Arc<[_]> = senders.into();
    let siblings = Arc::<Siblings>::default();
    let desk = Desk {
        address,
        ids: ids.clone(),
        threads: Arc::clone(&senders),
        siblings: Arc::clone(&siblings),
        spread: RandomState::new(),
    };
    let seat = |(thread, mailbox)| Seat {
        ids: ids.clone(),
        thread,
        threads: Arc::clone(&senders),
        siblings: Arc::clone(&siblings),
        mailbox: Mutex::new(mailbox),
    };
    (mailboxes.into_iter().enumerate().map(seat).collect(), desk)
}

impl Seat {
    pub(super) fn siblings(&self) -> Arc<Siblings> {
        Arc::clone(&self.siblings)
    }

    /// Makes what makes connection ids that lead here.
    pub(super) fn factory(&self) -> impl Fn() -> Generator + Send + Sync + use<> {
        let (ids, thread) = (self.ids.clone(), self.thread);
        move || ids.generator(thread)
    }

    /// Takes packets that other threads have received; ready if there are any.
    pub(super) fn poll_mailbox(
        &self,
        context: &mut Context<'_>,
        buffers: &mut [IoSliceMut<'_>],
        metas: &mut [RecvMeta],
    ) -> Poll<usize> {
        let mut mailbox = self.mailbox.lock().unwrap_or_else(PoisonError::into_inner);
        let mut count = 0;
        for (buffer, meta) in buffers.iter_mut().zip(metas) {
            let Poll::Ready(Some(datagram)) = mailbox.poll_recv(context) else { break };
            let Datagram { from, to, ecn, bytes } = datagram;
            let len = bytes.len().min(buffer.len());
            buffer[..len].copy_from_slice(&bytes[..len]);
            *meta = RecvMeta { addr: from, len, stride: len, ecn, dst_ip: to };
            count += 1;
        }
        if count == 0 { Poll::Pending } else { Poll::Ready(count) }
    }

    /// Hands on the packets in `buffer` that are for other threads, and moves those that stay together.
    pub(super) fn steer(&self, buffer: &mut [u8], meta: &mut RecvMeta) {
        let stride = meta.stride.max(1);
        let mut kept = 0;
        let mut at = 0;
        while at < meta.len {
            let end = (at + stride).min(meta.len);
            if !self.hand_on(&buffer[at..end], meta) {
                if kept != at {
                    buffer.copy_within(at..end, kept);
                }
                kept += end - at;
            }
            at = end;
        }
        meta.len = kept;
    }

    /// Whether a packet was another thread's or process's, who has it now. New clients' packets stay.
    fn hand_on(&self, packet: &[u8], meta: &RecvMeta) -> bool {
        match destination(packet).and_then(|id| self.ids.thread(id)) {
            Some(thread) if thread == self.thread => false,
            Some(thread) => {
                if let Some(mailbox) = self.threads.get(thread) {
                    // A full mailbox is a full network: whoever sent the packet will send it again.
                    let _ = mailbox.try_send(Datagram::new(packet, meta));
                }
                true
            }
            None => self.siblings.pass(packet, meta),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use quinn::ConnectionIdGenerator;

    fn packet(seat: &Seat, fill: u8, length: usize) -> Vec<u8> {
        let mut packet = vec![fill; length];
        packet[0] = 0x40;
        let id = seat.factory()().generate_cid();
        packet[1..=id.len()].copy_from_slice(&id);
        packet
    }

    fn meta(length: usize, stride: usize) -> RecvMeta {
        RecvMeta { addr: ([127, 0, 0, 1], 9).into(), len: length, stride, ecn: None, dst_ip: None }
    }

    fn mailbox(seat: &Seat) -> Vec<Vec<u8>> {
        let mut blocks = [[0; 64]; 4];
        let mut buffers: Vec<_> = blocks.iter_mut().map(|block| IoSliceMut::new(block)).collect();
        let mut metas = [RecvMeta::default(); 4];
        let mut context = Context::from_waker(std::task::Waker::noop());
        match seat.poll_mailbox(&mut context, &mut buffers, &mut metas) {
            Poll::Ready(count) => (0..count).map(|at| buffers[at][..metas[at].len].to_vec()).collect(),
            Poll::Pending => vec![],
        }
    }

    fn seats(threads: usize) -> Vec<Seat> {
        super::seats(&ConnectionIds::new(threads), threads, ([127, 0, 0, 1], 443).into()).0
    }

    #[test]
    fn packets_of_a_batch_go_to_their_threads_and_the_rest_moves_together() {
        let (seats, others) = (seats(3), seats(3));
        let [own, second, third] = [&seats[0], &seats[1], &seats[2]];
        let stranger = packet(&others[0], 9, 20);
        let packets =
            [packet(second, 1, 20), packet(own, 2, 20), packet(third, 3, 20), stranger, packet(own, 5, 15)];
        let mut batch = packets.concat();
        let mut meta = meta(batch.len(), 20);
        own.steer(&mut batch, &mut meta);
        assert_eq!(batch[..meta.len], [packets[1].clone(), packets[3].clone(), packets[4].clone()].concat());
        assert_eq!(meta.stride, 20);
        assert_eq!(mailbox(second), [packets[0].clone()]);
        assert_eq!(mailbox(third), [packets[2].clone()]);
        assert_eq!(mailbox(own), Vec::<Vec<u8>>::new());
    }

    #[test]
    fn a_thread_that_does_not_read_costs_a_bounded_amount() {
        let seats = seats(2);
        for _ in 0..2 * WAITING {
            let mut packet = packet(&seats[1], 1, 32);
            let mut meta = meta(packet.len(), packet.len());
            seats[0].steer(&mut packet, &mut meta);
            assert_eq!(meta.len, 0);
        }
        let waiting = std::iter::repeat_with(|| mailbox(&seats[1]).len()).take_while(|count| *count > 0);
        assert_eq!(waiting.sum::<usize>(), WAITING);
    }
}
