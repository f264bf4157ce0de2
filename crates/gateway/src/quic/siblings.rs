//! Other processes on the same address. While one gateway replaces another, both have sockets there, and the system hands each of
//! them packets of the other's connections. What isn't ours is passed on, and whoever leaves passes new clients on as well.
//!
//! Processes find each other by name in Linux's abstract namespace, and trust only their own user.

use super::connection_id::{ConnectionIds, destination};
use super::steering::Datagram;
use quinn::udp::{EcnCodepoint, RecvMeta};
use std::hash::{BuildHasher, RandomState};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::os::unix::net as unix;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::task::JoinSet;

/// Processes on one address at most, this one among them.
const PROCESSES: usize = 4;

/// Packets that may wait for another process. More are lost, as on any network.
const WAITING: usize = 1024;

/// The other processes on an address, as all threads see them.
#[derive(Debug, Default)]
pub(super) struct Siblings {
    links: Mutex<Vec<Sender<Passed>>>,
    /// Whether there are any.
    linked: AtomicBool,
    /// This process takes no new clients.
    leaving: AtomicBool,
}

/// A packet for another process.
#[derive(Debug)]
struct Passed {
    /// It may begin a connection.
    may_begin: bool,
    datagram: Datagram,
}

impl Siblings {
    /// From now on new clients are the others'.
    pub(super) fn leave(&self) {
        self.leaving.store(true, Ordering::Relaxed);
    }

    /// Passes on a packet that is for none of our connections. Whether it's somebody else's now.
    pub(super) fn pass(&self, packet: &[u8], meta: &RecvMeta) -> bool {
        if !self.linked.load(Ordering::Relaxed) {
            return false;
        }
        let is_long = packet.first().is_some_and(|first| first & 0x80 != 0);
        let may_begin = is_long && self.leaving.load(Ordering::Relaxed);
        if is_long && !may_begin && destination(packet).is_none() {
            // A new client's.
            return false;
        }
        let links = self.links.lock().unwrap_or_else(PoisonError::into_inner);
        for link in links.iter() {
            let passed = Passed { may_begin, datagram: Datagram::new(packet, meta) };
            // A full queue is a full network.
            let _ = link.try_send(passed);
            if may_begin {
                break;
            }
        }
        // With a long header it may still be a new client's.
        !links.is_empty() && (!is_long || may_begin)
    }

    fn add(&self, link: Sender<Passed>) {
        self.links.lock().unwrap_or_else(PoisonError::into_inner).push(link);
        self.linked.store(true, Ordering::Relaxed);
    }

    fn remove(&self, link: &Sender<Passed>) {
        let mut links = self.links.lock().unwrap_or_else(PoisonError::into_inner);
        links.retain(|other| !other.same_channel(link));
        self.linked.store(!links.is_empty(), Ordering::Relaxed);
    }
}

/// Where packets from other processes go.
#[derive(Debug, Clone)]
pub(crate) struct Desk {
    pub(super) address: SocketAddr,
    pub(super) ids: ConnectionIds,
    pub(super) threads: Arc<[Sender<Datagram>]>,
    pub(super) siblings: Arc<Siblings>,
    /// Keeps the packets of a client together.
    pub(super) spread: RandomState,
}

impl Desk {
    /// Finds the others, and lets others find us. Where that can't be, there are none.
    pub(crate) async fn run(self) {
        let mut links = JoinSet::new();
        let Some((listener, own)) = self.listen() else { return };
        for other in (0..PROCESSES).filter(|number| *number != own) {
            if let Some(stream) = self.connect(other) {
                links.spawn_local(self.clone().link(stream));
            }
        }
        while let Ok((stream, _)) = listener.accept().await {
            while links.try_join_next().is_some() {}
            if links.len() < PROCESSES && is_own_user(&stream) {
                links.spawn_local(self.clone().link(stream));
            }
        }
    }

    fn listen(&self) -> Option<(UnixListener, usize)> {
        (0..PROCESSES).find_map(|number| {
            let listener = unix::UnixListener::bind_addr(&self.name(number)?).ok()?;
            listener.set_nonblocking(true).ok()?;
            Some((UnixListener::from_std(listener).ok()?, number))
        })
    }

    fn connect(&self, number: usize) -> Option<UnixStream> {
        let stream = unix::UnixStream::connect_addr(&self.name(number)?).ok()?;
        stream.set_nonblocking(true).ok()?;
        UnixStream::from_std(stream).ok().filter(is_own_user)
    }

    #[cfg(target_os = "linux")]
    fn name(&self, number: usize) -> Option<unix::SocketAddr> {
        let name = format!("net-alb/quic/{}/{number}", self.address);
        <unix::SocketAddr as std::os::linux::net::SocketAddrExt>::from_abstract_name(name).ok()
    }

    /// Elsewhere there are no such names, and `dev` isn't replaced.
    #[cfg(not(target_os = "linux"))]
    fn name(&self, _: usize) -> Option<unix::SocketAddr> {
        None
    }

