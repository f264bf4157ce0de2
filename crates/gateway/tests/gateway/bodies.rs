//! Bodies in both directions, of any size and framing.

use crate::support::{Client, Message, Server, Site, ok};
use std::io::{ErrorKind, Write};
use std::sync::mpsc::channel;

fn site(server: &Server) -> Site {
    let site = Site::new("a/a: -> forward v1");
    site.serve("v1", &[server]);
    site
}

/// A body in which every byte tells its place.
fn pattern(length: usize) -> Vec<u8> {
    (0..length).map(|at| u8::try_from(at * 7 % 251).unwrap()).collect()
}

fn with_length(body: &[u8]) -> Vec<u8> {
    [format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len()).as_bytes(), body].concat()
}

/// Chunks of uneven sizes, and trailers.
fn chunks(body: &[u8], trailers: &str) -> Vec<u8> {
    let mut out = Vec::new();
    let mut rest = body;
    for size in (1..).map(|n: usize| n * n % 9973 + 1) {
        let (piece, more) = rest.split_at(size.min(rest.len()));
        if piece.is_empty() {
            break;
        }
        write!(out, "{:X};ext=\"1\"\r\n", piece.len()).unwrap();
        out.extend([piece, b"\r\n"].concat());
        rest = more;
    }
    out.extend(format!("0\r\n{trailers}\r\n").into_bytes());
    out
}

#[test]
fn answers_of_any_size_arrive_whole() {
    let site = site(&Server::new(|request| {
        let length = request.first_line().split(['/', ' ']).nth(2).unwrap().parse().unwrap();
        with_length(&pattern(length))
    }));
    let mut client = site.connect();
    for length in [0, 1, 1024, 8192, 16_200, 16_384, 65_536, 131_072, 1_000_003] {
        assert!(client.get("a", &format!("/{length}")).message.body == pattern(length), "{length}");
    }
}

#[test]
fn requests_of_any_size_arrive_whole() {
    let site = site(&Server::new(|request| with_length(&request.body)));
    let mut client = site.connect();
    for length in [1, 1024, 16_384, 70_000, 1_000_003] {
        let body = pattern(length);
        client.send(&format!("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n\r\n"));
        client.stream.write(&body).unwrap();
        assert!(client.answer().message.body == body, "{length}");
    }
}

#[test]
fn chunks_and_trailers_go_both_ways() {
    let site = site(&Server::new(|request| {
        assert_eq!(request.header("transfer-encoding").as_deref(), Some("chunked"));
        assert_eq!(request.trailers, "X-Sum: 1\n");
        let head = b"HTTP/1.1 200 OK\r\nTrailer: x-back\r\nTransfer-Encoding: chunked\r\n\r\n";
        [&head[..], &chunks(&request.body, "x-back: 2\r\nContent-Length: 9\r\n")].concat()
    }));
    let mut client = site.connect();
    for length in [0, 3, 50_000, 300_000] {
        client.send("POST / HTTP/1.1\r\nHost: a\r\nTE: trailers\r\nTransfer-Encoding: chunked\r\n\r\n");
        client.stream.write(&chunks(&pattern(length), "X-Sum: 1\r\nHost: evil\r\n")).unwrap();
        let answer = client.answer();
        assert!(answer.message.body == pattern(length), "{length}");
        assert_eq!(answer.message.trailers, "x-back: 2\n");
        assert_eq!(answer.header("trailer").as_deref(), Some("x-back"));
    }
}

#[test]
fn an_answer_that_ends_with_its_connection_is_chunked_for_the_client() {
    let server = Server::raw(|mut stream| {
        stream.message().unwrap();
        stream.write(b"HTTP/1.1 200 OK\r\n\r\nall of it").unwrap();
    });
    let site = site(&server);
    let mut client = site.connect();
    for _ in 0..2 {
        let answer = client.get("a", "/");
        assert_eq!(answer.header("transfer-encoding").as_deref(), Some("chunked"));
        assert_eq!(answer.text(), "all of it");
    }
}

