//! Listeners and connections come and go.

use crate::support::{Client, Server, Site, listener_key, ok, options};
use net_alb_gateway::{AccessLog, Options, Record};
use std::io::ErrorKind;
use std::net::{Ipv4Addr, TcpStream};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

#[test]
fn an_idle_connection_is_closed() {
    let site =
        Site::with("a/a: -> fixed 200 text/plain a", options(), |listener| listener.idle_timeout_seconds = 1);
    let mut client = site.connect();
    assert_eq!(client.get("a", "/").status, 200);
    assert_eq!(client.closed(), b"");
    assert_eq!(site.connect().closed(), b"", "one that has never asked too");
}

/// A server that answers when told to.
fn held() -> (Server, Sender<()>) {
    let (go, wait) = channel::<()>();
    let wait = Mutex::new(wait);
    let server = Server::new(move |_| {
        wait.lock().unwrap().recv().unwrap();
        ok("late")
    });
    (server, go)
}

#[test]
fn draining_finishes_what_has_begun_and_accepts_nothing_more() {
    let site = Site::new("a/a: -> forward v1");
    let (server, go) = held();
    site.serve("v1", &[&server]);
    let address = site.address;
    let mut idle = site.connect();
    go.send(()).unwrap();
    assert_eq!(idle.get("a", "/").text(), "late");
    let mut busy = site.connect();
    busy.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    while server.connections() == 0 {
        std::thread::yield_now();
    }
    let draining = std::thread::spawn(move || site.gateway.drain(Duration::from_secs(30)));
    assert_eq!(idle.closed(), b"", "an unused connection is closed");
    let refused = TcpStream::connect(address).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
    go.send(()).unwrap();
    let answer = busy.answer();
    assert_eq!((answer.text().as_str(), answer.header("connection").as_deref()), ("late", Some("close")));
    assert_eq!(busy.closed(), b"");
    draining.join().unwrap();
}

#[test]
fn after_the_grace_period_the_rest_is_cut() {
    let site = Site::new("a/a: -> forward v1");
    let (server, _go) = held();
    site.serve("v1", &[&server]);
    let mut client = site.connect();
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    while server.connections() == 0 {
        std::thread::yield_now();
    }
    site.gateway.drain(Duration::from_millis(100));
    assert_eq!(client.closed(), b"");
}

#[test]
fn listeners_are_bound_and_unbound_while_others_serve() {
    let site = Site::new("a/a: -> fixed 200 text/plain a");
    let second = site.gateway.bind(&listener_key(), (Ipv4Addr::LOCALHOST, 0).into()).unwrap();
    assert_eq!(Client::new(second).get("a", "/").text(), "a");
    let again = site.gateway.bind(&listener_key(), second).unwrap_err();
    assert_eq!(again.kind(), ErrorKind::AddrInUse);
    assert_eq!(site.gateway.addresses().len(), 2);
    site.gateway.unbind(&listener_key(), second);
    // The threads close their sockets as soon as they hear of it.
    while TcpStream::connect(second).is_ok() {
        std::thread::yield_now();
    }
    let mut client = site.connect();
    assert_eq!(client.get("a", "/").header("connection"), None);
    site.gateway.unbind(&listener_key(), site.address);
    assert_eq!(client.get("a", "/").header("connection").as_deref(), Some("close"));
    assert_eq!(site.gateway.addresses(), []);
}

#[test]
fn one_gateway_replaces_another_on_the_same_port() {
    let old = Site::new("a/a: -> fixed 200 text/plain old");
    let new = Site::new("a/a: -> fixed 200 text/plain new");
    new.gateway.bind(&listener_key(), old.address).unwrap();
    let address = old.address;
    old.gateway.drain(Duration::from_secs(5));
    for _ in 0..20 {
        assert_eq!(Client::new(address).get("a", "/").text(), "new");
    }
}

#[derive(Debug)]
struct Lines(Mutex<Sender<String>>);

