use super::clock::Ticks;
use super::{Shared, Worker, accept};
use crate::listener::ListenerState;
use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};
use std::thread;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::runtime::{Builder, LocalOptions};
use tokio::sync::Notify;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinHandle;

/// What a thread is told.
#[derive(Debug)]
pub(crate) enum Command {
    /// Serve this listener on this socket, which listens already.
    Listen(Listen),
    /// Stop accepting on this address.
    Unlisten { address: SocketAddr },
    /// Stop accepting, finish what is going on, end after so long at the latest.
    Drain { grace: Duration },
}

/// A socket that listens already, and what it is for.
#[derive(Debug)]
pub(crate) struct Listen {
    pub(crate) state: Arc<ListenerState>,
    pub(crate) socket: std::net::TcpListener,
    pub(crate) address: SocketAddr,
    /// Hears whether the thread can use it.
    pub(crate) done: Sender<io::Result<()>>,
}

/// A thread, from outside.
#[derive(Debug)]
pub(crate) struct WorkerHandle {
    commands: UnboundedSender<Command>,
    thread: Option<thread::JoinHandle<()>>,
}

impl WorkerHandle {
    pub(crate) fn start(number: usize, shared: Shared) -> io::Result<WorkerHandle> {
        let (commands, receiver) = unbounded_channel();
        let (started, ready) = channel();
        let thread = thread::Builder::new().name(format!("gateway-{number}")).spawn(move || {
            let runtime = Builder::new_current_thread().enable_all().build_local(LocalOptions::default());
            match runtime {
                Ok(runtime) => {
                    let _ = started.send(Ok(()));
                    runtime.block_on(run(receiver, shared, number));
                }
                Err(error) => drop(started.send(Err(error))),
            }
        })?;
        ready.recv().unwrap_or_else(|_| Err(io::ErrorKind::BrokenPipe.into()))?;
        Ok(WorkerHandle { commands, thread: Some(thread) })
    }

    /// Tells the thread something. A thread that has ended hears nothing.
    pub(crate) fn tell(&self, command: Command) {
        let _ = self.commands.send(command);
    }

    /// Waits until the thread has ended.
    pub(crate) fn join(&mut self) {
        if let Some(thread) = self.thread.take() {
            // A thread that panicked has told so on stderr.
            let _ = thread.join();
        }
    }
}

async fn run(mut commands: UnboundedReceiver<Command>, shared: Shared, number: usize) {
    let worker = Rc::new(Worker::new(shared, number));
    let ticking = Rc::clone(&worker);
    tokio::task::spawn_local(async move {
        let sweep = || {
            ticking.upstreams.sweep(ticking.clock.now());
            ticking.sessions.sweep(ticking.clock.now());
        };
        ticking.clock.run(sweep).await;
    });
    let mut listening: HashMap<SocketAddr, Listening> = HashMap::new();
    let grace = loop {
        match commands.recv().await {
            Some(Command::Listen(Listen { state, socket, address, done })) => {
                let listener = TcpListener::from_std(socket).map(|listener| {
                    let stop = Rc::new(Notify::new());
                    let accepting = accept::run(Rc::clone(&worker), listener, state, Rc::clone(&stop));
                    let task = tokio::task::spawn_local(accepting);
                    listening.insert(address, Listening { stop, task });
                });
                let _ = done.send(listener);
            }
            Some(Command::Unlisten { address }) => {
                if let Some(listening) = listening.remove(&address) {
                    listening.stop.notify_one();
                }
            }
            Some(Command::Drain { grace }) => break grace,
            None => return,
        }
    };
    let last_chance = Ticks::from(LAST_CHANCE.min(grace / 2));
    worker.draining.set(Some(last_chance));
    worker.clock.hurry_idle(last_chance);
    for Listening { stop, task } in listening.into_values() {
        stop.notify_one();
        // Connections that wait to be accepted are accepted first.
        let _ = task.await;
    }
    drain(&worker, grace).await;
}

struct Listening {
    stop: Rc<Notify>,
    task: JoinHandle<()>,
}

/// How long an unused connection may still send a request that was on its way already.
const LAST_CHANCE: Duration = Duration::from_secs(1);

/// How long a WebSocket has to say goodbye after the grace period.
const PARTING: Duration = Duration::from_millis(500);

async fn drain(worker: &Worker, grace: Duration) {
    let ended = || async {
        while worker.connections.get() > 0 {
            worker.empty.notified().await;
        }
    };
    if tokio::time::timeout(grace, ended()).await.is_err() {
        worker.parting.notify_waiters();
        // What is left after that is cut with the thread.
        let _ = tokio::time::timeout(PARTING.min(grace), ended()).await;
    }
    worker.upstreams.clear();
    worker.sessions.clear();
}
