//! Slow peers: what they don't take isn't taken from the other side.

use crate::client::{H2Client, finish, read, request, send};
use crate::peers::one_thread;
use crate::run;
use crate::support::{Server, Site, ok};
use bytes::Bytes;
use http::Method;
use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// What a kernel may hold of a connection on its way, both buffers together, with room to spare.
const IN_FLIGHT: usize = 24 * 1024 * 1024;

const LARGE: usize = 96 * 1024 * 1024;

/// Waits until a number stays as it is.
async fn settled(count: &AtomicUsize) -> usize {
    let mut before = usize::MAX;
    loop {
        let now = count.load(Ordering::SeqCst);
        if now == before && now > 0 {
            return now;
        }
        before = now;
        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    }
}

#[test]
fn a_slow_reader_holds_the_backend_back() {
    run(async {
        let site = Site::with("a/a: path=/large -> forward v1\na/b: -> forward v2", one_thread(), |_| {});
        let written = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&written);
        let server = Server::raw(move |mut stream| {
            stream.message();
            let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {LARGE}\r\n\r\n");
            stream.write(head.as_bytes()).unwrap();
            let block = vec![b'x'; 64 * 1024];
            stream.stream.set_write_timeout(None).unwrap();
            for _ in 0..LARGE / block.len() {
                stream.stream.write_all(&block).unwrap();
                counted.fetch_add(block.len(), Ordering::SeqCst);
            }
        });
        site.serve("v1", &[&server]);
        site.serve("v2", &[&Server::named("small")]);
        // Its windows are wide open: only that it doesn't read holds back.
        let mut builder = h2::client::Builder::new();
        builder.initial_window_size(1 << 20).initial_connection_window_size(1 << 30);
        let client = H2Client::with(site.address, &builder).await;
        let (answer, _) = client.open(request(Method::GET, "a", "/large", &[]), true).await;
        let mut body = answer.await.unwrap().into_body();
        let taken = settled(&written).await;
        assert!(taken < IN_FLIGHT, "the backend could write {taken} bytes");
        assert_eq!(client.get("a", "/").await.text(), "small", "others on the connection go on");
        let mut total = 0;
        while let Some(data) = read(&mut body).await.unwrap() {
            total += data.len();
        }
        assert_eq!(total, LARGE);
    });
}

#[test]
fn a_slow_backend_holds_the_client_back() {
    run(async {
        let site = Site::with("a/a: path=/large -> forward v1\na/b: -> forward v2", one_thread(), |_| {});
        let (go, wait) = std::sync::mpsc::channel::<()>();
        let wait = std::sync::Mutex::new(wait);
        let server = Server::raw(move |mut stream| {
            stream.head();
            wait.lock().unwrap().recv().unwrap();
            stream.skip(LARGE);
            stream.write(&ok("all")).unwrap();
        });
        site.serve("v1", &[&server]);
        site.serve("v2", &[&Server::named("small")]);
        let client = H2Client::connect(site.address).await;
        let length = LARGE.to_string();
        let large = request(Method::POST, "a", "/large", &[("content-length", &length)]);
        let (answer, mut stream) = client.open(large, false).await;
        let sent = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&sent);
        let sending = tokio::spawn(async move {
            let block = Bytes::from(vec![b'x'; 64 * 1024]);
            for _ in 0..LARGE / block.len() {
                send(&mut stream, &block, false).await;
                counted.fetch_add(block.len(), Ordering::SeqCst);
            }
            stream.send_data(Bytes::new(), true).unwrap();
        });
        let taken = settled(&sent).await;
        assert!(taken < IN_FLIGHT, "the client could send {taken} bytes");
        assert_eq!(client.get("a", "/").await.text(), "small", "others on the connection go on");
        go.send(()).unwrap();
        sending.await.unwrap();
        assert_eq!(finish(answer).await.unwrap().text(), "all");
    });
}
