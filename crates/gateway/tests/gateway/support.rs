//! A gateway on free ports, little servers behind it, and clients that speak bytes.

#![allow(dead_code, reason = "no test file uses all of it")]

use crate::notation::{self, LISTENER, fragments};
pub(crate) use crate::stream::{Answer, Message, Stream};
use net_alb_gateway::{Change, Gateway, Limits, ListenerKey, ObjectKey, Options};
use net_alb_model::{
    AddressType, Alb, Backend as BackendId, DefaultAction, Edition, Listener, ListenerDefaults, XForwardedFor,
};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// No answer takes so long.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// A gateway with one listener.
pub(crate) struct Site {
    pub(crate) gateway: Gateway,
    pub(crate) address: SocketAddr,
}

impl Site {
    /// Serves these rules with two threads.
    pub(crate) fn new(rules: &str) -> Site {
        Site::with(rules, options(), |_| {})
    }

    pub(crate) fn with(rules: &str, options: Options, adjust: impl FnOnce(&mut Listener)) -> Site {
        let gateway = Gateway::start(options).unwrap();
        let mut listener = listener();
        adjust(&mut listener);
        gateway.configure(&alb(listener));
        let address = gateway.bind(&listener_key(), (Ipv4Addr::LOCALHOST, 0).into()).unwrap();
        let site = Site { gateway, address };
        site.apply(rules);
        site
    }

    /// Puts these rules; Ingresses that aren't named stay.
    pub(crate) fn apply(&self, rules: &str) {
        let applied = self.gateway.apply(puts(rules));
        assert_eq!(applied.diagnostics, []);
    }

    /// Sets the servers of a backend.
    pub(crate) fn serve(&self, service: &str, servers: &[&Server]) {
        let addresses = servers.iter().map(|server| server.address).collect();
        self.gateway.set_endpoints(&notation::backend(service), addresses);
    }

    pub(crate) fn connect(&self) -> Client {
        Client::new(self.address)
    }

    /// One request on its own connection.
    pub(crate) fn ask(&self, request: &str) -> Answer {
        let mut client = self.connect();
        client.send(request);
        client.answer()
    }

    /// `GET path` with this host.
    pub(crate) fn get(&self, host: &str, path: &str) -> Answer {
        self.ask(&format!("GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n"))
    }
}

pub(crate) fn puts(rules: &str) -> Vec<Change> {
    let put =
        |fragment: Arc<net_alb_model::Fragment>| Change::Put { ingress: fragment.ingress.clone(), fragment };
    fragments(rules).into_iter().map(put).collect()
}

pub(crate) fn listener_key() -> ListenerKey {
    ListenerKey { alb: "test".to_owned(), id: LISTENER }
}

pub(crate) fn service(name: &str) -> BackendId {
    notation::backend(name)
}

pub(crate) fn ingress(namespace: &str, name: &str) -> ObjectKey {
    ObjectKey::new(namespace, name)
}

/// A listener whose unknown hosts get 404.
pub(crate) fn listener() -> Listener {
    Listener {
        id: LISTENER,
        idle_timeout_seconds: 15,
        request_timeout_seconds: 60,
        http2: false,
        quic_port: None,
        gzip: false,
        security_policy: None,
        certificate_secrets: vec![],
        certificate_ids: vec![],
        client_ca_secrets: Vec::new(),
        x_forwarded_for: XForwardedFor::default(),
        default_action: DefaultAction::Status(404),
        rules: vec![],
    }
}

pub(crate) fn alb(listener: Listener) -> Alb {
    Alb {
        name: "test".to_owned(),
        address_type: AddressType::Internet,
        edition: Edition::Standard,
        undeclared: ListenerDefaults::default(),
        listeners: vec![listener],
        server_groups: vec![],
    }
}

/// Two threads.
pub(crate) fn options() -> Options {
    Options { threads: 2, ..Options::default() }
}

/// Limits with short times, for tests that wait for them.
pub(crate) fn short() -> Limits {
    let moment = Duration::from_millis(200);
    Limits { head_timeout: moment, connect_timeout: moment, ..Limits::default() }
}

/// A server that reads whole requests and answers with bytes.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    connections: Arc<AtomicUsize>,
}

impl Server {
    /// Answers each request with what `answer` makes of it; an empty answer closes the connection.
    pub(crate) fn new(answer: impl Fn(&Message) -> Vec<u8> + Send + Sync + 'static) -> Server {
        Server::raw(move |mut stream| {
            while let Some(request) = stream.message() {
                let bytes = answer(&request);
                if bytes.is_empty() || stream.write(&bytes).is_err() {
                    return;
                }
            }
        })
    }

    /// Answers everything with its name.
    pub(crate) fn named(name: &str) -> Server {
        let answer = ok(name);
        Server::new(move |_| answer.clone())
    }

    /// Answers with the request that it got.
    pub(crate) fn echo() -> Server {
        Server::new(|request| {
            ok(&String::from_utf8_lossy(&[request.head.as_bytes(), &request.body].concat()))
        })
    }

    /// Does what it likes with each connection.
    pub(crate) fn raw(serve: impl Fn(Stream) + Send + Sync + 'static) -> Server {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let connections = Arc::new(AtomicUsize::new(0));
        let (serve, counted) = (Arc::new(serve), Arc::clone(&connections));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                counted.fetch_add(1, Ordering::SeqCst);
                let serve = Arc::clone(&serve);
                std::thread::spawn(move || serve(Stream::new(stream)));
            }
        });
        Server { address, connections }
    }

    /// Connections so far.
    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

/// An address where nobody listens.
pub(crate) fn nobody() -> SocketAddr {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap()
}

/// `200` with this body.
pub(crate) fn ok(body: &str) -> Vec<u8> {
    format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len()).into_bytes()
}

/// A client's connection.
pub(crate) struct Client {
    pub(crate) stream: Stream,
}

impl Client {
    pub(crate) fn new(address: SocketAddr) -> Client {
        Client { stream: Stream::new(TcpStream::connect(address).unwrap()) }
    }

    pub(crate) fn send(&mut self, text: &str) {
        self.stream.write(text.as_bytes()).unwrap();
    }

    /// The next answer, to anything but HEAD.
    pub(crate) fn answer(&mut self) -> Answer {
        let head = self.stream.head().expect("an answer");
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        let bodiless = status < 200 || status == 204 || status == 304;
        let message = if bodiless {
            Message { head, ..Message::default() }
        } else {
            self.stream.body_of(head).unwrap()
        };
        Answer { status, message }
    }

    /// A request and its answer.
    pub(crate) fn ask(&mut self, request: &str) -> Answer {
        self.send(request);
        self.answer()
    }

    pub(crate) fn get(&mut self, host: &str, path: &str) -> Answer {
        self.ask(&format!("GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n"))
    }

    /// Waits for the end of the connection; what came before it.
    pub(crate) fn closed(&mut self) -> Vec<u8> {
        self.stream.rest()
    }
}