impl AccessLog for Lines {
    fn record(&self, record: &Record<'_>) {
        let (method, host, path) =
            record.request.map_or(("", "", ""), |head| (head.method, head.authority, head.path));
        let endpoint = if record.endpoint.is_some() { "at an endpoint" } else { "nowhere" };
        let line = format!(
            "{} {method} {host}{path} {} rule={:?} {:?} target={:?} {endpoint} error={:?} in={} out={}",
            record.listener,
            record.status,
            record.rule.map(|rule| &rule.0),
            record.reason,
            record.target.map(ToString::to_string),
            record.error,
            record.received,
            record.sent,
        );
        self.0.lock().unwrap().send(line).unwrap();
    }
}

#[test]
fn every_request_is_recorded() {
    let (lines, log) = channel();
    let options = Options { access_log: Some(Arc::new(Lines(Mutex::new(lines)))), ..options() };
    let site = Site::with("a/a: header=x-tag:1 -> forward v1", options, |_| {});
    site.serve("v1", &[&Server::named("v1")]);
    let request = "POST /p?secret HTTP/1.1\r\nHost: a.example\r\nx-tag: 1\r\nContent-Length: 4\r\n\r\nbody";
    let answer = site.ask(request);
    let sent = answer.message.head.len() + answer.message.body.len();
    let rule = "rule=Some(\"a/a header=x-tag:1\") Some(\"header\")";
    let target = "target=Some(\"default/test/v1:80\")";
    assert_eq!(
        log.recv().unwrap(),
        format!(
            "test/HTTP:80 POST a.example/p 200 {rule} {target} at an endpoint error=None in={} out={sent}",
            request.len()
        )
    );
    let line = |request: &str| {
        site.ask(request);
        log.recv().unwrap()
    };
    let unknown = line("GET / HTTP/1.1\r\nHost: b\r\n\r\n");
    assert!(
        unknown.contains("GET b/ 404 rule=None None target=None nowhere error=Some(UnknownHost)"),
        "{unknown}"
    );
    let refused = line("GET / HTTP/1.1\r\n\r\n");
    assert!(refused.contains("  400 rule=None None target=None nowhere error=Some(BadHost)"), "{refused}");
    site.serve("v1", &[]);
    let empty = line("GET / HTTP/1.1\r\nHost: a\r\nx-tag: 1\r\n\r\n");
    assert!(empty.contains("503") && empty.contains("error=Some(NoEndpoints)"), "{empty}");
}

#[test]
fn replacing_gateways_loses_no_connection() {
    use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
    const REPLACEMENTS: usize = 8;
    let mut serving = Site::new("a/a: -> fixed 200 text/plain ok");
    let address = serving.address;
    let (stop, answered) = (AtomicBool::new(false), AtomicUsize::new(0));
    let failed = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..32 {
            scope.spawn(|| {
                while !stop.load(Ordering::Relaxed) {
                    match ask_once(address) {
                        Ok(()) => drop(answered.fetch_add(1, Ordering::Relaxed)),
                        Err(error) => failed.lock().unwrap().push(error.to_string()),
                    }
                }
            });
        }
        for replacement in 0..REPLACEMENTS {
            let next = Site::new("a/a: -> fixed 200 text/plain ok");
            next.gateway.bind(&listener_key(), address).unwrap();
            // Requests go to both for a while.
            let seen = answered.load(Ordering::Relaxed);
            while answered.load(Ordering::Relaxed) < seen + 100 && failed.lock().unwrap().is_empty() {
                std::thread::yield_now();
            }
            std::mem::replace(&mut serving, next).gateway.drain(Duration::from_secs(10));
            assert!(failed.lock().unwrap().is_empty(), "{replacement}: {:?}", failed.lock().unwrap());
        }
        stop.store(true, Ordering::Relaxed);
    });
    assert!(failed.lock().unwrap().is_empty(), "{failed:?}");
    assert!(answered.load(Ordering::Relaxed) >= 100 * REPLACEMENTS);
}

/// A request on a connection of its own; every way to fail is an error.
fn ask_once(address: std::net::SocketAddr) -> std::io::Result<()> {
    use std::io::{Error, Read, Write};
    let mut stream = std::net::TcpStream::connect(address)?;
    stream.set_read_timeout(Some(crate::support::PATIENCE))?;
    stream.write_all(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    if answer.starts_with(b"HTTP/1.1 200 ") { Ok(()) } else { Err(Error::other("no answer")) }
}
