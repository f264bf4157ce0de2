//! From a gateway's board to a controller's ear, over a socket.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use net_alb_admin::{Admin, Body, Readiness, Response, Scope, Serving};
use net_alb_api::ObjectKey;
use net_alb_controller::acknowledgement::{Board, Line, tell};
use net_alb_controller::replicas::{Heard, subscribe};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc::{self, Receiver};

fn key(name: &str) -> ObjectKey {
    ObjectKey::new("default", name)
}

fn on_a_runtime(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        tokio::time::timeout(Duration::from_secs(30), test).await.expect("it takes 30 s");
    });
}

fn serve(board: &Arc<Board>, at: SocketAddr) -> Serving {
    let board = Arc::clone(board);
    let stream = move |_: &_| {
        let (client, body) = mpsc::channel(1);
        tokio::spawn(tell(Arc::clone(&board), client));
        Response::new(Body::receiver(body))
    };
    let admin = Admin::new(Readiness::new("a test")).get("/acknowledgements", stream);
    admin.start(&[(at, Scope::Everything)]).unwrap()
}

/// The next line that says something.
async fn hear(from: &mut Receiver<(String, Heard)>) -> String {
    loop {
        let (replica, heard) = from.recv().await.unwrap();
        assert_eq!(replica, "gateway-a");
        return match heard {
            Heard::Connected => "connected".to_owned(),
            Heard::Lost(_) => "lost".to_owned(),
            Heard::Line(Line::Alive) => continue,
            Heard::Line(Line::Synced) => "synced".to_owned(),
            Heard::Line(Line::Applied { kingress, version, .. }) => format!("{kingress} {version}"),
            Heard::Line(Line::Removed { kingress }) => format!("{kingress} removed"),
        };
    }
}

#[test]
fn a_controller_hears_everything_and_then_every_change() {
    on_a_runtime(async {
        let board = Arc::new(Board::default());
        // More than one chunk.
        (0..1000).for_each(|number| board.applied(&key(&format!("k{number:04}")), "u.1".to_owned(), vec![]));
        let server = serve(&board, (Ipv4Addr::LOCALHOST, 0).into());
        let address = server.addresses[0];
        let (to, mut from) = mpsc::channel(16);
        tokio::spawn(subscribe("gateway-a".to_owned(), address, to));
        assert_eq!(hear(&mut from).await, "connected");
        for number in 0..1000 {
            assert_eq!(hear(&mut from).await, format!("default/k{number:04} u.1"));
        }
        assert_eq!(hear(&mut from).await, "synced");
        board.applied(&key("k0007"), "u.2".to_owned(), vec![]);
        board.removed(&key("k0008"));
        board.announce();
        assert_eq!(hear(&mut from).await, "default/k0007 u.2");
        assert_eq!(hear(&mut from).await, "default/k0008 removed");
    });
}

#[test]
fn a_gateway_that_comes_back_is_heard_again() {
    on_a_runtime(async {
        let server = serve(&Arc::default(), (Ipv4Addr::LOCALHOST, 0).into());
        let address = server.addresses[0];
        drop(server);
        let (to, mut from) = mpsc::channel(16);
        tokio::spawn(subscribe("gateway-a".to_owned(), address, to));
        assert_eq!(hear(&mut from).await, "lost");
        let board = Arc::new(Board::default());
        board.applied(&key("hello"), "u.1".to_owned(), vec![]);
        let _server = serve(&board, address);
        let mut heard = hear(&mut from).await;
        while heard == "lost" {
            heard = hear(&mut from).await;
        }
        assert_eq!([heard, hear(&mut from).await], ["connected", "default/hello u.1"]);
    });
}
