use crate::endpoints::Registry;
use crate::listener::{Frame, ListenerKey, ListenerState, Transport};
use crate::metrics::Metrics;
use crate::options::Options;
use crate::quic::Quic;
use crate::table::{Change, Table};
use crate::tls::{BackendTls, BackendTlsCache, CertificateInfo};
use crate::tls::{Certificate, Certificates, ClientCas, ListenerTls, Pem, Share};
use crate::view::View;
use crate::worker::{Bound, Command, Listen, Shared, WorkerHandle};
use net_alb_diag::codes::gateway::BAD_BACKEND_TLS;
use net_alb_diag::{Diagnostic, FieldPath, Outcome};
use net_alb_model::{Alb, Backend, ListenerId, ObjectKey};
use socket2::{Domain, Protocol, Socket, Type};
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// The embedded ALB: listeners with tables, and threads that serve them.
///
/// Every method may be called at any time and from any thread, in any order: rules may come before their listener is bound,
/// endpoints before the rules that need them. What a method changes is in effect for the next request when it returns.
#[derive(Debug)]
pub struct Gateway {
    workers: Vec<WorkerHandle>,
    quic: Quic,
    registry: Arc<Registry>,
    metrics: Arc<Metrics>,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
pub(crate) struct State {
    pub(crate) listeners: BTreeMap<ListenerKey, Arc<ListenerState>>,
    pub(crate) bound: BTreeMap<(Transport, SocketAddr), ListenerKey>,
    pub(crate) certificates: Certificates,
    client_cas: ClientCas,
    backend_tls: BackendTlsCache,
    pub(crate) generation: u64,
}

/// What came of applying changes.
#[derive(Debug)]
pub struct Applied {
    /// Counts the calls; this one's rules are in effect.
    pub generation: u64,
    /// How long it took.
    pub took: Duration,
    /// About the rules that were put, in their order.
    pub diagnostics: Vec<Diagnostic>,
}

/// Connections that may wait to be accepted, per thread.
const BACKLOG: i32 = 4096;

impl Gateway {
    /// Starts the threads. Nothing is served before [`Gateway::bind`].
    pub fn start(options: Options) -> io::Result<Gateway> {
        let threads = options.threads.max(1);
        let metrics = Arc::new(Metrics::new(threads, options.tracked_revisions));
        let registry = Arc::new(Registry::new(Arc::clone(&metrics.revisions)));
        let shared =
            Shared { options: Arc::new(options), metrics: Arc::clone(&metrics), epoch: Instant::now() };
        let start = |number| WorkerHandle::start(number, shared.clone());
        let workers = (0..threads).map(start).collect::<io::Result<Vec<_>>>()?;
        let quic = Quic::new(workers.len());
        Ok(Gateway { workers, quic, registry, metrics, state: Arc::default() })
    }

    /// Listens on an address for a listener: on TCP, or for QUIC on UDP, which can have the same port. Returns the address,
    /// which differs where the port was 0. A listener may be bound to several addresses.
    ///
    /// Fails with `AddrInUse` if this gateway listens there already, and as the system says otherwise. Another process that
    /// shares its ports (`SO_REUSEPORT`) may listen on the same one, which is how one gateway replaces another.
    pub fn bind(&self, listener: &ListenerKey, address: SocketAddr) -> io::Result<SocketAddr> {
        let mut state = self.lock();
        let transport = listener.transport();
        if state.bound.contains_key(&(transport, address)) {
            return Err(io::ErrorKind::AddrInUse.into());
        }
        let listening = state.listener(listener, &self.registry);
        let (address, sockets) = match transport {
            Transport::Tcp => self.bind_tcp(address)?,
            Transport::Udp => self.bind_quic(&listening, address)?,
        };
        let place = (transport, address);
        listening.set_closing(false);
        let (done, answers) = channel();
        for (worker, socket) in self.workers.iter().zip(sockets) {
            let (state, done) = (Arc::clone(&listening), done.clone());
            worker.tell(Command::Listen(Listen { state, socket, address, done }));
        }
        drop(done);
        if let Some(error) = answers.iter().find_map(Result::err) {
            self.workers.iter().for_each(|worker| worker.tell(Command::Unlisten { place }));
            return Err(error);
        }
        state.bound.insert(place, listener.clone());
        Ok(address)
    }

    fn bind_tcp(&self, address: SocketAddr) -> io::Result<(SocketAddr, Vec<Bound>)> {
        let first = listen(address)?;
        let address = first.local_addr()?;
        let more = (1..self.workers.len()).map(|_| listen(address));
        let sockets = std::iter::once(Ok(first)).chain(more).map(|socket| socket.map(Bound::Tcp));
        Ok((address, sockets.collect::<io::Result<_>>()?))
    }

