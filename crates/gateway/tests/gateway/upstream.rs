//! Servers that refuse, stall, break off or talk nonsense.

use crate::support::{Server, Site, nobody, ok, options, service, short};
use net_alb_gateway::Options;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::channel;

fn site() -> Site {
    Site::with("a/a: -> forward v1", Options { threads: 1, limits: short(), ..options() }, |listener| {
        listener.request_timeout_seconds = 1;
    })
}

#[test]
fn a_refused_connection_goes_to_another_server_or_is_502() {
    let site = site();
    site.gateway.set_endpoints(&service("v1"), vec![nobody()]);
    assert_eq!(site.get("a", "/").error(), (502, "connect-failed".to_owned()));
    let server = Server::named("alive");
    site.gateway.set_endpoints(&service("v1"), vec![nobody(), server.address]);
    for _ in 0..4 {
        assert_eq!(site.get("a", "/").text(), "alive");
    }
}

#[test]
fn a_connection_that_is_not_accepted_in_time_is_504() {
    let site = site();
    // A network for documentation: packets to it get lost, or the system has no way to it.
    site.gateway.set_endpoints(&service("v1"), vec!["192.0.2.1:80".parse().unwrap()]);
    let (status, error) = site.get("a", "/").error();
    let expected = [(504, "connect-timeout"), (502, "connect-failed")];
    assert!(expected.contains(&(status, error.as_str())), "{status} {error}");
}

#[test]
fn a_server_that_does_not_answer_in_time_is_504() {
    let (go, wait) = channel::<()>();
    let wait = std::sync::Mutex::new(wait);
    let server = Server::raw(move |mut stream| {
        stream.head();
        let _ = wait.lock().unwrap().recv();
    });
    let site = site();
    site.serve("v1", &[&server]);
    let mut client = site.connect();
    assert_eq!(client.get("a", "/").error(), (504, "upstream-timeout".to_owned()));
    drop(go);
    site.serve("v1", &[&Server::named("other")]);
    assert_eq!(client.get("a", "/").text(), "other", "the client's connection lives on");
}

#[test]
fn a_server_that_closes_without_an_answer_is_502() {
    let site = site();
    site.serve("v1", &[&Server::new(|_| vec![])]);
    assert_eq!(site.get("a", "/").error(), (502, "upstream-closed".to_owned()));
    let half = Server::raw(|mut stream| {
        stream.head();
        let _ = stream.write(b"HTTP/1.1 200 OK\r\nContent-Le");
    });
    site.serve("v1", &[&half]);
    assert_eq!(site.get("a", "/").error(), (502, "upstream-closed".to_owned()));
}

#[test]
fn nonsense_is_502() {
    for nonsense in [
        "hello\r\n\r\n",
        "\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 99 Low\r\n\r\n",
        "HTTP/1.1 600 High\r\n\r\n",
        "HTTP/1.1 200 OK\nContent-Length: 0\n\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nX: a\r\n b\r\n\r\n",
    ] {
        let site = site();
        site.serve("v1", &[&Server::new(move |_| nonsense.as_bytes().to_vec())]);
        assert_eq!(site.get("a", "/").error(), (502, "malformed-response".to_owned()), "{nonsense:?}");
    }
    let site = site();
    site.serve(
        "v1",
        &[&Server::new(|_| format!("HTTP/1.1 200 OK\r\nX: {}\r\n\r\n", "y".repeat(70_000)).into_bytes())],
    );
    assert_eq!(site.get("a", "/").error(), (502, "malformed-response".to_owned()));
}

#[test]
fn an_answer_that_breaks_off_breaks_off_for_the_client() {
    for answer in [
        "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\nnonsense",
    ] {
        let server = Server::raw(move |mut stream| {
            stream.head();
            let _ = stream.write(answer.as_bytes());
        });
        let site = site();
        site.serve("v1", &[&server]);
        let mut client = site.connect();
        client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        let got = String::from_utf8(client.closed()).unwrap();
        assert!(!got.ends_with("0\r\n\r\n") && !got.contains("nonsense"), "{got}");
    }
}

