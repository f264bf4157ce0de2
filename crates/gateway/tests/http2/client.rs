//! An HTTP/2 client that shows what is on the wire.

use bytes::Bytes;
use h2::client::{ResponseFuture, SendRequest};
use h2::{RecvStream, SendStream};
use http::{HeaderMap, Method, Request};
use std::future::poll_fn;
use std::net::SocketAddr;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;

/// A connection with prior knowledge.
pub(crate) struct H2Client {
    pub(crate) sender: SendRequest<Bytes>,
    /// Ends with the connection, and says why.
    pub(crate) driver: JoinHandle<Result<(), h2::Error>>,
}

/// An answer that has come to its end.
#[derive(Debug)]
pub(crate) struct H2Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
    pub(crate) trailers: Option<HeaderMap>,
}

impl H2Answer {
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// Every value of a header, joined by ` | `.
    pub(crate) fn header(&self, name: &str) -> String {
        values(&self.headers, name)
    }

    pub(crate) fn trailer(&self, name: &str) -> String {
        values(self.trailers.as_ref().expect("trailers"), name)
    }
}

fn values(fields: &HeaderMap, name: &str) -> String {
    let values: Vec<_> = fields.get_all(name).iter().map(|value| value.to_str().unwrap()).collect();
    values.join(" | ")
}

/// A request for `http://{host}{path}`.
pub(crate) fn request(
    method: Method,
    host: &str,
    path: &str,
    fields: &[(&'static str, &str)],
) -> Request<()> {
    let mut request = Request::builder().method(method).uri(format!("http://{host}{path}"));
    for (name, value) in fields {
        request = request.header(*name, *value);
    }
    request.body(()).unwrap()
}

impl H2Client {
    pub(crate) async fn connect(address: SocketAddr) -> H2Client {
        H2Client::with(address, &h2::client::Builder::new()).await
    }

    pub(crate) async fn with(address: SocketAddr, builder: &h2::client::Builder) -> H2Client {
        let stream = TcpStream::connect(address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        H2Client::over(stream, builder).await
    }

    /// On a connection that somebody else has made.
    pub(crate) async fn over<S>(stream: S, builder: &h2::client::Builder) -> H2Client
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let (sender, connection) = builder.handshake(stream).await.unwrap();
        H2Client { sender, driver: tokio::spawn(connection) }
    }

    pub(crate) async fn open(&self, request: Request<()>, ends: bool) -> (ResponseFuture, SendStream<Bytes>) {
        let mut sender = self.sender.clone().ready().await.unwrap();
        sender.send_request(request, ends).unwrap()
    }

    /// A request without a body, and its answer.
    pub(crate) async fn ask(&self, request: Request<()>) -> Result<H2Answer, h2::Error> {
        let mut sender = self.sender.clone().ready().await?;
        let (answer, _) = sender.send_request(request, true)?;
        finish(answer).await
    }

    pub(crate) async fn get(&self, host: &str, path: &str) -> H2Answer {
        self.ask(request(Method::GET, host, path, &[])).await.unwrap()
    }

    pub(crate) async fn post(&self, host: &str, path: &str, body: &[u8]) -> H2Answer {
        let (answer, mut stream) = self.open(request(Method::POST, host, path, &[]), false).await;
        send(&mut stream, body, true).await;
        finish(answer).await.unwrap()
    }
}

/// The whole answer.
pub(crate) async fn finish(answer: ResponseFuture) -> Result<H2Answer, h2::Error> {
    let (head, mut stream) = answer.await?.into_parts();
    let mut body = Vec::new();
    while let Some(data) = read(&mut stream).await? {
        body.extend_from_slice(&data);
    }
    let trailers = stream.trailers().await?;
    Ok(H2Answer { status: head.status.as_u16(), headers: head.headers, body, trailers })
}

/// More of a body; `None` at its end.
pub(crate) async fn read(stream: &mut RecvStream) -> Result<Option<Bytes>, h2::Error> {
    let Some(data) = stream.data().await.transpose()? else { return Ok(None) };
    stream.flow_control().release_capacity(data.len())?;
    Ok(Some(data))
}

/// Sends as the windows allow.
pub(crate) async fn send(stream: &mut SendStream<Bytes>, mut body: &[u8], ends: bool) {
    while !body.is_empty() {
        stream.reserve_capacity(body.len());
        while stream.capacity() == 0 {
            poll_fn(|context| stream.poll_capacity(context)).await.unwrap().unwrap();
        }
        let room = stream.capacity();
        let (now, later) = body.split_at(room.min(body.len()));
        stream.send_data(Bytes::copy_from_slice(now), false).unwrap();
        body = later;
    }
    if ends {
        stream.send_data(Bytes::new(), true).unwrap();
    }
}
