use super::pool::PoolKey;
use super::{Failure, Job, Trace};
use crate::endpoints::Endpoints;
use crate::reason::Reason;
use crate::socket::Socket;
use crate::table::action::TargetPlan;
use crate::tls::UpstreamTls;
use net_alb_model::BackendProtocol;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::net::TcpStream;

/// A connection to a server, for one exchange.
pub(crate) struct Upstream {
    pub(crate) socket: Socket,
    pub(crate) key: PoolKey,
    /// It has carried other exchanges before.
    pub(crate) reused: bool,
}

/// The servers of a target, and how they are spoken to.
pub(crate) struct Servers<'a> {
    pub(crate) endpoints: &'a Endpoints,
    tls: Option<Arc<UpstreamTls>>,
}

impl<'a> Servers<'a> {
    /// Where servers must prove who they are, they are spoken to by TLS whatever the group's protocol is: Knative switches that
    /// on for all of them at once.
    pub(crate) fn of(target: &'a TargetPlan) -> Result<Servers<'a>, Failure> {
        let endpoints = target.endpoints.as_deref().ok_or(Failure::Refused(Reason::ExternalServerGroup))?;
        let mut tls = endpoints.tls();
        if tls.is_none() && target.protocol == BackendProtocol::Https {
            let unverified = UpstreamTls::unverified().ok_or(Failure::Refused(Reason::UpstreamTls))?;
            tls = Some(Arc::clone(unverified));
        }
        Ok(Servers { endpoints, tls })
    }

    pub(crate) fn tls(&self) -> Option<&UpstreamTls> {
        self.tls.as_deref()
    }

    pub(crate) fn key(&self, address: SocketAddr) -> PoolKey {
        PoolKey { address, tls: self.tls.as_ref().map_or(0, |tls| tls.id) }
    }
}

impl Job<'_> {
    /// A connection to this server, or, if that can't be reached, to one other of the group: nothing has been sent yet.
    pub(super) async fn connect(
        &self,
        address: SocketAddr,
        servers: &Servers<'_>,
        trace: &mut Trace,
    ) -> Result<Upstream, Failure> {
        trace.endpoint = Some(address);
        match self.any(address, servers).await {
            Ok(upstream) => Ok(upstream),
            Err(refused) => Box::pin(self.elsewhere(refused, address, servers, trace)).await,
        }
    }

    /// A new connection to this server, or, if it has gone, to one other of the group.
    pub(super) async fn reconnect(
        &self,
        address: SocketAddr,
        servers: &Servers<'_>,
        trace: &mut Trace,
    ) -> Result<Upstream, Failure> {
        match Box::pin(self.fresh(address, servers)).await {
            Ok(upstream) => Ok(upstream),
            Err(refused) => Box::pin(self.elsewhere(refused, address, servers, trace)).await,
        }
    }

    async fn elsewhere(
        &self,
        refused: Reason,
        address: SocketAddr,
        servers: &Servers<'_>,
        trace: &mut Trace,
    ) -> Result<Upstream, Failure> {
        let other = servers.endpoints.other_than(address).ok_or(Failure::Refused(refused))?;
        trace.endpoint = Some(other);
        self.worker.metrics.retries.add(1);
        self.any(other, servers).await.map_err(Failure::Refused)
    }

    async fn any(&self, address: SocketAddr, servers: &Servers<'_>) -> Result<Upstream, Reason> {
        let key = servers.key(address);
        match self.worker.upstreams.take(key) {
            Some(socket) => {
                self.worker.metrics.reuses.add(1);
                Ok(Upstream { socket, key, reused: true })
            }
            None => Box::pin(self.fresh(address, servers)).await,
        }
    }

    /// A new connection. It is rare, and its future larger than everything else here.
    async fn fresh(&self, address: SocketAddr, servers: &Servers<'_>) -> Result<Upstream, Reason> {
        let (key, metrics) = (servers.key(address), &self.worker.metrics);
        self.deadline.set(self.worker.timeouts.connect);
        let stream = match self.deadline.watch(TcpStream::connect(address)).await {
            Ok(Ok(stream)) => stream,
            Ok(Err(_)) => {
                metrics.connects_refused.add(1);
                return Err(Reason::ConnectFailed);
            }
            Err(_) => {
                metrics.connects_timed_out.add(1);
                return Err(Reason::ConnectTimeout);
            }
        };
        metrics.connects.add(1);
        let socket = match &servers.tls {
            None => Socket::new(stream),
            Some(tls) => self.secure(stream, address, tls).await?,
        };
        Ok(Upstream { socket, key, reused: false })
    }

    async fn secure(
        &self,
        stream: TcpStream,
        address: SocketAddr,
        tls: &UpstreamTls,
    ) -> Result<Socket, Reason> {
        let connection = tls.connection(address).map_err(|_| Reason::UpstreamTls)?;
        match self.deadline.watch(Socket::secure(stream, connection)).await {
            Ok(secured) => secured.map_err(|_| Reason::UpstreamTls),
            Err(_) => Err(Reason::ConnectTimeout),
        }
    }
}
