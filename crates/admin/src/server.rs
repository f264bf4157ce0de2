use crate::body::Body;
use crate::log::LogControl;
use crate::page;
use crate::readiness::Readiness;
use http::{Method, StatusCode, header};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use net_alb_diag::metrics::Source;
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::fmt;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::runtime::Builder;
use tokio::sync::{Semaphore, oneshot};

/// A request's head; bodies aren't read.
pub type Request = http::request::Parts;

/// An answer.
pub type Response = http::Response<Body>;

type Respond = Arc<dyn Fn(&Request) -> Response + Send + Sync>;

/// What may be asked at an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// `/metrics` and `/healthz`: what a whole cluster may know.
    Metrics,
    /// All but `/dump` and `/log`: what other parts of net-alb need, and nothing that says which hosts there are or that changes
    /// anything.
    Cluster,
    /// Everything: only for the machine itself, or whom its owner trusts.
    Everything,
}

/// What is served; [`Admin::start`] begins.
#[derive(Clone)]
pub struct Admin {
    readiness: Readiness,
    sources: Vec<Arc<dyn Source>>,
    paths: BTreeMap<(String, Method), Respond>,
}

/// A running server; it ends when this is dropped.
#[derive(Debug)]
pub struct Serving {
    /// Where it listens, in the order asked for.
    pub addresses: Vec<SocketAddr>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// Connections at a time at one address; others wait.
const CONNECTIONS: usize = 64;

/// How long a client may take for a request's head.
const PATIENCE: Duration = Duration::from_secs(10);

impl Admin {
    /// Serves `/healthz` and `/readyz`.
    pub fn new(readiness: Readiness) -> Admin {
        let admin = Admin { readiness, sources: Vec::new(), paths: BTreeMap::new() };
        let ready = admin.readiness.clone();
        admin.get("/healthz", |_| text(StatusCode::OK, "ok\n".to_owned())).get(
            "/readyz",
            move |_| match ready.get() {
                Ok(()) => text(StatusCode::OK, "ready\n".to_owned()),
                Err(why) => text(StatusCode::SERVICE_UNAVAILABLE, format!("not ready: {why}\n")),
            },
        )
    }

    /// Serves these numbers too, at `/metrics`.
    #[must_use]
    pub fn count(mut self, source: Arc<dyn Source>) -> Admin {
        self.sources.push(source);
        self
    }

    /// Answers `GET path`, on the server's runtime: it must not wait, but may spawn and return a body that goes on.
    #[must_use]
    pub fn get(self, path: &str, respond: impl Fn(&Request) -> Response + Send + Sync + 'static) -> Admin {
        self.path(Method::GET, path, respond)
    }

    /// Serves the log's level: `GET /log` says it, `PUT /log?level=debug` sets it.
    #[must_use]
    pub fn log(self, control: LogControl) -> Admin {
        let asked = control.clone();
        self.get("/log", move |_| text(StatusCode::OK, format!("{}\n", asked.get()))).path(
            Method::PUT,
            "/log",
            move |request| set_level(&control, request.uri.query().unwrap_or_default()),
        )
    }

    fn path(
        mut self,
        method: Method,
        path: &str,
        respond: impl Fn(&Request) -> Response + Send + Sync + 'static,
    ) -> Admin {
        self.paths.insert((path.to_owned(), method), Arc::new(respond));
        self
    }

    /// Listens at these addresses, on a thread of its own.
    pub fn start(self, addresses: &[(SocketAddr, Scope)]) -> io::Result<Serving> {
        let mut listeners = Vec::new();
        for (address, scope) in addresses {
            let listener = bind(*address)?;
            listener.set_nonblocking(true)?;
            listeners.push((listener, Arc::new(self.within(*scope))));
        }
        let bound = listeners.iter().map(|(listener, _)| listener.local_addr()).collect::<io::Result<_>>()?;
        let runtime = Builder::new_current_thread().enable_all().max_blocking_threads(4).build()?;
        let (stop, stopped) = oneshot::channel();
        let serve = move || {
            runtime.block_on(async {
                for (listener, admin) in listeners {
                    tokio::spawn(accept(listener, admin));
                }
                // Ends when told to, or when whoever could tell is gone.
                let _ = stopped.await;
            });
            // A dump that goes on ends by itself.
            runtime.shutdown_background();
        };
        let thread = std::thread::Builder::new().name("admin".to_owned()).spawn(serve)?;
        Ok(Serving { addresses: bound, stop: Some(stop), thread: Some(thread) })
    }

