//! TLS in front: certificates by host, versions, sessions.

use crate::support::{Client, Server, options, service, short};
use crate::tls_client::{Secured, config, trusting};
use net_alb_gateway::Options;
use net_alb_testkit::Authority;
use rustls::version::{TLS12, TLS13};
use std::sync::Arc;

const SHOP: &str = "default/shop: host=shop.example.com path=/* -> forward shop";

#[test]
fn a_request_by_tls_is_answered() {
    let (site, authority) = (Secured::new(SHOP), Authority::new("test"));
    let shop = Server::echo();
    site.gateway.set_endpoints(&service("shop"), vec![shop.address]);
    assert_eq!(site.set("shop", &authority.issue(&["shop.example.com"])), [""; 0]);
    for version in [&TLS12, &TLS13] {
        let client = Arc::new(config(&authority, &[version], None));
        let mut client = site.connect(&client, "shop.example.com").unwrap();
        for _ in 0..3 {
            let answer = client.get("shop.example.com", "/a");
            assert_eq!(answer.status, 200);
            assert!(answer.text().starts_with("GET /a HTTP/1.1\r\n"), "{}", answer.text());
        }
    }
    assert!(shop.connections() <= 2, "requests share connections to servers");
}

#[test]
fn a_host_gets_the_certificate_that_is_for_it() {
    let site = Secured::new(
        "default/a: host=a.example.com path=/* -> fixed 200 text/plain a
         default/wild: host=*.example.com path=/* -> fixed 200 text/plain wild
         default/other: host=other.test path=/* -> fixed 200 text/plain other",
    );
    let authority = Authority::new("test");
    site.set("wild", &authority.issue(&["*.example.com"]));
    assert_eq!(site.shown("a.example.com"), "*.example.com", "its own isn't there yet");
    site.set("a", &authority.issue(&["a.example.com"]));
    site.set("other", &authority.issue(&["other.test", "*.other.test"]));
    assert_eq!(site.shown("a.example.com"), "a.example.com");
    assert_eq!(site.shown("A.Example.Com"), "a.example.com");
    assert_eq!(site.shown("b.example.com"), "*.example.com");
    assert_eq!(site.shown("b.other.test"), "other.test *.other.test");
    assert_eq!(
        site.shown("b.a.example.com"),
        "a.example.com",
        "a wildcard is one label; the default is the first Secret"
    );
    assert_eq!(site.shown("unknown.test"), "a.example.com");
}

#[test]
fn a_certificate_that_somebody_else_brings_along_takes_no_host_away() {
    let site = Secured::new(
        "default/evil: host=evil.test path=/* -> fixed 200 text/plain evil
         default/shop: host=shop.example.com path=/* -> fixed 200 text/plain shop",
    );
    let authority = Authority::new("test");
    site.set("shop", &authority.issue(&["*.example.com"]));
    site.set("evil", &authority.issue(&["evil.test", "shop.example.com"]));
    assert_eq!(site.shown("shop.example.com"), "*.example.com");
    assert_eq!(site.shown("evil.test"), "evil.test shop.example.com");
}

#[test]
fn a_broken_or_expired_secret_leaves_the_last_good_certificate() {
    let (site, authority) = (Secured::new(SHOP), Authority::new("test"));
    let good = authority.issue(&["shop.example.com"]);
    site.set("shop", &good);
    let mut broken = authority.issue(&["shop.example.com", "new.example.com"]);
    broken.key = authority.issue(&["x.test"]).key;
    assert_eq!(site.set("shop", &broken), ["NA3020"]);
    assert_eq!(site.set("shop", &authority.issue_expired(&["old.example.com"])), ["NA3021"]);
    assert_eq!(site.shown("shop.example.com"), "shop.example.com");
    let trust = trusting(&authority);
    assert!(site.connect(&trust, "shop.example.com").is_ok());
}

#[test]
fn a_request_in_clear_is_told_to_use_tls() {
    let site = Secured::new(SHOP);
    let answer = Client::new(site.address).get("shop.example.com", "/");
    assert_eq!(answer.error(), (400, "plain-http".to_owned()));
    assert!(answer.text().contains("https://"), "{}", answer.text());
}

#[test]
fn a_client_that_says_nothing_is_let_go() {
    let options = Options { limits: short(), ..options() };
    let site = Secured::with_options(SHOP, options, |_| {});
    assert_eq!(Client::new(site.address).closed(), b"");
}
