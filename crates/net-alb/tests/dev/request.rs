//! Requests over a plain socket, also as a printed curl line says.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    head: String,
    pub(crate) body: String,
}

impl Answer {
    /// The header `x-revision`, empty if there is none.
    pub(crate) fn revision(&self) -> &str {
        self.header("x-revision")
    }

    /// A header's value, empty if there is none.
    pub(crate) fn header(&self, name: &str) -> &str {
        let lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.into_iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map_or("", |(_, value)| value)
    }
}

/// `GET path` with this host and these header lines.
pub(crate) fn get(server: SocketAddr, host: &str, path: &str, headers: &[&str]) -> Answer {
    let mut stream = TcpStream::connect(server).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    let lines: Vec<String> = headers.iter().map(|line| format!("{line}\r\n")).collect();
    let request =
        format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{}\r\n", lines.concat());
    stream.write_all(request.as_bytes()).unwrap();
    let mut text = Vec::new();
    stream.read_to_end(&mut text).unwrap();
    let text = String::from_utf8(text).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    Answer { status, head: head.to_owned(), body: body.to_owned() }
}

/// Sends what a printed `curl …` line would send.
pub(crate) fn curl(line: &str) -> Answer {
    let mut words = shell_words(line.trim()).into_iter();
    assert_eq!(words.next().as_deref(), Some("curl"));
    let (mut host, mut headers, mut url) = (String::new(), Vec::new(), String::new());
    while let Some(word) = words.next() {
        match word.as_str() {
            "-H" => {
                let header = words.next().unwrap();
                match header.strip_prefix("Host: ") {
                    Some(name) => name.clone_into(&mut host),
                    None => headers.push(header),
                }
            }
            "--cookie" => headers.push(format!("Cookie: {}", words.next().unwrap())),
            _ => url = word,
        }
    }
    let (server, path) = url.strip_prefix("http://").unwrap().split_once('/').unwrap();
    let headers: Vec<&str> = headers.iter().map(String::as_str).collect();
    get(server.parse().unwrap(), &host, &format!("/{path}"), &headers)
}

/// Words as a shell reads them, for single quotes and backslashes outside of them.
fn shell_words(line: &str) -> Vec<String> {
    let (mut words, mut word, mut quoted, mut escaped) = (Vec::new(), String::new(), false, false);
    for c in line.chars() {
        match c {
            _ if escaped => {
                word.push(c);
                escaped = false;
            }
            '\'' => quoted = !quoted,
            '\\' if !quoted => escaped = true,
            ' ' if !quoted => words.push(std::mem::take(&mut word)),
            _ => word.push(c),
        }
    }
    words.push(word);
    words
}
