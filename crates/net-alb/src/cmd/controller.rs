//! `net-alb controller`: writes KIngress status from what the gateways say; with target `alb`, also the objects for ALB Ingress
//! Controller.

mod delivery;
mod stages;

use super::cluster::{
    ClusterArgs, client, config_map, log, pod_name, pod_namespace, runtime, serve, set_level, stop,
};
use crate::exit::{Exit, Failure};
use clap::Args;
use kube::Client;
use net_alb_admin::{Admin, Process, Readiness};
use net_alb_api::{ConfigMap, ObjectKey};
use net_alb_controller::lease::{self, Timing};
use net_alb_controller::{config, control, deliver};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;

#[derive(Debug, Args)]
pub(crate) struct ControllerArgs {
    #[command(flatten)]
    cluster: ClusterArgs,
    /// The gateways' Service for clients outside, in this pod's namespace; published in every KIngress' status
    #[arg(long, value_name = "NAME", default_value = "net-alb")]
    public_service: String,
    /// The gateways' Service for clients inside; its ready endpoints are the replicas that must serve a KIngress before it is Ready
    #[arg(long, value_name = "NAME", default_value = "net-alb-local")]
    local_service: String,
    /// The cluster's own domain
    #[arg(long, value_name = "DOMAIN", default_value = "cluster.local")]
    cluster_domain: String,
    /// Seconds that the Ingresses of target `alb` stay when the target becomes `gateway`: for clients that still know the load
    /// balancer's address
    #[arg(long, value_name = "SECONDS", default_value = "300")]
    alb_linger: u64,
    /// The gateways' admin port
    #[arg(long, value_name = "PORT", default_value = "9901")]
    gateway_admin_port: u16,
}

pub(crate) fn run(args: ControllerArgs) -> Result<Exit, Failure> {
    let log = log("net-alb-controller")?;
    runtime()?.block_on(async {
        let stop = stop()?;
        let client = client().await?;
        let readiness = Readiness::new("it is starting");
        let admin =
            Admin::new(readiness.clone()).count(Arc::new(Process { version: env!("CARGO_PKG_VERSION") }));
        let _admin = serve(admin, &args.cluster, None)?;
        let (name, namespace) = (pod_name(), pod_namespace());
        let lease = ObjectKey::new(namespace.clone(), "net-alb-controller");
        let leadership =
            lease::run(&client, &lease, &name, timing(&client, &args.cluster.system_namespace).await);
        let (tell, deliveries) = mpsc::unbounded_channel();
        let deliver = deliver::Options {
            public: ObjectKey::new(namespace.clone(), args.public_service),
            internal: ObjectKey::new(namespace, args.local_service),
            system_namespace: args.cluster.system_namespace.clone(),
            identity: name.clone(),
        };
        let options = control::Options {
            public: deliver.public.clone(),
            internal: deliver.internal.clone(),
            deliveries,
            cluster_domain: args.cluster_domain,
            admin_port: args.gateway_admin_port,
            identity: name,
            system_namespace: args.cluster.system_namespace,
        };
        let linger = Duration::from_secs(args.alb_linger);
        tokio::spawn(delivery::follow(client.clone(), deliver, leadership.leads(), tell, linger));
        readiness.set_ready();
        let follow = move |config_logging: &ConfigMap| set_level(&log, config_logging, "net-alb-controller");
        control::run(client, options, leadership, follow, stop).await;
        Ok(Exit::Done)
    })
}

/// How long leadership lasts, by Knative's ConfigMap as it is at the start. Without it: Knative's defaults.
async fn timing(client: &Client, namespace: &str) -> Timing {
    let found = config_map(client, namespace, config::LEADER_ELECTION).await;
    let outcome = config::timing(found.as_ref());
    outcome.diagnostics.iter().for_each(|diagnostic| tracing::warn!("{diagnostic}"));
    outcome.value
}
