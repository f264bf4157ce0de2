use super::client::{Site, answer, get, key, run};
use crate::support::{Server, ok, options};
use std::sync::Mutex;
use std::sync::mpsc::{Sender, channel};
use std::time::Duration;

const RULES: &str = "default/a: host=a.example path=/* -> forward v1";

/// A server that answers when told to.
pub(super) fn held() -> (Server, Sender<()>) {
    let (go, wait) = channel::<()>();
    let wait = Mutex::new(wait);
    let server = Server::new(move |_| {
        wait.lock().unwrap().recv().unwrap();
        ok("late")
    });
    (server, go)
}

#[test]
fn draining_finishes_what_has_begun_and_closes_without_an_error() {
    run(async {
        let site = Site::new(RULES);
        let (server, go) = held();
        site.serve("v1", &[&server]);
        let mut idle = site.connect().await;
        go.send(()).unwrap();
        assert_eq!(idle.get("a.example", "/").await.text(), "late");
        let mut busy = site.connect().await;
        let mut stream = busy.begin(get("a.example", "/")).await;
        stream.finish().await.unwrap();
        let address = site.address;
        let mut trust = site.trust();
        trust.transport_config(std::sync::Arc::default());
        while server.connections() == 0 {
            tokio::task::yield_now().await;
        }
        let gateway = site.gateway;
        let draining = std::thread::spawn(move || gateway.drain(Duration::from_secs(20)));
        let quinn::ConnectionError::ApplicationClosed(closed) = idle.quic.closed().await else {
            panic!("not closed by the gateway")
        };
        assert_eq!(closed.error_code, 0x100_u32.into(), "H3_NO_ERROR");
        let endpoint = quinn::Endpoint::client((std::net::Ipv4Addr::LOCALHOST, 0).into()).unwrap();
        let refused = endpoint.connect_with(trust, address, "a.example").unwrap().await.unwrap_err();
        assert!(matches!(refused, quinn::ConnectionError::ConnectionClosed(_)), "{refused}");
        go.send(()).unwrap();
        assert_eq!(answer(&mut stream).await.text(), "late");
        busy.quic.closed().await;
        draining.join().unwrap();
    });
}

#[test]
fn an_idle_connection_is_closed() {
    run(async {
        let site = Site::with(
            "default/a: host=a.example path=/* -> fixed 200 text/plain a",
            options(),
            |listener| {
                listener.idle_timeout_seconds = 1;
            },
        );
        let mut client = site.connect().await;
        assert_eq!(client.get("a.example", "/").await.text(), "a");
        let closed = client.quic.closed().await;
        assert!(matches!(closed, quinn::ConnectionError::ApplicationClosed(_)), "{closed}");
    });
}

#[test]
fn a_listener_that_is_unbound_sends_its_clients_away() {
    run(async {
        let site = Site::new("default/a: host=a.example path=/* -> fixed 200 text/plain a");
        let mut client = site.connect().await;
        assert_eq!(client.get("a.example", "/").await.text(), "a");
        let mut last = client.begin(get("a.example", "/")).await;
        site.gateway.unbind(&key(), site.address);
        last.finish().await.unwrap();
        assert_eq!(answer(&mut last).await.text(), "a");
        client.quic.closed().await;
        while std::net::UdpSocket::bind(site.address).is_err() {
            tokio::task::yield_now().await;
        }
    });
}

#[test]
fn a_certificate_is_exchanged_while_connections_go_on() {
    run(async {
        let site = Site::new("default/a: host=a.example path=/* -> fixed 200 text/plain a");
        let mut old = site.connect().await;
        let serial = |client: &super::client::Client| {
            let chain = client.quic.peer_identity().unwrap();
            chain.downcast::<Vec<rustls::pki_types::CertificateDer<'static>>>().unwrap()[0].to_vec()
        };
        for _ in 0..20 {
            let before = serial(&site.connect().await);
            site.set(&site.authority.issue(&["a.example"]));
            let mut new = site.connect().await;
            assert_ne!(serial(&new), before);
            assert_eq!(new.get("a.example", "/").await.text(), "a");
            assert_eq!(old.get("a.example", "/").await.text(), "a");
        }
    });
}

/// 200 changes of the weights and 20 of all servers, with requests all the time.
#[test]
fn no_request_is_lost_while_everything_changes() {
    run(async {
        let site = Site::new("default/a: host=a.example path=/* -> forward v1 100, v2 0");
        let servers = |name: &'static str| (0..2).map(move |_| Server::named(name)).collect::<Vec<_>>();
        let (mut v1, mut v2) = (servers("v1"), servers("v2"));
        let set = |name: &str, servers: &[Server]| site.serve(name, &servers.iter().collect::<Vec<_>>());
        set("v1", &v1);
        set("v2", &v2);
        let (mut one, mut other) = (site.connect().await, site.connect().await);
        for round in 0..200_u32 {
            let (first, expected) = if round % 2 == 0 { (0, "v2") } else { (100, "v1") };
            site.apply(&format!(
                "default/a: host=a.example path=/* -> forward v1 {first}, v2 {}",
                100 - first
            ));
            if round % 10 == 0 {
                v1 = servers("v1");
                v2 = servers("v2");
                set("v1", &v1);
                set("v2", &v2);
            }
            let mut streams = Vec::new();
            for client in [&mut one, &mut other] {
                for _ in 0..4 {
                    let mut stream = client.begin(get("a.example", "/")).await;
                    stream.finish().await.unwrap();
                    streams.push(stream);
                }
            }
            for stream in &mut streams {
                let answer = answer(stream).await;
                assert_eq!((answer.status, answer.text().as_str()), (200, expected), "round {round}");
            }
        }
    });
}

#[test]
fn after_the_grace_period_clients_are_told() {
    run(async {
        let site = Site::new(RULES);
        let (server, _go) = held();
        site.serve("v1", &[&server]);
        let mut client = site.connect().await;
        let mut stream = client.begin(get("a.example", "/")).await;
        stream.finish().await.unwrap();
        while server.connections() == 0 {
            tokio::task::yield_now().await;
        }
        site.gateway.drain(Duration::from_millis(100));
        let closed = client.quic.closed().await;
        assert!(matches!(closed, quinn::ConnectionError::ApplicationClosed(_)), "{closed}");
    });
}

/// Two gateways on one port, as while one replaces the other: the system mixes their packets up.
#[test]
fn one_gateway_replaces_another_without_losing_a_request() {
    run(async {
        let rules = |name: &str| format!("default/a: host=a.example path=/* -> fixed 200 text/plain {name}");
        let old = Site::new(&rules("old"));
        let mut clients = Vec::new();
        for _ in 0..10 {
            clients.push(old.connect().await);
        }
        let authority = net_alb_testkit::Authority::new("test");
        let mut trust = vec![old.trust()];
        let new = Site::at(
            old.address,
            authority,
            (&rules("new"), options(), |_: &mut net_alb_model::Listener| {}),
        );
        trust.push(new.trust());
        for _ in 0..5 {
            for client in &mut clients {
                assert_eq!(client.get("a.example", "/").await.text(), "old");
                client.move_away();
            }
        }
        let gateway = old.gateway;
        let draining = std::thread::spawn(move || gateway.drain(Duration::from_secs(20)));
        for client in &clients {
            let closed = client.quic.closed().await;
            assert!(matches!(closed, quinn::ConnectionError::ApplicationClosed(_)), "{closed}");
        }
        for _ in 0..10 {
            assert_eq!(new.connect().await.get("a.example", "/").await.text(), "new");
        }
        draining.join().unwrap();
    });
}
