//! Address validation (RFC 9000 §8.1): under load, clients must show that they get what is sent to them.

use super::client::{HOSTS, PATIENCE, Site, run};
use crate::support::options;
use net_alb_gateway::Options;
use quinn::{ClientConfig, Endpoint};
use std::net::{Ipv4Addr, SocketAddr};
use tokio::net::UdpSocket;
use tokio::time::timeout;

/// Kinds of packets with a long header (RFC 9000 §17.2): two bits of the first byte.
const INITIAL: u8 = 0;
const RETRY: u8 = 3;

/// The first packet of a new client, which never learns what became of it.
async fn first_packet(trust: &ClientConfig) -> Vec<u8> {
    let nobody = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let endpoint = Endpoint::client((Ipv4Addr::LOCALHOST, 0).into()).unwrap();
    let _connecting = endpoint.connect_with(trust.clone(), nobody.local_addr().unwrap(), HOSTS[0]).unwrap();
    let mut packet = vec![0; 2048];
    let count = timeout(PATIENCE, nobody.recv(&mut packet)).await.unwrap().unwrap();
    packet.truncate(count);
    packet
}

/// Sends a first packet from an address of its own; the kind of packet that comes back.
async fn knock(gateway: SocketAddr, trust: &ClientConfig) -> (UdpSocket, u8) {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    socket.send_to(&first_packet(trust).await, gateway).await.unwrap();
    let mut answer = [0; 2048];
    timeout(PATIENCE, socket.recv(&mut answer)).await.unwrap().unwrap();
    (socket, (answer[0] >> 4) & 3)
}

#[test]
fn with_many_handshakes_under_way_clients_must_prove_their_address() {
    run(async {
        let one = Options { threads: 1, ..options() };
        let rules = "default/a: host=a.example path=/* -> fixed 200 text/plain hello";
        let site = Site::with(rules, one, |_| {});
        let trust = site.trust();
        let mut open = Vec::new();
        let asked = loop {
            let (socket, kind) = knock(site.address, &trust).await;
            if kind == RETRY {
                break open.len();
            }
            assert_eq!(kind, INITIAL);
            open.push(socket);
            assert!(open.len() < 1000, "nobody is asked for a proof");
        };
        assert!(asked >= 64, "already with {asked} handshakes under way");
        // Who gets what is sent to it gets in, and gets an answer.
        let mut client = site.connect().await;
        assert_eq!(client.get("a.example", "/").await.text(), "hello");
    });
}
