//! Serves the routes of `cargo xtask bench`, to measure the gateway by itself with wrk, valgrind or perf:
//!
//! ```text
//! serve 127.0.0.1:8080 hosts 10000 127.0.0.1:9001 127.0.0.1:9002    # h0.default.example.com …, 50/50
//! serve 127.0.0.1:8080 headers 2000 127.0.0.1:9001                  # h0.default.example.com, x-rule: 0 … 1999
//! ```
//!
//! It prints how long one changed Ingress takes to be in effect.

#![allow(clippy::print_stdout, reason = "a tool for the terminal")]

use net_alb_gateway::{Change, Gateway, ListenerKey, Options};
use net_alb_model::{
    Action, AddressType, Alb, Backend, BackendProtocol, Condition, DefaultAction, Direction, Edition,
    Fragment, FragmentListener, HeaderValue, Listener, ListenerDefaults, ListenerId, ObjectKey, Pattern,
    Priority, Protocol, Rule, RuleId, Scheduler, ServerGroup, ServerGroupId, Target, XForwardedFor,
};
use std::collections::BTreeMap;
use std::error::Error;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const LISTENER: ListenerId = ListenerId { port: 80, protocol: Protocol::Http };

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let [address, kind, count, servers @ ..] = arguments.as_slice() else {
        return Err("usage: serve ADDRESS hosts|headers COUNT SERVER…".into());
    };
    let count: u32 = count.parse()?;
    let threads = std::env::var("THREADS").ok().and_then(|text| text.parse().ok()).unwrap_or(1);
    let gateway = Gateway::start(Options { threads, ..Options::default() })?;
    for (number, server) in servers.iter().enumerate() {
        gateway.set_endpoints(&backend(number), vec![server.parse::<SocketAddr>()?]);
    }
    gateway.configure(&alb());
    let put = |number: u32, weight: u32| {
        let ingress = ObjectKey::new("default", format!("h{number}"));
        let conditions = match kind.as_str() {
            "hosts" => vec![
                Condition::Host(vec![Pattern::Exact(format!("h{number}.default.example.com"))]),
                Condition::Path(vec![Pattern::Wildcard("/*".to_owned())]),
            ],
            _ => vec![
                Condition::Host(vec![Pattern::Exact("h0.default.example.com".to_owned())]),
                Condition::Path(vec![Pattern::Wildcard("/*".to_owned())]),
                Condition::Header {
                    key: "x-rule".to_owned(),
                    values: vec![Pattern::Exact(number.to_string())],
                },
            ],
        };
        let fragment = Arc::new(fragment(ingress.clone(), conditions, servers.len(), weight));
        Change::Put { ingress, fragment }
    };
    let applied = gateway.apply((0..count).map(|number| put(number, 50)).collect());
    println!("{count} rules in {:?}", applied.took);
    let key = ListenerKey { alb: "bench".to_owned(), id: LISTENER };
    println!("serving on http://{}", gateway.bind(&key, address.parse()?)?);
    let mut times: Vec<Duration> = (0..100)
        .map(|round| {
            let change = put(round * 7919 % count, 40);
            let begun = Instant::now();
            gateway.apply(vec![change]);
            begun.elapsed()
        })
        .collect();
    times.sort_unstable();
    println!("one Ingress changed: median {:?}, 99th of 100 {:?}", times[50], times[98]);
    loop {
        std::thread::park();
    }
}

/// A load balancer whose listener appends `X-Forwarded-For` and answers unknown hosts with 404.
fn alb() -> Alb {
    let x_forwarded_for = XForwardedFor { x_forwarded_for: true, ..XForwardedFor::default() };
    let defaults = ListenerDefaults { x_forwarded_for, default_action: DefaultAction::Status(404) };
    let listener = Listener {
        id: LISTENER,
        idle_timeout_seconds: 15,
        request_timeout_seconds: 60,
        http2: false,
        gzip: false,
        security_policy: None,
        certificate_secrets: vec![],
        client_ca_secrets: vec![],
        certificate_ids: vec![],
        quic_port: None,
        x_forwarded_for,
        default_action: defaults.default_action,
        rules: vec![],
    };
    Alb {
        name: "bench".to_owned(),
        address_type: AddressType::Internet,
        edition: Edition::Standard,
        undeclared: defaults,
        listeners: vec![listener],
        server_groups: vec![],
    }
}

fn insert(key: &str, value: String) -> Action {
    Action::InsertHeader { key: key.to_owned(), value: HeaderValue::UserDefined(value) }
}

fn backend(number: usize) -> Backend {
    Backend { service: ObjectKey::new("default", format!("backend-{number}")), port: "80".to_owned() }
}

fn fragment(ingress: ObjectKey, conditions: Vec<Condition>, servers: usize, weight: u32) -> Fragment {
    let group = |number| ServerGroupId::Service {
        ingress: ingress.name.as_str().into(),
        backend: backend(number).into(),
    };
    let target = |number| Target { server_group: group(number), weight, headers: BTreeMap::new() };
    let server_group = |number| ServerGroup {
        id: group(number),
        protocol: BackendProtocol::Http,
        scheduler: Scheduler::Wrr,
        keepalive: true,
        stickiness: None,
        health_check: None,
    };
    let rule = Rule {
        id: RuleId(format!("{ingress}/0")),
        priority: Priority { order: 10, ingress: ingress.clone(), index: 0 },
        direction: Direction::Request,
        reason: "weight".to_owned(),
        conditions,
        actions: vec![
            insert("Knative-Serving-Namespace", ingress.namespace.clone()),
            insert("Knative-Serving-Revision", format!("{}-00001", ingress.name)),
            Action::ForwardGroup { targets: (0..servers).map(target).collect(), sticky_seconds: None },
        ],
    };
    let listeners = vec![FragmentListener { id: LISTENER, rules: vec![rule], certificate_secrets: vec![] }];
    let server_groups = (0..servers).map(server_group).collect();
    Fragment { ingress, alb: "bench".to_owned(), listeners, server_groups }
}
