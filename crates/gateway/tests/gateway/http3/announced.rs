//! `Alt-Svc`: how clients of HTTPS learn of HTTP/3.

use crate::support::{Server, service};
use crate::tls_client::{Secured, trusting};
use net_alb_testkit::Authority;

const RULES: &str = "default/a: host=a.example path=/own -> forward v1
                     default/a: host=a.example path=/fixed -> fixed 200 text/plain a";

/// What answers on a path announce, and with what an authority.
fn announced(quic_port: Option<u16>, authority: &str, path: &str) -> Option<String> {
    let site = Secured::with(RULES, |listener| listener.quic_port = quic_port);
    let ca = Authority::new("test");
    site.set("a", &ca.issue(&["a.example"]));
    let server =
        Server::new(|_| b"HTTP/1.1 200 OK\r\nAlt-Svc: h3=\":1\"\r\nContent-Length: 0\r\n\r\n".to_vec());
    site.gateway.set_endpoints(&service("v1"), vec![server.address]);
    let mut client = site.connect(&trusting(&ca), "a.example").unwrap();
    client.get(authority, path).header("alt-svc")
}

#[test]
fn every_answer_by_https_names_the_port_that_the_client_used() {
    let own = "h3=\":443\"; ma=86400".to_owned();
    for path in ["/own", "/fixed", "/unknown"] {
        assert_eq!(announced(Some(443), "a.example", path), Some(own.clone()), "{path}");
    }
    assert_eq!(announced(Some(443), "a.example:8443", "/own").unwrap(), "h3=\":8443\"; ma=86400");
}

#[test]
fn a_quic_listener_elsewhere_is_named_by_its_own_port() {
    assert_eq!(announced(Some(4433), "a.example:8443", "/fixed").unwrap(), "h3=\":4433\"; ma=86400");
}

#[test]
fn without_a_quic_listener_backends_speak_for_themselves() {
    assert_eq!(announced(None, "a.example", "/own").unwrap(), "h3=\":1\"");
    assert_eq!(announced(None, "a.example", "/fixed"), None);
}
