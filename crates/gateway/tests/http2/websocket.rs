//! WebSockets, with tungstenite on both sides.

use crate::client::{H2Client, read, request, send};
use crate::run;
use crate::support::{Site, service};
use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use h2::ext::Protocol as Extended;
use http::Method;
use std::net::{Ipv4Addr, SocketAddr};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::Role;
use tokio_tungstenite::{WebSocketStream, accept_async, client_async};

/// Echoes each message with its name behind.
async fn echo(name: &'static str) -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut socket = accept_async(stream).await.unwrap();
                while let Some(Ok(message)) = socket.next().await {
                    if let Message::Text(text) = message {
                        let answer = Message::text(format!("{text} {name}"));
                        socket.send(answer).await.unwrap();
                    }
                }
            });
        }
    });
    address
}

async fn talk<S>(socket: &mut WebSocketStream<S>, name: &str)
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
{
    for number in 0..100 {
        socket.send(Message::text(format!("message {number}"))).await.unwrap();
        let answer = socket.next().await.unwrap().unwrap();
        assert_eq!(answer.into_text().unwrap(), format!("message {number} {name}"));
    }
}

#[test]
fn over_http11() {
    run(async {
        // A backend of HTTP/2 takes WebSockets as HTTP/1.1, as Knative's do.
        let site = Site::new("a/a: host=a -> forward v1\na/b: host=b -> forward h2c");
        site.gateway.set_endpoints(&service("v1"), vec![echo("one").await]);
        site.gateway.set_endpoints(&service("h2c"), vec![echo("two").await]);
        for (host, name) in [("a", "one"), ("b", "two")] {
            let stream = TcpStream::connect(site.address).await.unwrap();
            let (mut socket, _) = client_async(format!("ws://{host}/chat"), stream).await.unwrap();
            talk(&mut socket, name).await;
            socket.close(None).await.unwrap();
            assert!(socket.next().await.unwrap().unwrap().is_close());
        }
    });
}

/// A stream as a byte pipe.
fn pipe(mut sending: h2::SendStream<Bytes>, mut coming: h2::RecvStream) -> DuplexStream {
    let (near, far) = tokio::io::duplex(64 * 1024);
    let (mut from, mut to) = tokio::io::split(far);
    tokio::spawn(async move {
        let mut block = vec![0; 16 * 1024];
        loop {
            let count = from.read(&mut block).await.unwrap_or(0);
            if count == 0 {
                break;
            }
            send(&mut sending, &block[..count], false).await;
        }
        let _ = sending.send_data(Bytes::new(), true);
    });
    tokio::spawn(async move {
        while let Ok(Some(data)) = read(&mut coming).await {
            if to.write_all(&data).await.is_err() {
                break;
            }
        }
        let _ = to.shutdown().await;
    });
    near
}

#[test]
fn over_http2() {
    run(async {
        let site = Site::new("a/a: host=a method=GET -> forward v1");
        site.gateway.set_endpoints(&service("v1"), vec![echo("one").await]);
        let client = H2Client::connect(site.address).await;
        client.get("b", "/").await;
        assert!(client.sender.is_extended_connect_protocol_enabled());
        let mut asked = request(Method::CONNECT, "a", "/chat", &[("sec-websocket-version", "13")]);
        asked.extensions_mut().insert(Extended::from_static("websocket"));
        let (answer, sending) = client.open(asked, false).await;
        let answer = answer.await.unwrap();
        assert_eq!(answer.status(), 200);
        assert!(!answer.headers().contains_key("sec-websocket-accept"), "{answer:?}");
        let pipe = pipe(sending, answer.into_body());
        let mut socket = WebSocketStream::from_raw_socket(pipe, Role::Client, None).await;
        talk(&mut socket, "one").await;
        let other = client.get("b", "/").await;
        assert_eq!(other.status, 404, "other streams go on beside it");
        socket.close(None).await.unwrap();
        assert!(socket.next().await.unwrap().unwrap().is_close());
    });
}

#[test]
fn only_websockets_are_connected() {
    run(async {
        let site = Site::new("a/a: -> forward v1");
        let client = H2Client::connect(site.address).await;
        client.get("a", "/").await;
        let mut asked = request(Method::CONNECT, "a", "/", &[]);
        asked.extensions_mut().insert(Extended::from_static("connect-udp"));
        let answer = client.ask(asked).await.unwrap();
        assert_eq!((answer.status, answer.header("x-net-alb-error").as_str()), (405, "method-not-allowed"));
    });
}

#[test]
fn after_the_grace_period_a_client_is_told_that_the_gateway_goes_away() {
    run(async {
        let site = Site::with("a/a: -> forward v1", crate::peers::one_thread(), |_| {});
        site.gateway.set_endpoints(&service("v1"), vec![echo("one").await]);
        let stream = TcpStream::connect(site.address).await.unwrap();
        let (mut socket, _) = client_async("ws://a/chat", stream).await.unwrap();
        talk(&mut socket, "one").await;
        let grace = std::time::Duration::from_millis(300);
        let draining = tokio::task::spawn_blocking(move || site.gateway.drain(grace));
        let Message::Close(Some(close)) = socket.next().await.unwrap().unwrap() else {
            panic!("no close frame");
        };
        assert_eq!(u16::from(close.code), 1001);
        draining.await.unwrap();
    });
}
