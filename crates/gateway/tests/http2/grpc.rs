//! gRPC, with tonic on both sides and messages that are bytes.

use crate::client::{H2Client, request};
use crate::run;
use crate::secured::{secure, trusting};
use crate::support::{Site, service};
use crate::tls_client::Secured;
use futures_util::{StreamExt, stream};
use http::uri::PathAndQuery;
use http::{Method, Uri};
use hyper_util::rt::TokioIo;
use net_alb_gateway::Gateway;
use net_alb_testkit::Authority;
use rustls::ClientConfig;
use std::convert::Infallible;
use std::future::{Future, ready};
use std::net::{Ipv4Addr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tonic::body::Body;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::codegen::{BoxFuture, BoxStream, Service};
use tonic::server::{ClientStreamingService, Grpc, ServerStreamingService, StreamingService, UnaryService};
use tonic::transport::server::TcpIncoming;
use tonic::transport::{Channel, Endpoint, Server};
use tonic::{Code, Request, Response, Status, Streaming};

/// Messages as they are.
#[derive(Debug, Default, Clone, Copy)]
struct Text;

impl Codec for Text {
    type Encode = String;
    type Decode = String;
    type Encoder = Text;
    type Decoder = Text;

    fn encoder(&mut self) -> Text {
        Text
    }

    fn decoder(&mut self) -> Text {
        Text
    }
}

impl Encoder for Text {
    type Item = String;
    type Error = Status;

    fn encode(&mut self, item: String, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        bytes::BufMut::put_slice(buffer, item.as_bytes());
        Ok(())
    }
}

impl Decoder for Text {
    type Item = String;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<String>, Status> {
        let mut text = vec![0; bytes::Buf::remaining(buffer)];
        bytes::Buf::copy_to_slice(buffer, &mut text);
        Ok(Some(String::from_utf8(text).unwrap()))
    }
}

/// A service whose answers end in its name.
#[derive(Debug, Clone, Copy)]
struct Ping(&'static str);

impl Service<http::Request<Body>> for Ping {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<http::Response<Body>, Infallible>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let ping = *self;
        Box::pin(async move {
            let mut grpc = Grpc::new(Text);
            Ok(match request.uri().path() {
                "/ping.Ping/Unary" => grpc.unary(ping, request).await,
                "/ping.Ping/Count" => grpc.server_streaming(ping, request).await,
                "/ping.Ping/Join" => grpc.client_streaming(ping, request).await,
                _ => grpc.streaming(ping, request).await,
            })
        })
    }
}

impl UnaryService<String> for Ping {
    type Response = String;
    type Future = Pin<Box<dyn Future<Output = Result<Response<String>, Status>> + Send>>;

    fn call(&mut self, request: Request<String>) -> Self::Future {
        let name = self.0;
        Box::pin(async move {
            match request.get_ref().as_str() {
                "never" => std::future::pending().await,
                "fail" => Err(Status::failed_precondition("because 50% ü")),
                text => {
                    let mut answer = Response::new(format!("{text} {name}"));
                    answer.metadata_mut().insert("x-initial", "yes".parse().unwrap());
                    Ok(answer)
                }
            }
        })
    }
}

impl ServerStreamingService<String> for Ping {
    type Response = String;
    type ResponseStream = BoxStream<String>;
    type Future = std::future::Ready<Result<Response<BoxStream<String>>, Status>>;

    fn call(&mut self, request: Request<String>) -> Self::Future {
        let (name, count) = (self.0, request.get_ref().parse::<usize>().unwrap());
        let numbers = stream::iter(0..count).map(move |number| Ok(format!("{number} {name}")));
        let end = stream::iter([Err(Status::out_of_range("no more numbers"))]);
        ready(Ok(Response::new(Box::pin(numbers.chain(end)))))
    }
}

impl ClientStreamingService<String> for Ping {
    type Response = String;
    type Future = Pin<Box<dyn Future<Output = Result<Response<String>, Status>> + Send>>;

    fn call(&mut self, request: Request<Streaming<String>>) -> Self::Future {
        let name = self.0;
        Box::pin(async move {
            let mut words = request.into_inner();
            let mut all = String::new();
            while let Some(word) = words.message().await? {
                all.push_str(&word);
            }
            Ok(Response::new(format!("{all} {name}")))
        })
    }
}

impl StreamingService<String> for Ping {
    type Response = String;
    type ResponseStream = BoxStream<String>;
    type Future = std::future::Ready<Result<Response<BoxStream<String>>, Status>>;

    fn call(&mut self, request: Request<Streaming<String>>) -> Self::Future {
        let name = self.0;
        let answers = request.into_inner().map(move |text| Ok(format!("{} {name}", text?)));
        ready(Ok(Response::new(Box::pin(answers))))
    }
}

fn ping(name: &'static str) -> SocketAddr {
    let incoming = TcpIncoming::bind((Ipv4Addr::LOCALHOST, 0).into()).unwrap();
    let address = incoming.local_addr().unwrap();
    tokio::spawn(Server::builder().serve_with_incoming(Ping(name), incoming));
    address
}

/// A gateway that is called in clear, or by TLS.
struct Door {
    _gateway: Gateway,
    address: SocketAddr,
    trust: Option<Arc<ClientConfig>>,
}

impl Door {
    fn new(rules: &str, backends: &[(&str, &'static str)], is_secured: bool) -> Door {
        let authority = Authority::new("test");
        let (gateway, address) = if is_secured {
            let site = Secured::new(rules);
            site.set("a", &authority.issue(&["a.example"]));
            (site.gateway, site.address)
        } else {
            let site = Site::new(rules);
            (site.gateway, site.address)
        };
        for (backend, name) in backends {
            gateway.set_endpoints(&service(backend), vec![ping(name)]);
        }
        Door { _gateway: gateway, address, trust: is_secured.then(|| trusting(&authority)) }
    }

    /// A call of a host that goes to one backend.
    fn simple(is_secured: bool) -> Door {
        Door::new("default/a: host=a.example path=/* -> forward h2c", &[("h2c", "v1")], is_secured)
    }

    async fn call(&self, authority: &str) -> Caller {
        let scheme = if self.trust.is_some() { "https" } else { "http" };
        let endpoint = Endpoint::from_shared(format!("http://{}", self.address)).unwrap();
        let endpoint = endpoint.origin(format!("{scheme}://{authority}").parse().unwrap());
        let channel = match &self.trust {
            None => endpoint.connect().await,
            Some(trust) => endpoint.connect_with_connector(Secure(self.address, Arc::clone(trust))).await,
        };
        Caller(tonic::client::Grpc::new(channel.unwrap()))
    }
}

/// How tonic connects by TLS.
struct Secure(SocketAddr, Arc<ClientConfig>);

impl Service<Uri> for Secure {
    type Response = TokioIo<tokio_rustls::client::TlsStream<tokio::net::TcpStream>>;
    type Error = std::io::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Uri) -> Self::Future {
        let (address, trust) = (self.0, Arc::clone(&self.1));
        Box::pin(async move { secure(address, &trust, "a.example").await.map(TokioIo::new) })
    }
}

/// Runs a test in clear, then by TLS.
fn by_each_way(test: impl AsyncFn(bool)) {
    for is_secured in [false, true] {
        run(test(is_secured));
    }
}

struct Caller(tonic::client::Grpc<Channel>);

impl Caller {
    async fn unary(&mut self, request: Request<String>) -> Result<Response<String>, Status> {
        self.0.ready().await.unwrap();
        self.0.unary(request, PathAndQuery::from_static("/ping.Ping/Unary"), Text).await
    }
}

#[test]
fn a_unary_call() {
    by_each_way(async |is_secured| {
        let door = Door::simple(is_secured);
        // gRPC clients write the port into the authority.
        let mut caller = door.call("a.example:80").await;
        let answer = caller.unary(Request::new("hello".to_owned())).await.unwrap();
        assert_eq!(
            (answer.get_ref().as_str(), answer.metadata().get("x-initial").unwrap().to_str().unwrap()),
            ("hello v1", "yes")
        );
        let status = caller.unary(Request::new("fail".to_owned())).await.unwrap_err();
        assert_eq!((status.code(), status.message()), (Code::FailedPrecondition, "because 50% ü"));
    });
}

#[test]
fn streams_in_each_direction() {
    by_each_way(async |is_secured| {
        let door = Door::simple(is_secured);
        let Caller(mut caller) = door.call("a.example").await;
        caller.ready().await.unwrap();
        let count = PathAndQuery::from_static("/ping.Ping/Count");
        let answer = caller.server_streaming(Request::new("1000".to_owned()), count, Text).await.unwrap();
        let mut numbers = answer.into_inner();
        for number in 0..1000 {
            assert_eq!(numbers.message().await.unwrap().unwrap(), format!("{number} v1"));
        }
        let end = numbers.message().await.unwrap_err();
        assert_eq!((end.code(), end.message()), (Code::OutOfRange, "no more numbers"));
        caller.ready().await.unwrap();
        let words = stream::iter((0..1000).map(|_| "word ".to_owned()));
        let join = PathAndQuery::from_static("/ping.Ping/Join");
        let joined = caller.client_streaming(Request::new(words), join, Text).await.unwrap();
        assert_eq!(joined.get_ref().len(), 5000 + 3);
    });
}

#[test]
fn a_call_goes_both_ways_at_once() {
    by_each_way(async |is_secured| {
        let door = Door::simple(is_secured);
        let Caller(mut caller) = door.call("a.example").await;
        caller.ready().await.unwrap();
        let (say, words) = tokio::sync::mpsc::channel::<String>(1);
        let words = stream::unfold(words, |mut words| async { Some((words.recv().await?, words)) });
        let chat = PathAndQuery::from_static("/ping.Ping/Chat");
        let mut answers = caller.streaming(Request::new(words), chat, Text).await.unwrap().into_inner();
        for number in 0..100 {
            say.send(format!("message {number}")).await.unwrap();
            assert_eq!(answers.message().await.unwrap().unwrap(), format!("message {number} v1"));
        }
        drop(say);
        assert_eq!(answers.message().await.unwrap(), None);
    });
}

#[test]
fn calls_of_one_connection_are_split() {
    by_each_way(async |is_secured| {
        let rules = "default/a: host=a.example -> forward h2c-1 50, h2c-2 50";
        let door = Door::new(rules, &[("h2c-1", "v1"), ("h2c-2", "v2")], is_secured);
        let mut caller = door.call("a.example").await;
        let mut first = 0;
        for _ in 0..400 {
            let answer = caller.unary(Request::new("x".to_owned())).await.unwrap();
            first += usize::from(answer.get_ref() == "x v1");
        }
        assert!((140..=260).contains(&first), "{first} of 400");
    });
}

#[test]
fn what_the_gateway_says_itself_is_a_grpc_status() {
    by_each_way(async |is_secured| {
        let door = Door::new("default/a: host=a.example -> forward h2c", &[], is_secured);
        let mut caller = door.call("a.example").await;
        let status = caller.unary(Request::new("x".to_owned())).await.unwrap_err();
        assert_eq!(status.code(), Code::Unavailable);
        assert!(status.message().starts_with("net-alb: no-endpoints: "), "{status}");
        assert_eq!(status.metadata().get("x-net-alb-error").unwrap(), "no-endpoints");
        let mut caller = door.call("b.example").await;
        let status = caller.unary(Request::new("x".to_owned())).await.unwrap_err();
        assert_eq!(status.code(), Code::Unimplemented);
    });
}

#[test]
fn a_deadline_ends_a_call_that_nobody_answers() {
    by_each_way(async |is_secured| {
        let door = Door::simple(is_secured);
        let client = match &door.trust {
            None => H2Client::connect(door.address).await,
            Some(trust) => {
                let stream = secure(door.address, trust, "a.example").await.unwrap();
                H2Client::over(stream, &h2::client::Builder::new()).await
            }
        };
        let fields = [("content-type", "application/grpc"), ("grpc-timeout", "200m"), ("te", "trailers")];
        let call = request(Method::POST, "a.example", "/ping.Ping/Chat", &fields);
        // The client's own clock isn't asked: the gateway ends it.
        let (answer, _stream) = client.open(call, false).await;
        let head = answer.await.unwrap();
        let late = match head.headers().get("grpc-status") {
            Some(status) => status == "4",
            // The backend has begun to answer, and then the stream breaks off.
            None => head.into_body().data().await.unwrap().is_err(),
        };
        assert!(late);
        let mut caller = door.call("a.example").await;
        let mut call = Request::new("never".to_owned());
        call.set_timeout(Duration::from_millis(200));
        let code = caller.unary(call).await.unwrap_err().code();
        assert!(matches!(code, Code::DeadlineExceeded | Code::Cancelled), "{code}");
    });
}
