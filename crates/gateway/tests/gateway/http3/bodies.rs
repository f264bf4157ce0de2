use super::client::{Site, answer, get, post, run};
use crate::support::{Server, options};
use bytes::Bytes;
use http::HeaderMap;
use quinn::TransportConfig;
use std::sync::Mutex;
use std::sync::mpsc::channel;

const RULES: &str = "default/a: host=a.example path=/* -> forward v1";

#[test]
fn large_bodies_go_both_ways() {
    run(async {
        let site = Site::new(RULES);
        site.serve(
            "v1",
            &[&Server::new(|request| {
                let length = request.body.len();
                [
                    format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n").into_bytes(),
                    request.body.clone(),
                ]
                .concat()
            })],
        );
        let mut client = site.connect().await;
        let body: Vec<u8> = (0..3_000_000_u32).map(|number| (number % 251) as u8).collect();
        for length in [0, 1, 16_383, 16_384, 16_385, 100_000, body.len()] {
            let known = post("a.example", "/").header("content-length", length.to_string());
            for request in [post("a.example", "/"), known] {
                let answer = client.ask(request, &body[..length]).await;
                assert_eq!(answer.status, 200);
                assert!(answer.body == body[..length], "{length} bytes");
            }
        }
    });
}

#[test]
fn many_small_pieces_arrive_as_one_body() {
    run(async {
        let site = Site::new(RULES);
        site.serve("v1", &[&Server::echo()]);
        let mut client = site.connect().await;
        let mut stream = client.begin(post("a.example", "/")).await;
        for number in 0..5_000 {
            stream.send_data(Bytes::from(format!("{}", number % 10))).await.unwrap();
        }
        stream.finish().await.unwrap();
        let text = answer(&mut stream).await.text();
        let (_, body) = text.split_once("\r\n\r\n").unwrap();
        assert_eq!(body, "0123456789".repeat(500));
    });
}

#[test]
fn trailers_go_both_ways() {
    run(async {
        let site = Site::new(RULES);
        let (seen, trailers) = channel();
        let seen = Mutex::new(seen);
        site.serve("v1", &[&Server::new(move |request| {
            seen.lock().unwrap().send(request.trailers.clone()).unwrap();
            b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ntrailer: x-sum\r\n\r\n4\r\nbody\r\n0\r\nx-sum: 7\r\n\r\n".to_vec()
        })]);
        let mut client = site.connect().await;
        let mut stream = client.begin(post("a.example", "/").header("te", "trailers")).await;
        stream.send_data(Bytes::from_static(b"data")).await.unwrap();
        let mut sent = HeaderMap::new();
        sent.insert("x-check", "5".parse().unwrap());
        stream.send_trailers(sent).await.unwrap();
        stream.finish().await.unwrap();
        let answer = answer(&mut stream).await;
        assert_eq!(
            (answer.text().as_str(), answer.trailers.get("x-sum").unwrap().to_str().unwrap()),
            ("body", "7")
        );
        assert_eq!(trailers.recv().unwrap(), "x-check: 5\n");
    });
}

#[test]
fn an_answer_may_come_before_the_request_has_ended() {
    run(async {
        let site = Site::new(RULES);
        site.serve(
            "v1",
            &[&Server::raw(|mut stream| {
                stream.head().unwrap();
                stream.write(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nearly").unwrap();
                stream.rest();
            })],
        );
        let mut client = site.connect().await;
        let mut stream = client.begin(post("a.example", "/")).await;
        stream.send_data(Bytes::from_static(b"some")).await.unwrap();
        assert_eq!(answer(&mut stream).await.text(), "early");
    });
}

#[test]
fn the_answer_to_head_has_no_body() {
    run(async {
        let site = Site::new("default/a: host=a.example path=/* -> fixed 200 text/plain hello");
        let mut client = site.connect().await;
        let head = get("a.example", "/").method("HEAD");
        let answer = client.ask(head, &[]).await;
        assert_eq!((answer.status, answer.header("content-length"), answer.body.len()), (200, "5", 0));
    });
}

/// The server can't send more than the buffers on the way hold: nothing in the gateway grows.
#[test]
fn a_client_that_does_not_read_holds_the_server_up() {
    run(async {
        let site = Site::with(RULES, options(), |listener| listener.request_timeout_seconds = 1);
        let (report, written) = channel();
        let report = Mutex::new(report);
        let server = Server::raw(move |mut stream| {
            stream.head().unwrap();
            stream.write(b"HTTP/1.1 200 OK\r\ncontent-length: 1073741824\r\n\r\n").unwrap();
            let block = vec![0; 64 * 1024];
            let mut total = 0;
            while total < 1 << 30 && stream.write(&block).is_ok() {
                total += block.len();
            }
            let _ = report.lock().unwrap().send(total);
        });
        site.serve("v1", &[&server]);
        let mut transport = TransportConfig::default();
        transport.stream_receive_window(65_536_u32.into());
        let mut client = site.connect_with(transport).await;
        let mut stream = client.begin(get("a.example", "/")).await;
        stream.finish().await.unwrap();
        assert_eq!(stream.recv_response().await.unwrap().status(), 200);
        // The connection is kept alive by its own requests, while the answer waits.
        let total = loop {
            if let Ok(total) = written.try_recv() {
                break total;
            }
            let other = client.get("b.example", "/").await;
            assert_eq!(other.status, 404);
        };
        assert!(total < 16 << 20, "the server sent {total} bytes");
    });
}
