//! `cargo xtask e2e`: Knative Serving behind net-alb, as a user has it: `kubectl apply`, then requests.
//!
//! The scenarios are functions over the YAML in `e2e/`. They run inside the cluster's network, where Services have names.

mod alb;
mod article;
mod cluster;
mod domain;
mod http;
mod internal_tls;
mod protocols;
mod rollout;
mod zero;

use super::testbed::Testbed;
use super::{Layer, net_alb};
use anyhow::{Context, Result, ensure};
use clap::{Args, ValueEnum};
use cluster::Cluster;
use std::env;
use std::path::{Path, PathBuf};
use std::time::Instant;

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Only these scenarios
    #[arg(value_enum)]
    scenarios: Vec<Scenario>,
    /// The program to test, in place of a release build of this checkout
    #[arg(long, value_name = "FILE")]
    net_alb: Option<PathBuf>,
    /// Run Kourier, the control, in net-alb's place; it knows no header or cookie annotations
    #[arg(long)]
    control: bool,
    /// Leave quietly where there is no root or no Go, as in some CI
    #[arg(long)]
    if_possible: bool,
}

/// One story.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Scenario {
    /// The article's four ways to call: weights, tag, headers, cookies
    Article,
    /// To no pods and back, also for one side of a split
    Zero,
    /// A new revision that takes over step by step
    Rollout,
    /// A domain of the user's own
    Domain,
    /// gRPC, WebSocket, cluster-local hosts, forged headers
    Protocols,
    /// TLS to activator and revisions
    InternalTls,
    /// The article by Ingresses and the embedded ALB as ALB Ingress Controller, and a change of the target under load
    Alb,
}

/// Set in the process that runs inside of the cluster's network: the layer.
const INSIDE: &str = "NET_ALB_E2E_INSIDE";
/// Set there too: net-alb, for what it says without a cluster.
const PROGRAM: &str = "NET_ALB_E2E_PROGRAM";

/// Fails at the first scenario that does.
pub(crate) fn run(root: &Path, arguments: &Arguments) -> Result<()> {
    if env::var_os(INSIDE).is_some() {
        return inside(root, arguments);
    }
    let Some(testbed) = Testbed::start(root, "e2e", arguments.if_possible)? else { return Ok(()) };
    let layer = arguments.layer();
    testbed.run(&["serving"])?;
    let binary = match layer {
        Layer::NetAlb => net_alb(root, arguments.net_alb.as_ref())?,
        Layer::Kourier => PathBuf::new(),
    };
    layer.install(&testbed, &binary)?;
    if arguments.chosen().contains(&Scenario::Alb) {
        // It brings the embedded ALB; the scenario says when it is the target.
        testbed.run(&["net-alb-target", "alb"])?;
        testbed.run(&["net-alb-target", "gateway"])?;
    }
    let program = env::current_exe().context("finding this program")?;
    let names = arguments.chosen().iter().map(|scenario| name(*scenario)).collect::<Vec<_>>();
    let mut again = vec!["exec".to_owned(), "env".to_owned(), format!("{INSIDE}=1")];
    again.push(format!("{PROGRAM}={}", binary.display()));
    again.extend([program.to_string_lossy().into_owned(), "e2e".to_owned()]);
    again.extend(arguments.control.then(|| "--control".to_owned()));
    again.extend(names);
    testbed.run(&again.iter().map(String::as_str).collect::<Vec<_>>())
}

/// The part of this program that the cluster's network is around.
fn inside(root: &Path, arguments: &Arguments) -> Result<()> {
    let cluster = Cluster::prepare(root, arguments.layer())?;
    for scenario in arguments.chosen() {
        let began = Instant::now();
        println!("{}", name(scenario));
        let outcome = match scenario {
            Scenario::Article => article::run(&cluster),
            Scenario::Zero => zero::run(&cluster),
            Scenario::Rollout => rollout::run(&cluster),
            Scenario::Domain => domain::run(&cluster),
            Scenario::Protocols => protocols::run(&cluster),
            Scenario::InternalTls => internal_tls::run(&cluster),
            Scenario::Alb => alb::run(&cluster, &env::var(PROGRAM).context("the program's path")?),
        };
        outcome.with_context(|| format!("scenario `{}`", name(scenario)))?;
        println!("  ok after {:.0} s", began.elapsed().as_secs_f64());
    }
    println!("{} passed, 0 failed", arguments.chosen().len());
    Ok(())
}

impl Arguments {
    fn layer(&self) -> Layer {
        if self.control { Layer::Kourier } else { Layer::NetAlb }
    }

    fn chosen(&self) -> Vec<Scenario> {
        match self.scenarios.as_slice() {
            [] if self.control => {
                let all = Scenario::value_variants().iter();
                all.copied().filter(|scenario| *scenario != Scenario::Alb).collect()
            }
            [] => Scenario::value_variants().to_vec(),
            some => some.to_vec(),
        }
    }
}

fn name(scenario: Scenario) -> String {
    scenario.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
}

/// Says what was seen, and fails if that isn't what it should be.
fn expect(what: &str, seen: &str, right: bool) -> Result<()> {
    println!("  {what}: {seen}");
    ensure!(right, "{what}: {seen}");
    Ok(())
}
