use super::client::{Site, get, post, run};
use crate::support::Server;

#[test]
fn requests_reach_the_rule_that_is_for_them() {
    run(async {
        let site = Site::new(
            "default/a: host=a.example path=/* header=x-tag:blue -> forward blue
             default/a: host=a.example path=/* cookie=demo=always -> forward gray
             default/a: host=a.example path=/* -> forward v1
             default/b: host=b.example path=/moved -> redirect 301 https ${host} 443 /to ${query}",
        );
        for name in ["blue", "gray", "v1"] {
            site.serve(name, &[&Server::named(name)]);
        }
        let mut client = site.connect().await;
        assert_eq!(client.get("a.example", "/").await.text(), "v1");
        assert_eq!(client.ask(get("a.example", "/").header("x-tag", "blue"), &[]).await.text(), "blue");
        let crumbs = get("a.example", "/").header("cookie", "x=1").header("cookie", "demo=always");
        assert_eq!(client.ask(crumbs, &[]).await.text(), "gray");
        let moved = client.get("b.example", "/moved?a=b").await;
        assert_eq!((moved.status, moved.header("location")), (301, "https://b.example/to?a=b"));
        let unknown = client.get("c.example", "/").await;
        assert_eq!((unknown.status, unknown.header("x-net-alb-error")), (404, "unknown-host"));
    });
}

#[test]
fn a_backend_sees_one_request_in_http1_and_who_asked() {
    run(async {
        let site =
            Site::with("default/a: host=a.example path=/* -> forward v1", crate::support::options(), |l| {
                l.x_forwarded_for.x_forwarded_for = true;
                l.x_forwarded_for.proto = true;
            });
        site.serve("v1", &[&Server::echo()]);
        let mut client = site.connect().await;
        let request = post("a.example", "/p?q=1")
            .header("x-a", "b")
            .header("te", "trailers")
            .header("content-length", "4");
        let seen = client.ask(request, b"body").await.text();
        let lines: Vec<_> = seen.split("\r\n").collect();
        assert_eq!(lines[0], "POST /p?q=1 HTTP/1.1");
        for line in
            ["host: a.example", "x-a: b", "te: trailers", "x-forwarded-proto: https", "content-length: 4"]
        {
            assert_eq!(lines.iter().filter(|other| **other == line).count(), 1, "{line} in {seen}");
        }
        assert!(lines.contains(&"x-forwarded-for: 127.0.0.1"), "{seen}");
        assert!(seen.ends_with("\r\n\r\nbody"), "{seen}");
        let seen = client.get("a.example", "/").await.text();
        assert!(!seen.contains("content-length") && !seen.contains("transfer-encoding"), "{seen}");
    });
}

#[test]
fn each_request_of_a_connection_is_split() {
    run(async {
        let site = Site::new("default/a: host=a.example path=/* -> forward v1 50, v2 50");
        for name in ["v1", "v2"] {
            site.serve(name, &[&Server::named(name)]);
        }
        let mut client = site.connect().await;
        let mut first = 0;
        for _ in 0..100 {
            first += usize::from(client.get("a.example", "/").await.text() == "v1");
        }
        assert!((49..=51).contains(&first), "{first}");
    });
}

#[test]
fn requests_of_a_connection_go_on_side_by_side() {
    run(async {
        let site = Site::new("default/a: host=a.example path=/* -> forward v1");
        site.serve("v1", &[&Server::echo()]);
        let mut client = site.connect().await;
        let mut streams = Vec::new();
        for number in 0..100 {
            let mut stream = client.begin(get("a.example", &format!("/{number}"))).await;
            stream.finish().await.unwrap();
            streams.push(stream);
        }
        for (number, mut stream) in streams.into_iter().enumerate().rev() {
            let answer = super::client::answer(&mut stream).await;
            assert!(answer.text().starts_with(&format!("GET /{number} ")), "{}", answer.text());
        }
    });
}
