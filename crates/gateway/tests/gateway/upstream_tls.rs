//! TLS to backends.

use crate::notation::fragments;
use crate::support::{Answer, Server, Site, nobody, ok, service};
use net_alb_gateway::{BackendTls, Change};
use net_alb_model::BackendProtocol;
use net_alb_testkit::{Authority, Issued};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::version::{TLS12, TLS13};
use rustls::{ServerConfig, ServerConnection, SupportedProtocolVersion};
use std::sync::Arc;

const RULE: &str = "a/a: path=/* -> forward shop";

/// A server that speaks TLS and says how it was asked.
fn secure_server(issued: &Issued, versions: &[&'static SupportedProtocolVersion]) -> Server {
    let chain = CertificateDer::pem_slice_iter(issued.chain.as_bytes()).map(Result::unwrap).collect();
    let key = PrivateKeyDer::from_pem_slice(issued.key.as_bytes()).unwrap();
    let builder = ServerConfig::builder_with_protocol_versions(versions).with_no_client_auth();
    let config = Arc::new(builder.with_single_cert(chain, key).unwrap());
    Server::raw(move |mut stream| {
        stream.tls = Some(ServerConnection::new(Arc::clone(&config)).unwrap().into());
        while let Some(request) = stream.try_message() {
            let body = String::from_utf8_lossy(&request.body);
            let text = format!("{} {} {body}", request.first_line(), request.header("host").unwrap());
            if stream.write(&ok(&text)).is_err() {
                return;
            }
        }
    })
}

/// A gateway whose server group speaks HTTPS.
fn site(server: &Server) -> Site {
    let site = Site::new(RULE);
    site.serve("shop", &[server]);
    let mut changed = (*fragments(RULE)[0]).clone();
    changed.server_groups[0].protocol = BackendProtocol::Https;
    let ingress = changed.ingress.clone();
    let applied = site.gateway.apply(vec![Change::Put { ingress, fragment: Arc::new(changed) }]);
    assert_eq!(applied.diagnostics, []);
    site
}

fn post(site: &Site) -> Answer {
    site.ask("POST /a HTTP/1.1\r\nHost: a.example\r\nContent-Length: 5\r\n\r\nhello")
}

#[test]
fn an_https_server_group_is_spoken_to_by_tls() {
    let authority = Authority::new("nobody knows");
    for version in [&TLS12, &TLS13] {
        let server = secure_server(&authority.issue(&["whoever.test"]), &[version]);
        let site = site(&server);
        for _ in 0..8 {
            assert_eq!(post(&site).text(), "POST /a HTTP/1.1 a.example hello");
        }
        assert!(server.connections() <= 2, "a connection a thread, not {}", server.connections());
    }
}

#[test]
fn a_server_that_speaks_no_tls_is_a_bad_gateway() {
    let plain = Server::raw(|mut stream| {
        let _ = stream.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
        stream.rest();
    });
    let site = site(&plain);
    assert_eq!(post(&site).error(), (502, "upstream-tls".to_owned()));
    site.gateway.set_endpoints(&service("shop"), vec![nobody()]);
    assert_eq!(post(&site).error(), (502, "connect-failed".to_owned()));
}

#[test]
fn a_backend_that_must_prove_its_name_does() {
    let (knative, stranger) = (Authority::new("knative"), Authority::new("stranger"));
    let tls = |names: &[&str]| BackendTls {
        authorities: knative.pem.as_bytes().to_vec(),
        names: names.iter().map(|name| (*name).to_owned()).collect(),
    };
    let ask = |issued: &Issued, names: &[&str], version| {
        let server = secure_server(issued, &[version]);
        let site = Site::new(RULE);
        site.serve("shop", &[&server]);
        assert_eq!(site.gateway.set_backend_tls(&service("shop"), Some(&tls(names))).diagnostics, []);
        let answer = post(&site);
        (answer.status, answer.header("x-net-alb-error").unwrap_or_default())
    };
    let (good, refused) = ((200, String::new()), (502, "upstream-tls".to_owned()));
    let user = knative.issue(&["kn-user-default"]);
    assert_eq!(ask(&user, &["kn-routing", "kn-user-default"], &TLS13), good, "one of the names is enough");
    assert_eq!(ask(&user, &["kn-routing", "kn-user-other"], &TLS13), refused, "another's name");
    assert_eq!(ask(&stranger.issue(&["kn-routing"]), &["kn-routing"], &TLS13), refused, "another's CA");
    assert_eq!(ask(&user, &["kn-user-default"], &TLS12), refused, "too old");
}

#[test]
fn a_connection_to_a_server_is_only_used_again_for_the_same_identity() {
    let (first, second) = (Authority::new("first"), Authority::new("second"));
    let server = secure_server(&first.issue(&["kn-routing"]), &[&TLS13]);
    let site = Site::new(RULE);
    site.serve("shop", &[&server]);
    let set = |authority: &Authority| {
        let tls = BackendTls {
            authorities: authority.pem.as_bytes().to_vec(),
            names: vec!["kn-routing".to_owned()],
        };
        let _ = site.gateway.set_backend_tls(&service("shop"), Some(&tls));
    };
    set(&first);
    assert_eq!(post(&site).status, 200);
    set(&second);
    for _ in 0..8 {
        assert_eq!(
            post(&site).error(),
            (502, "upstream-tls".to_owned()),
            "not by the connection from before"
        );
    }
    let broken = BackendTls { authorities: b"no PEM".to_vec(), names: vec!["kn-routing".to_owned()] };
    let said = site.gateway.set_backend_tls(&service("shop"), Some(&broken)).diagnostics;
    assert_eq!(said.iter().map(|said| said.code.id).collect::<Vec<_>>(), ["NA3023"]);
}
