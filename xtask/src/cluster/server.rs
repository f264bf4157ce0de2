//! The servers behind every KIngress: they say their name in `x-server`.

use anyhow::Result;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;

/// The node's own address: pods reach it, and EndpointSlices may name it.
pub(super) const NODE: &str = "10.77.0.1";

/// Starts a server of this name; returns its port. It ends with the program.
pub(super) fn start(name: &'static str) -> Result<u16> {
    let listener = TcpListener::bind((NODE, 0))?;
    let port = listener.local_addr()?.port();
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            thread::spawn(move || serve(&stream, name));
        }
    });
    Ok(port)
}

/// Answers GETs until the client leaves.
fn serve(stream: &TcpStream, name: &str) {
    let _ = stream.set_nodelay(true);
    let answer = format!("HTTP/1.1 200 OK\r\nx-server: {name}\r\ncontent-length: 0\r\n\r\n");
    let mut writer = stream;
    for line in BufReader::new(stream).lines().map_while(Result::ok) {
        if line.is_empty() && writer.write_all(answer.as_bytes()).is_err() {
            return;
        }
    }
}
