//! `net-alb build FILE…`: stages 0 to 2.

use super::{alone, print_documents, report, stages};
use crate::cli::{Format, Inputs, SettingsArgs};
use crate::exit::{Exit, Failure};
use clap::Args;
use net_alb_api::config::Target;

const EXAMPLES: &str = "\
Examples:
  net-alb build app.yaml                 listeners, rules in the order in which ALB tries them, server groups
  net-alb build ingresses.yaml albconfig.yaml
  net-alb build --target gateway app.yaml";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES, override_usage = "net-alb build [OPTIONS] FILE|DIR|-...")]
pub(crate) struct BuildArgs {
    #[command(flatten)]
    inputs: Inputs,
    #[command(flatten)]
    settings: SettingsArgs,
    /// How to print the result; with json, diagnostics are JSON lines
    #[arg(short, long, value_name = "yaml|json", hide_possible_values = true, default_value = "yaml")]
    output: Format,
}

pub(crate) fn run(args: &BuildArgs) -> Result<Exit, Failure> {
    let stages = stages(&args.inputs, &args.settings, alone(Target::Alb))?;
    print_documents(&stages.albs, args.output)?;
    report(&stages.diagnostics, &stages.sources, args.output)
}
