//! WebSocket at the built-in servers: every message comes back.

use futures_util::{SinkExt, StreamExt};
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{CONNECTION, HeaderValue, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, UPGRADE};
use hyper::upgrade::Upgraded;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Error;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::Role;

/// The answer to a request for a WebSocket (RFC 6455 §4.2), which is served from then on; `None` for any other request.
pub(super) fn begin(request: &mut Request<Incoming>) -> Option<Response<Full<Bytes>>> {
    let asked = request.headers().get(UPGRADE)?.as_bytes();
    let key =
        request.headers().get(SEC_WEBSOCKET_KEY).filter(|_| asked.eq_ignore_ascii_case(b"websocket"))?;
    let accept = HeaderValue::from_str(&derive_accept_key(key.as_bytes())).ok()?;
    let upgrading = hyper::upgrade::on(request);
    tokio::spawn(async move {
        if let Ok(connection) = upgrading.await {
            // What fails is this connection; its client knows.
            let _ = echo(connection).await;
        }
    });
    let mut response = Response::new(Full::default());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = response.headers_mut();
    headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
    headers.insert(SEC_WEBSOCKET_ACCEPT, accept);
    Some(response)
}

async fn echo(connection: Upgraded) -> Result<(), Error> {
    let mut socket = WebSocketStream::from_raw_socket(TokioIo::new(connection), Role::Server, None).await;
    while let Some(message) = socket.next().await.transpose()? {
        if message.is_text() || message.is_binary() {
            socket.send(message).await?;
        }
    }
    Ok(())
}
