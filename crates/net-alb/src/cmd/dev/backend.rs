//! The servers that stand in for revisions: what the article's `helloworld-go` does, and which revision did it.

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{HeaderMap, Request, Response};
use hyper_util::rt::TokioIo;
use net_alb_api::ObjectKey;
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::fmt::Write;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::{Arc, PoisonError, RwLock};
use tokio::net::TcpStream;
use tokio::runtime::Handle;

/// A revision answers `Hello TARGET!`, so in requests bodies are read and thrown away up to this many bytes.
const MAX_BODY: usize = 16 << 20;

/// Built-in servers by Service, each on a loopback port of its own from the moment somebody asks for its address.
#[derive(Debug)]
pub(super) struct Backends {
    runtime: Handle,
    servers: BTreeMap<ObjectKey, Server>,
}

#[derive(Debug)]
struct Server {
    address: SocketAddr,
    answer: Arc<Answer>,
}

/// What one server says.
#[derive(Debug)]
struct Answer {
    name: String,
    /// `$TARGET`; changes with the file.
    target: RwLock<String>,
}

impl Backends {
    /// None yet; they will run on this runtime.
    pub(super) fn new(runtime: Handle) -> Self {
        Backends { runtime, servers: BTreeMap::new() }
    }

    /// The address of the server for a Service, which from now on greets `target`.
    pub(super) fn address(&mut self, service: &ObjectKey, target: &str) -> io::Result<SocketAddr> {
        self.retarget(service, target);
        if let Some(server) = self.servers.get(service) {
            return Ok(server.address);
        }
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let answer = Arc::new(Answer { name: service.name.clone(), target: RwLock::new(target.to_owned()) });
        self.runtime.spawn(accept(listener, answer.clone()));
        self.servers.insert(service.clone(), Server { address, answer });
        Ok(address)
    }

    /// Lets the server for a Service, if there is one, greet `target`.
    pub(super) fn retarget(&self, service: &ObjectKey, target: &str) {
        if let Some(server) = self.servers.get(service) {
            target.clone_into(&mut server.answer.target.write().unwrap_or_else(PoisonError::into_inner));
        }
    }
}

async fn accept(listener: TcpListener, answer: Arc<Answer>) -> io::Result<Infallible> {
    let listener = tokio::net::TcpListener::from_std(listener)?;
    loop {
        // What fails here is the peer's connection; the next one is another matter.
        let Ok((stream, _)) = listener.accept().await else { continue };
        let _ = stream.set_nodelay(true);
        let answer = answer.clone();
        tokio::spawn(async move {
            // What fails is this connection; its client knows.
            if is_http2(&stream).await {
                let _ = serve_http2(stream, &answer).await;
            } else {
                let service = service_fn(|request| respond(request, &answer));
                let io = TokioIo::new(stream);
                let _ = hyper::server::conn::http1::Builder::new()
                    .serve_connection(io, service)
                    .with_upgrades()
                    .await;
            }
        });
    }
}

/// Whether the first bytes are those of HTTP/2's preface: no method begins so.
async fn is_http2(stream: &TcpStream) -> bool {
    let mut first = [0; 3];
    loop {
        match stream.peek(&mut first).await {
            Ok(0) | Err(_) => return false,
            Ok(count) if count < first.len() && b"PRI".starts_with(&first[..count]) => {
                tokio::task::yield_now().await;
            }
            Ok(_) => return &first == b"PRI",
        }
    }
}

/// HTTP/2 in clear, as revisions with a port named `h2c` speak it. One request at a time is enough to say hello.
async fn serve_http2(stream: TcpStream, answer: &Answer) -> Result<(), h2::Error> {
    let mut connection = h2::server::handshake(stream).await?;
    while let Some(accepted) = connection.accept().await {
        let (request, mut sending) = accepted?;
        let text = text(&request, answer);
        let mut response = Response::new(());
        *response.headers_mut() = fields(answer);
        let mut body = sending.send_response(response, false)?;
        body.send_data(Bytes::from(text), true)?;
    }
    Ok(())
}

async fn respond(
    mut request: Request<Incoming>,
    answer: &Answer,
) -> Result<Response<Full<Bytes>>, hyper::Error> {
    if let Some(mut response) = super::echo::begin(&mut request) {
        response.headers_mut().extend(fields(answer));
        return Ok(response);
    }
    let text = text(&request, answer);
    let mut body = request.into_body();
    let mut read = 0;
    while let Some(frame) = body.frame().await.transpose()? {
        read += frame.data_ref().map_or(0, Bytes::len);
        if read > MAX_BODY {
            break;
        }
    }
    let mut response = Response::new(Full::new(Bytes::from(text)));
    *response.headers_mut() = fields(answer);
    Ok(response)
}

/// What is said to a request.
fn text<B>(request: &Request<B>, answer: &Answer) -> String {
    if request.uri().path() == "/_headers" {
        return head(request);
    }
    let target = answer.target.read().unwrap_or_else(PoisonError::into_inner);
    format!("Hello {target}!\n")
}

fn fields(answer: &Answer) -> HeaderMap {
    let mut fields = HeaderMap::new();
    fields.insert("content-type", hyper::header::HeaderValue::from_static("text/plain; charset=utf-8"));
    if let Ok(name) = answer.name.parse() {
        fields.insert("x-revision", name);
    }
    fields
}

/// The request as it came in, without its body.
fn head<B>(request: &Request<B>) -> String {
    let mut text = format!("{} {} {:?}\n", request.method(), request.uri(), request.version());
    for (name, value) in request.headers() {
        let _ = writeln!(text, "{name}: {}", String::from_utf8_lossy(value.as_bytes()));
    }
    text
}
