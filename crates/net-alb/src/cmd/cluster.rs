//! What both cluster roles share: where they are, whom they talk to, how they end.

use crate::exit::Failure;
use clap::Args;
use kube::api::ListParams;
use kube::{Api, Client, Config};
use net_alb_admin::{Admin, LogControl, LogFormat, Scope, Serving};
use net_alb_api::ConfigMap;
use net_alb_controller::config;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};
use tokio::signal::unix::{SignalKind, signal};

#[derive(Debug, Clone, Args)]
pub(crate) struct ClusterArgs {
    /// Where health, readiness and, at a gateway, acknowledgements are served: for kubelet and the controller, not for the
    /// world; nothing can be changed there
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "[::]:9901")]
    pub(crate) admin: SocketAddr,
    /// Where Prometheus finds metrics
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "[::]:9090")]
    pub(crate) metrics: SocketAddr,
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

/// Serves the admin port and metrics, and everything at `local`, if there is one.
pub(crate) fn serve(admin: Admin, args: &ClusterArgs, local: Option<SocketAddr>) -> Result<Serving, Failure> {
    let at = |address: SocketAddr| match address.ip() {
        // A node without IPv6.
        IpAddr::V6(Ipv6Addr::UNSPECIFIED) if TcpListener::bind((Ipv6Addr::UNSPECIFIED, 0)).is_err() => {
            SocketAddr::from((Ipv4Addr::UNSPECIFIED, address.port()))
        }
        _ => address,
    };
    let mut addresses = vec![(at(args.admin), Scope::Cluster), (at(args.metrics), Scope::Metrics)];
    addresses.extend(local.map(|local| (local, Scope::Everything)));
    let tried =
        format!("listening on {} and {}; choose with --admin and --metrics", args.admin, args.metrics);
    admin.start(&addresses).map_err(Failure::system(tried))
}

/// One of Knative's ConfigMaps as it is now; `None` if it isn't there or can't be read, which is said.
pub(crate) async fn config_map(client: &Client, namespace: &str, name: &str) -> Option<ConfigMap> {
    let api: Api<ConfigMap> = Api::namespaced(client.clone(), namespace);
    let one = ListParams::default().fields(&format!("metadata.name={name}"));
    let found = tokio::time::timeout(PATIENCE, api.list(&one)).await;
    let found = found.unwrap_or_else(|_| Err(kube::Error::Service("no answer in 5 s".into())));
    let found = found.inspect_err(|error| tracing::warn!("ConfigMap {name} can't be read: {error}"));
    found.ok()?.items.into_iter().next()
}

/// For the API server to say what a ConfigMap is, at the start.
const PATIENCE: Duration = Duration::from_secs(5);

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

/// Log lines as Knative's components write them, on stderr; their level can be changed.
pub(crate) fn log(component: &'static str) -> Result<LogControl, Failure> {
    LogControl::install("info", LogFormat::Zap { logger: component }).map_err(Failure::Usage)
}

/// Logs what `config-logging` says from now on.
pub(crate) fn set_level(log: &LogControl, config_logging: &ConfigMap, component: &str) {
    let filter = config::filter(Some(config_logging), component);
    if log.get() != filter
        && let Err(error) = log.set(filter)
    {
        tracing::warn!("the log's level can't be set: {error}");
    }
}
