//! What becomes of heads and bodies between HTTP/2 and HTTP/1.1.

use crate::client::{H2Client, finish, request, send};
use crate::run;
use crate::support::{Server, Site};
use http::Method;

#[test]
fn a_backend_gets_http11() {
    run(async {
        let site = Site::new("a/a: host=a.example -> forward v1");
        site.serve("v1", &[&Server::echo()]);
        let client = H2Client::connect(site.address).await;
        let fields = [("x-a", "1"), ("cookie", "b=c"), ("cookie", "d=e"), ("te", "trailers"), ("x-a", "2")];
        let answer = client.ask(request(Method::GET, "a.example:80", "/p/q?r=s", &fields)).await.unwrap();
        let text = answer.text();
        assert!(text.starts_with("GET /p/q?r=s HTTP/1.1\r\nhost: a.example:80\r\n"), "{text}");
        for line in ["x-a: 1\r\nx-a: 2\r\n", "cookie: b=c; d=e\r\n", "te: trailers\r\n"] {
            assert!(text.contains(line), "{line} in {text}");
        }
        assert!(!text.contains("chunked") && !text.contains("content-length"), "{text}");
        assert_eq!(answer.header("content-length"), text.len().to_string());
    });
}

#[test]
fn a_small_body_goes_with_its_length_and_a_streamed_one_in_chunks() {
    run(async {
        let site = Site::new("a/a: -> forward v1");
        site.serve("v1", &[&Server::echo()]);
        let client = H2Client::connect(site.address).await;
        let (answer, mut stream) = client.open(request(Method::POST, "a", "/", &[]), false).await;
        send(&mut stream, b"one", false).await;
        let mut trailers = http::HeaderMap::new();
        trailers.insert("x-sum", "3".parse().unwrap());
        stream.send_trailers(trailers).unwrap();
        let text = finish(answer).await.unwrap().text();
        assert!(text.contains("transfer-encoding: chunked\r\n") && text.ends_with("\r\n\r\none"), "{text}");
        let large = vec![b'x'; 1_000_000];
        let answer = client.post("a", "/", &large).await;
        assert!(answer.body.ends_with(&large), "{} bytes", answer.body.len());
    });
}

#[test]
fn trailers_and_interim_answers_come_through() {
    run(async {
        let site = Site::new("a/a: -> forward v1");
        let answer = b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\n\
                       Transfer-Encoding: chunked\r\nConnection: x-hop\r\nX-Hop: 1\r\n\r\n\
                       3\r\nabc\r\n0\r\nGrpc-Status: 0\r\n\r\n";
        site.serve("v1", &[&Server::new(|_| answer.to_vec())]);
        let client = H2Client::connect(site.address).await;
        let (mut answer, _) = client.open(request(Method::GET, "a", "/", &[]), true).await;
        let hint = std::future::poll_fn(|context| answer.poll_informational(context)).await.unwrap().unwrap();
        assert_eq!(
            (hint.status().as_u16(), &hint.headers()["link"]),
            (103, &http::HeaderValue::from_static("</a>"))
        );
        let answer = finish(answer).await.unwrap();
        assert_eq!((answer.text().as_str(), answer.trailer("grpc-status").as_str()), ("abc", "0"));
        assert_eq!(
            (answer.header("x-hop"), answer.header("transfer-encoding")),
            (String::new(), String::new())
        );
    });
}

#[test]
fn a_head_answer_has_a_length_and_no_body() {
    run(async {
        let site = Site::new("a/a: -> forward v1");
        site.serve("v1", &[&Server::new(|_| b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n".to_vec())]);
        let client = H2Client::connect(site.address).await;
        let answer = client.ask(request(Method::HEAD, "a", "/", &[])).await.unwrap();
        assert_eq!(
            (answer.status, answer.header("content-length").as_str(), answer.body.len()),
            (200, "5", 0)
        );
    });
}

#[test]
fn rules_see_the_same_head() {
    run(async {
        let site = Site::new(
            "a/tag: host=a path=/x/* header=x-tag:v2 -> fixed 200 text/plain tagged
             a/jar: host=a cookie=demo=always -> fixed 200 text/plain cookie
             a/put: host=a method=PUT -> redirect 301 https ${host} 443 /login ${query}",
        );
        let client = H2Client::connect(site.address).await;
        let tagged = client.ask(request(Method::GET, "A:80", "/x/y", &[("x-tag", "v2")])).await.unwrap();
        assert_eq!((tagged.text().as_str(), tagged.header("server").as_str()), ("tagged", "net-alb"));
        let crumbs = [("cookie", "a=b"), ("cookie", "demo=always")];
        assert_eq!(client.ask(request(Method::GET, "a", "/", &crumbs)).await.unwrap().text(), "cookie");
        let moved = client.ask(request(Method::PUT, "a", "/?q=1", &[])).await.unwrap();
        assert_eq!((moved.status, moved.header("location").as_str()), (301, "https://a/login?q=1"));
        let unknown = client.get("b", "/").await;
        assert_eq!((unknown.status, unknown.header("x-net-alb-error").as_str()), (404, "unknown-host"));
    });
}

#[test]
fn what_could_be_read_in_two_ways_is_refused() {
    run(async {
        let site = Site::new("a/a: -> forward v1");
        site.serve("v1", &[&Server::named("v1")]);
        let client = H2Client::connect(site.address).await;
        let refused = [
            ("GET", ("host", "b"), "bad-host"),
            ("GET", ("x", " padded"), "malformed-request"),
            ("TRACE", ("x", "y"), "method-not-allowed"),
            // A malformed request is a stream error (RFC 9113 §8.1.1); the client's library may refuse it too.
            ("GET", ("proxy-connection", "close"), ""),
            ("GET", ("upgrade", "h2c"), ""),
            ("GET", ("te", "gzip"), ""),
        ];
        for (method, field, error) in refused {
            let asked = request(method.parse().unwrap(), "a", "/", &[field]);
            let answer = client.ask(asked).await;
            let found = answer.map(|answer| answer.header("x-net-alb-error")).unwrap_or_default();
            assert_eq!(found, error, "{method} {field:?}");
        }
        let twice = request(Method::GET, "a", "/", &[("host", "a"), ("host", "a")]);
        assert_eq!(client.ask(twice).await.unwrap().header("x-net-alb-error"), "bad-host");
        let many: Vec<_> = (0..200).map(|_| ("x-many", "1")).collect();
        let answer = client.ask(request(Method::GET, "a", "/", &many)).await.unwrap();
        assert_eq!((answer.status, answer.header("x-net-alb-error").as_str()), (400, "header-too-large"));
        let long = format!("/{}", "x".repeat(33 * 1024));
        let answer = client.ask(request(Method::GET, "a", &long, &[])).await.unwrap();
        assert_eq!((answer.status, answer.header("x-net-alb-error").as_str()), (414, "uri-too-long"));
        assert_eq!(client.get("a", "/").await.text(), "v1", "the connection goes on");
    });
}
