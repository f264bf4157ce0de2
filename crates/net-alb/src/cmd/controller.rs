//! `net-alb controller`: writes KIngress status from what the gateways say.

use super::cluster::{ClusterArgs, client, log, object_key, runtime, serve, stop};
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
    /// The gateways' Service for clients outside; published in every KIngress' status
    #[arg(long, value_name = "NAMESPACE/NAME", default_value = "knative-serving/net-alb", value_parser = object_key)]
    public_service: ObjectKey,
    /// The gateways' Service for clients inside; its endpoints are the replicas that must serve a KIngress before it is Ready
    #[arg(
        long,
        value_name = "NAMESPACE/NAME",
        default_value = "knative-serving/net-alb-internal",
        value_parser = object_key
    )]
    internal_service: ObjectKey,
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
        let name = ObjectKey::new(args.cluster.system_namespace.clone(), "net-alb-controller");
        let leadership = lease::run(&client, &name, &args.cluster.name, Timing::default());
        let options = control::Options {
            public: args.public_service,
            internal: args.internal_service,
            cluster_domain: args.cluster.cluster_domain,
            admin_port: args.gateway_admin_port,
            identity: args.cluster.name,
        };
        admin.set_ready(true);
        control::run(client, options, leadership, stop).await;
        Ok(Exit::Done)
    })
}
