//! HTTP/2 by TLS.

use crate::client::H2Client;
use crate::run;
use crate::support::{Server, service};
use crate::tls_client::{Secured, config};
use net_alb_testkit::Authority;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use rustls::version::TLS13;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// A client that trusts this CA, and speaks nothing but HTTP/2.
pub(crate) fn trusting(authority: &Authority) -> Arc<ClientConfig> {
    let mut config = config(authority, &[&TLS13], None);
    config.alpn_protocols = vec![b"h2".to_vec()];
    Arc::new(config)
}

/// A handshake with this host.
pub(crate) async fn secure(
    address: SocketAddr,
    trust: &Arc<ClientConfig>,
    host: &str,
) -> std::io::Result<TlsStream<TcpStream>> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let name = ServerName::try_from(host.to_owned()).unwrap();
    TlsConnector::from(Arc::clone(trust)).connect(name, stream).await
}

async fn connect(address: SocketAddr, trust: &Arc<ClientConfig>) -> H2Client {
    let stream = secure(address, trust, "shop.example.com").await.unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
    H2Client::over(stream, &h2::client::Builder::new()).await
}

#[test]
fn certificates_change_under_load_and_no_request_fails() {
    run(async {
        let authority = Authority::new("test");
        let site = Secured::new("default/a: host=shop.example.com path=/* -> forward v1");
        let server = Server::named("v1");
        site.gateway.set_endpoints(&service("v1"), vec![server.address]);
        site.set("a", &authority.issue(&["shop.example.com"]));
        let trust = trusting(&authority);
        let (ended, asked) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        // Two clients stay on their connections, two make new ones all the time.
        let loads: Vec<_> = (0..4)
            .map(|number| {
                let (ended, asked, trust) = (Arc::clone(&ended), Arc::clone(&asked), Arc::clone(&trust));
                let address = site.address;
                tokio::spawn(async move {
                    let mut client = connect(address, &trust).await;
                    while !ended.load(Ordering::SeqCst) {
                        let answers = futures_util::future::join_all(
                            (0..4).map(|_| client.get("shop.example.com", "/")),
                        );
                        for answer in answers.await {
                            assert_eq!((answer.status, answer.text().as_str()), (200, "v1"));
                            asked.fetch_add(1, Ordering::SeqCst);
                        }
                        if number % 2 == 1 {
                            client = connect(address, &trust).await;
                        }
                    }
                })
            })
            .collect();
        for swap in 0..100 {
            let name = if swap % 2 == 0 { "*.example.com" } else { "shop.example.com" };
            assert_eq!(site.set("a", &authority.issue(&[name])), [""; 0]);
            let stream = secure(site.address, &trust, "shop.example.com").await.unwrap();
            let shown = &stream.get_ref().1.peer_certificates().unwrap()[0];
            let (_, leaf) = x509_parser::parse_x509_certificate(shown).unwrap();
            let names = leaf.subject_alternative_name().unwrap().unwrap();
            assert!(names.value.general_names[0].to_string().contains(name), "in effect at once");
        }
        ended.store(true, Ordering::SeqCst);
        for load in loads {
            load.await.unwrap();
        }
        assert!(asked.load(Ordering::SeqCst) > 100);
    });
}
