use super::cluster::Cluster;
use super::expect;
use anyhow::{Context, Result, ensure};
use std::io::Write;
use std::net::TcpStream;
use std::process::{Command, Stdio};
use tungstenite::Message;
use tungstenite::client::IntoClientRequest;

/// gRPC, WebSocket, and what a client must not be able to reach or forge.
pub(super) fn run(cluster: &Cluster) -> Result<()> {
    cluster.deploy("protocols/1-grpc.yaml", "grpc-ping")?;
    grpc(cluster)?;
    cluster.deploy("protocols/2-websocket.yaml", "wsserver")?;
    websocket(cluster)?;
    cluster.deploy("protocols/3-local.yaml", "inside")?;
    local(cluster)?;
    forged(cluster)
}

/// `PingService/Ping` with `msg: "hi"`: a length-prefixed message over HTTP/2 without TLS, its status in the trailers.
fn grpc(cluster: &Cluster) -> Result<()> {
    const MESSAGE: &[u8] = b"\0\0\0\0\x04\x0a\x02hi";
    let gateway = cluster.public("grpc-ping")?;
    let url = format!("http://{}/ping.PingService/Ping", gateway.address());
    let mut curl = Command::new("curl")
        .args([
            "--silent",
            "--show-error",
            "--max-time",
            "60",
            "--http2-prior-knowledge",
            "--include",
            "--data-binary",
            "@-",
        ])
        .args([
            "-H",
            "host: grpc-ping.default.example.com",
            "-H",
            "content-type: application/grpc",
            "-H",
            "te: trailers",
        ])
        .arg(url)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .context("starting curl")?;
    curl.stdin.take().context("the input is a pipe")?.write_all(MESSAGE)?;
    let output = curl.wait_with_output()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let seen: Vec<_> =
        text.lines().filter(|line| line.starts_with("HTTP/") || line.starts_with("grpc-")).collect();
    expect("a gRPC call", &format!("{seen:?}"), text.contains("grpc-status: 0") && text.contains("hi"))
}

fn websocket(cluster: &Cluster) -> Result<()> {
    let gateway = cluster.public("wsserver")?;
    let stream = TcpStream::connect((gateway.address(), 80))?;
    let mut request = "ws://wsserver.default.example.com/".into_client_request()?;
    request.headers_mut().insert("host", "wsserver.default.example.com".parse()?);
    let (mut socket, _) = tungstenite::client(request, stream).map_err(|error| anyhow::anyhow!("{error}"))?;
    socket.send(Message::text("hello"))?;
    let echo = socket.read()?.into_text()?.to_string();
    expect("a WebSocket message", &echo, echo == "hello heard")
}

fn local(cluster: &Cluster) -> Result<()> {
    let host = "inside.default.svc.cluster.local";
    let answer = cluster.private("inside")?.get(host, "/", &[])?;
    expect(
        "a cluster-local host, from inside",
        &format!("{} {}", answer.status, answer.hello),
        answer.hello == "inside",
    )?;
    let outside = cluster.public("grpc-ping")?.get(host, "/", &[])?;
    expect("a cluster-local host at the public listener", &outside.status.to_string(), outside.status == 404)
}

/// A client that names a revision in Knative's own headers gets no other one.
fn forged(cluster: &Cluster) -> Result<()> {
    let host = "inside.default.svc.cluster.local";
    let headers = [("knative-serving-revision", "wsserver-00001"), ("knative-serving-namespace", "default")];
    let gateway = cluster.private("inside")?;
    let tally = gateway.tally(host, &headers, 20)?;
    expect(
        "forged revision headers",
        &format!("{tally:?}"),
        tally.len() == 1 && tally.contains_key("inside"),
    )?;
    let seen = gateway.get(host, "/headers", &headers)?.body;
    ensure!(!seen.contains("wsserver-00001"), "the application saw what a client forged: {seen}");
    Ok(())
}
