//! Bodies that come slowly, or are taken slowly.

use super::client::{Site, answer, post, run};
use crate::support::{Server, options};
use bytes::Bytes;

const RULES: &str = "default/a: host=a.example path=/* -> forward v1";

#[test]
fn an_upload_in_drips_arrives_as_long_as_it_goes_on() {
    run(async {
        let site = Site::with(RULES, options(), |listener| listener.request_timeout_seconds = 1);
        site.serve("v1", &[&Server::echo()]);
        let mut client = site.connect().await;
        let mut stream = client.begin(post("a.example", "/")).await;
        let mut clock = tokio::time::interval(std::time::Duration::from_millis(100));
        // Longer in all than the listener waits for a next piece.
        for number in 0..20 {
            clock.tick().await;
            stream.send_data(Bytes::from(format!("{number} "))).await.unwrap();
        }
        stream.finish().await.unwrap();
        let answer = answer(&mut stream).await;
        assert_eq!(answer.status, 200);
        assert!(answer.text().ends_with("17 18 19 "), "{}", answer.text());
    });
}

#[test]
fn an_upload_that_stops_is_given_up_and_others_go_on() {
    run(async {
        let site = Site::with(RULES, options(), |listener| listener.request_timeout_seconds = 1);
        site.serve("v1", &[&Server::echo()]);
        let mut client = site.connect().await;
        let mut stalled = client.begin(post("a.example", "/")).await;
        stalled.send_data(Bytes::from_static(b"some")).await.unwrap();
        let other = client.ask(post("a.example", "/"), b"all").await;
        assert!(other.text().ends_with("all"), "{}", other.text());
        let given_up = stalled.recv_response().await.unwrap();
        assert_eq!(
            (given_up.status().as_u16(), &given_up.headers()["x-net-alb-error"]),
            (408, &"request-timeout".parse().unwrap())
        );
        assert_eq!(client.ask(post("a.example", "/"), b"again").await.status, 200);
    });
}

/// The client can't send more than the buffers on the way hold: nothing in the gateway grows.
#[test]
fn a_server_that_does_not_read_holds_the_client_up() {
    run(async {
        let site = Site::with(RULES, options(), |listener| listener.request_timeout_seconds = 1);
        let (done, wait) = std::sync::mpsc::channel::<()>();
        let wait = std::sync::Mutex::new(wait);
        site.serve(
            "v1",
            &[&Server::raw(move |mut stream| {
                stream.head().unwrap();
                // Until the test is over.
                let _ = wait.lock().unwrap().recv();
            })],
        );
        let mut client = site.connect().await;
        let (mut sending, mut receiving) = client.begin(post("a.example", "/")).await.split();
        let mut total = 0;
        let piece = Bytes::from(vec![b'x'; 64 * 1024]);
        let upload = async {
            while total < 1 << 30 && sending.send_data(piece.clone()).await.is_ok() {
                total += piece.len();
            }
            std::future::pending::<()>().await;
        };
        let status = tokio::select! {
            () = upload => unreachable!("it never ends"),
            head = receiving.recv_response() => head.unwrap().status().as_u16(),
        };
        assert_eq!(status, 504);
        assert!(total < 32 << 20, "the client sent {total} bytes");
        drop(done);
    });
}
