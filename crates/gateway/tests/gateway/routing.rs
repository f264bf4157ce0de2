//! Requests reach the right backend over real sockets.

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
}