    fn bind_quic(
        &self,
        listener: &ListenerState,
        address: SocketAddr,
    ) -> io::Result<(SocketAddr, Vec<Bound>)> {
        let tls = listener.tls.as_ref().and_then(ListenerTls::config).ok_or(io::ErrorKind::Unsupported)?;
        let (address, seated) = self.quic.bind(address, tls)?;
        Ok((address, seated.into_iter().map(|seated| Bound::Quic(Box::new(seated))).collect()))
    }

    /// Stops listening on an address for a listener. Connections that are open end after their next answer, if the listener
    /// isn't bound elsewhere.
    pub fn unbind(&self, listener: &ListenerKey, address: SocketAddr) {
        let mut state = self.lock();
        let place = (listener.transport(), address);
        if state.bound.get(&place) != Some(listener) {
            return;
        }
        state.bound.remove(&place);
        self.workers.iter().for_each(|worker| worker.tell(Command::Unlisten { place }));
        if !state.bound.values().any(|other| other == listener) {
            state.listener(listener, &self.registry).set_closing(true);
        }
    }

    /// Sets the listeners of a load balancer up as the model says: timeouts, forwarded headers, default action. Its rules are
    /// not looked at; they come through [`Gateway::apply`].
    pub fn configure(&self, alb: &Alb) {
        let mut state = self.lock();
        for listener in &alb.listeners {
            let key = ListenerKey { alb: alb.name.clone(), id: listener.id };
            let listening = state.listener(&key, &self.registry);
            listening.set_frame(Frame::new(listener));
            if let Some(tls) = &listening.tls {
                let client_auth = state.client_cas.declare(&key, &listener.client_ca_secrets);
                tls.configure(listener, client_auth);
                state.certificates.declare(&key, &listener.certificate_secrets);
            }
        }
    }

    /// Changes rules, in time proportional to the rules that change. No connection is closed.
    pub fn apply(&self, changes: Vec<Change>) -> Applied {
        let begun = Instant::now();
        let mut state = self.lock();
        let mut by_listener: BTreeMap<ListenerKey, Vec<Change>> = BTreeMap::new();
        for change in changes {
            for (key, change) in state.per_listener(&change) {
                by_listener.entry(key).or_default().push(change);
            }
        }
        let mut diagnostics = Vec::new();
        for (key, changes) in by_listener {
            state.set_certificate_uses(&key, &changes);
            let listener = state.listener(&key, &self.registry);
            let table = Arc::clone(&listener.serving.load().table);
            let table = table.apply(&changes, key.id).drain_into(&mut diagnostics);
            self.metrics.set_rules(&key, table.len());
            listener.set_table(table);
        }
        state.generation += 1;
        let took = begun.elapsed();
        self.metrics.applied(state.generation, took);
        Applied { generation: state.generation, took, diagnostics }
    }

    /// Says what a Secret of type `kubernetes.io/tls` holds now; `None`: it isn't there. Whoever names it in
    /// [`Listener::certificate_secrets`](net_alb_model::Listener) or a fragment shows it from the next handshake on; no
    /// connection is closed. One that can't be used or has expired doesn't replace one that is good.
    pub fn set_certificate(&self, secret: &ObjectKey, pem: Option<Pem<'_>>) -> Outcome<()> {
        let parsed = pem.map(Certificate::parse).transpose();
        self.lock().certificates.replace(secret, parsed)
    }

    /// Says which CAs a Secret holds now, in PEM; `None`: it isn't there. Listeners that name it in
    /// [`Listener::client_ca_secrets`](net_alb_model::Listener) let in clients with a certificate of one of these from now on;
    /// while there is none, they refuse everybody. A bundle that can't be used doesn't replace one that is good.
    pub fn set_client_ca(&self, secret: &ObjectKey, pem: Option<&[u8]>) -> Outcome<()> {
        let mut state = self.lock();
        let Outcome { value, diagnostics } = state.client_cas.set(secret, pem);
        for (key, client_auth) in value {
            if let Some(tls) = state.listeners.get(&key).and_then(|listener| listener.tls.as_ref()) {
                tls.set_client_auth(client_auth);
            }
        }
        Outcome { value: (), diagnostics }
    }

    /// Every Secret that has a certificate, with the end of its time: what metrics and dumps show.
    pub fn certificates(&self) -> Vec<CertificateInfo> {
        self.lock().certificates.all()
    }

    /// How often a Secret was set to something that couldn't be used or had expired.
    pub fn rejected_certificates(&self) -> u64 {
        self.lock().certificates.rejected()
    }

    /// Says where a backend's servers are now. Requests that are on their way go on to the servers that they have chosen.
    pub fn set_endpoints(&self, backend: &Backend, endpoints: Vec<SocketAddr>) {
        self.registry.set(backend, endpoints);
    }

