//! A server with a small answer, a huge one, and a slow ear for uploads.

use super::PIECE;
use anyhow::Result;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

/// Starts it, on a free port.
pub(super) fn start(bytes: u64, pace: u64) -> Result<SocketAddr> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let address = listener.local_addr()?;
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            // Whatever fails is the connection's end; the gateway says so to its client.
            thread::spawn(move || serve(stream, bytes, pace));
        }
    });
    Ok(address)
}

fn serve(mut stream: TcpStream, bytes: u64, pace: u64) -> Result<()> {
    stream.set_nodelay(true)?;
    let mut head = Vec::new();
    loop {
        head.clear();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte)?;
            head.push(byte[0]);
        }
        if head.starts_with(b"GET /huge ") {
            stream.write_all(format!("HTTP/1.1 200 OK\r\nContent-Length: {bytes}\r\n\r\n").as_bytes())?;
            let piece = vec![b'x'; PIECE];
            for _ in 0..bytes / PIECE as u64 {
                stream.write_all(&piece)?;
            }
            continue;
        }
        if head.starts_with(b"POST /up ") {
            drain(&mut stream, bytes, pace)?;
        }
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok\n")?;
    }
}

/// Reads so many bytes, or all there are, at this pace in bytes a second. Returns how many there were.
pub(super) fn drain(stream: &mut TcpStream, bytes: u64, pace: u64) -> Result<u64> {
    let (begun, mut piece, mut total) = (Instant::now(), vec![0; PIECE], 0);
    while total < bytes {
        let most = usize::try_from(bytes - total).unwrap_or(PIECE).min(PIECE);
        match stream.read(&mut piece[..most])? {
            0 => break,
            count => total += count as u64,
        }
        let due = Duration::from_micros(total.saturating_mul(1_000_000) / pace.max(1));
        thread::sleep(due.saturating_sub(begun.elapsed()));
    }
    Ok(total)
}