    /// Passes packets both ways until the other process ends.
    async fn link(self, stream: UnixStream) {
        let (mut reader, writer) = stream.into_split();
        let (link, packets) = channel(WAITING);
        self.siblings.add(link.clone());
        let mut writing = JoinSet::new();
        writing.spawn_local(write(writer, packets));
        while let Ok((may_begin, datagram)) = read(&mut reader).await {
            self.take(may_begin, datagram);
        }
        self.siblings.remove(&link);
    }

    fn take(&self, may_begin: bool, datagram: Datagram) {
        let own = destination(&datagram.bytes).and_then(|id| self.ids.thread(id));
        let any =
            || usize::try_from(self.spread.hash_one(datagram.from)).unwrap_or_default() % self.threads.len();
        let thread = match own {
            Some(thread) => thread,
            None if may_begin => any(),
            None => return,
        };
        if let Some(mailbox) = self.threads.get(thread) {
            // A full mailbox is a full network.
            let _ = mailbox.try_send(datagram);
        }
    }
}

fn is_own_user(stream: &UnixStream) -> bool {
    let user = |stream: &UnixStream| stream.peer_cred().map(|peer| peer.uid()).ok();
    // Both ends of a pair are ours.
    let own = UnixStream::pair().ok().and_then(|(one, _)| user(&one));
    own.is_some() && user(stream) == own
}

async fn write(mut writer: impl AsyncWriteExt + Unpin, mut packets: Receiver<Passed>) {
    while let Some(Passed { may_begin, datagram }) = packets.recv().await {
        let Some(message) = message(may_begin, &datagram) else { continue };
        if writer.write_all(&message).await.is_err() {
            return;
        }
    }
}

/// Length of what follows, flags, sender, receiver's address, packet.
fn message(may_begin: bool, datagram: &Datagram) -> Option<Vec<u8>> {
    let Datagram { from, to, ecn, bytes } = datagram;
    let mut out = vec![0, 0, u8::from(may_begin) << 2 | ecn.map_or(0, |ecn| ecn as u8)];
    push_ip(Some(from.ip()), &mut out);
    out.extend_from_slice(&from.port().to_be_bytes());
    push_ip(*to, &mut out);
    out.extend_from_slice(bytes);
    let length = u16::try_from(out.len() - 2).ok()?;
    out[..2].copy_from_slice(&length.to_be_bytes());
    Some(out)
}

async fn read(reader: &mut (impl AsyncReadExt + Unpin)) -> io::Result<(bool, Datagram)> {
    let length = reader.read_u16().await?;
    let mut bytes = vec![0; length.into()];
    reader.read_exact(&mut bytes).await?;
    parse(&bytes).ok_or_else(|| io::ErrorKind::InvalidData.into())
}

fn parse(bytes: &[u8]) -> Option<(bool, Datagram)> {
    let (flags, rest) = bytes.split_first()?;
    let (from, rest) = read_ip(rest)?;
    let (port, rest) = rest.split_first_chunk::<2>()?;
    let (to, packet) = read_ip(rest)?;
    let datagram = Datagram {
        from: SocketAddr::new(from?, u16::from_be_bytes(*port)),
        to,
        ecn: EcnCodepoint::from_bits(flags & 3),
        bytes: packet.into(),
    };
    Some((flags & 4 != 0, datagram))
}

fn push_ip(ip: Option<IpAddr>, out: &mut Vec<u8>) {
    match ip {
        None => out.push(0),
        Some(IpAddr::V4(ip)) => {
            out.push(4);
            out.extend_from_slice(&ip.octets());
        }
        Some(IpAddr::V6(ip)) => {
            out.push(6);
            out.extend_from_slice(&ip.octets());
        }
    }
}

fn read_ip(bytes: &[u8]) -> Option<(Option<IpAddr>, &[u8])> {
    match bytes.split_first()? {
        (0, rest) => Some((None, rest)),
        (4, rest) => rest.split_first_chunk::<4>().map(|(ip, rest)| (Some(IpAddr::from(*ip)), rest)),
        (6, rest) => rest.split_first_chunk::<16>().map(|(ip, rest)| (Some(IpAddr::from(*ip)), rest)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_packet_survives_the_way() {
        for (from, to, ecn) in [
            ("127.0.0.1:1", None, None),
            ("[::1]:65535", Some("::1"), Some(EcnCodepoint::Ce)),
            ("10.0.0.1:443", Some("10.0.0.2"), Some(EcnCodepoint::Ect0)),
        ] {
            let to = to.map(|to| to.parse().unwrap());
            let sent = Datagram { from: from.parse().unwrap(), to, ecn, bytes: Box::from(&b"packet"[..]) };
            let bytes = message(true, &sent).unwrap();
            assert_eq!(usize::from(u16::from_be_bytes([bytes[0], bytes[1]])), bytes.len() - 2);
            let (may_begin, got) = parse(&bytes[2..]).unwrap();
            assert!(may_begin);
            assert_eq!((got.from, got.to, got.ecn, got.bytes), (sent.from, sent.to, sent.ecn, sent.bytes));
        }
        for cut in 0..8 {
            let sent =
                Datagram { from: "127.0.0.1:1".parse().unwrap(), to: None, ecn: None, bytes: Box::default() };
            assert!(parse(&message(false, &sent).unwrap()[2..2 + cut]).is_none(), "{cut} bytes");
        }
    }
}
