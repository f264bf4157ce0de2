//! Clients that take their time: a request of theirs takes seconds, and another follows.

use super::HOST;
use anyhow::{Result, bail};
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, ScopedJoinHandle};
use std::time::{Duration, Instant};

/// Pieces that a request is sent in, one each [`STEP`].
const PIECES: usize = 6;
const STEP: Duration = Duration::from_secs(1);
/// Clients come in so many groups, each with a moment of its own within a [`STEP`]: strangers who are slow don't keep time together.
const GROUPS: u32 = 200;

struct Client {
    stream: TcpStream,
    sent: usize,
}

/// Keeps so many of them going until it's over. Returns how many the gateway closed.
pub(super) fn run(server: SocketAddr, count: usize, over: &AtomicBool) -> Result<usize> {
    let request = format!("GET /small HTTP/1.1\r\nHost: {HOST}\r\nx-patience: {}\r\n\r\n", "x".repeat(60));
    let pieces: Vec<&[u8]> = request.as_bytes().chunks(request.len().div_ceil(PIECES)).collect();
    let mut clients = Vec::with_capacity(count);
    for number in 0..count {
        let stream = TcpStream::connect(server)?;
        stream.set_nonblocking(true)?;
        clients.push(Some(Client { stream, sent: number % pieces.len() }));
        if let Some(Some(client)) = clients.last_mut() {
            let before = pieces[..client.sent].concat();
            client.stream.write_all(&before)?;
        }
    }
    let group = count.div_ceil(GROUPS as usize).max(1);
    let mut due = Instant::now();
    while !over.load(Ordering::Relaxed) {
        for places in clients.chunks_mut(group) {
            due += STEP / GROUPS;
            for place in places {
                let Some(client) = place else { continue };
                if client.step(&pieces).is_err() {
                    *place = None;
                }
            }
            thread::sleep(due.saturating_duration_since(Instant::now()));
        }
    }
    Ok(clients.iter().filter(|client| client.is_none()).count())
}

/// Waits until the gateway has as many connections, or they couldn't be made.
pub(super) fn wait_for(
    slow: &ScopedJoinHandle<'_, Result<usize>>,
    server: SocketAddr,
    count: usize,
) -> Result<()> {
    let mine = procfs::process::Process::myself()?;
    loop {
        if slow.is_finished() {
            bail!(
                "the slow clients couldn't all connect to {server}; `ulimit -n` must allow {count} and some more"
            );
        }
        if mine.fd_count()? > count {
            return Ok(());
        }
        thread::sleep(Duration::from_millis(50));
    }
}

impl Client {
    /// Sends the next piece, and reads what has come.
    fn step(&mut self, pieces: &[&[u8]]) -> std::io::Result<()> {
        self.stream.write_all(pieces[self.sent])?;
        self.sent = (self.sent + 1) % pieces.len();
        match self.stream.read(&mut [0; 1024]) {
            Ok(0) => Err(ErrorKind::UnexpectedEof.into()),
            Err(error) if error.kind() != ErrorKind::WouldBlock => Err(error),
            _ => Ok(()),
        }
    }
}
