//! What rules do beside forwarding.

use crate::support::{Server, Site};

/// Request line and host that the backend saw.
fn seen(site: &Site, host: &str, target: &str) -> (String, String) {
    let text = site.get(host, target).text();
    let message = crate::support::Message { head: text, ..Default::default() };
    (message.first_line().to_owned(), message.header("host").unwrap_or_default())
}

#[test]
fn rewrites_change_host_path_and_query() {
    let site = Site::new(
        "a/a: host=host.example -> rewrite host=in.${host}; forward v1
         a/a: host=path.example -> rewrite path=/x${path}; forward v1
         a/a: host=query.example -> rewrite query=${query}&more; forward v1
         a/a: host=re.example path=~^/v([0-9])/([^/]+)/?(.*)$ -> rewrite path=/${2}/${1} query=rest=${3}; forward v1
         a/a: host=same.example -> rewrite path=${path}; forward v1",
    );
    site.serve("v1", &[&Server::echo()]);
    assert_eq!(
        seen(&site, "host.example:81", "/a?b"),
        ("GET /a?b HTTP/1.1".into(), "in.host.example".into())
    );
    assert_eq!(seen(&site, "path.example", "/a?b").0, "GET /x/a?b HTTP/1.1");
    assert_eq!(seen(&site, "query.example", "/a?b").0, "GET /a?b&more HTTP/1.1");
    assert_eq!(seen(&site, "re.example", "/v2/items/7/x").0, "GET /items/2?rest=7/x HTTP/1.1");
    assert_eq!(seen(&site, "same.example", "/a%20b?c=d%26").0, "GET /a%20b?c=d%26 HTTP/1.1");
}

#[test]
fn redirects_fill_in_what_is_left_open() {
    let site = Site::new(
        "a/a: host=tls.example -> redirect 301 https ${host} 443 ${path} ${query}
         a/a: host=port.example -> redirect 302 ${protocol} ${host} 8443 /new a=b
         a/a: host=same.example -> redirect 308 ${protocol} other.example ${port} ${path} ${query}",
    );
    let redirect = |host: &str, target: &str| {
        let answer = site.get(host, target);
        (answer.status, answer.header("location").unwrap(), answer.header("content-length").unwrap())
    };
    let expected = |status, location: &str| (status, location.to_owned(), "0".to_owned());
    assert_eq!(redirect("tls.example:8080", "/a?b=c"), expected(301, "https://tls.example/a?b=c"));
    assert_eq!(redirect("tls.example", "/"), expected(301, "https://tls.example/"));
    assert_eq!(redirect("port.example", "/old"), expected(302, "http://port.example:8443/new?a=b"));
    assert_eq!(redirect("same.example", "/x"), expected(308, "http://other.example/x"));
    assert_eq!(redirect("same.example:8080", "/x"), expected(308, "http://other.example:8080/x"));
}

#[test]
fn fixed_responses_answer() {
    let site = Site::new("a/a: -> fixed 503 application/json {\"a\":1}");
    let mut client = site.connect();
    for _ in 0..2 {
        let answer = client.ask("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc");
        assert_eq!((answer.status, answer.text().as_str()), (503, "{\"a\":1}"));
        assert_eq!(answer.header("content-type").as_deref(), Some("application/json"));
        assert_eq!(answer.header("x-net-alb-error"), None, "the rule's answer is no error of the gateway's");
    }
    client.send("HEAD / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    let head = client.closed();
    assert!(
        head.ends_with(b"content-length: 7\r\nconnection: close\r\n\r\n"),
        "{}",
        String::from_utf8_lossy(&head)
    );
}

#[test]
fn more_requests_than_the_limit_get_albs_503() {
    let site = Site::new("a/a: -> limit 5; fixed 200 text/plain ok");
    let mut client = site.connect();
    let answers: Vec<_> = (0..50).map(|_| client.get("a", "/")).collect();
    assert!(answers[..5].iter().all(|answer| answer.status == 200));
    let limited: Vec<_> = answers.iter().filter(|answer| answer.status == 503).collect();
    assert!(!limited.is_empty());
    for answer in limited {
        assert_eq!(answer.header("alb-qps-limited").as_deref(), Some("Limited"));
        assert_eq!(answer.error().1, "traffic-limit");
    }
}

#[test]
fn cross_origin_requests_are_answered_and_marked() {
    let site = Site::new("a/a: -> cors https://ok.example; forward v1");
    let server = Server::new(|_| {
        b"HTTP/1.1 200 OK\r\nAccess-Control-Allow-Origin: evil\r\nContent-Length: 0\r\n\r\n".to_vec()
    });
    site.serve("v1", &[&server]);
    let ask = |method: &str, origin: &str, more: &str| {
        site.ask(&format!("{method} / HTTP/1.1\r\nHost: a\r\nOrigin: {origin}\r\n{more}\r\n"))
    };
    let answer = ask("OPTIONS", "https://ok.example", "Access-Control-Request-Method: PUT\r\n");
    assert_eq!(answer.status, 204);
    assert_eq!(answer.header("access-control-allow-methods").as_deref(), Some("GET, PUT"));
    assert_eq!(answer.header("access-control-max-age").as_deref(), Some("60"));
    assert_eq!(answer.header("content-length"), None);
    let answer = ask("GET", "https://ok.example", "");
    assert_eq!(answer.header("access-control-allow-origin").as_deref(), Some("https://ok.example"));
    assert_eq!(answer.header("vary").as_deref(), Some("origin"));
    assert_eq!(ask("GET", "https://no.example", "").header("access-control-allow-origin"), None);
}
