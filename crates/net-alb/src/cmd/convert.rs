//! `net-alb convert FILE…`: stages 0 and 1.

use super::{alone, print_documents, report, stages};
use crate::cli::{Format, Inputs, SettingsArgs};
use crate::exit::{Exit, Failure};
use crate::render::Readable;
use clap::Args;
use net_alb_api::Object;
use net_alb_api::config::Target;
use std::io;

const EXAMPLES: &str = "\
Examples:
  net-alb convert app.yaml                         Ingresses with today's annotations
  kubectl get ksvc hello -o yaml | net-alb convert -
  net-alb convert -f manifests/ -o json
  net-alb convert --annotation-format article --cluster-local shared app.yaml";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES, override_usage = "net-alb convert [OPTIONS] FILE|DIR|-...")]
pub(crate) struct ConvertArgs {
    #[command(flatten)]
    inputs: Inputs,
    #[command(flatten)]
    settings: SettingsArgs,
    /// How to print the result; with json, diagnostics are JSON lines
    #[arg(short, long, value_name = "yaml|json", hide_possible_values = true, default_value = "yaml")]
    output: Format,
}

pub(crate) fn run(args: &ConvertArgs) -> Result<Exit, Failure> {
    let stages = stages(&args.inputs, &args.settings, alone(Target::Alb))?;
    let ingresses = stages.converted.iter().map(|ingress| Object::Ingress((**ingress).clone()).to_value());
    let documents: Result<Vec<_>, _> = ingresses.collect();
    let documents = documents.map_err(io::Error::other).map_err(Failure::system("printing the Ingresses"))?;
    let readable: Vec<_> = documents.iter().map(Readable).collect();
    print_documents(&readable, args.output)?;
    report(&stages.diagnostics, &stages.sources, args.output)
}
