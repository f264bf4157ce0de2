//! A steady load: so many requests a second at one host, half of them over connections that stay, half over one each.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// Clients; each waits for an answer before it asks again.
pub(super) const CLIENTS: u32 = 20;

/// To connect, and for an answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// How often a client that was refused tries to connect again.
const AGAIN: Duration = Duration::from_millis(10);

#[derive(Debug)]
pub(super) struct Load {
    stop: Arc<AtomicBool>,
    clients: Vec<JoinHandle<Tally>>,
}

/// What became of the requests.
#[derive(Debug, Default)]
pub(super) struct Tally {
    /// From being sent to being answered.
    times: Vec<Duration>,
    /// Why requests that had been sent failed.
    pub(super) failed: Vec<String>,
    /// Connections that were refused before anything was sent; each was tried again.
    pub(super) refused: usize,
}

impl Load {
    /// Begins; it goes on until [`Load::end`].
    pub(super) fn begin(gateway: SocketAddr, host: &str, rate: u32) -> Load {
        let stop = Arc::new(AtomicBool::new(false));
        let pause = Duration::from_secs(1) * CLIENTS / rate.max(1);
        let client = |number: u32| {
            let (stop, host) = (Arc::clone(&stop), host.to_owned());
            let mut client = Client {
                gateway,
                host,
                stays: number.is_multiple_of(2),
                stream: None,
                tally: Tally::default(),
            };
            thread::spawn(move || {
                let mut next = Instant::now() + pause * number / CLIENTS;
                while !stop.load(Ordering::Relaxed) {
                    thread::sleep(next.saturating_duration_since(Instant::now()));
                    next += pause;
                    client.ask();
                }
                client.tally
            })
        };
        let clients = (0..CLIENTS).map(client).collect();
        Load { stop, clients }
    }

    pub(super) fn end(self) -> Tally {
        self.stop.store(true, Ordering::Relaxed);
        let mut all = Tally::default();
        for tally in self.clients.into_iter().filter_map(|client| client.join().ok()) {
            all.times.extend(tally.times);
            all.failed.extend(tally.failed);
            all.refused += tally.refused;
        }
        all.times.sort_unstable();
        all
    }
}

impl Tally {
    pub(super) fn requests(&self) -> usize {
        self.times.len() + self.failed.len()
    }

    /// The 99th percentile.
    pub(super) fn p99(&self) -> Duration {
        self.times.get(self.times.len() * 99 / 100).copied().unwrap_or_default()
    }
}

struct Client {
    gateway: SocketAddr,
    host: String,
    stays: bool,
    stream: Option<TcpStream>,
    tally: Tally,
}

impl Client {
    fn ask(&mut self) {
        let Some(mut stream) = self.stream.take().filter(is_open).or_else(|| self.connect()) else {
            return self.tally.failed.push("no connection in 5 s".to_owned());
        };
        let began = Instant::now();
        let close = if self.stays { "" } else { "connection: close\r\n" };
        let head = format!("GET / HTTP/1.1\r\nhost: {}\r\n{close}\r\n", self.host);
        match exchange(&mut stream, head.as_bytes()) {
            Ok(answer) if answer.starts_with("HTTP/1.1 200 ") => {
                self.tally.times.push(began.elapsed());
                let goes = !self.stays || answer.to_ascii_lowercase().contains("\r\nconnection: close\r\n");
                self.stream = Some(stream).filter(|_| !goes);
            }
            Ok(answer) => self.tally.failed.push(answer.lines().next().unwrap_or_default().to_owned()),
            Err(error) => self.tally.failed.push(error.to_string()),
        }
    }

    fn connect(&mut self) -> Option<TcpStream> {
        let began = Instant::now();
        while began.elapsed() < PATIENCE {
            match TcpStream::connect_timeout(&self.gateway, PATIENCE) {
                Ok(stream) => {
                    stream.set_read_timeout(Some(PATIENCE)).ok()?;
                    stream.set_nodelay(true).ok()?;
                    return Some(stream);
                }
                Err(_) => self.tally.refused += 1,
            }
            thread::sleep(AGAIN);
        }
        None
    }
}

/// Whether a connection that was left alone is still there, as any client looks before it uses one again.
fn is_open(stream: &TcpStream) -> bool {
    let looked = stream.set_nonblocking(true).and_then(|()| stream.peek(&mut [0]));
    let idle = looked.is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock);
    idle && stream.set_nonblocking(false).is_ok()
}

/// Sends a request and reads a head; answers here have no body.
fn exchange(stream: &mut TcpStream, request: &[u8]) -> io::Result<String> {
    stream.write_all(request)?;
    let mut answer = Vec::new();
    let mut piece = [0; 4096];
    while !answer.windows(4).any(|four| four == b"\r\n\r\n") {
        match stream.read(&mut piece)? {
            0 => return Err(io::Error::other(format!("closed after {} bytes of the answer", answer.len()))),
            count => answer.extend_from_slice(&piece[..count]),
        }
    }
    Ok(String::from_utf8_lossy(&answer).into_owned())
}
