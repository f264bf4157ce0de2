//! Connections and messages: what HTTP/1.1 asks of a proxy.

use crate::support::{Server, Site, ok, options};

fn site(server: &Server) -> Site {
    let site = Site::new("a/a: -> forward v1");
    site.serve("v1", &[server]);
    site
}

#[test]
fn connections_are_used_again_on_both_sides() {
    let server = Server::named("v1");
    let site = Site::with("a/a: -> forward v1", net_alb_gateway::Options { threads: 1, ..options() }, |_| {});
    site.serve("v1", &[&server]);
    let mut client = site.connect();
    for _ in 0..10 {
        assert_eq!(client.get("a", "/").text(), "v1");
    }
    assert_eq!(site.get("a", "/").text(), "v1");
    assert_eq!(server.connections(), 1);
}

#[test]
fn requests_sent_ahead_are_answered_in_order() {
    let site = site(&Server::new(|request| ok(request.first_line())));
    let mut client = site.connect();
    let requests: Vec<_> = (0..20).map(|n| format!("GET /{n} HTTP/1.1\r\nHost: a\r\n\r\n")).collect();
    client.send(&requests.concat());
    for n in 0..20 {
        assert_eq!(client.answer().text(), format!("GET /{n} HTTP/1.1"));
    }
}

#[test]
fn a_request_may_come_byte_by_byte() {
    let site = site(&Server::echo());
    let mut client = site.connect();
    for byte in "\r\nPOST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc".chars() {
        client.send(&byte.to_string());
    }
    assert!(client.answer().text().ends_with("\r\n\r\nabc"));
    assert_eq!(client.get("a", "/").status, 200);
}

#[test]
fn connection_close_is_honoured_and_said() {
    let site = site(&Server::named("v1"));
    let mut client = site.connect();
    client.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    let answer = client.answer();
    assert_eq!(answer.header("connection").as_deref(), Some("close"));
    assert_eq!(client.closed(), b"");
}

#[test]
fn http_1_0_clients_get_what_they_understand() {
    let chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n";
    let site = site(&Server::new(|request| match request.first_line() {
        "GET /chunked HTTP/1.1" => chunked.to_vec(),
        _ => ok("plain"),
    }));
    let mut client = site.connect();
    client.send("GET / HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n");
    let answer = client.answer();
    assert_eq!(
        (answer.text().as_str(), answer.header("connection").as_deref()),
        ("plain", Some("keep-alive"))
    );
    client.send("GET /chunked HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    let text = String::from_utf8(client.closed()).unwrap();
    assert_eq!(text, "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nabc");
    let mut client = site.connect();
    client.send("GET / HTTP/1.0\r\n\r\n");
    assert!(client.closed().ends_with(b"connection: close\r\n\r\nplain"));
}

#[test]
fn answers_without_a_body_have_none() {
    let site = site(&Server::new(|request| match request.first_line() {
        "HEAD / HTTP/1.1" => b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n".to_vec(),
        "GET /204 HTTP/1.1" => b"HTTP/1.1 204 No Content\r\n\r\n".to_vec(),
        "GET /304 HTTP/1.1" => {
            b"HTTP/1.1 304 Not Modified\r\nContent-Length: 7\r\nETag: \"a\"\r\n\r\n".to_vec()
        }
        _ => ok("end"),
    }));
    let mut client = site.connect();
    client.send("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_eq!(client.stream.head().unwrap(), "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n");
    assert_eq!(client.get("a", "/204").message.head, "HTTP/1.1 204 No Content\r\n\r\n");
    assert_eq!(client.get("a", "/304").header("content-length").as_deref(), Some("7"));
    assert_eq!(client.get("a", "/").text(), "end");
}

#[test]
fn answers_in_between_are_passed_on() {
    let site = site(&Server::new(|_| {
        let early = "HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\nConnection: x\r\n\r\n";
        [early.as_bytes(), b"HTTP/1.1 102 Processing\r\n\r\n", &ok("final")].concat()
    }));
    let mut client = site.connect();
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_eq!(client.answer().message.head, "HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n");
    assert_eq!(client.answer().status, 102);
    assert_eq!(client.answer().text(), "final");
    let old = site.ask("GET / HTTP/1.0\r\n\r\n");
    assert_eq!((old.status, old.text().as_str()), (200, "final"), "HTTP/1.0 knows no 1xx");
}

#[test]
fn a_client_that_expects_100_gets_it_from_the_server() {
    let server = Server::raw(|mut stream| {
        let head = stream.head().unwrap();
        assert!(head.contains("Expect: 100-continue"));
        stream.write(b"HTTP/1.1 100 Continue\r\n\r\n").unwrap();
        let body = stream.bytes(5).unwrap();
        stream.write(&ok(&String::from_utf8(body).unwrap())).unwrap();
    });
    let site = site(&server);
    let mut client = site.connect();
    client.send("PUT / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n");
    assert_eq!(client.answer().status, 100);
    client.send("hello");
    assert_eq!(client.answer().text(), "hello");
}

#[test]
fn a_server_may_refuse_before_the_body_comes() {
    let server = Server::raw(|mut stream| {
        stream.head().unwrap();
        stream.write(b"HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\n\r\nbig").unwrap();
        stream.rest();
    });
    let site = site(&server);
    let mut client = site.connect();
    client.send("PUT / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 500000\r\n\r\n");
    let answer = client.answer();
    assert_eq!((answer.status, answer.text().as_str()), (413, "big"));
    assert_eq!(answer.header("connection").as_deref(), Some("close"));
    // The client may still be sending; it can read the answer all the same.
    client.send(&"x".repeat(100_000));
    assert_eq!(client.closed(), b"");
}

#[test]
fn an_absolute_url_names_the_host() {
    let site = Site::new("a/a: host=url.example -> forward v1");
    site.serve("v1", &[&Server::echo()]);
    let answer = site.ask("GET http://url.example:80?q HTTP/1.1\r\nHost: other.example\r\n\r\n");
    assert!(
        answer.text().starts_with("GET /?q HTTP/1.1\r\nhost: url.example:80\r\n\r\n"),
        "{}",
        answer.text()
    );
}

#[test]
fn options_may_ask_about_the_whole_server() {
    let site = site(&Server::echo());
    let answer = site.ask("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n");
    assert!(answer.text().starts_with("OPTIONS * HTTP/1.1\r\n"));
}
