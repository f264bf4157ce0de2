//! `net-alb controller`: writes KIngress status from what the gateways say.

use super::cluster::{ClusterArgs, client, log, pod_name, pod_namespace, runtime, serve, stop};
use crate::exit::{Exit, Failure};
use clap::Args;
use net_alb_api::ObjectKey;
use net_alb_controller::admin::Admin;
use net_alb_controller::control;
use net_alb_controller::lease::{self, Timing};
use std::sync::Arc;

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
    /// The gateways' admin port
    #[arg(long, value_name = "PORT", default_value = "9901")]
    gateway_admin_port: u16,
}

pub(crate) fn run(args: ControllerArgs) -> Result<Exit, Failure> {
    log();
    runtime()?.block_on(async {
        let stop = stop()?;
        let client = client().await?;
        let admin = Arc::new(Admin::new(None));
        serve(&admin, args.cluster.admin).await?;
        let (name, namespace) = (pod_name(), pod_namespace());
        let lease = ObjectKey::new(namespace.clone(), "net-alb-controller");
        let leadership = lease::run(&client, &lease, &name, Timing::default());
        let options = control::Options {
            public: ObjectKey::new(namespace.clone(), args.public_service),
            internal: ObjectKey::new(namespace, args.local_service),
            cluster_domain: args.cluster_domain,
            admin_port: args.gateway_admin_port,
            identity: name,
        };
        admin.set_ready(true);
        control::run(client, options, leadership, stop).await;
        Ok(Exit::Done)
    })
}
