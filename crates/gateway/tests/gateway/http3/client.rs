//! A QUIC listener, and clients that trust its certificate.

use crate::notation::fragments;
use crate::support::{Server, alb, listener, options, service};
use crate::tls_client::config;
use bytes::{Buf, Bytes};
use h3::client::{RequestStream, SendRequest};
use h3_quinn::{BidiStream, OpenStreams};
use http::{HeaderMap, Request};
use net_alb_gateway::{Change, Gateway, ListenerKey, ObjectKey, Options, Pem};
use net_alb_model::{Fragment, Listener, ListenerId, Protocol};
use net_alb_testkit::{Authority, Issued};
use quinn::crypto::rustls::QuicClientConfig;
use quinn::{ClientConfig, Connection, Endpoint, TransportConfig};
use rustls::version::TLS13;
use std::future::poll_fn;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::Arc;
use std::time::Duration;

const QUIC: ListenerId = ListenerId { port: 443, protocol: Protocol::Quic };

/// The hosts in the certificate.
pub(crate) const HOSTS: [&str; 2] = ["a.example", "b.example"];

/// Nothing takes so long.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// A gateway with one QUIC listener.
pub(crate) struct Site {
    pub(crate) gateway: Gateway,
    pub(crate) address: SocketAddr,
    pub(crate) authority: Authority,
}

impl Site {
    /// Serves these rules with two threads.
    pub(crate) fn new(rules: &str) -> Site {
        Site::with(rules, options(), |_| {})
    }

    pub(crate) fn with(rules: &str, options: Options, adjust: impl FnOnce(&mut Listener)) -> Site {
        Site::at((Ipv4Addr::LOCALHOST, 0).into(), Authority::new("test"), (rules, options, adjust))
    }

    pub(crate) fn at(
        address: SocketAddr,
        authority: Authority,
        (rules, options, adjust): (&str, Options, impl FnOnce(&mut Listener)),
    ) -> Site {
        let gateway = Gateway::start(options).unwrap();
        let mut listener = Listener { id: QUIC, certificate_secrets: vec![secret()], ..listener() };
        adjust(&mut listener);
        gateway.configure(&alb(listener));
        let address = gateway.bind(&key(), address).unwrap();
        let site = Site { gateway, address, authority };
        site.set(&site.authority.issue(&HOSTS));
        site.apply(rules);
        site
    }

    pub(crate) fn apply(&self, rules: &str) {
        let changes = fragments(rules).into_iter().map(|fragment| put(&fragment)).collect();
        assert_eq!(self.gateway.apply(changes).diagnostics, []);
    }

    /// Sets the listener's certificate.
    pub(crate) fn set(&self, issued: &Issued) {
        let pem = Pem { chain: issued.chain.as_bytes(), key: issued.key.as_bytes() };
        assert_eq!(self.gateway.set_certificate(&secret(), Some(pem)).diagnostics, []);
    }

    pub(crate) fn serve(&self, name: &str, servers: &[&Server]) {
        let addresses = servers.iter().map(|server| server.address).collect();
        self.gateway.set_endpoints(&service(name), addresses);
    }

    pub(crate) fn trust(&self) -> ClientConfig {
        let mut tls = config(&self.authority, &[&TLS13], None);
        tls.alpn_protocols = vec![b"h3".to_vec()];
        ClientConfig::new(Arc::new(QuicClientConfig::try_from(tls).unwrap()))
    }

    pub(crate) async fn connect(&self) -> Client {
        self.connect_with(TransportConfig::default()).await
    }

    pub(crate) async fn connect_with(&self, transport: TransportConfig) -> Client {
        let mut trust = self.trust();
        trust.transport_config(Arc::new(transport));
        let (endpoint, quic) = connect(self.address, trust).await.unwrap();
        Client::new(endpoint, quic).await
    }

    /// A connection without HTTP/3's own beginnings.
    pub(crate) async fn dial(&self) -> Connection {
        connect(self.address, self.trust()).await.unwrap().1
    }
}

async fn connect(
    address: SocketAddr,
    trust: ClientConfig,
) -> Result<(Endpoint, Connection), quinn::ConnectionError> {
    let endpoint = Endpoint::client((Ipv4Addr::LOCALHOST, 0).into()).unwrap();
    let quic = endpoint.connect_with(trust, address, HOSTS[0]).unwrap().await?;
    Ok((endpoint, quic))
}

pub(crate) fn key() -> ListenerKey {
    ListenerKey { alb: "test".to_owned(), id: QUIC }
}

fn secret() -> ObjectKey {
    ObjectKey::new("default", "certificate")
}

fn put(fragment: &Fragment) -> Change {
    let mut fragment = fragment.clone();
    for listener in &mut fragment.listeners {
        listener.id = QUIC;
    }
    Change::Put { ingress: fragment.ingress.clone(), fragment: Arc::new(fragment) }
}

/// Runs a test.
pub(crate) fn run(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async { tokio::time::timeout(PATIENCE, test).await.expect("in time") });
}

/// A client's connection.
pub(crate) struct Client {
    pub(crate) endpoint: Endpoint,
    pub(crate) quic: Connection,
    pub(crate) http: SendRequest<OpenStreams, Bytes>,
}

/// A request's stream.
pub(crate) type Stream = RequestStream<BidiStream<Bytes>, Bytes>;

/// An answer.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
    pub(crate) trailers: HeaderMap,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

impl Client {
    async fn new(endpoint: Endpoint, quic: Connection) -> Client {
        let (mut driver, http) = h3::client::new(h3_quinn::Connection::new(quic.clone())).await.unwrap();
        tokio::spawn(async move { poll_fn(|context| driver.poll_close(context)).await });
        Client { endpoint, quic, http }
    }

    pub(crate) async fn begin(&mut self, request: http::request::Builder) -> Stream {
        self.http.send_request(request.body(()).unwrap()).await.unwrap()
    }

    pub(crate) async fn ask(&mut self, request: http::request::Builder, body: &[u8]) -> Answer {
        let mut stream = self.begin(request).await;
        if !body.is_empty() {
            stream.send_data(Bytes::copy_from_slice(body)).await.unwrap();
        }
        stream.finish().await.unwrap();
        answer(&mut stream).await
    }

    pub(crate) async fn get(&mut self, host: &str, path: &str) -> Answer {
        self.ask(get(host, path), &[]).await
    }

    /// Goes on from another port.
    pub(crate) fn move_away(&self) {
        self.endpoint.rebind(UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap()).unwrap();
    }
}

pub(crate) fn get(host: &str, path: &str) -> http::request::Builder {
    Request::get(format!("https://{host}{path}"))
}

pub(crate) fn post(host: &str, path: &str) -> http::request::Builder {
    Request::post(format!("https://{host}{path}"))
}

pub(crate) async fn answer(stream: &mut Stream) -> Answer {
    let head = stream.recv_response().await.unwrap();
    let mut body = Vec::new();
    while let Some(mut data) = stream.recv_data().await.unwrap() {
        body.extend_from_slice(&data.copy_to_bytes(data.remaining()));
    }
    let trailers = stream.recv_trailers().await.unwrap().unwrap_or_default();
    let (head, ()) = head.into_parts();
    Answer { status: head.status.as_u16(), headers: head.headers, body, trailers }
}
