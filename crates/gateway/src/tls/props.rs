//! The index of certificates against a scan over all of them.

use super::certificate::{Certificate, Pem};
use super::store::{Certificates, Share};
use crate::listener::ListenerKey;
use net_alb_model::{ListenerId, ObjectKey, Protocol};
use net_alb_testkit::Authority;
use proptest::prelude::*;
use rustls::sign::CertifiedKey;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, LazyLock};
use std::time::{Duration, SystemTime};

/// One key for all: the index doesn't look at it.
static CERTIFIED: LazyLock<Arc<CertifiedKey>> = LazyLock::new(|| {
    let issued = Authority::new("test").issue(&["a.test"]);
    let pem = Pem { chain: issued.chain.as_bytes(), key: issued.key.as_bytes() };
    Certificate::parse(pem).unwrap().certified
});

const NAMES: [&str; 6] = ["a.test", "b.test", "*.test", "c.a.test", "*.a.test", "test"];

/// Hosts that clients ask for.
const HOSTS: [&str; 7] = ["a.test", "b.test", "d.test", "c.a.test", "d.a.test", "test", "e.d.a.test"];

const SECRETS: usize = 4;

#[derive(Debug, Clone)]
enum Step {
    Set(usize, Option<BTreeSet<&'static str>>),
    Put(usize, BTreeSet<usize>, BTreeSet<&'static str>),
    Declare(Vec<usize>),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let names = || proptest::collection::btree_set(proptest::sample::select(&NAMES[..]), 1..4);
    let secrets = || proptest::collection::btree_set(0..SECRETS, 0..3);
    let declared = proptest::sample::subsequence((0..SECRETS).collect::<Vec<_>>(), 0..3).prop_shuffle();
    let step = prop_oneof![
        4 => (0..SECRETS, proptest::option::weighted(0.8, names())).prop_map(|(at, set)| Step::Set(at, set)),
        4 => (0..3_usize, secrets(), names()).prop_map(|(at, secrets, hosts)| Step::Put(at, secrets, hosts)),
        1 => declared.prop_map(Step::Declare),
    ];
    proptest::collection::vec(step, 1..24)
}

/// Everything that was said, to be scanned.
#[derive(Default)]
struct Naive {
    certificates: BTreeMap<usize, (BTreeSet<&'static str>, u64)>,
    ingresses: BTreeMap<usize, (BTreeSet<usize>, BTreeSet<&'static str>)>,
    declared: Vec<usize>,
}

impl Naive {
    /// The number of the certificate for a host.
    fn find(&self, host: &str) -> Option<u64> {
        let wildcard = host.split_once('.').map_or(String::new(), |(_, parent)| format!("*.{parent}"));
        let used: BTreeSet<usize> =
            self.ingresses.values().flat_map(|(secrets, _)| secrets.clone()).collect();
        let mut ranked = self.declared.clone();
        ranked.extend(used.iter().filter(|secret| !self.declared.contains(secret)));
        let by_rule = |name: &str, secret: usize| {
            self.ingresses.values().any(|(secrets, hosts)| secrets.contains(&secret) && hosts.contains(name))
        };
        let has = |secret: usize, name: &str| {
            self.certificates.get(&secret).is_some_and(|(names, _)| names.contains(name))
        };
        let covers = |secret: usize| has(secret, host) || has(secret, &wildcard);
        let first = |fits: &dyn Fn(usize) -> bool| ranked.iter().copied().find(|secret| fits(*secret));
        first(&|secret| by_rule(host, secret) && covers(secret))
            .or_else(|| first(&|secret| by_rule(&wildcard, secret) && covers(secret)))
            .or_else(|| first(&|secret| has(secret, host)))
            .or_else(|| first(&|secret| has(secret, &wildcard)))
            .or_else(|| first(&|secret| self.certificates.contains_key(&secret)))
            .map(|secret| self.certificates[&secret].1)
    }
}

fn secret(number: usize) -> ObjectKey {
    ObjectKey::new("default", format!("secret-{number}"))
}

fn certificate(names: &BTreeSet<&str>, number: u64) -> Certificate {
    let names = names.iter().map(|name| (*name).to_owned()).collect();
    let not_after = SystemTime::UNIX_EPOCH + Duration::from_secs(number);
    Certificate { certified: Arc::clone(&CERTIFIED), names, not_after }
}

fn listener() -> ListenerKey {
    ListenerKey { alb: "test".to_owned(), id: ListenerId { port: 443, protocol: Protocol::Https } }
}

fn found(store: &mut Certificates, host: &str) -> Option<u64> {
    let resolver = store.resolver(&listener());
    let certificate = resolver.names.load().find(host, |_| true)?;
    Some(certificate.not_after.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs())
}

proptest! {
    #[test]
    fn the_index_finds_what_a_scan_finds(steps in steps()) {
        let (mut store, mut naive) = (Certificates::default(), Naive::default());
        for (number, step) in (1_u64..).zip(steps) {
            match step {
                Step::Set(at, None) => {
                    naive.certificates.remove(&at);
                    store.set(&secret(at), None);
                }
                Step::Set(at, Some(names)) => {
                    store.set(&secret(at), Some(certificate(&names, number)));
                    naive.certificates.insert(at, (names, number));
                }
                Step::Put(at, secrets, hosts) => {
                    let share = Share::new(secrets.iter().copied().map(secret), hosts.iter().copied());
                    store.put(&listener(), &ObjectKey::new("default", format!("ingress-{at}")), share);
                    naive.ingresses.insert(at, (secrets, hosts));
                }
                Step::Declare(declared) => {
                    store.declare(&listener(), &declared.iter().copied().map(secret).collect::<Vec<_>>());
                    naive.declared = declared;
                }
            }
            for host in HOSTS {
                prop_assert_eq!(found(&mut store, host), naive.find(host), "{} after step {}", host, number);
            }
        }
    }
}

#[test]
fn ten_thousand_certificates_of_which_each_is_found() {
    let mut store = Certificates::default();
    for number in 0..10_000_u32 {
        let host = format!("h{number}.example.com");
        let name = ObjectKey::new("default", format!("h{number}"));
        // A wildcard that thousands share costs a change no more than one.
        let names = BTreeSet::from([host.as_str(), "*.shared.test"]);
        store.set(&name, Some(certificate(&names, number.into())));
        store.put(&listener(), &name, Share::new([name.clone()], [host.as_str()]));
    }
    for number in [0, 1, 4321, 9999] {
        assert_eq!(found(&mut store, &format!("h{number}.example.com")), Some(number));
    }
    assert_eq!(found(&mut store, "any.shared.test"), Some(0));
}