/// Answers the first request of every connection and closes when the second comes.
fn one_each(requests: &Arc<AtomicUsize>) -> Server {
    let requests = Arc::clone(requests);
    Server::raw(move |mut stream| {
        if let Some(request) = stream.message() {
            requests.fetch_add(1, Ordering::SeqCst);
            let _ = stream.write(&ok(request.first_line()));
            stream.message();
        }
    })
}

#[test]
fn a_connection_that_dies_while_unused_costs_no_request_that_can_be_repeated() {
    let requests = Arc::new(AtomicUsize::new(0));
    let server = one_each(&requests);
    let site = site();
    site.serve("v1", &[&server]);
    let mut client = site.connect();
    for _ in 0..5 {
        assert_eq!(client.get("a", "/").status, 200);
    }
    let put = "PUT /p HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc";
    assert_eq!(client.ask(put).text(), "PUT /p HTTP/1.1", "its body had come with it");
    assert_eq!(requests.load(Ordering::SeqCst), 6);
}

#[test]
fn a_length_said_twice_is_passed_on_once() {
    let site = site();
    let twice = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nok";
    site.serve("v1", &[&Server::new(|_| twice.to_vec())]);
    let answer = site.get("a", "/");
    assert_eq!((answer.header("content-length").as_deref(), answer.text().as_str()), (Some("2"), "ok"));
}

#[test]
fn a_server_that_goes_while_unused_costs_nothing_when_there_is_another() {
    // Answers once, then neither its connection nor its port is there any more.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let served = std::thread::spawn(move || {
        let mut stream = crate::support::Stream::new(listener.accept().unwrap().0);
        stream.message();
        drop(listener);
        stream.write(&ok("first")).unwrap();
        stream.message();
    });
    let site = site();
    site.gateway.set_endpoints(&service("v1"), vec![address]);
    let mut client = site.connect();
    assert_eq!(client.get("a", "/").text(), "first");
    let other = Server::named("other");
    site.gateway.set_endpoints(&service("v1"), vec![address, other.address]);
    for _ in 0..4 {
        assert_eq!(client.get("a", "/").text(), "other");
    }
    served.join().unwrap();
}

#[test]
fn a_request_that_may_have_had_an_effect_is_not_repeated() {
    let requests = Arc::new(AtomicUsize::new(0));
    let site = site();
    let server = one_each(&requests);
    site.serve("v1", &[&server]);
    let mut client = site.connect();
    assert_eq!(client.get("a", "/").status, 200);
    let answer = client.ask("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n");
    assert_eq!(answer.error(), (502, "upstream-closed".to_owned()));
    assert_eq!((requests.load(Ordering::SeqCst), server.connections()), (1, 1));
}

#[test]
fn a_503_of_the_application_is_passed_on_and_not_retried() {
    let requests = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&requests);
    let server = Server::new(move |_| match counted.fetch_add(1, Ordering::SeqCst) {
        0 => b"HTTP/1.1 503 Not yet\r\nContent-Length: 0\r\n\r\n".to_vec(),
        _ => ok("now"),
    });
    let site = site();
    site.serve("v1", &[&server]);
    assert_eq!(site.get("a", "/").error(), (503, String::new()));
    assert_eq!(site.get("a", "/").text(), "now");
    assert_eq!(requests.load(Ordering::SeqCst), 2);
}

#[test]
fn a_connection_with_something_left_on_it_is_not_used_again() {
    let server =
        Server::new(|_| [ok("one"), b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison".to_vec()].concat());
    let site = site();
    site.serve("v1", &[&server]);
    let mut client = site.connect();
    for _ in 0..3 {
        assert_eq!(client.get("a", "/").text(), "one");
    }
    assert_eq!(server.connections(), 3);
}

#[test]
fn a_client_that_leaves_takes_its_request_with_it() {
    let (said, heard) = channel();
    let server = Server::raw(move |mut stream| {
        stream.head();
        // The gateway hangs up, since nobody waits for the answer.
        said.send(stream.byte()).unwrap();
    });
    let site = Site::new("a/a: -> forward v1");
    site.serve("v1", &[&server]);
    let mut client = site.connect();
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    drop(client);
    assert_eq!(heard.recv().unwrap(), None);
}
