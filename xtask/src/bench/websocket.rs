//! WebSocket in two roles, each of which `cargo xtask bench` starts as a program of its own: a server that sends every message back, and a
//! client that waits for them.

use anyhow::{Context, Result, ensure};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};
use tungstenite::client::IntoClientRequest;
use tungstenite::handshake::server::{ErrorResponse, Request, Response};
use tungstenite::{Message, WebSocket};

/// Open all the time.
const CONNECTIONS: usize = 64;
/// Bytes of a message.
const MESSAGE: usize = 125;
/// Nothing takes longer.
const PATIENCE: Duration = Duration::from_secs(10);

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    role: Role,
}

#[derive(Debug, clap::Subcommand)]
enum Role {
    /// Send every message back
    Echo { ports: Vec<u16> },
    /// Send messages and wait for each; prints how many, the microseconds, p50, p99 and errors
    Load { port: u16, host: String, seconds: u64 },
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    match &arguments.role {
        Role::Echo { ports } => echo(ports),
        Role::Load { port, host, seconds } => load(*port, host, Duration::from_secs(*seconds)),
    }
}

fn echo(ports: &[u16]) -> Result<()> {
    let serve = |port: &u16| -> Result<_> {
        let listener = TcpListener::bind(("127.0.0.1", *port))?;
        Ok(thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                // What fails is the connection's end, which its client sees.
                thread::spawn(move || answer(stream));
            }
        }))
    };
    let threads: Vec<_> = ports.iter().map(serve).collect::<Result<_>>()?;
    for thread in threads {
        ensure!(thread.join().is_ok(), "a thread panicked");
    }
    Ok(())
}

fn answer(stream: TcpStream) -> Result<()> {
    stream.set_nodelay(true)?;
    let mut socket = tungstenite::accept_hdr(stream, demand).context("shaking hands")?;
    loop {
        let message = socket.read()?;
        if message.is_binary() {
            socket.send(message)?;
        }
    }
}

/// Serves only whom a proxy has done its work on, so that one that doesn't shows up as one whose connections fail.
#[allow(clippy::result_large_err, reason = "tungstenite's callback is so")]
fn demand(request: &Request, response: Response) -> Result<Response, ErrorResponse> {
    let names = ["knative-serving-namespace", "knative-serving-revision", "x-forwarded-for"];
    let mut counts = names.map(|name| request.headers().get_all(name).iter().count()).into_iter();
    if counts.all(|count| count == 1) {
        return Ok(response);
    }
    let mut refused = ErrorResponse::new(Some("not as the proxy should send it".to_owned()));
    *refused.status_mut() = tungstenite::http::StatusCode::BAD_REQUEST;
    Err(refused)
}

/// All connections send, then all are waited for.
fn load(port: u16, host: &str, time: Duration) -> Result<()> {
    let mut sockets = (0..CONNECTIONS).map(|_| connect(port, host)).collect::<Result<Vec<_>>>()?;
    let message = Message::binary(vec![7; MESSAGE]);
    let (begun, mut waits) = (Instant::now(), Vec::new());
    while begun.elapsed() < time {
        let mut sent = Vec::with_capacity(CONNECTIONS);
        for socket in &mut sockets {
            sent.push(Instant::now());
            socket.send(message.clone())?;
        }
        for (socket, sent) in sockets.iter_mut().zip(sent) {
            ensure!(socket.read()? == message, "what came back isn't what was sent");
            waits.push(sent.elapsed());
        }
    }
    let microseconds = begun.elapsed().as_micros();
    waits.sort_unstable();
    let at = |percent: usize| waits[(waits.len() - 1) * percent / 100].as_micros();
    println!("figures {} {microseconds} {} {} 0", waits.len(), at(50), at(99));
    Ok(())
}

fn connect(port: u16, host: &str) -> Result<WebSocket<TcpStream>> {
    let stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let request = format!("ws://{host}/").into_client_request()?;
    let (socket, _) = tungstenite::client(request, stream).map_err(|error| anyhow::anyhow!("{error}"))?;
    Ok(socket)
}
