//! `net-alb gateway`: serves what a cluster's KIngresses and Ingresses ask for.
//!
//! Every replica watches for itself and runs all stages in process; it says what it serves on its admin port. Without the API server it
//! goes on with what it saw last.

mod certificates;
mod hold;
mod internal_tls;
mod listeners;
mod names;
mod report;
mod reporter;
mod role;
mod serving;

use super::cluster::{ClusterArgs, client, config_map, log, pod_name, pod_namespace, runtime, serve, stop};
use crate::exit::{Exit, Failure};
use crate::operation::RecordArgs;
use clap::Args;
use kube::Client;
use listeners::{Addresses, Listeners};
use net_alb_admin::{Body, Readiness, Request, Response};
use net_alb_api::ObjectKey;
use net_alb_controller::acknowledgement::{Board, tell};
use net_alb_controller::config::{self, Traces};
use net_alb_controller::embedded::{self, Shape};
use net_alb_controller::lease::{self, Timing};
use net_alb_controller::watch::{self, Kind};
use net_alb_gateway::{Gateway, Options};
use reporter::Reporter;
use role::{Outside, Role};
use serving::Serving;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;

#[derive(Debug, Args)]
pub(crate) struct GatewayArgs {
    #[command(flatten)]
    cluster: ClusterArgs,
    #[command(flatten)]
    addresses: Addresses,
    #[command(flatten)]
    record: RecordArgs,
    /// Where a dump of what is served and the log's level are served: for who is in the pod
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:9902")]
    local_admin: SocketAddr,
    /// Be an ALB with its Ingress Controller in place of Knative's gateway: serve every Ingress of a class of
    /// `ingress.k8s.alibabacloud/alb`, with a Service for each AlbConfig, and write their status
    #[arg(long)]
    ingress_controller: bool,
    /// With --ingress-controller: the type of the Services of AlbConfigs that are reached from outside
    #[arg(long, value_name = "TYPE", default_value = "LoadBalancer", value_parser = ["LoadBalancer", "NodePort", "ClusterIP"])]
    service_type: String,
    /// The cluster's own domain
    #[arg(long, value_name = "DOMAIN", default_value = "cluster.local")]
    cluster_domain: String,
    /// Threads that serve requests; by default one a processor
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
    /// Seconds from SIGTERM, while new connections still come, to the moment when none is accepted any more
    #[arg(long, value_name = "SECONDS", default_value = "5")]
    drain_delay: u64,
    /// Seconds after that in which requests and upgraded connections may finish
    #[arg(long, value_name = "SECONDS", default_value = "20")]
    drain_grace: u64,
}

pub(crate) fn run(args: &GatewayArgs) -> Result<Exit, Failure> {
    let log = log("net-alb-gateway")?;
    let mut options = Options::default();
    if let Some(threads) = args.threads {
        options.threads = threads.max(1);
    }
    let runtime = runtime()?;
    let client = runtime.block_on(client())?;
    let traces = runtime.block_on(traces(&client, &args.cluster.system_namespace));
    let recording = args.record.start(&mut options, traces.as_ref())?;
    let gateway =
        Arc::new(Gateway::start(options).map_err(Failure::system("starting the gateway's threads"))?);
    runtime.block_on(async {
        let stop = stop()?;
        let board = Arc::new(Board::default());
        let readiness = Readiness::new("not all objects of the cluster have been seen");
        let admin = recording.admin(readiness.clone(), log.clone(), gateway.view());
        let admin = admin.get("/acknowledgements", acknowledge(Arc::clone(&board)));
        let _admin = serve(admin, &args.cluster, Some(args.local_admin))?;
        let system = &args.cluster.system_namespace;
        let outside = Outside { readiness, log };
        let role = if args.ingress_controller {
            let reporter = report(&client, args);
            let listeners = Listeners::of_every_alb();
            let serving = |names| {
                Serving::new(Arc::clone(&gateway), listeners, board, names, system).report_to(reporter)
            };
            let objects = (watch::balancers(&client), watch::BALANCERS);
            Role::new(client, objects, outside, serving, stop)
        } else {
            let listeners = Listeners::new(args.addresses);
            let serving = |names| Serving::new(Arc::clone(&gateway), listeners, board, names, system);
            let objects = (watch::objects(&client, system), Kind::ALL);
            Role::new(client, objects, outside, serving, stop)
        };
        role.run(Duration::from_secs(args.drain_delay)).await;
        Ok::<(), Failure>(())
    })?;
    tracing::info!("stopping; requests that have begun may finish");
    let grace = Duration::from_secs(args.drain_grace);
    if let Some(gateway) = Arc::into_inner(gateway) {
        gateway.drain(grace);
    }
    recording.flush();
    Ok(Exit::Done)
}

/// Where traces go, by Knative's ConfigMap as it is at the start.
async fn traces(client: &Client, namespace: &str) -> Option<Traces> {
    let found = config_map(client, namespace, config::OBSERVABILITY).await;
    let outcome = config::traces(found.as_ref());
    outcome.diagnostics.iter().for_each(|diagnostic| tracing::warn!("{diagnostic}"));
    outcome.value
}

/// Writes what is served into the status of Ingresses and AlbConfigs, if this replica leads.
fn report(client: &Client, args: &GatewayArgs) -> Reporter {
    let (tell, news) = mpsc::unbounded_channel();
    let (name, namespace) = (pod_name(), pod_namespace());
    let lease = ObjectKey::new(namespace.clone(), "net-alb-embedded-alb");
    let leadership = lease::run(client, &lease, &name, Timing::default());
    let shape = Shape {
        namespace,
        cluster_domain: args.cluster_domain.clone(),
        service_type: args.service_type.clone(),
    };
    tokio::spawn(embedded::run(client.clone(), shape, leadership, name, news));
    Reporter(tell)
}

/// Answers with what the board says, for as long as the client listens.
fn acknowledge(board: Arc<Board>) -> impl Fn(&Request) -> Response {
    move |_| {
        let (client, body) = mpsc::channel(1);
        tokio::spawn(tell(Arc::clone(&board), client));
        Response::new(Body::receiver(body))
    }
}
