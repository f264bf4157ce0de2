//! A backend that speaks nothing but HTTP/2.

use bytes::Bytes;
use h2::RecvStream;
use h2::server::{Connection, SendResponse};
use http::{Request, Response};
use std::future::Future;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::net::{TcpListener, TcpStream};

/// A server on a free port, for as long as the test's runtime lives.
pub(crate) struct H2Server {
    pub(crate) address: SocketAddr,
    connections: Arc<AtomicUsize>,
}

pub(crate) type H2Connection = Connection<TcpStream, Bytes>;

impl H2Server {
    /// Does what it likes with each connection.
    pub(crate) async fn raw<F>(serve: impl Fn(H2Connection) -> F + Send + 'static) -> H2Server
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let connections = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&connections);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                counted.fetch_add(1, Ordering::SeqCst);
                stream.set_nodelay(true).unwrap();
                let Ok(connection) = h2::server::handshake(stream).await else { continue };
                tokio::spawn(serve(connection));
            }
        });
        H2Server { address, connections }
    }

    /// Lets `answer` answer each request, in a task of its own.
    pub(crate) async fn new<F>(
        answer: impl Fn(Request<RecvStream>, SendResponse<Bytes>) -> F + Clone + Send + Sync + 'static,
    ) -> H2Server
    where
        F: Future<Output = ()> + Send + 'static,
    {
        H2Server::raw(move |mut connection| {
            let answer = answer.clone();
            async move {
                while let Some(Ok((request, respond))) = connection.accept().await {
                    tokio::spawn(answer(request, respond));
                }
            }
        })
        .await
    }

    /// Answers everything with its name, after it has read the request.
    pub(crate) async fn named(name: &'static str) -> H2Server {
        H2Server::new(move |mut request, mut respond| async move {
            while let Ok(Some(_)) = crate::client::read(request.body_mut()).await {}
            // A client that has gone needs no answer.
            if let Ok(mut body) = respond.send_response(Response::new(()), false) {
                let _ = body.send_data(Bytes::from_static(name.as_bytes()), true);
            }
        })
        .await
    }

    /// Answers with the request's line and fields, its body and its trailers, as lines.
    pub(crate) async fn echo() -> H2Server {
        H2Server::new(|request, mut respond| async move {
            let (head, mut stream) = request.into_parts();
            let mut text = format!("{} {}\n", head.method, head.uri);
            let push = |text: &mut String, fields: &http::HeaderMap| {
                for (name, value) in fields {
                    text.extend([name.as_str(), ": ", value.to_str().unwrap(), "\n"]);
                }
            };
            push(&mut text, &head.headers);
            text.push('\n');
            while let Some(data) = crate::client::read(&mut stream).await.unwrap() {
                text.push_str(&String::from_utf8_lossy(&data));
            }
            if let Some(trailers) = stream.trailers().await.unwrap() {
                text.push('\n');
                push(&mut text, &trailers);
            }
            let mut body = respond.send_response(Response::new(()), false).unwrap();
            body.send_data(text.into(), false).unwrap();
            let mut trailers = http::HeaderMap::new();
            trailers.insert("x-sum", "42".parse().unwrap());
            body.send_trailers(trailers).unwrap();
        })
        .await
    }

    /// Connections so far.
    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}
