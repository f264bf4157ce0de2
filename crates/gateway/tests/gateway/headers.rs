//! Header fields on their way to the backend and back.

use crate::support::{Server, Site, ok, options};
use net_alb_model::XForwardedFor;

fn echo(rules: &str) -> Site {
    let site = Site::new(rules);
    site.serve("v1", &[&Server::echo()]);
    site
}

/// The head that the backend saw.
fn seen(site: &Site, fields: &str) -> crate::support::Message {
    let answer = site.ask(&format!("GET /p?q HTTP/1.1\r\nHost: a.example:80\r\n{fields}\r\n"));
    assert_eq!(answer.status, 200, "{}", answer.text());
    crate::support::Message { head: answer.text(), ..Default::default() }
}

#[test]
fn a_request_goes_on_as_it_came() {
    let seen = seen(&echo("a/a: -> forward v1"), "Accept: */*\r\nX-Two: a\r\nx-two: b\r\nX-Empty:\r\n");
    assert_eq!(
        seen.head,
        "GET /p?q HTTP/1.1\r\nHost: a.example:80\r\nAccept: */*\r\nX-Two: a\r\nx-two: b\r\nX-Empty:\r\n\r\n"
    );
}

#[test]
fn headers_are_set_copied_and_removed() {
    let site = echo(
        "a/a: -> set X-A=1; copy x-copy=user-agent; copy x-none=absent; system x-port=SLBPort; \
         system x-ip=ClientSrcIp; system x-id=SLBId; system x-proto=Protocol; remove X-Gone; \
         forward v1 100 +x-rev=v1 +x-a=target",
    );
    let seen = seen(
        &site,
        "x-a: bogus\r\nX-A: bogus\r\nx-gone: 1\r\nUser-Agent: curl\r\nx-rev: bogus\r\nX-Copy: no\r\n",
    );
    let values = ["x-a", "x-rev", "x-copy", "x-none", "x-port", "x-ip", "x-id", "x-proto", "x-gone"]
        .map(|name| seen.header(name).unwrap_or_default());
    assert_eq!(values, ["1", "v1", "curl", "", "80", "127.0.0.1", "test", "HTTP/1.1", ""]);
    assert_eq!(seen.header("x-none"), None);
}

#[test]
fn a_probe_learns_which_version_is_served() {
    let site = echo("a/a: -> override K-Network-Hash=abc; forward v1");
    let asked = |value: &str| {
        let fields = format!("K-Network-Probe: probe\r\nK-Network-Hash: {value}\r\n");
        seen(&site, &fields).header("k-network-hash")
    };
    assert_eq!(asked("override").as_deref(), Some("abc"));
    assert_eq!(asked("1234").as_deref(), Some("1234"), "only the one word is replaced");
    assert_eq!(seen(&site, "").header("k-network-hash"), None, "who doesn't ask isn't told");
}

#[test]
fn every_weighted_target_gets_its_own_headers() {
    let site = echo("a/a: -> forward v1 1 +x-rev=one, v1 1 +x-rev=two");
    let mut revisions: Vec<_> =
        (0..2).map(|_| seen(&site, "x-rev: bogus\r\n").header("x-rev").unwrap()).collect();
    revisions.sort();
    assert_eq!(revisions, ["one", "two"]);
}

#[test]
fn fields_of_the_connection_stay_behind() {
    let site = echo("a/a: -> forward v1");
    let seen = seen(
        &site,
        "Connection: keep-alive, X-Named, host\r\nKeep-Alive: timeout=5\r\nProxy-Connection: close\r\nX-Named: 1\r\n\
         TE: gzip, trailers\r\nUpgrade: h2c\r\nX-Stays: 1\r\n",
    );
    let gone = ["connection", "keep-alive", "proxy-connection", "x-named", "upgrade"];
    assert_eq!(gone.map(|name| seen.header(name)), [const { None }; 5]);
    assert_eq!(seen.header("host").as_deref(), Some("a.example:80"));
    assert_eq!(
        (seen.header("te").as_deref(), seen.header("x-stays").as_deref()),
        (Some("trailers"), Some("1"))
    );
}

