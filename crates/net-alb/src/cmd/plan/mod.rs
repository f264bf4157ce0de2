//! `net-alb plan FILE…`: which load balancers it takes, how full they are, and what each route costs.

mod count;
mod table;

use super::{print_documents, report, stages};
use crate::cli::{Format, Inputs, SettingsArgs};
use crate::exit::{Exit, Failure};
use clap::{Args, ValueEnum};
use net_alb_api::config::{Hop, Settings, Target};
use std::io::Write;

const EXAMPLES: &str = "\
Examples:
  net-alb plan -f manifests/             load balancers, how full each is, and what each route costs
  net-alb plan -f manifests/ -o json | jq '.needed'
  net-alb plan --hop never -f manifests/   without net-alb's gateway behind ALB";

/// How `plan` prints its result.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
enum PlanFormat {
    #[default]
    Text,
    Yaml,
    Json,
}

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES, override_usage = "net-alb plan [OPTIONS] FILE|DIR|-...")]
pub(crate) struct PlanArgs {
    #[command(flatten)]
    inputs: Inputs,
    #[command(flatten)]
    settings: SettingsArgs,
    /// How to print the result; with json, diagnostics are JSON lines
    #[arg(short, long, value_name = "text|yaml|json", hide_possible_values = true, default_value = "text")]
    output: PlanFormat,
}

pub(crate) fn run(args: &PlanArgs) -> Result<Exit, Failure> {
    let base = Settings { target: Target::Alb, hop: Hop::Auto, ..Settings::default() };
    let stages = stages(&args.inputs, &args.settings, base)?;
    let plan = count::plan(&stages);
    let format = match args.output {
        PlanFormat::Text => {
            let text = table::text(&plan);
            let mut out = anstream::stdout().lock();
            out.write_all(text.as_bytes()).map_err(Failure::system("writing to stdout"))?;
            Format::Yaml
        }
        PlanFormat::Yaml => {
            print_documents(&[&plan], Format::Yaml)?;
            Format::Yaml
        }
        PlanFormat::Json => {
            print_documents(&[&plan], Format::Json)?;
            Format::Json
        }
    };
    report(&stages.diagnostics, &stages.sources, format)
}
