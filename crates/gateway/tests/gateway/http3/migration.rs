use super::client::{Site, answer, get, run};
use crate::support::{Server, options};
use net_alb_gateway::Options;

/// With four threads, a client that moves is seen by another thread three times out of four.
fn four() -> Options {
    Options { threads: 4, ..options() }
}

#[test]
fn a_connection_goes_on_when_its_client_moves() {
    run(async {
        let site = Site::with("default/a: host=a.example path=/* -> forward v1", four(), |l| {
            l.x_forwarded_for.client_src_port = true;
        });
        site.serve("v1", &[&Server::echo()]);
        let mut client = site.connect().await;
        let mut ports = Vec::new();
        for _ in 0..20 {
            let answer = client.get("a.example", "/").await;
            assert_eq!(answer.status, 200);
            let port = client.endpoint.local_addr().unwrap().port();
            assert!(
                answer.text().contains(&format!("x-forwarded-client-srcport: {port}\r\n")),
                "{}",
                answer.text()
            );
            ports.push(port);
            client.move_away();
        }
        ports.sort_unstable();
        ports.dedup();
        assert_eq!(ports.len(), 20, "it did move");
        assert_eq!(client.quic.close_reason(), None);
    });
}

#[test]
fn an_answer_goes_on_when_its_client_moves() {
    run(async {
        let site = Site::with("default/a: host=a.example path=/* -> forward v1", four(), |_| {});
        let length = 4 << 20;
        site.serve(
            "v1",
            &[&Server::new(move |_| {
                [
                    format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n").into_bytes(),
                    vec![b'x'; length],
                ]
                .concat()
            })],
        );
        let mut client = site.connect().await;
        let mut streams = Vec::new();
        for _ in 0..4 {
            let mut stream = client.begin(get("a.example", "/")).await;
            stream.finish().await.unwrap();
            streams.push(stream);
        }
        for mut stream in streams {
            client.move_away();
            assert_eq!(answer(&mut stream).await.body.len(), length);
        }
    });
}