#[test]
fn an_answer_s_fields_of_the_connection_stay_behind_too() {
    let site = Site::new("a/a: -> forward v1");
    let server = Server::new(|_| {
        let fields =
            "Connection: x-named\r\nKeep-Alive: timeout=5\r\nX-Named: 1\r\nX-Stays: 1\r\nServer: app";
        format!("HTTP/1.1 200 Fine\r\n{fields}\r\nContent-Length: 2\r\n\r\nok").into_bytes()
    });
    site.serve("v1", &[&server]);
    let answer = site.get("a", "/");
    assert_eq!(
        answer.message.head,
        "HTTP/1.1 200 Fine\r\nX-Stays: 1\r\nServer: app\r\nContent-Length: 2\r\n\r\n"
    );
}

#[test]
fn forwarded_headers_are_as_the_listener_says() {
    let all = XForwardedFor {
        x_forwarded_for: true,
        proto: true,
        slb_port: true,
        host: true,
        client_src_port: true,
        slb_id: true,
    };
    let site = Site::with("a/a: -> forward v1", options(), |listener| listener.x_forwarded_for = all);
    site.serve("v1", &[&Server::echo()]);
    let spoofed = "X-Forwarded-For: 1.1.1.1\r\nX-Forwarded-For: 2.2.2.2, 3.3.3.3\r\nX-Forwarded-Proto: https\r\n\
                   X-Forwarded-Port: 1\r\nX-Forwarded-Host: evil\r\nSLB-ID: no\r\nX-Forwarded-Client-srcport: 0\r\n";
    let seen = seen(&site, spoofed);
    let values = ["x-forwarded-for", "x-forwarded-proto", "x-forwarded-port", "x-forwarded-host", "slb-id"]
        .map(|name| seen.header(name).unwrap());
    assert_eq!(values, ["1.1.1.1, 2.2.2.2, 3.3.3.3, 127.0.0.1", "http", "80", "a.example:80", "test"]);
    assert_ne!(seen.header("x-forwarded-client-srcport").as_deref(), Some("0"));
}

#[test]
fn forwarded_headers_that_are_off_pass_untouched() {
    let seen = seen(&echo("a/a: -> forward v1"), "X-Forwarded-For: 1.1.1.1\r\nX-Forwarded-Proto: https\r\n");
    assert_eq!(seen.header("x-forwarded-for").as_deref(), Some("1.1.1.1"));
    assert_eq!(seen.header("x-forwarded-proto").as_deref(), Some("https"));
}

#[test]
fn response_rules_edit_answers() {
    let site = Site::new(
        "a/a: -> rewrite path=/new; forward v1
         a/a response: status=404 path=/new -> set x-why=missing; remove Server
         a/a response: status=500-599 -> fixed 503 text/plain sorry
         a/a response: response-header=x-kind:b* -> set x-kind=good; copy x-path=x-sent",
    );
    let server = Server::new(|request| match request.header("x-ask").as_deref() {
        Some("404") => b"HTTP/1.1 404 No\r\nServer: app\r\nContent-Length: 2\r\n\r\nno".to_vec(),
        Some("500") => b"HTTP/1.1 500 No\r\nContent-Length: 6\r\n\r\nsecret".to_vec(),
        Some("kind") => b"HTTP/1.1 200 OK\r\nX-Kind: bad\r\nContent-Length: 0\r\n\r\n".to_vec(),
        _ => ok("plain"),
    });
    site.serve("v1", &[&server]);
    let ask =
        |what: &str| site.ask(&format!("GET /old HTTP/1.1\r\nHost: a\r\nx-ask: {what}\r\nx-sent: s\r\n\r\n"));
    let answer = ask("404");
    assert_eq!(
        (answer.status, answer.header("x-why").as_deref(), answer.header("server")),
        (404, Some("missing"), None)
    );
    let answer = ask("500");
    assert_eq!((answer.status, answer.text().as_str()), (503, "sorry"));
    let answer = ask("kind");
    assert_eq!(
        (answer.header("x-kind").as_deref(), answer.header("x-path").as_deref()),
        (Some("good"), Some("s"))
    );
    assert_eq!(ask("other").text(), "plain");
}
