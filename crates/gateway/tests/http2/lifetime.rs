//! Changes and ends while streams go on.

use crate::client::{H2Client, finish, request};
use crate::peers::one_thread;
use crate::run;
use crate::server::H2Server;
use crate::support::{Server, Site, ok, options, service};
use http::Method;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::channel;
use std::time::Duration;

/// Asks without a break until told to stop: how often each text came.
async fn load(client: H2Client, stop: Arc<AtomicBool>) -> BTreeMap<String, usize> {
    let mut seen = BTreeMap::new();
    while !stop.load(Ordering::SeqCst) {
        for answer in futures_util::future::join_all((0..8).map(|_| client.get("a", "/"))).await {
            assert_eq!(answer.status, 200, "{}", answer.text());
            *seen.entry(answer.text()).or_default() += 1;
        }
    }
    seen
}

#[test]
fn weights_and_endpoints_change_under_load() {
    run(async {
        let site = Site::new("a/a: -> forward h2c-a 100, v2 0");
        let mut servers = Vec::new();
        for _ in 0..20 {
            servers.push((H2Server::named("v1").await, Server::named("v2")));
        }
        let place = |(v1, v2): &(H2Server, Server)| {
            site.gateway.set_endpoints(&service("h2c-a"), vec![v1.address]);
            site.serve("v2", &[v2]);
        };
        place(&servers[0]);
        let stop = Arc::new(AtomicBool::new(false));
        let mut loads = Vec::new();
        for _ in 0..4 {
            let client = H2Client::connect(site.address).await;
            loads.push(tokio::spawn(load(client, Arc::clone(&stop))));
        }
        for flip in 0..200 {
            if flip % 10 == 0 {
                place(&servers[flip / 10]);
            }
            let share = if flip % 2 == 0 { 100 } else { 0 };
            site.apply(&format!("a/a: -> forward h2c-a {share}, v2 {}", 100 - share));
            let probe = H2Client::connect(site.address).await;
            let expected = if share == 100 { "v1" } else { "v2" };
            assert_eq!(probe.get("a", "/").await.text(), expected, "flip {flip}");
        }
        stop.store(true, Ordering::SeqCst);
        let mut total = 0;
        for load in loads {
            let seen = load.await.unwrap();
            assert!(seen.keys().all(|text| text == "v1" || text == "v2"), "{seen:?}");
            total += seen.values().sum::<usize>();
        }
        assert!(total > 1000, "{total} requests");
    });
}

#[test]
fn each_stream_of_a_connection_is_split_anew() {
    run(async {
        let site = Site::new("a/a: -> forward v1 50, v2 50");
        site.serve("v1", &[&Server::named("v1")]);
        site.serve("v2", &[&Server::named("v2")]);
        let client = H2Client::connect(site.address).await;
        let mut first = 0;
        for _ in 0..400 {
            first += usize::from(client.get("a", "/").await.text() == "v1");
        }
        assert!((140..=260).contains(&first), "{first} of 400");
    });
}

#[test]
fn draining_says_goaway_and_finishes_what_has_begun() {
    run(async {
        let site = Site::with("a/a: -> forward v1", one_thread(), |_| {});
        let (go, wait) = channel::<()>();
        let wait = std::sync::Mutex::new(wait);
        let server = Server::new(move |_| {
            wait.lock().unwrap().recv().unwrap();
            ok("late")
        });
        site.serve("v1", &[&server]);
        let idle = H2Client::connect(site.address).await;
        let busy = H2Client::connect(site.address).await;
        let (answer, _) = busy.open(request(Method::GET, "a", "/", &[]), true).await;
        while server.connections() == 0 {
            tokio::task::yield_now().await;
        }
        let draining = tokio::task::spawn_blocking(move || site.gateway.drain(Duration::from_secs(30)));
        idle.driver.await.unwrap().unwrap();
        while busy.sender.clone().ready().await.is_ok() {
            tokio::task::yield_now().await;
        }
        go.send(()).unwrap();
        assert_eq!(finish(answer).await.unwrap().text(), "late");
        busy.driver.await.unwrap().unwrap();
        draining.await.unwrap();
    });
}

#[test]
fn an_idle_connection_is_told_and_closed() {
    run(async {
        let site = Site::with("a/a: -> fixed 200 text/plain a", options(), |listener| {
            listener.idle_timeout_seconds = 1;
        });
        let client = H2Client::connect(site.address).await;
        assert_eq!(client.get("a", "/").await.text(), "a");
        client.driver.await.unwrap().unwrap();
    });
}

#[test]
fn http11_and_http2_share_a_port() {
    run(async {
        let site = Site::new("a/a: -> fixed 200 text/plain a");
        let client = H2Client::connect(site.address).await;
        assert_eq!(client.get("a", "/").await.text(), "a");
        let address = site.address;
        let old = tokio::task::spawn_blocking(move || {
            let mut client = crate::support::Client::new(address);
            // The first bytes of the preface are those of a method too.
            client.send("P");
            client.send("OST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n");
            client.answer()
        });
        assert_eq!(old.await.unwrap().text(), "a");
    });
}
