//! Requests over a plain socket, also as a printed curl line says.

use net_alb_testkit::trusting;
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
    send(server, "GET", host, path, headers)
}

/// A request without a body.
pub(crate) fn send(server: SocketAddr, method: &str, host: &str, path: &str, headers: &[&str]) -> Answer {
    exchange(&mut connect(server), method, host, path, headers)
}

fn connect(server: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(server).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    stream
}

fn exchange(
    stream: &mut (impl Read + Write),
    method: &str,
    host: &str,
    path: &str,
    headers: &[&str],
) -> Answer {
    let lines: Vec<String> = headers.iter().map(|line| format!("{line}\r\n")).collect();
    let request =
        format!("{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{}\r\n", lines.concat());
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
    let (mut trust, mut connect_to) = (None, None);
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
            "-k" => trust = Some(net_alb_testkit::anybody()),
            "--cacert" => trust = Some(trusting(&std::fs::read_to_string(words.next().unwrap()).unwrap())),
            "--connect-to" => {
                connect_to = words.next().unwrap().strip_prefix("::").map(|server| server.parse().unwrap());
            }
            _ => url = word,
        }
    }
    let headers: Vec<&str> = headers.iter().map(String::as_str).collect();
    if let Some((name, path)) = url.strip_prefix("https://").and_then(|rest| rest.split_once('/')) {
        let server = connect_to.unwrap_or_else(|| name.parse().unwrap());
        let sni = name.parse::<SocketAddr>().map_or(name.to_owned(), |address| address.ip().to_string());
        let tls = rustls::ClientConnection::new(trust.unwrap(), sni.try_into().unwrap()).unwrap();
        let mut stream = rustls::StreamOwned::new(tls, connect(server));
        return exchange(&mut stream, "GET", name, &format!("/{path}"), &headers);
    }
    let (server, path) = url.strip_prefix("http://").unwrap().split_once('/').unwrap();
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
