//! Connections that go on in another protocol.

use crate::support::{Client, Server, Site, Stream, ok, options};

const UPGRADE: &str = "GET /chat HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n\
                       Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";

/// Accepts, says something at once, then echoes in capitals until the end.
fn accept(mut stream: Stream) {
    let head = stream.head().unwrap();
    assert!(head.contains("Upgrade: websocket\r\n") && head.contains("connection: upgrade\r\n"), "{head}");
    let answer = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nX-A: 1\r\n\r\nhello";
    stream.write(answer.as_bytes()).unwrap();
    while let Some(byte) = stream.byte() {
        stream.write(&[byte.to_ascii_uppercase()]).unwrap();
    }
    stream.write(b"bye").unwrap();
}

fn upgraded(site: &Site) -> Client {
    let mut client = site.connect();
    client.send(UPGRADE);
    let answer = client.answer();
    assert_eq!((answer.status, answer.header("upgrade").as_deref()), (101, Some("websocket")));
    assert_eq!(answer.header("connection").as_deref(), Some("upgrade"));
    assert_eq!(answer.header("x-a").as_deref(), Some("1"));
    assert_eq!(client.stream.bytes(5).unwrap(), b"hello");
    client
}

#[test]
fn bytes_go_both_ways_until_both_have_ended() {
    let site = Site::new("a/a: -> forward v1");
    site.serve("v1", &[&Server::raw(accept)]);
    let mut client = upgraded(&site);
    for word in ["one", "two"] {
        client.send(word);
        assert_eq!(client.stream.bytes(3).unwrap(), word.to_ascii_uppercase().as_bytes());
    }
    client.stream.stop_writing();
    assert_eq!(client.closed(), b"bye");
}

#[test]
fn what_a_client_sends_ahead_belongs_to_the_new_protocol() {
    let site = Site::new("a/a: -> forward v1");
    site.serve("v1", &[&Server::raw(accept)]);
    let mut client = site.connect();
    client.send(&format!("{UPGRADE}early"));
    client.answer();
    assert_eq!(client.stream.bytes(10).unwrap(), b"helloEARLY");
}

#[test]
fn a_server_may_decline() {
    let site = Site::new("a/a: -> forward v1");
    site.serve("v1", &[&Server::new(|_| ok("no"))]);
    let mut client = site.connect();
    client.send(UPGRADE);
    assert_eq!(client.answer().text(), "no");
    assert_eq!(client.get("a", "/").text(), "no", "the connection goes on in HTTP");
}

#[test]
fn nobody_is_upgraded_who_did_not_ask() {
    let site = Site::new("a/a: -> forward v1");
    let server = Server::new(|_| b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n".to_vec());
    site.serve("v1", &[&server]);
    assert_eq!(site.get("a", "/").error(), (502, "malformed-response".to_owned()));
}

#[test]
fn a_silent_tunnel_ends() {
    let site = Site::with("a/a: -> forward v1", options(), |listener| listener.request_timeout_seconds = 1);
    site.serve("v1", &[&Server::raw(accept)]);
    let mut client = upgraded(&site);
    assert_eq!(client.closed(), b"");
}

#[test]
fn http_2_gets_no_tunnel_past_the_rules() {
    let site = Site::new("a/a: -> forward v1");
    site.serve("v1", &[&Server::echo()]);
    let seen = site.ask(
        "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AA\r\n\r\n",
    );
    assert_eq!(seen.text(), "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
}
