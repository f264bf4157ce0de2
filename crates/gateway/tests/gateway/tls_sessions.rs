//! TLS in front, over time: sessions that go on, certificates that change, versions that are refused.

use crate::support::{Server, service};
use crate::tls_client::{Secured, config, connect, trusting};
use net_alb_testkit::Authority;
use rustls::HandshakeKind;
use rustls::client::Resumption;
use rustls::version::{TLS12, TLS13};
use std::collections::BTreeSet;
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

const SHOP: &str = "default/shop: host=shop.example.com path=/* -> forward shop";

/// The system deals connections to threads by their ports: these many meet every thread of two, but for one time in 10^12.
const CONNECTIONS: usize = 40;

#[test]
fn a_session_goes_on_on_whatever_thread() {
    let authority = Authority::new("test");
    for version in [&TLS12, &TLS13] {
        let site = Secured::new("default/shop: host=shop.example.com path=/* -> fixed 200 text/plain shop");
        site.set("shop", &authority.issue(&["shop.example.com"]));
        let mut config = config(&authority, &[version], None);
        config.resumption = Resumption::in_memory_sessions(8);
        let config = Arc::new(config);
        let mut kinds = Vec::new();
        for _ in 0..CONNECTIONS {
            let mut client = site.connect(&config, "shop.example.com").unwrap();
            // The answer brings the ticket along.
            assert_eq!(client.get("shop.example.com", "/").status, 200);
            kinds.push(client.stream.tls.as_ref().unwrap().handshake_kind().unwrap());
        }
        assert_eq!(kinds[0], HandshakeKind::Full);
        assert_eq!(kinds[1..], [HandshakeKind::Resumed; CONNECTIONS - 1], "{version:?}");
    }
}

#[test]
fn certificates_change_under_load_and_no_request_fails() {
    let authority = Authority::new("test");
    let site = Secured::new(SHOP);
    let shop = Server::named("shop");
    site.gateway.set_endpoints(&service("shop"), vec![shop.address]);
    site.set("shop", &authority.issue(&["shop.example.com"]));
    let (ended, asked) = (AtomicBool::new(false), AtomicUsize::new(0));
    let trust = trusting(&authority);
    // One client stays on its connection, the other makes a new one for every request.
    let mut steady = site.connect(&trust, "shop.example.com").unwrap();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !ended.load(Ordering::Relaxed) {
                assert_eq!(steady.get("shop.example.com", "/").text(), "shop");
                asked.fetch_add(1, Ordering::Relaxed);
            }
        });
        scope.spawn(|| {
            while !ended.load(Ordering::Relaxed) {
                let mut client = connect(site.address, &trust, "shop.example.com").unwrap();
                assert_eq!(client.get("shop.example.com", "/").text(), "shop");
                asked.fetch_add(1, Ordering::Relaxed);
            }
        });
        for swap in 0..100 {
            // Now an exact name, then a wildcard: the host changes its place in the index, too.
            let name = if swap % 2 == 0 { "*.example.com" } else { "shop.example.com" };
            assert_eq!(site.set("shop", &authority.issue(&[name])), [""; 0]);
            assert_eq!(site.shown("shop.example.com"), name, "in effect at once");
        }
        ended.store(true, Ordering::Relaxed);
    });
    assert!(asked.load(Ordering::Relaxed) > 100);
}

#[test]
fn a_policy_refuses_what_it_doesnt_name() {
    let authority = Authority::new("test");
    let ask = |policy: &str, version| {
        let site = Secured::with(SHOP, |listener| listener.security_policy = Some(policy.to_owned()));
        site.set("shop", &authority.issue(&["shop.example.com"]));
        let client = Arc::new(config(&authority, &[version], None));
        site.connect(&client, "shop.example.com").is_ok()
    };
    for policy in ["tls_cipher_policy_1_0", "tls_cipher_policy_1_2", "tls_cipher_policy_1_2_strict"] {
        assert!(ask(policy, &TLS12) && !ask(policy, &TLS13), "{policy} ends at TLS 1.2");
    }
    for policy in ["tls_cipher_policy_1_2_strict_with_1_3", "tls-made-by-hand"] {
        assert!(ask(policy, &TLS12) && ask(policy, &TLS13), "{policy}");
    }
}

#[test]
fn another_policy_is_in_effect_for_the_next_connection_and_closes_none() {
    let (site, authority) = (Secured::new(SHOP), Authority::new("test"));
    let shop = Server::named("shop");
    site.gateway.set_endpoints(&service("shop"), vec![shop.address]);
    site.set("shop", &authority.issue(&["shop.example.com"]));
    let modern = Arc::new(config(&authority, &[&TLS13], None));
    let mut open = site.connect(&modern, "shop.example.com").unwrap();
    site.configure(|listener| listener.security_policy = Some("tls_cipher_policy_1_2".to_owned()));
    assert!(site.connect(&modern, "shop.example.com").is_err());
    assert_eq!(open.get("shop.example.com", "/").text(), "shop");
}

#[test]
fn protocols_are_agreed_upon() {
    let (site, authority) = (Secured::new(SHOP), Authority::new("test"));
    site.set("shop", &authority.issue(&["shop.example.com"]));
    let agreed = || {
        let mut config = config(&authority, &[&TLS13], None);
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        let client = site.connect(&Arc::new(config), "shop.example.com").unwrap();
        let protocol = client.stream.tls.as_ref().unwrap().alpn_protocol().map(<[u8]>::to_vec);
        String::from_utf8(protocol.unwrap()).unwrap()
    };
    assert_eq!(agreed(), "h2");
    site.configure(|listener| listener.http2 = false);
    assert_eq!(agreed(), "http/1.1");
}

#[test]
fn many_secrets_are_served() {
    let authority = Authority::new("test");
    let count = 500;
    let rules: Vec<_> = (0..count)
        .map(|n| format!("default/s{n}: host=h{n}.example.com path=/* -> fixed 200 text/plain {n}\n"))
        .collect();
    let site = Secured::new(&rules.concat());
    // Making a certificate takes longer than everything else: few kinds of them, many Secrets.
    let issued: Vec<_> =
        [0, 1, 321, 499].map(|n| (n, authority.issue(&[&format!("h{n}.example.com")]))).into();
    let other = authority.issue(&["*.other.test"]);
    for n in 0..count {
        let own = issued.iter().find(|(number, _)| *number == n).map_or(&other, |(_, own)| own);
        assert_eq!(site.set(&format!("s{n}"), own), [""; 0]);
    }
    for (n, _) in &issued {
        assert_eq!(site.shown(&format!("h{n}.example.com")), format!("h{n}.example.com"));
    }
    let secrets: BTreeSet<_> = site.gateway.certificates().into_iter().map(|info| info.secret).collect();
    assert_eq!(secrets.len(), count);
}

#[test]
fn a_client_that_goes_away_in_the_handshake_is_nobodys_problem() {
    let (site, authority) = (Secured::new(SHOP), Authority::new("test"));
    let shop = Server::named("shop");
    site.gateway.set_endpoints(&service("shop"), vec![shop.address]);
    site.set("shop", &authority.issue(&["shop.example.com"]));
    for _ in 0..20 {
        drop(TcpStream::connect(site.address).unwrap());
    }
    let mut client = site.connect(&trusting(&authority), "shop.example.com").unwrap();
    assert_eq!(client.get("shop.example.com", "/").text(), "shop");
}
