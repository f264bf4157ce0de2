use quinn::{ConnectionId, ConnectionIdGenerator};
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::time::Duration;

/// Bytes of a connection id: a nonce, and the number of its thread under a mask that only this process can make. So an
/// observer can't tell whether two ids belong together (RFC 9000 §5.1), and ids of another process on the same port, or made
/// up, are known not to be ours.
pub(super) const LENGTH: usize = NONCE + MASKED;
const NONCE: usize = 6;
const MASKED: usize = 4;

/// Makes and reads the connection ids of one gateway.
#[derive(Debug, Clone)]
pub(crate) struct ConnectionIds {
    /// SipHash with random keys.
    key: RandomState,
    threads: usize,
}

impl ConnectionIds {
    pub(crate) fn new(threads: usize) -> ConnectionIds {
        ConnectionIds { key: RandomState::new(), threads }
    }

    /// The thread that made this id; `None` if it isn't of this gateway.
    pub(crate) fn thread(&self, id: &[u8]) -> Option<usize> {
        let (nonce, masked) = id.split_first_chunk::<NONCE>()?;
        let masked = u32::from_be_bytes(masked.try_into().ok()?);
        let thread = usize::try_from(masked ^ self.mask(*nonce)).ok()?;
        (thread < self.threads).then_some(thread)
    }

    fn make(&self, nonce: [u8; NONCE], thread: usize) -> [u8; LENGTH] {
        let masked = u32::try_from(thread).unwrap_or_default() ^ self.mask(nonce);
        let mut id = [0; LENGTH];
        id[..NONCE].copy_from_slice(&nonce);
        id[NONCE..].copy_from_slice(&masked.to_be_bytes());
        id
    }

    fn mask(&self, nonce: [u8; NONCE]) -> u32 {
        let hash = self.key.hash_one(nonce).to_be_bytes();
        u32::from_be_bytes([hash[0], hash[1], hash[2], hash[3]])
    }

    /// Makes ids for one thread.
    pub(super) fn generator(&self, thread: usize) -> Generator {
        Generator { ids: self.clone(), thread, nonces: RandomState::new(), next: 0 }
    }
}

/// The id that a packet is for; `None` if it has none of our length.
///
/// Source: RFC 9000 §17.2 and §17.3; RFC 8999 §5 keeps this so for every version.
pub(super) fn destination(datagram: &[u8]) -> Option<&[u8]> {
    let first = *datagram.first()?;
    if first & 0x80 == 0 {
        return datagram.get(1..=LENGTH);
    }
    let length = usize::from(*datagram.get(5)?);
    if length == LENGTH { datagram.get(6..6 + LENGTH) } else { None }
}

/// Makes connection ids that lead to one thread.
#[derive(Debug)]
pub(super) struct Generator {
    ids: ConnectionIds,
    thread: usize,
    /// A keyed hash of a counter can't be foretold.
    nonces: RandomState,
    next: u64,
}

impl ConnectionIdGenerator for Generator {
    fn generate_cid(&mut self) -> ConnectionId {
        self.next += 1;
        let hash = self.nonces.hash_one(self.next).to_be_bytes();
        let [nonce @ .., _, _] = hash;
        ConnectionId::new(&self.ids.make(nonce, self.thread))
    }

    fn cid_len(&self) -> usize {
        LENGTH
    }

    fn cid_lifetime(&self) -> Option<Duration> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_leads_to_its_thread() {
        let ids = ConnectionIds::new(4);
        for thread in 0..4 {
            let mut generator = ids.generator(thread);
            for _ in 0..100 {
                assert_eq!(ids.thread(&generator.generate_cid()), Some(thread));
            }
        }
    }

    #[test]
    fn ids_of_another_process_are_not_ours() {
        let (ours, theirs) = (ConnectionIds::new(4), ConnectionIds::new(4));
        let mut generator = theirs.generator(1);
        let taken = (0..1000).filter(|_| ours.thread(&generator.generate_cid()).is_some()).count();
        assert_eq!(taken, 0);
        assert_eq!(ours.thread(&[0; 8]), None, "another length");
    }

    #[test]
    fn ids_show_no_thread() {
        let ids = ConnectionIds::new(2);
        let mut generator = ids.generator(1);
        let mut last: Vec<u8> = (0..64).map(|_| generator.generate_cid()[LENGTH - 1]).collect();
        last.sort_unstable();
        last.dedup();
        assert!(last.len() > 32, "{last:?}");
    }

    #[test]
    fn the_destination_is_found_in_short_and_long_headers() {
        let id = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];
        let short = [&[0x40][..], &id, &[0; 20]].concat();
        assert_eq!(destination(&short), Some(&id[..]));
        let long = [&[0xc0, 0, 0, 0, 1, 10][..], &id, &[0; 20]].concat();
        assert_eq!(destination(&long), Some(&id[..]));
        assert_eq!(destination(&[&[0xc0, 0, 0, 0, 1, 8][..], &id].concat()), None);
        assert_eq!(destination(&short[..8]), None);
        assert_eq!(destination(&[]), None);
    }
}
