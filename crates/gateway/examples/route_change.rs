//! How long one changed route among 10,000 takes: prints a table of Markdown. `cargo xtask bench --only change` runs it.
//!
//! ```text
//! cargo run --profile dist --package net-alb-gateway --example route_change
//! ```
//!
//! A gateway with one thread serves 10,000 hosts, each an Ingress of its own that forwards to one of two backends. A change
//! sends one host to the other backend. It's in effect when a request on a connection that was open before gets the other
//! answer; nothing is waited for between the call and the request. 32 more connections are idle and must stay open.

#![allow(clippy::print_stdout, reason = "a command-line program")]

use net_alb_gateway::{Change, Gateway, ListenerKey, Options};
use net_alb_model::{
    Action, AddressType, Alb, Backend, BackendProtocol, Condition, DefaultAction, Edition, Fragment,
    FragmentListener, Listener, ListenerDefaults, ListenerId, ObjectKey, Pattern, Priority, Protocol, Rule,
    RuleId, Scheduler, ServerGroup, ServerGroupId, Target, XForwardedFor,
};
use rustix::time::{ClockId, clock_gettime};
use std::error::Error;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const HOSTS: usize = 10_000;
const CHANGES: usize = 2_000;
const IDLE_CONNECTIONS: usize = 32;
const LISTENER: ListenerId = ListenerId { port: 80, protocol: Protocol::Http };
const BACKENDS: [&str; 2] = ["old", "new"];

/// More requests than this before a change is seen mean that it never will be.
const MOST_REQUESTS: usize = 10_000;

/// What one change took.
struct Took {
    /// From the call until an answer went by the new route, in milliseconds.
    effect: f64,
    /// CPU time of the call, in milliseconds.
    cpu: f64,
    /// Requests that still went by the old route.
    stale: usize,
}

fn main() -> Result<(), Box<dyn Error>> {
    let gateway = Gateway::start(Options { threads: 1, ..Options::default() })?;
    let key = ListenerKey { alb: "bench".to_owned(), id: LISTENER };
    gateway.configure(&load_balancer());
    for name in BACKENDS {
        gateway.set_endpoints(&backend(name), vec![serve(name)?]);
    }
    let address = gateway.bind(&key, SocketAddr::from(([127, 0, 0, 1], 0)))?;
    let all = gateway.apply((0..HOSTS).map(|host| route(host, 0)).collect());
    let idle = (0..IDLE_CONNECTIONS).map(|host| opened(address, host)).collect::<io::Result<Vec<_>>>()?;
    let mut connection = TcpStream::connect(address)?;
    let mut changes = Vec::new();
    for number in 0..CHANGES {
        changes.push(change(&gateway, &mut connection, number)?);
    }
    let closed = idle.iter().filter(|connection| is_closed(connection)).count();
    report(&changes, closed, all.took);
    println!("This process, with {HOSTS} routes, clients and backends: {} MiB resident.", resident()? >> 10);
    Ok(())
}

/// Sends a host that goes to the old backend to the new one. Hosts far apart in name follow each other.
fn change(gateway: &Gateway, connection: &mut TcpStream, number: usize) -> Result<Took, Box<dyn Error>> {
    let host = number * 7919 % HOSTS;
    if ask(connection, host)? != BACKENDS[0] {
        return Err(format!("host {host} goes elsewhere before its change").into());
    }
    let changed = vec![route(host, 1)];
    let cpu = thread_cpu()?;
    let start = Instant::now();
    gateway.apply(changed);
    let cpu = thread_cpu()?.saturating_sub(cpu);
    for stale in 0..MOST_REQUESTS {
        if ask(connection, host)? == BACKENDS[1] {
            return Ok(Took { effect: milliseconds(start.elapsed()), cpu: milliseconds(cpu), stale });
        }
    }
    Err(format!("host {host} still goes to the old backend after {MOST_REQUESTS} requests").into())
}

fn report(changes: &[Took], closed: usize, all: Duration) {
    println!("| of {} changes | median | p99 | most | promise |\n|---|---|---|---|---|", changes.len());
    let row = |name: &str, figure: fn(&Took) -> f64, promise: &str| {
        let mut figures: Vec<f64> = changes.iter().map(figure).collect();
        figures.sort_by(f64::total_cmp);
        let at = |percent: usize| figures[(figures.len() * percent / 100).min(figures.len() - 1)];
        println!("| {name} | {:.3} | {:.3} | {:.3} | {promise} |", at(50), at(99), at(100));
    };
    row("in effect after ms", |took| took.effect, "p99 ≤ 5");
    row("CPU of the call, ms", |took| took.cpu, "≤ 2");
    let stale: usize = changes.iter().map(|took| took.stale).sum();
    println!(
        "\n{closed} of {IDLE_CONNECTIONS} idle connections closed; {stale} requests went by an old route after the \
         call. All {HOSTS} routes in one call at the start: {:.1} ms.",
        milliseconds(all)
    );
}

