//! The admin port: health, readiness and, at a gateway, acknowledgements. For kubelet and the controller: plain HTTP, nothing can be
//! changed through it. It listens on the pod's address, since both come from outside of the pod; a NetworkPolicy says who else may.

use crate::acknowledgement::{Board, Lines, lines};
use http_body_util::{Either, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

/// What the admin port tells.
#[derive(Debug, Default)]
pub struct Admin {
    ready: AtomicBool,
    board: Option<Arc<Board>>,
}

/// Connections at a time: the controllers' replicas, kubelet, somebody with curl.
const MOST_CONNECTIONS: usize = 64;
/// For the head of a request.
const HEAD_TIMEOUT: Duration = Duration::from_secs(5);
/// After a connection couldn't be accepted.
const PAUSE: Duration = Duration::from_millis(100);

type Body = Either<Full<Bytes>, Lines>;

impl Admin {
    /// Not ready yet. With a board, `GET /acknowledgements` tells what is on it.
    pub fn new(board: Option<Arc<Board>>) -> Admin {
        Admin { ready: AtomicBool::new(false), board }
    }

    /// Whether traffic may come.
    pub fn set_ready(&self, ready: bool) {
        self.ready.store(ready, Ordering::Release);
    }

    /// Answers for good.
    pub async fn serve(self: Arc<Self>, listener: TcpListener) -> io::Result<Infallible> {
        let places = Arc::new(Semaphore::new(MOST_CONNECTIONS));
        loop {
            let Ok(place) = Arc::clone(&places).acquire_owned().await else {
                return Err(io::ErrorKind::Other.into());
            };
            let Ok((stream, _)) = listener.accept().await else {
                tokio::time::sleep(PAUSE).await;
                continue;
            };
            let _ = stream.set_nodelay(true);
            let admin = Arc::clone(&self);
            tokio::spawn(async move {
                let service =
                    service_fn(|request| std::future::ready(Ok::<_, Infallible>(admin.answer(&request))));
                let _ = hyper::server::conn::http1::Builder::new()
                    .timer(TokioTimer::new())
                    .header_read_timeout(HEAD_TIMEOUT)
                    .serve_connection(TokioIo::new(stream), service)
                    .await;
                drop(place);
            });
        }
    }

    fn answer(&self, request: &Request<Incoming>) -> Response<Body> {
        match (request.uri().path(), &self.board) {
            ("/healthz", _) => text(StatusCode::OK, "ok\n"),
            ("/readyz", _) if self.ready.load(Ordering::Acquire) => text(StatusCode::OK, "ok\n"),
            ("/readyz", _) => text(StatusCode::SERVICE_UNAVAILABLE, "not ready\n"),
            ("/acknowledgements", Some(board)) => Response::new(Either::Right(lines(Arc::clone(board)))),
            _ => text(
                StatusCode::NOT_FOUND,
                "there are /healthz, /readyz and, at a gateway, /acknowledgements\n",
            ),
        }
    }
}

fn text(status: StatusCode, text: &'static str) -> Response<Body> {
    let mut response = Response::new(Either::Left(Full::new(Bytes::from_static(text.as_bytes()))));
    *response.status_mut() = status;
    response
}
