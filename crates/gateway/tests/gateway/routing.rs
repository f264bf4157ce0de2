//! Requests reach the right backend.

use crate::support::{Server, Site};

#[test]
fn a_request_is_forwarded_and_answered() {
    let site = Site::new("a/a: host=a.example -> forward v1");
    let server = Server::named("v1");
    site.serve("v1", &[&server]);
    let answer = site.get("a.example", "/");
    assert_eq!((answer.status, answer.text().as_str()), (200, "v1"));
    assert_eq!(answer.header("x-net-alb-error"), None);
}

#[test]
fn an_unknown_host_gets_404_and_a_known_one_says_that_no_rule_fits() {
    let site = Site::new("a/a: host=a.example path=/only -> forward v1");
    assert_eq!(site.get("b.example", "/").error(), (404, "unknown-host".to_owned()));
    assert_eq!(site.get("a.example", "/").error(), (404, "no-rule".to_owned()));
    assert!(site.get("b.example", "/").text().contains("check the Host header"));
}

#[test]
fn without_a_default_status_an_unknown_host_gets_albs_503() {
    let site = Site::with("", crate::support::options(), |listener| {
        listener.default_action = net_alb_model::DefaultAction::EmptyServerGroup;
    });
    assert_eq!(site.get("b.example", "/").error(), (503, "unknown-host".to_owned()));
}

#[test]
fn the_article_s_gray_release_splits_by_header_cookie_and_weight() {
    let site = Site::new(
        "d/hello: host=hello.example header=Knative-Serving-Tag:rev1 -> forward v1
         d/hello: host=hello.example header=demo:test header=demo2:test -> forward v2
         d/hello: host=hello.example cookie=demo=always cookie=cookie2=v2 -> forward v2
         d/hello: host=hello.example -> forward v1 50, v3 50",
    );
    let servers = ["v1", "v2", "v3"].map(Server::named);
    for (name, server) in ["v1", "v2", "v3"].iter().zip(&servers) {
        site.serve(name, &[server]);
    }
    let mut client = site.connect();
    let mut ask = |fields: &str| {
        let request = format!("GET / HTTP/1.1\r\nHost: HELLO.example:8080\r\n{fields}\r\n");
        client.ask(&request).text()
    };
    assert_eq!(ask("knative-serving-tag: rev1\r\n"), "v1");
    assert_eq!(ask("demo: test\r\nDEMO2: test\r\n"), "v2");
    assert_eq!(ask("Cookie: x=y; cookie2=v2; demo=always\r\n"), "v2");
    assert_eq!(ask("Cookie: demo=always\r\nCookie: cookie2=v2\r\n"), "v2");
    let mut shares = [0usize, 0];
    for request in 0..1000 {
        // Either header or cookie alone goes to the default.
        let fields = ["demo: test\r\n", "demo2: test\r\n", "Cookie: demo=always\r\n", ""][request % 4];
        match ask(fields).as_str() {
            "v1" => shares[0] += 1,
            "v3" => shares[1] += 1,
            other => panic!("{other}"),
        }
    }
    assert!(shares[0].abs_diff(shares[1]) <= 10, "{shares:?}");
}

#[test]
fn endpoints_of_a_group_are_used_in_turn() {
    let site = Site::new("a/a: host=a.example -> forward v1");
    let servers = [Server::named("one"), Server::named("two")];
    site.serve("v1", &[&servers[0], &servers[1]]);
    let mut client = site.connect();
    let texts: Vec<_> = (0..4).map(|_| client.get("a.example", "/").text()).collect();
    assert_eq!((texts[0] == texts[1], &texts[0], &texts[1]), (false, &texts[2], &texts[3]));
}

#[test]
fn nothing_to_forward_to_is_503() {
    let site = Site::new(
        "a/a: host=empty.example -> forward v1
         a/a: host=zero.example -> forward v1 0, v2 0
         a/a: host=none.example -> forward",
    );
    assert_eq!(site.get("empty.example", "/").error(), (503, "no-endpoints".to_owned()));
    assert_eq!(site.get("zero.example", "/").error(), (503, "no-target".to_owned()));
    assert_eq!(site.get("none.example", "/").error(), (503, "no-target".to_owned()));
}
