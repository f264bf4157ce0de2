//! A gateway on free ports, little servers behind it, and clients that speak bytes.

#![allow(dead_code, reason = "no test file uses all of it")]

use crate::notation::{self, LISTENER, fragments};
use net_alb_gateway::{Change, Gateway, Limits, ListenerKey, ObjectKey, Options};
use net_alb_model::{
    AddressType, Alb, Backend as BackendId, DefaultAction, Edition, Listener, ListenerDefaults, XForwardedFor,
};
use rustls::Connection as Tls;
use std::collections::VecDeque;
use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
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

/// A message: its head with the empty line, and its body without framing.
#[derive(Debug, Clone, Default)]
pub(crate) struct Message {
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
    pub(crate) trailers: String,
}

impl Message {
    /// Every value of a header, joined by ` | `; `None` if it's absent.
    pub(crate) fn header(&self, name: &str) -> Option<String> {
        let lines = self.head.lines().skip(1).filter_map(|line| line.split_once(": "));
        let values: Vec<_> =
            lines.filter(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, v)| v).collect();
        (!values.is_empty()).then(|| values.join(" | "))
    }

    pub(crate) fn first_line(&self) -> &str {
        self.head.lines().next().unwrap_or_default()
    }
}

/// An answer.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) message: Message,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<String> {
        self.message.header(name)
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.message.body).into_owned()
    }

    /// Status and `x-net-alb-error`.
    pub(crate) fn error(&self) -> (u16, String) {
        (self.status, self.header("x-net-alb-error").unwrap_or_default())
    }
}

/// A connection that reads messages.
pub(crate) struct Stream {
    pub(crate) stream: TcpStream,
    /// Where it's encrypted.
    pub(crate) tls: Option<Tls>,
    read: VecDeque<u8>,
}

impl Stream {
    pub(crate) fn new(stream: TcpStream) -> Stream {
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        stream.set_nodelay(true).unwrap();
        Stream { stream, tls: None, read: VecDeque::new() }
    }

    pub(crate) fn write(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        match &mut self.tls {
            None => self.stream.write_all(bytes),
            Some(Tls::Client(tls)) => rustls::Stream::new(tls, &mut self.stream).write_all(bytes),
            Some(Tls::Server(tls)) => rustls::Stream::new(tls, &mut self.stream).write_all(bytes),
        }
    }

    fn fill(&mut self, block: &mut [u8]) -> std::io::Result<usize> {
        match &mut self.tls {
            None => self.stream.read(block),
            Some(Tls::Client(tls)) => rustls::Stream::new(tls, &mut self.stream).read(block),
            Some(Tls::Server(tls)) => rustls::Stream::new(tls, &mut self.stream).read(block),
        }
    }

    /// Reads one byte; `None` at the end of the connection, however it ends.
    pub(crate) fn byte(&mut self) -> Option<u8> {
        if self.read.is_empty() {
            let mut block = [0; 8 * 1024];
            let count = match self.fill(&mut block) {
                Ok(count) => count,
                Err(error) if error.kind() == ErrorKind::ConnectionReset => 0,
                Err(error) => panic!("waited in vain: {error}"),
            };
            self.read.extend(&block[..count]);
        }
        self.read.pop_front()
    }

    pub(crate) fn bytes(&mut self, count: usize) -> Option<Vec<u8>> {
        (0..count).map(|_| self.byte()).collect()
    }

    /// The head of a message; `None` if the connection fails before.
    pub(crate) fn try_head(&mut self) -> Option<String> {
        let mut head = Vec::new();
        let mut block = [0; 1024];
        while !head.windows(4).any(|window| window == b"\r\n\r\n") {
            match self.fill(&mut block) {
                Ok(0) | Err(_) => return None,
                Ok(count) => head.extend(&block[..count]),
            }
        }
        Some(String::from_utf8_lossy(&head).into_owned())
    }

    /// A message with a length or without a body; `None` if the connection fails before its end.
    pub(crate) fn try_message(&mut self) -> Option<Message> {
        let text = self.try_head()?;
        let (head, rest) = text.split_once("\r\n\r\n")?;
        let mut message = Message { head: format!("{head}\r\n\r\n"), ..Message::default() };
        message.body = rest.as_bytes().to_vec();
        let length = message.header("content-length").map_or(Some(0), |length| length.parse().ok())?;
        let mut block = [0; 1024];
        while message.body.len() < length {
            match self.fill(&mut block) {
                Ok(0) | Err(_) => return None,
                Ok(count) => message.body.extend(&block[..count]),
            }
        }
        Some(message)
    }

    /// Reads so many bytes and drops them.
    pub(crate) fn skip(&mut self, mut count: usize) {
        let here = count.min(self.read.len());
        self.read.drain(..here);
        count -= here;
        let mut block = vec![0; 64 * 1024];
        while count > 0 {
            let most = count.min(block.len());
            count -= match self.stream.read(&mut block[..most]).unwrap() {
                0 => panic!("{count} bytes are missing"),
                read => read,
            };
        }
    }

    /// Up to the empty line, with it.
    pub(crate) fn head(&mut self) -> Option<String> {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(self.byte()?);
        }
        Some(String::from_utf8_lossy(&head).into_owned())
    }

    fn line(&mut self) -> Option<String> {
        let mut line = Vec::new();
        while !line.ends_with(b"\r\n") {
            line.push(self.byte()?);
        }
        Some(String::from_utf8_lossy(&line).trim_end().to_owned())
    }

    /// A message whose body has a length or chunks, or none.
    pub(crate) fn message(&mut self) -> Option<Message> {
        let head = self.head()?;
        self.body_of(head)
    }

    fn body_of(&mut self, head: String) -> Option<Message> {
        let mut message = Message { head, ..Message::default() };
        if message.header("transfer-encoding").is_some_and(|coding| coding == "chunked") {
            loop {
                let size = usize::from_str_radix(&self.line()?, 16).ok()?;
                if size == 0 {
                    break;
                }
                message.body.extend(self.bytes(size)?);
                self.line()?;
            }
            loop {
                match self.line()?.as_str() {
                    "" => break,
                    line => message.trailers.extend([line, "\n"]),
                }
            }
        } else if let Some(length) = message.header("content-length") {
            message.body = self.bytes(length.parse().ok()?)?;
        }
        Some(message)
    }

    /// Everything up to the end of the connection.
    pub(crate) fn rest(&mut self) -> Vec<u8> {
        std::iter::from_fn(|| self.byte()).collect()
    }

    pub(crate) fn stop_writing(&self) {
        let _ = self.stream.shutdown(Shutdown::Write);
    }
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
