use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

/// A backend that keeps every byte. It answers each whole request with 200, changes to whatever protocol it is asked for, and
/// shares no line of code with the gateway's own reading of HTTP.
pub(super) struct Recorder {
    pub(super) address: SocketAddr,
    stopping: Arc<AtomicBool>,
    accepting: JoinHandle<Vec<Vec<u8>>>,
}

const STOP: &[u8] = b"stop";

impl Recorder {
    pub(super) fn start() -> Recorder {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let stopping = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&stopping);
        let accepting = std::thread::spawn(move || accept(&listener, &told));
        Recorder { address, stopping, accepting }
    }

    /// Everything that came, one connection after the other. The gateway must be gone: then every connection has an end.
    pub(super) fn finish(self) -> Vec<u8> {
        self.stopping.store(true, Ordering::SeqCst);
        TcpStream::connect(self.address).unwrap().write_all(STOP).unwrap();
        self.accepting.join().unwrap().concat()
    }
}

fn accept(listener: &TcpListener, stopping: &AtomicBool) -> Vec<Vec<u8>> {
    let mut connections: Vec<JoinHandle<Vec<u8>>> = Vec::new();
    let mut finished = Vec::new();
    for stream in listener.incoming() {
        let stream = stream.unwrap();
        let connection = std::thread::spawn(move || record(stream));
        if !stopping.load(Ordering::SeqCst) {
            connections.push(connection);
            continue;
        }
        // Connections accepted late came before this one, in which the end is said.
        let bytes = connection.join().unwrap();
        if bytes == STOP {
            break;
        }
        finished.push(bytes);
    }
    let earlier = connections.into_iter().map(|connection| connection.join().unwrap());
    earlier.collect::<Vec<_>>().into_iter().chain(finished).collect()
}

fn record(mut stream: TcpStream) -> Vec<u8> {
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let (mut all, mut begins) = (Vec::new(), 0);
    let (mut upgraded, mut continued) = (false, false);
    let mut block = vec![0; 64 * 1024];
    while let Ok(count @ 1..) = stream.read(&mut block) {
        all.extend_from_slice(&block[..count]);
        while !upgraded {
            let answer: &[u8] = match request(&all[begins..]) {
                Seen::Partial { expects } if expects && !continued => {
                    continued = true;
                    b"HTTP/1.1 100 Continue\r\n\r\n"
                }
                Seen::Partial { .. } => break,
                Seen::Whole { length, upgrades, head } => {
                    begins += length;
                    continued = false;
                    upgraded = upgrades;
                    match (upgrades, head) {
                        (true, _) => {
                            b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n"
                        }
                        (_, true) => b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n",
                        _ => b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
                    }
                }
            };
            if stream.write_all(answer).is_err() {
                return all;
            }
        }
    }
    all
}

enum Seen {
    Partial { expects: bool },
    Whole { length: usize, upgrades: bool, head: bool },
}

/// What is at the front of the bytes. The gateway's word is trusted: it must have left nothing to doubt.
fn request(bytes: &[u8]) -> Seen {
    let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else {
        return Seen::Partial { expects: false };
    };
    let head = String::from_utf8_lossy(&bytes[..end + 2]).to_lowercase();
    let value = |name: &str| {
        let lines = head.split("\r\n").skip(1).filter_map(|line| line.split_once(':'));
        lines.map(|(key, value)| (key, value.trim())).find(|(key, _)| *key == name).map(|(_, value)| value)
    };
    let body = &bytes[end + 4..];
    let length = match (value("transfer-encoding"), value("content-length")) {
        (Some(_), _) => chunked(body),
        (None, Some(length)) => length.parse().ok().filter(|length| body.len() >= *length),
        (None, None) => Some(0),
    };
    match length {
        Some(length) => Seen::Whole {
            length: end + 4 + length,
            upgrades: value("upgrade").is_some(),
            head: head.starts_with("head "),
        },
        None => Seen::Partial { expects: value("expect").is_some() },
    }
}

/// The length of a body in chunks, if it's all there.
fn chunked(body: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        let line = body[at..].windows(2).position(|window| window == b"\r\n")?;
        let size = usize::from_str_radix(str::from_utf8(&body[at..at + line]).ok()?, 16).ok()?;
        at += line + 2;
        if size == 0 {
            break;
        }
        at = at.checked_add(size)?.checked_add(2).filter(|next| *next <= body.len())?;
    }
    if body[at..].starts_with(b"\r\n") {
        return Some(at + 2);
    }
    let trailers = body[at..].windows(4).position(|window| window == b"\r\n\r\n")?;
    Some(at + trailers + 4)
}
