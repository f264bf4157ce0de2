//! Peers that ask for too much.

use crate::client::{H2Client, finish, request};
use crate::run;
use crate::support::{Server, Site};
use http::Method;
use net_alb_gateway::Options;

/// One thread, so that all connections meet.
pub(crate) fn one_thread() -> Options {
    Options { threads: 1, ..Options::default() }
}

#[test]
fn a_client_that_resets_what_it_asks_is_sent_away() {
    run(async {
        let site = Site::with("a/a: -> forward v1", one_thread(), |_| {});
        site.serve("v1", &[&Server::named("v1")]);
        let calm = H2Client::connect(site.address).await;
        let rapid = H2Client::connect(site.address).await;
        let mut asked = 0;
        while !rapid.driver.is_finished() {
            let Ok(mut sender) = rapid.sender.clone().ready().await else { break };
            let Ok((_, mut stream)) = sender.send_request(request(Method::GET, "a", "/", &[]), true) else {
                break;
            };
            stream.send_reset(h2::Reason::CANCEL);
            asked += 1;
            assert!(asked < 100_000, "nobody stops it");
            tokio::task::yield_now().await;
        }
        let error = rapid.driver.await.unwrap().unwrap_err();
        assert_eq!(error.reason(), Some(h2::Reason::ENHANCE_YOUR_CALM), "after {asked}: {error}");
        assert_eq!(calm.get("a", "/").await.text(), "v1");
    });
}

#[test]
fn more_streams_than_allowed_wait() {
    run(async {
        let site = Site::with("a/a: -> forward v1", one_thread(), |_| {});
        site.serve("v1", &[&Server::named("v1")]);
        let client = H2Client::connect(site.address).await;
        client.get("a", "/").await;
        assert_eq!(client.sender.current_max_send_streams(), 128);
        let many = (0..500).map(|_| client.get("a", "/"));
        assert!(futures_util::future::join_all(many).await.iter().all(|answer| answer.text() == "v1"));
    });
}

#[test]
fn a_cancelled_request_ends_at_the_backend() {
    run(async {
        let site = Site::new("a/a: -> forward v1");
        let (gone, heard) = std::sync::mpsc::channel();
        let gone = std::sync::Mutex::new(gone);
        let server = Server::raw(move |mut stream| {
            stream.head();
            let end = stream.byte();
            gone.lock().unwrap().send(end).unwrap();
        });
        site.serve("v1", &[&server]);
        let client = H2Client::connect(site.address).await;
        let (answer, mut stream) = client.open(request(Method::GET, "a", "/", &[]), true).await;
        while server.connections() == 0 {
            tokio::task::yield_now().await;
        }
        stream.send_reset(h2::Reason::CANCEL);
        assert!(finish(answer).await.is_err());
        let end = tokio::task::spawn_blocking(move || heard.recv().unwrap()).await.unwrap();
        assert_eq!(end, None);
    });
}
