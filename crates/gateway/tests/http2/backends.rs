//! HTTP/2 to backends.

use crate::client::{H2Client, request};
use crate::run;
use crate::server::H2Server;
use crate::support::{Site, service};
use bytes::Bytes;
use http::{Method, Response};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

fn serve(site: &Site, name: &str, addresses: Vec<SocketAddr>) {
    site.gateway.set_endpoints(&service(name), addresses);
}

/// Asks on a thread of its own, so that the test's runtime goes on.
async fn http1(site: &Site, request: &'static str) -> crate::support::Answer {
    let address = site.address;
    let ask = move || crate::support::Client::new(address).ask(request);
    tokio::task::spawn_blocking(ask).await.unwrap()
}

#[test]
fn an_http11_client_reaches_an_h2c_backend() {
    run(async {
        let site = Site::new("a/a: -> set x-set=1; forward h2c");
        let server = H2Server::echo().await;
        serve(&site, "h2c", vec![server.address]);
        let answer = http1(
            &site,
            "POST /p?q HTTP/1.1\r\nHost: a.example\r\nConnection: x-hop\r\nX-Hop: 1\r\nX-A: b\r\n\
             Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX-Trailer: t\r\n\r\n",
        )
        .await;
        let text = answer.text();
        assert!(text.starts_with("POST http://a.example/p?q\n"), "{text}");
        for line in ["x-a: b\n", "x-set: 1\n", "\nabc\nx-trailer: t\n"] {
            assert!(text.contains(line), "{line} in {text}");
        }
        assert!(!text.contains("x-hop") && !text.contains("chunked"), "{text}");
        assert_eq!(answer.header("transfer-encoding").as_deref(), Some("chunked"));
        assert_eq!(answer.message.trailers, "x-sum: 42\n");
    });
}

#[test]
fn streams_share_a_session() {
    run(async {
        let site = Site::with("a/a: -> forward h2c", crate::peers::one_thread(), |_| {});
        let server = H2Server::named("v1").await;
        serve(&site, "h2c", vec![server.address]);
        let client = H2Client::connect(site.address).await;
        let many = (0..90).map(|_| client.get("a", "/"));
        for answer in futures_util::future::join_all(many).await {
            assert_eq!(answer.text(), "v1");
        }
        assert_eq!(server.connections(), 1);
    });
}

#[test]
fn a_stream_that_the_server_has_not_looked_at_is_tried_again() {
    run(async {
        let site = Site::new("a/a: -> forward h2c");
        let refuse = Arc::new(AtomicBool::new(true));
        let server = H2Server::new(move |_, mut respond| {
            let refuse = Arc::clone(&refuse);
            async move {
                if refuse.swap(false, Ordering::SeqCst) {
                    respond.send_reset(h2::Reason::REFUSED_STREAM);
                } else {
                    let mut body = respond.send_response(Response::new(()), false).unwrap();
                    body.send_data(Bytes::from_static(b"second"), true).unwrap();
                }
            }
        })
        .await;
        serve(&site, "h2c", vec![server.address]);
        let client = H2Client::connect(site.address).await;
        let not_idempotent = request(Method::POST, "a", "/", &[]);
        assert_eq!(client.ask(not_idempotent).await.unwrap().text(), "second");
    });
}

#[test]
fn a_session_that_the_server_ends_is_replaced() {
    run(async {
        let site = Site::with("a/a: -> forward h2c", crate::peers::one_thread(), |_| {});
        // Each connection takes two requests, and says so with its first answer.
        let server = H2Server::raw(|mut connection| async move {
            while let Some(Ok((_, mut respond))) = connection.accept().await {
                let mut body = respond.send_response(Response::new(()), false).unwrap();
                body.send_data(Bytes::from_static(b"ok"), true).unwrap();
                connection.graceful_shutdown();
            }
        })
        .await;
        serve(&site, "h2c", vec![server.address]);
        let client = H2Client::connect(site.address).await;
        for number in 0..50 {
            let answer = client.post("a", "/", b"x").await;
            assert_eq!((answer.status, answer.text().as_str()), (200, "ok"), "request {number}");
        }
        assert!(server.connections() >= 10, "{}", server.connections());
    });
}

#[test]
fn a_server_that_is_not_there_costs_one_more_attempt_elsewhere() {
    run(async {
        let site = Site::new("a/a: -> forward h2c");
        let server = H2Server::named("v1").await;
        serve(&site, "h2c", vec![crate::support::nobody(), server.address]);
        let client = H2Client::connect(site.address).await;
        for _ in 0..10 {
            assert_eq!(client.get("a", "/").await.text(), "v1");
        }
        serve(&site, "h2c", vec![crate::support::nobody()]);
        let answer = client.get("a", "/").await;
        assert_eq!((answer.status, answer.header("x-net-alb-error").as_str()), (502, "connect-failed"));
    });
}

#[test]
fn an_answer_that_breaks_off_is_seen_to_do_so() {
    run(async {
        let site = Site::new("a/a: -> forward h2c");
        let read = Arc::new(tokio::sync::Notify::new());
        let may_break = Arc::clone(&read);
        let server = H2Server::new(move |_, mut respond| {
            let may_break = Arc::clone(&may_break);
            async move {
                let mut body = respond.send_response(Response::new(()), false).unwrap();
                body.send_data(Bytes::from_static(b"half"), false).unwrap();
                may_break.notified().await;
                body.send_reset(h2::Reason::INTERNAL_ERROR);
            }
        })
        .await;
        serve(&site, "h2c", vec![server.address]);
        let client = H2Client::connect(site.address).await;
        let (answer, _) = client.open(request(Method::GET, "a", "/", &[]), true).await;
        let mut body = answer.await.unwrap().into_body();
        assert_eq!(body.data().await.unwrap().unwrap(), "half");
        read.notify_one();
        let error = body.data().await.unwrap().unwrap_err();
        assert_eq!(error.reason(), Some(h2::Reason::INTERNAL_ERROR));
    });
}
