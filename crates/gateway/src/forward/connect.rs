use super::{Failure, Job, Trace};
use crate::endpoints::Endpoints;
use crate::reason::Reason;
use crate::socket::Socket;
use std::net::SocketAddr;
use tokio::net::TcpStream;

/// A connection to a server, for one exchange.
pub(crate) struct Upstream {
    pub(crate) socket: Socket,
    pub(crate) address: SocketAddr,
    /// It has carried other exchanges before.
    pub(crate) reused: bool,
}

impl Job<'_> {
    /// A connection to this server, or, if that can't be reached, to one other of the group: nothing has been sent yet.
    pub(super) async fn connect(
        &self,
        address: SocketAddr,
        endpoints: &Endpoints,
        trace: &mut Trace,
    ) -> Result<Upstream, Failure> {
        trace.endpoint = Some(address);
        match self.any(address).await {
            Ok(upstream) => Ok(upstream),
            Err(refused) => self.elsewhere(refused, address, endpoints, trace).await,
        }
    }

    /// A new connection to this server, or, if it has gone, to one other of the group.
    pub(super) async fn reconnect(
        &self,
        address: SocketAddr,
        endpoints: &Endpoints,
        trace: &mut Trace,
    ) -> Result<Upstream, Failure> {
        match self.fresh(address).await {
            Ok(upstream) => Ok(upstream),
            Err(refused) => self.elsewhere(refused, address, endpoints, trace).await,
        }
    }

    async fn elsewhere(
        &self,
        refused: Reason,
        address: SocketAddr,
        endpoints: &Endpoints,
        trace: &mut Trace,
    ) -> Result<Upstream, Failure> {
        let other = endpoints.other_than(address).ok_or(Failure::Refused(refused))?;
        trace.endpoint = Some(other);
        self.worker.metrics.retries.add(1);
        self.any(other).await.map_err(Failure::Refused)
    }

    async fn any(&self, address: SocketAddr) -> Result<Upstream, Reason> {
        match self.worker.upstreams.take(address) {
            Some(socket) => {
                self.worker.metrics.reuses.add(1);
                Ok(Upstream { socket, address, reused: true })
            }
            None => self.fresh(address).await,
        }
    }

    /// A new connection.
    async fn fresh(&self, address: SocketAddr) -> Result<Upstream, Reason> {
        let metrics = &self.worker.metrics;
        self.deadline.set(self.worker.timeouts.connect);
        match self.deadline.watch(TcpStream::connect(address)).await {
            Ok(Ok(stream)) => {
                metrics.connects.add(1);
                Ok(Upstream { socket: Socket::new(stream), address, reused: false })
            }
            Ok(Err(_)) => {
                metrics.connects_refused.add(1);
                Err(Reason::ConnectFailed)
            }
            Err(_) => {
                metrics.connects_timed_out.add(1);
                Err(Reason::ConnectTimeout)
            }
        }
    }
}
