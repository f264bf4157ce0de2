use super::clock::Ticks;
use super::{Shared, Worker, accept, quic};
use crate::listener::{ListenerState, Transport};
use crate::quic::Seated;
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
    Unlisten { place: Place },
    /// Stop accepting, finish what is going on, end after so long at the latest.
    Drain { grace: Duration },
}

/// A socket that listens already, and what it is for.
#[derive(Debug)]
pub(crate) struct Listen {
    pub(crate) state: Arc<ListenerState>,
    pub(crate) socket: Bound,
    pub(crate) address: SocketAddr,
    /// Hears whether the thread can use it.
    pub(crate) done: Sender<io::Result<()>>,
}

/// A socket that an address has been bound to.
#[derive(Debug)]
pub(crate) enum Bound {
    Tcp(std::net::TcpListener),
    Quic(Box<Seated>),
}

/// Where a thread listens.
pub(crate) type Place = (Transport, SocketAddr);

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
    let mut listening: HashMap<Place, Listening> = HashMap::new();
    let grace = loop {
        match commands.recv().await {
            Some(Command::Listen(Listen { state, socket, address, done })) => {
                let place = (state.key.transport(), address);
                let started = Listening::start(&worker, state, socket);
                let _ = done.send(started.map(|started| drop(listening.insert(place, started))));
            }
            Some(Command::Unlisten { place }) => {
                if let Some(listening) = listening.remove(&place) {
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

impl Listening {
    /// Begins to accept.
    fn start(worker: &Rc<Worker>, state: Arc<ListenerState>, socket: Bound) -> io::Result<Listening> {
        let stop = Rc::new(Notify::new());
        let (worker, stopped) = (Rc::clone(worker), Rc::clone(&stop));
        let task = match socket {
            Bound::Tcp(socket) => {
                let listener = TcpListener::from_std(socket)?;
                tokio::task::spawn_local(accept::run(worker, listener, state, stopped))
            }
            Bound::Quic(seated) => {
                let endpoint = seated.start()?;
                tokio::task::spawn_local(quic::run(worker, endpoint, state, stopped))
            }
        };
        Ok(Listening { stop, task })
    }
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
    quic::close_all(worker).await;
    worker.upstreams.clear();
    worker.sessions.clear();
}
