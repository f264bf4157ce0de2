use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

/// Requests a second: in all, and from one address. Each is a bucket of one second's requests that refills steadily.
///
/// Source: ALB, action `TrafficLimit`; how ALB counts isn't documented.
#[derive(Debug)]
pub(crate) struct TrafficLimit {
    qps: Option<u32>,
    per_ip_qps: Option<u32>,
    all: AtomicU64,
    clients: Mutex<HashMap<IpAddr, u64, foldhash::fast::RandomState>>,
}

const SECOND: u64 = 1_000_000_000;

/// Addresses remembered at once. Beyond, those whose bucket is full again are forgotten; if none is, new addresses
/// pass: memory is bounded, and nobody is refused for what others do.
const CLIENTS: usize = 16 * 1024;

impl TrafficLimit {
    pub(crate) fn new(qps: Option<u32>, per_ip_qps: Option<u32>) -> Self {
        TrafficLimit { qps, per_ip_qps, all: AtomicU64::new(0), clients: Mutex::default() }
    }

    /// Whether both limit alike, so that one can go on where the other is.
    pub(crate) fn same_limits(&self, other: &TrafficLimit) -> bool {
        (self.qps, self.per_ip_qps) == (other.qps, other.per_ip_qps)
    }

    /// Whether a request from `client` may pass. `now` is in nanoseconds since any fixed moment.
    pub(crate) fn admits(&self, client: IpAddr, now: u64) -> bool {
        self.per_ip_qps.is_none_or(|qps| self.admits_client(client, qps, now))
            && self.qps.is_none_or(|qps| {
                let take = |full_at| take(full_at, qps, now);
                self.all.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take).is_ok()
            })
    }

    fn admits_client(&self, client: IpAddr, qps: u32, now: u64) -> bool {
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        if clients.len() >= CLIENTS && !clients.contains_key(&client) {
            clients.retain(|_, full_at| *full_at > now);
            if clients.len() >= CLIENTS {
                return true;
            }
        }
        let full_at = clients.entry(client).or_default();
        take(*full_at, qps, now).map(|next| *full_at = next).is_some()
    }
}

/// Takes one request from a bucket, kept as the moment at which it will be full again. `None`: it's empty.
fn take(full_at: u64, qps: u32, now: u64) -> Option<u64> {
    let next = full_at.max(now) + SECOND / u64::from(qps.max(1));
    (qps > 0 && next <= now + SECOND).then_some(next)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);
    const THERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::BROADCAST);

    #[test]
    fn a_second_admits_its_number_and_the_next_again() {
        let limit = TrafficLimit::new(Some(5), None);
        let admitted = |now| (0..20).filter(|_| limit.admits(HERE, now)).count();
        assert_eq!(admitted(SECOND), 5);
        assert_eq!(admitted(SECOND + SECOND / 5), 1);
        assert_eq!(admitted(3 * SECOND), 5);
    }

    #[test]
    fn one_address_does_not_use_up_another_ones_share() {
        let limit = TrafficLimit::new(None, Some(2));
        let admitted = |client| (0..20).filter(|_| limit.admits(client, SECOND)).count();
        assert_eq!((admitted(HERE), admitted(THERE)), (2, 2));
    }

    #[test]
    fn addresses_are_bounded() {
        let limit = TrafficLimit::new(None, Some(1));
        for number in 0..40_000u32 {
            assert!(limit.admits(IpAddr::from(number.to_be_bytes()), SECOND));
        }
        assert!(limit.clients.lock().unwrap().len() <= CLIENTS);
        assert!(!limit.admits(IpAddr::from(0u32.to_be_bytes()), SECOND));
    }
}
