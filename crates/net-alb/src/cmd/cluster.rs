//! What both cluster roles share: where they are, whom they talk to, how they end.

use crate::exit::Failure;
use clap::Args;
use kube::{Client, Config};
use net_alb_controller::admin::Admin;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};
use tokio::signal::unix::{SignalKind, signal};

#[derive(Debug, Clone, Args)]
pub(crate) struct ClusterArgs {
    /// Where health, readiness and acknowledgements are served, for kubelet and the controller; not for the world
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "[::]:9901")]
    pub(crate) admin: SocketAddr,
    /// The namespace of Knative Serving's ConfigMaps
    #[arg(long, value_name = "NAME", default_value = "knative-serving")]
    pub(crate) system_namespace: String,
}

/// This replica's name, unique among its kind: its pod's.
pub(crate) fn pod_name() -> String {
    let name = std::env::var("POD_NAME").or_else(|_| std::env::var("HOSTNAME"));
    name.unwrap_or_else(|_| format!("net-alb-{}", std::process::id()))
}

/// The namespace that net-alb runs in.
pub(crate) fn pod_namespace() -> String {
    std::env::var("POD_NAMESPACE").unwrap_or_else(|_| "net-alb".to_owned())
}

/// One thread: what a cluster role waits for is the network.
pub(crate) fn runtime() -> Result<Runtime, Failure> {
    Builder::new_current_thread().enable_all().build().map_err(Failure::system("starting the runtime"))
}

/// A client for the API server: the pod's own account, or the kubeconfig's.
pub(crate) async fn client() -> Result<Client, Failure> {
    let failed = || Failure::system("finding the Kubernetes API server (in a pod, or by KUBECONFIG)");
    let config = Config::infer().await.map_err(io::Error::other).map_err(failed())?;
    Client::try_from(config).map_err(io::Error::other).map_err(failed())
}

/// Serves the admin port.
pub(crate) async fn serve(admin: &Arc<Admin>, address: SocketAddr) -> Result<(), Failure> {
    let listener = match TcpListener::bind(address).await {
        // A node without IPv6.
        Err(_) if address.is_ipv6() && address.ip().is_unspecified() => {
            TcpListener::bind((std::net::Ipv4Addr::UNSPECIFIED, address.port())).await
        }
        other => other,
    };
    let listener =
        listener.map_err(Failure::system(format!("listening on {address}; choose with --admin")))?;
    tokio::spawn(Arc::clone(admin).serve(listener));
    Ok(())
}

/// Ends with SIGTERM or SIGINT.
pub(crate) fn stop() -> Result<impl Future<Output = ()> + Send + 'static, Failure> {
    let failed = || Failure::system("waiting for signals");
    let mut terminate = signal(SignalKind::terminate()).map_err(failed())?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(failed())?;
    Ok(async move {
        let stops = (std::pin::pin!(terminate.recv()), std::pin::pin!(interrupt.recv()));
        futures_util::future::select(stops.0, stops.1).await;
    })
}

/// Log lines as Knative's tools read them: JSON on stderr.
pub(crate) fn log() {
    tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_current_span(false)
        .with_span_list(false)
        .with_writer(io::stderr)
        .with_max_level(tracing::Level::INFO)
        .init();
}
