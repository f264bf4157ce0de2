//! HTTP to the collector: in clear, as to a collector beside the process.

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper_util::rt::TokioIo;
use opentelemetry_http::{HttpClient, HttpError};
use std::time::Duration;
use tokio::net::TcpStream;

/// Sends one request a connection: there is one in some seconds.
#[derive(Debug)]
pub(super) struct Collector;

/// For the whole exchange. OpenTelemetry's default.
const PATIENCE: Duration = Duration::from_secs(10);

/// Bytes of an answer, which says which spans were refused.
const ANSWER: usize = 64 * 1024;

#[async_trait]
impl HttpClient for Collector {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        tokio::time::timeout(PATIENCE, exchange(request)).await?
    }
}

async fn exchange(request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
    let (mut head, body) = request.into_parts();
    if head.uri.scheme_str() != Some("http") {
        return Err(format!("`{}`: collectors are spoken to by http:// only", head.uri).into());
    }
    let authority = head.uri.authority().ok_or("the endpoint has no host")?.clone();
    head.headers.insert(header::HOST, authority.as_str().parse()?);
    let host = authority.host().trim_matches(['[', ']']);
    let stream = TcpStream::connect((host, authority.port_u16().unwrap_or(80))).await?;
    let path = head.uri.path_and_query().map_or("/", |path| path.as_str());
    head.uri = path.parse()?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    let driving = tokio::spawn(connection);
    let response = sender.send_request(Request::from_parts(head, Full::new(body))).await?;
    let (head, body) = response.into_parts();
    let body = Limited::new(body, ANSWER).collect().await?.to_bytes();
    driving.abort();
    Ok(Response::from_parts(head, body))
}