    /// Says how a backend's servers prove who they are: from the next connection on they are spoken to by TLS 1.3, and must show
    /// a certificate of one of these CAs with one of these names. `None`: as their server group's protocol says. What can't be
    /// used changes nothing. Connections that are open, and requests on them, go on.
    pub fn set_backend_tls(&self, backend: &Backend, tls: Option<&BackendTls>) -> Outcome<()> {
        let made = tls.map(|tls| self.lock().backend_tls.get(tls)).transpose();
        match made {
            Ok(tls) => {
                self.registry.set_tls(backend, tls);
                Outcome::clean(())
            }
            Err(wrong) => {
                let message = format!("servers of `{backend}` can't be verified: {wrong}");
                let object = backend.service.to_ref("", "Service");
                let diagnostic = Diagnostic::new(&BAD_BACKEND_TLS, object, FieldPath::root(), message);
                Outcome { value: (), diagnostics: vec![diagnostic.help(BAD_BACKEND_TLS.fix)] }
            }
        }
    }

    /// What it serves and counts, to look at from another thread.
    pub fn view(&self) -> View {
        let (state, registry) = (Arc::clone(&self.state), Arc::clone(&self.registry));
        View { state, registry, metrics: Arc::clone(&self.metrics) }
    }

    /// What the gateway counts.
    pub fn metrics(&self) -> Arc<Metrics> {
        Arc::clone(&self.metrics)
    }

    /// The rules that a listener serves at the moment.
    pub fn table(&self, listener: &ListenerKey) -> Option<Arc<Table>> {
        self.lock().listeners.get(listener).map(|state| Arc::clone(&state.serving.load().table))
    }

    /// The addresses at which the gateway listens, and for which listener.
    pub fn addresses(&self) -> Vec<(SocketAddr, ListenerKey)> {
        self.lock().bound.iter().map(|((_, address), key)| (*address, key.clone())).collect()
    }

    /// Ends the gateway: stops accepting, lets requests and upgraded connections finish, tells clients to close, and after
    /// `grace` cuts what is left. Blocks until then.
    pub fn drain(mut self, grace: Duration) {
        self.stop(grace);
    }

    fn stop(&mut self, grace: Duration) {
        self.workers.iter().for_each(|worker| worker.tell(Command::Drain { grace }));
        self.workers.iter_mut().for_each(WorkerHandle::join);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Ends at once what has not been drained.
impl Drop for Gateway {
    fn drop(&mut self) {
        self.stop(Duration::ZERO);
    }
}

impl State {
    fn listener(&mut self, key: &ListenerKey, registry: &Arc<Registry>) -> Arc<ListenerState> {
        let State { listeners, certificates, .. } = self;
        let listener = listeners.entry(key.clone()).or_insert_with(|| {
            let protocol = key.id.protocol;
            let is_tls = protocol != net_alb_model::Protocol::Http;
            let tls = is_tls.then(|| ListenerTls::new(protocol, certificates.resolver(key)));
            Arc::new(ListenerState::new(key.clone(), Table::new(Arc::clone(registry)), tls))
        });
        Arc::clone(listener)
    }

    /// Certificates of Ingresses that are put come before their rules do.
    fn set_certificate_uses(&mut self, key: &ListenerKey, changes: &[Change]) {
        if key.id.protocol == net_alb_model::Protocol::Http {
            return;
        }
        for change in changes {
            let (ingress, share) = match change {
                Change::Put { ingress, fragment } => {
                    (ingress, fragment.listeners.iter().find(|share| share.id == key.id))
                }
                Change::Remove { ingress } => (ingress, None),
            };
            self.certificates.put(key, ingress, share.map(Share::of).unwrap_or_default());
        }
    }

    /// What a change is to each listener that it touches. Where the Ingress was and isn't any more, it's gone.
    fn per_listener(&self, change: &Change) -> Vec<(ListenerKey, Change)> {
        let (ingress, after) = match change {
            Change::Put { ingress, fragment } => {
                let key = |id: ListenerId| ListenerKey { alb: fragment.alb.clone(), id };
                (ingress, fragment.listeners.iter().map(|share| key(share.id)).collect::<BTreeSet<_>>())
            }
            Change::Remove { ingress } => (ingress, BTreeSet::new()),
        };
        let has_it = |state: &Arc<ListenerState>| state.serving.load().table.contains(ingress);
        let before = self.listeners.iter().filter(|(_, state)| has_it(state)).map(|(key, _)| key);
        let gone = before.filter(|key| !after.contains(key));
        let remove = |key: &ListenerKey| (key.clone(), Change::Remove { ingress: ingress.clone() });
        after.iter().map(|key| (key.clone(), change.clone())).chain(gone.map(remove)).collect()
    }
}

/// A socket that listens on an address together with others of its kind.
fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_reuse_address(true)?;
    socket.set_reuse_port(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}
