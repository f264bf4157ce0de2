//! The thread beside the gateway's: it runs the built-in servers and hears Ctrl-C.

use super::watch::Event;
use std::io;
use std::sync::mpsc::Sender;
use tokio::runtime::{Builder, Handle};
use tokio::signal::unix::{SignalKind, signal};

/// Starts it. [`Event::Stop`] is sent on SIGINT and SIGTERM.
pub(super) fn start(events: Sender<Event>) -> io::Result<Handle> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let handle = runtime.handle().clone();
    let (mut interrupt, mut terminate) = {
        let _inside = runtime.enter();
        (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?)
    };
    let wait = async move {
        let told = events.clone();
        tokio::spawn(async move {
            interrupt.recv().await;
            let _ = told.send(Event::Stop); // `dev` has ended by itself
        });
        terminate.recv().await;
        let _ = events.send(Event::Stop);
        // Servers go on answering until the process ends: requests are being drained.
        std::future::pending::<()>().await;
    };
    std::thread::Builder::new().name("backends".to_owned()).spawn(move || runtime.block_on(wait))?;
    Ok(handle)
}