#[test]
fn what_has_come_of_an_answer_is_passed_on_at_once() {
    let (go, wait) = channel::<()>();
    let wait = std::sync::Mutex::new(wait);
    let server = Server::raw(move |mut stream| {
        stream.message().unwrap();
        stream.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n").unwrap();
        wait.lock().unwrap().recv().unwrap();
        stream.write(b"6\r\nsecond\r\n0\r\n\r\n").unwrap();
    });
    let site = site(&server);
    let mut client = site.connect();
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    client.stream.head().unwrap();
    assert_eq!(client.stream.bytes(10).unwrap(), b"5\r\nfirst\r\n");
    go.send(()).unwrap();
    assert_eq!(client.stream.bytes(16).unwrap(), b"6\r\nsecond\r\n0\r\n\r\n");
}

#[test]
fn both_directions_flow_at_the_same_time() {
    let server = Server::raw(|mut stream| {
        stream.head().unwrap();
        stream.write(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n").unwrap();
        for _ in 0..4 {
            let byte = stream.byte().unwrap();
            stream.write(&[byte.to_ascii_uppercase()]).unwrap();
        }
    });
    let site = site(&server);
    let mut client = site.connect();
    client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\n");
    client.stream.head().unwrap();
    for letter in ["a", "b", "c", "d"] {
        client.send(letter);
        assert_eq!(client.stream.bytes(1).unwrap(), letter.to_ascii_uppercase().as_bytes());
    }
}

/// As much as the sockets' own buffers may take, and a block of the gateway's.
const IN_FLIGHT: usize = 24 * 1024 * 1024;

#[test]
fn a_client_that_does_not_read_stops_the_server() {
    let (said, written) = channel();
    let server = Server::raw(move |mut stream| {
        stream.message().unwrap();
        stream.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n").unwrap();
        stream.stream.set_write_timeout(Some(std::time::Duration::from_millis(300))).unwrap();
        said.send(write_until_stuck(&mut stream.stream)).unwrap();
    });
    let site = Site::new("a/a: host=a -> forward v1\n a/a: host=b -> fixed 200 text/plain b");
    site.serve("v1", &[&server]);
    let mut client = site.connect();
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    let written = written.recv().unwrap();
    assert!(written < IN_FLIGHT, "{written}");
    assert_eq!(site.get("b", "/").status, 200, "others aren't held up");
}

#[test]
fn a_server_that_does_not_read_stops_the_client() {
    let (done, wait) = channel::<()>();
    let wait = std::sync::Mutex::new(wait);
    let server = Server::raw(move |mut stream| {
        stream.head().unwrap();
        let _ = wait.lock().unwrap().recv();
    });
    let site = site(&server);
    let mut client = site.connect();
    client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000000\r\n\r\n");
    client.stream.stream.set_write_timeout(Some(std::time::Duration::from_millis(300))).unwrap();
    let written = write_until_stuck(&mut client.stream.stream);
    assert!(written < IN_FLIGHT, "{written}");
    drop(done);
}

fn write_until_stuck(stream: &mut std::net::TcpStream) -> usize {
    let block = vec![b'x'; 64 * 1024];
    let mut written = 0;
    loop {
        match stream.write(&block) {
            Ok(count) => written += count,
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                return written;
            }
            Err(error) => panic!("{error}"),
        }
    }
}

#[test]
fn many_clients_get_their_own_bodies() {
    let server = Server::new(|request: &Message| ok(request.first_line()));
    let site = site(&server);
    let address = site.address;
    let clients = (0..16).map(|number| {
        std::thread::spawn(move || {
            let mut client = Client::new(address);
            for round in 0..50 {
                let path = format!("/{number}/{round}");
                assert_eq!(client.get("a", &path).text(), format!("GET {path} HTTP/1.1"));
            }
        })
    });
    let clients: Vec<_> = clients.collect();
    for client in clients {
        client.join().unwrap();
    }
}