    /// What may be asked there.
    fn within(&self, scope: Scope) -> Admin {
        let sources = self.sources.clone();
        let mut admin = self.clone().get("/metrics", move |_| metrics(&sources));
        admin.paths.retain(|(path, _), _| match scope {
            Scope::Metrics => matches!(path.as_str(), "/metrics" | "/healthz"),
            Scope::Cluster => !matches!(path.as_str(), "/dump" | "/log"),
            Scope::Everything => true,
        });
        let list: Vec<_> = admin.paths.keys().map(|(path, method)| format!("{method} {path}\n")).collect();
        admin.get("/", move |_| text(StatusCode::OK, list.concat()))
    }

    fn answer(&self, request: &Request) -> Response {
        // HEAD is GET whose body hyper leaves out.
        let method = if request.method == Method::HEAD { &Method::GET } else { &request.method };
        let path = request.uri.path();
        if let Some(respond) = self.paths.get(&(path.to_owned(), method.clone())) {
            return respond(request);
        }
        let others = self.paths.keys().filter(|(other, _)| other == path);
        let allowed: Vec<_> = others.map(|(_, method)| method.as_str()).collect();
        if allowed.is_empty() {
            return text(StatusCode::NOT_FOUND, "nothing here; GET / lists what there is\n".to_owned());
        }
        let mut response = text(StatusCode::METHOD_NOT_ALLOWED, "not with this method\n".to_owned());
        if let Ok(value) = allowed.join(", ").parse() {
            response.headers_mut().insert(header::ALLOW, value);
        }
        response
    }
}

impl fmt::Debug for Admin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Admin").field("paths", &self.paths.keys()).finish_non_exhaustive()
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A thread that panicked has told so on stderr.
            let _ = thread.join();
        }
    }
}

/// Binds; on a machine without IPv6 to all IPv4 addresses in place of all.
fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    match TcpListener::bind(address) {
        Err(_) if address.is_ipv6() && address.ip().is_unspecified() => {
            TcpListener::bind((std::net::Ipv4Addr::UNSPECIFIED, address.port()))
        }
        other => other,
    }
}

async fn accept(listener: TcpListener, admin: Arc<Admin>) -> io::Result<Infallible> {
    let listener = tokio::net::TcpListener::from_std(listener)?;
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    loop {
        let place = Arc::clone(&places).acquire_owned().await.map_err(io::Error::other)?;
        let Ok((stream, _)) = listener.accept().await else {
            // Too many files are open, and will be for a moment.
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        let admin = Arc::clone(&admin);
        tokio::spawn(async move {
            let respond = |request: http::Request<Incoming>| {
                let (head, _) = request.into_parts();
                std::future::ready(Ok::<_, Infallible>(admin.answer(&head)))
            };
            let mut server = http1::Builder::new();
            server.timer(TokioTimer::new()).header_read_timeout(PATIENCE);
            // Whatever is wrong with one client's connection is over with it.
            let _ = server.serve_connection(TokioIo::new(stream), service_fn(respond)).await;
            drop(place);
        });
    }
}

fn text(status: StatusCode, body: String) -> Response {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    let plain = header::HeaderValue::from_static("text/plain; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, plain);
    response
}

fn metrics(sources: &[Arc<dyn Source>]) -> Response {
    let mut response = Response::new(Body::from(page::encode(sources)));
    let kind = header::HeaderValue::from_static(page::CONTENT_TYPE);
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response
}

fn set_level(control: &LogControl, query: &str) -> Response {
    let Some(level) = query.split('&').find_map(|pair| pair.strip_prefix("level=")) else {
        return text(StatusCode::BAD_REQUEST, "say which: PUT /log?level=debug\n".to_owned());
    };
    match control.set(level) {
        Ok(()) => text(StatusCode::OK, format!("{}\n", control.get())),
        Err(why) => text(StatusCode::BAD_REQUEST, format!("{why}\n")),
    }
}
