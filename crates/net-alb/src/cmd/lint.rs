//! `net-alb lint FILE…`: every stage, for its diagnostics only.

use super::{alone, print_report, report, stages};
use crate::cli::{Format, Inputs, SettingsArgs};
use crate::exit::{Exit, Failure};
use crate::render::{Style, Tally};
use clap::{Args, ValueEnum};
use net_alb_api::config::Target;

const EXAMPLES: &str = "\
Examples:
  net-alb lint manifests/                    exit code 1 if the real ALB would refuse something
  net-alb lint --target gateway manifests/   only what the embedded ALB would refuse
  net-alb lint -o json manifests/ | jq -r 'select(.severity == \"error\").message'";

/// How `lint` prints its diagnostics.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
enum LintFormat {
    /// On stderr.
    #[default]
    Text,
    /// One object a line on stdout: the diagnostics are the result.
    Json,
}

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES, override_usage = "net-alb lint [OPTIONS] FILE|DIR|-...")]
pub(crate) struct LintArgs {
    #[command(flatten)]
    inputs: Inputs,
    #[command(flatten)]
    settings: SettingsArgs,
    /// How to print diagnostics: like a compiler's on stderr, or as JSON lines on stdout
    #[arg(short, long, value_name = "text|json", hide_possible_values = true, default_value = "text")]
    output: LintFormat,
}

pub(crate) fn run(args: &LintArgs) -> Result<Exit, Failure> {
    let mut stages = stages(&args.inputs, &args.settings, alone(Target::Alb))?;
    if stages.settings.target == Target::Gateway {
        stages.compile();
    }
    if args.output == LintFormat::Text {
        return report(&stages.diagnostics, &stages.sources, Format::Yaml);
    }
    let mut out = anstream::stdout().lock();
    print_report(&mut out, &stages.diagnostics, &stages.sources, Style::Json)
        .map_err(Failure::system("writing to stdout"))?;
    Ok(if Tally::of(&stages.diagnostics).errors > 0 { Exit::Refused } else { Exit::Done })
}
