//! WebSocket to a built-in server, by the line that `dev` prints for it.

use crate::process::{Dev, folder};
use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;

const APP: &str = "
apiVersion: serving.knative.dev/v1
kind: Service
metadata: {name: hello}
spec: {template: {spec: {containers: [{image: example.com/hello}]}}}
";

#[test]
fn a_message_comes_back_from_the_revision_that_the_printed_line_reaches() {
    let file = folder("websocket").join("app.yaml");
    fs::write(&file, APP).unwrap();
    let mut dev = Dev::start(&[file.to_str().unwrap()]);
    let line = dev.wait_for("WebSocket: npx wscat -H ");
    let (host, url) = line.split_once("-H '").unwrap().1.split_once("' -c ws://").unwrap();
    dev.wait_for("serving ");
    let mut stream = TcpStream::connect(url.trim_end_matches('/')).unwrap();
    stream.set_read_timeout(Some(std::time::Duration::from_secs(30))).unwrap();
    let request = format!(
        "GET / HTTP/1.1\r\n{host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    );
    // A text of two letters, with a mask of zeros (RFC 6455 §5.2).
    stream.write_all(&[request.as_bytes(), &[0x81, 0x82, 0, 0, 0, 0, b'h', b'i']].concat()).unwrap();
    let mut seen = Vec::new();
    while !seen.ends_with(&[0x81, 2, b'h', b'i']) {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        seen.push(byte[0]);
    }
    let head = String::from_utf8_lossy(&seen).to_lowercase();
    assert!(head.starts_with("http/1.1 101 "), "{head}");
    assert!(head.contains("x-revision: hello-00001\r\n"), "{head}");
    // The key's answer is the RFC's own example (§1.3).
    assert!(head.contains("sec-websocket-accept: s3pplmbitxaq9kygzzhzrbk+xoo="), "{head}");
}
