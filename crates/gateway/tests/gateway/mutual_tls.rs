//! Mutual TLS: a listener that asks clients for certificates.

use crate::tls_client::{Secured, config, secret_key};
use net_alb_testkit::{Authority, Issued};
use rustls::ClientConfig;
use rustls::client::Resumption;
use rustls::version::{TLS12, TLS13};
use std::sync::Arc;

const RULES: &str = "default/shop: host=shop.example.com path=/* -> fixed 200 text/plain shop";

fn site(authority: &Authority) -> Secured {
    let site = Secured::with(RULES, |listener| listener.client_ca_secrets = vec![secret_key("clients")]);
    site.set("shop", &authority.issue(&["shop.example.com"]));
    site
}

/// Whether a request gets through, in every version.
fn gets_in(site: &Secured, authority: &Authority, own: Option<&Issued>) -> [bool; 2] {
    [&TLS12, &TLS13].map(|version| {
        let config = Arc::new(config(authority, &[version], own));
        asks(site, &config)
    })
}

/// In TLS 1.3 a client learns only after its handshake that it isn't let in.
fn asks(site: &Secured, config: &Arc<ClientConfig>) -> bool {
    let Ok(mut client) = site.connect(config, "shop.example.com") else { return false };
    let sent = client.stream.write(b"GET / HTTP/1.1\r\nHost: shop.example.com\r\n\r\n");
    sent.is_ok() && client.stream.try_head().is_some_and(|head| head.starts_with("HTTP/1.1 200"))
}

#[test]
fn only_clients_of_the_ca_get_in() {
    let (servers, clients) = (Authority::new("servers"), Authority::new("clients"));
    let site = site(&servers);
    let (ours, theirs) = (clients.issue_to("alice"), servers.issue_to("mallory"));
    assert_eq!(gets_in(&site, &servers, Some(&ours)), [false; 2], "closed until its CA is there");
    assert_eq!(
        site.gateway.set_client_ca(&secret_key("clients"), Some(clients.pem.as_bytes())).diagnostics,
        []
    );
    assert_eq!(gets_in(&site, &servers, Some(&ours)), [true; 2]);
    assert_eq!(gets_in(&site, &servers, Some(&theirs)), [false; 2]);
    assert_eq!(gets_in(&site, &servers, None), [false; 2]);

    let broken = site.gateway.set_client_ca(&secret_key("clients"), Some(b"no PEM"));
    assert_eq!(broken.diagnostics.iter().map(|said| said.code.id).collect::<Vec<_>>(), ["NA3022"]);
    assert_eq!(gets_in(&site, &servers, Some(&ours)), [true; 2], "the last good CA stays");
    let _ = site.gateway.set_client_ca(&secret_key("clients"), None);
    assert_eq!(gets_in(&site, &servers, Some(&ours)), [false; 2]);
}

#[test]
fn a_session_from_before_doesnt_get_around_another_ca() {
    let (servers, clients) = (Authority::new("servers"), Authority::new("clients"));
    for version in [&TLS12, &TLS13] {
        let site = site(&servers);
        let _ = site.gateway.set_client_ca(&secret_key("clients"), Some(clients.pem.as_bytes()));
        let mut config = config(&servers, &[version], Some(&clients.issue_to("alice")));
        config.resumption = Resumption::in_memory_sessions(8);
        let config = Arc::new(config);
        assert!(asks(&site, &config));
        let other = Authority::new("other");
        let _ = site.gateway.set_client_ca(&secret_key("clients"), Some(other.pem.as_bytes()));
        assert!(!asks(&site, &config), "{version:?}");
    }
}
