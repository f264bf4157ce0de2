//! Rules and endpoints change under load: nobody notices.

use crate::support::{Client, Server, Site, ingress, listener_key, nobody, puts, service};
use net_alb_gateway::Change;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Asks without pause until told to stop; every answer must be one of these.
fn load(site: &Site, allowed: &'static [&'static str], change: impl FnOnce()) -> usize {
    let stop = Arc::new(AtomicBool::new(false));
    let clients: Vec<_> = (0..4)
        .map(|_| {
            let (stop, address) = (Arc::clone(&stop), site.address);
            std::thread::spawn(move || {
                let mut client = Client::new(address);
                let mut count = 0;
                while !stop.load(Ordering::SeqCst) || count < 10 {
                    let answer = client.get("a.example", "/");
                    assert!(answer.status == 200 && allowed.contains(&answer.text().as_str()), "{answer:?}");
                    count += 1;
                }
                count
            })
        })
        .collect();
    change();
    stop.store(true, Ordering::SeqCst);
    clients.into_iter().map(|client| client.join().unwrap()).sum()
}

#[test]
fn weights_flip_under_load() {
    let site = Site::new("a/a: host=a.example -> forward v1 100, v2 0");
    let servers = [Server::named("v1"), Server::named("v2")];
    site.serve("v1", &[&servers[0]]);
    site.serve("v2", &[&servers[1]]);
    let count = load(&site, &["v1", "v2"], || {
        for round in 0..200 {
            let (one, two) = if round % 2 == 0 { (0, 100) } else { (100, 0) };
            site.apply(&format!("a/a: host=a.example -> forward v1 {one}, v2 {two}"));
            let expected = if round % 2 == 0 { "v2" } else { "v1" };
            assert_eq!(site.get("a.example", "/").text(), expected, "in effect when the call returns");
        }
    });
    assert!(count >= 40);
}

#[test]
fn all_endpoints_are_replaced_under_load() {
    let site = Site::new("a/a: host=a.example -> forward v1");
    let mut current = Server::named("v1");
    site.serve("v1", &[&current]);
    load(&site, &["v1"], || {
        for _ in 0..20 {
            let next = Server::named("v1");
            site.serve("v1", &[&next]);
            assert_eq!(site.get("a.example", "/").text(), "v1");
            current = next;
        }
    });
    drop(current);
}

#[test]
fn a_dead_endpoint_among_others_is_not_noticed() {
    let site = Site::new("a/a: host=a.example -> forward v1");
    let server = Server::named("v1");
    load(&site, &["v1"], {
        let (site, address) = (&site, server.address);
        site.gateway.set_endpoints(&service("v1"), vec![address]);
        move || site.gateway.set_endpoints(&service("v1"), vec![nobody(), address])
    });
}

#[test]
fn an_ingress_that_goes_takes_its_rules_with_it() {
    let site = Site::new(
        "a/a: host=a.example -> fixed 200 text/plain a\n a/b: host=b.example -> fixed 200 text/plain b",
    );
    let applied = site.gateway.apply(vec![Change::Remove { ingress: ingress("a", "a") }]);
    assert_eq!(applied.generation, 2);
    assert_eq!(site.get("a.example", "/").status, 404);
    assert_eq!(site.get("b.example", "/").text(), "b");
    assert_eq!(site.gateway.table(&listener_key()).unwrap().len(), 1);
}

#[test]
fn an_ingress_that_moves_to_another_load_balancer_leaves_the_first() {
    let site = Site::new("a/a: host=a.example -> fixed 200 text/plain a");
    let mut changes = puts("a/a: host=a.example -> fixed 200 text/plain a");
    let Change::Put { fragment, .. } = &mut changes[0] else { panic!("a put") };
    Arc::make_mut(fragment).alb = "other".to_owned();
    site.gateway.apply(changes);
    assert_eq!(site.get("a.example", "/").status, 404);
    let other = net_alb_gateway::ListenerKey { alb: "other".to_owned(), ..listener_key() };
    assert_eq!(site.gateway.table(&other).unwrap().len(), 1);
}
