//! WebSockets over HTTP/3 (RFC 9220).

use super::client::{Site, run};
use super::refused::{frame, headers};
use crate::support::Server;
use quinn::RecvStream;

async fn read(stream: &mut RecvStream, count: usize) -> Vec<u8> {
    let mut bytes = vec![0; count];
    stream.read_exact(&mut bytes).await.unwrap();
    bytes
}

#[test]
fn a_stream_becomes_a_websocket_and_ends_by_either_side() {
    run(async {
        let site = Site::new("default/a: host=a.example path=/* -> forward v1");
        let server = Server::raw(|mut stream| {
            let head = stream.head().unwrap();
            for line in [
                "GET /chat HTTP/1.1",
                "upgrade: websocket",
                "connection: upgrade",
                "sec-websocket-version: 13",
            ] {
                assert!(head.contains(&format!("{line}\r\n")), "{head}");
            }
            assert!(head.contains("sec-websocket-key: "), "{head}");
            let switched = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                            Sec-WebSocket-Accept: x\r\nSec-WebSocket-Protocol: chat\r\n\r\n";
            stream.write(switched.as_bytes()).unwrap();
            while let Some(byte) = stream.byte() {
                stream.write(&[byte.to_ascii_uppercase()]).unwrap();
            }
        });
        site.serve("v1", &[&server]);
        let connection = site.dial().await;
        let (mut sending, mut receiving) = connection.open_bi().await.unwrap();
        let connect = headers(&[
            (":method", "CONNECT"),
            (":protocol", "websocket"),
            (":scheme", "https"),
            (":authority", "a.example"),
            (":path", "/chat"),
            ("sec-websocket-version", "13"),
        ]);
        sending.write_all(&connect).await.unwrap();
        let head = read(&mut receiving, 5).await;
        assert_eq!(head[..2], [1, 0x80], "a HEADERS frame");
        let length = usize::from(head[3]) << 8 | usize::from(head[4]);
        let section = read(&mut receiving, length).await;
        assert_eq!(section[2], 0b1100_0000 + 25, ":status: 200");
        let text = String::from_utf8_lossy(&section);
        assert!(text.contains("sec-websocket-protocol") && !text.contains("sec-websocket-accept"), "{text}");
        for word in ["hello", "again"] {
            sending.write_all(&frame(0, word.as_bytes())).await.unwrap();
            let mut echoed = Vec::new();
            while echoed.len() < word.len() {
                let header = read(&mut receiving, 2).await;
                assert_eq!(header[0], 0, "a DATA frame");
                echoed.extend(read(&mut receiving, header[1].into()).await);
            }
            assert_eq!(echoed, word.to_uppercase().as_bytes());
        }
        sending.finish().unwrap();
        assert_eq!(receiving.read_to_end(100).await.unwrap(), b"");
    });
}

#[test]
fn any_other_protocol_in_a_stream_is_refused() {
    run(async {
        let site = Site::new("default/a: host=a.example path=/* -> forward v1");
        let connection = site.dial().await;
        let (mut sending, mut receiving) = connection.open_bi().await.unwrap();
        let connect = headers(&[
            (":method", "CONNECT"),
            (":protocol", "connect-udp"),
            (":scheme", "https"),
            (":authority", "a.example"),
            (":path", "/"),
        ]);
        sending.write_all(&connect).await.unwrap();
        let answer = receiving.read_to_end(10_000).await.unwrap();
        assert!(String::from_utf8_lossy(&answer).contains("net-alb: method-not-allowed"));
    });
}