/// CPU time of the calling thread. (`/proc/thread-self/schedstat` is only as fresh as the last clock tick.)
fn thread_cpu() -> Result<Duration, Box<dyn Error>> {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Ok(Duration::new(time.tv_sec.try_into()?, time.tv_nsec.try_into()?))
}

/// Resident memory of this process in KiB.
fn resident() -> Result<u64, Box<dyn Error>> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("a status has `VmRSS`")?;
    Ok(line.trim().trim_end_matches(" kB").parse()?)
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// Asks over a connection; returns the body, which is a backend's name.
fn ask(connection: &mut TcpStream, host: usize) -> io::Result<String> {
    // One write: a second small one would wait for the first to be acknowledged.
    connection.write_all(format!("GET / HTTP/1.1\r\nHost: h{host}.example.com\r\n\r\n").as_bytes())?;
    let mut answer = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        let count = connection.read(&mut chunk)?;
        if count == 0 {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        answer.extend_from_slice(&chunk[..count]);
        let text = String::from_utf8_lossy(&answer);
        // Every backend's name has three letters, and an answer of the gateway's own fails here.
        if let Some((_, body)) = text.split_once("\r\n\r\n")
            && body.len() >= 3
        {
            return Ok(body.to_owned());
        }
    }
}

fn opened(address: SocketAddr, host: usize) -> io::Result<TcpStream> {
    let mut connection = TcpStream::connect(address)?;
    ask(&mut connection, HOSTS - 1 - host)?;
    connection.set_nonblocking(true)?;
    Ok(connection)
}

fn is_closed(connection: &TcpStream) -> bool {
    !matches!(connection.peek(&mut [0]), Err(error) if error.kind() == ErrorKind::WouldBlock)
}

/// A backend on a port of its own that answers every request with its name, until the program ends.
fn serve(name: &'static str) -> io::Result<SocketAddr> {
    let listener = TcpListener::bind(("127.0.0.1", 0))?;
    let address = listener.local_addr()?;
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            thread::spawn(move || answer(stream, name));
        }
    });
    Ok(address)
}

fn answer(mut stream: TcpStream, name: &str) -> io::Result<()> {
    let reply = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{name}", name.len());
    let mut request = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        let count = stream.read(&mut chunk)?;
        if count == 0 {
            return Ok(());
        }
        request.extend_from_slice(&chunk[..count]);
        if request.ends_with(b"\r\n\r\n") {
            request.clear();
            stream.write_all(reply.as_bytes())?;
        }
    }
}

fn load_balancer() -> Alb {
    let listener = Listener {
        id: LISTENER,
        idle_timeout_seconds: 600,
        request_timeout_seconds: 60,
        http2: false,
        quic_port: None,
        gzip: false,
        security_policy: None,
        certificate_secrets: Vec::new(),
        certificate_ids: Vec::new(),
        client_ca_secrets: Vec::new(),
        x_forwarded_for: XForwardedFor { x_forwarded_for: true, ..XForwardedFor::default() },
        default_action: DefaultAction::Status(404),
        rules: Vec::new(),
    };
    Alb {
        name: "bench".to_owned(),
        address_type: AddressType::Internet,
        edition: Edition::Standard,
        undeclared: ListenerDefaults::default(),
        listeners: vec![listener],
        server_groups: Vec::new(),
    }
}

fn backend(name: &str) -> Backend {
    Backend { service: ObjectKey::new("default", name), port: "80".to_owned() }
}

/// The Ingress of one host, which goes to one of the backends.
fn route(host: usize, to: usize) -> Change {
    let ingress = ObjectKey::new("default", format!("h{host}"));
    let id = ServerGroupId::Service {
        ingress: ingress.name.as_str().into(),
        backend: backend(BACKENDS[to]).into(),
    };
    let target = Target { server_group: id.clone(), weight: 100, headers: [].into() };
    let rule = Rule {
        id: RuleId(format!("{ingress}/all")),
        priority: Priority { order: 10, ingress: ingress.clone(), index: 0 },
        direction: net_alb_model::Direction::Request,
        reason: "weight".to_owned(),
        conditions: vec![Condition::Host(vec![Pattern::Exact(format!("h{host}.example.com"))])],
        actions: vec![Action::ForwardGroup { targets: vec![target], sticky_seconds: None }],
    };
    let group = ServerGroup {
        id,
        protocol: BackendProtocol::Http,
        scheduler: Scheduler::Wrr,
        keepalive: true,
        stickiness: None,
        health_check: None,
    };
    let listener = FragmentListener { id: LISTENER, rules: vec![rule], certificate_secrets: Vec::new() };
    let fragment = Fragment {
        ingress: ingress.clone(),
        alb: "bench".to_owned(),
        listeners: vec![listener],
        server_groups: vec![group],
    };
    Change::Put { ingress, fragment: Arc::new(fragment) }
}
