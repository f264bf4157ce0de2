//! `net-alb check`: what is wrong with an installation, and what to do about it.

mod cluster;
mod judge;

#[cfg(test)]
mod tests;

use super::cluster::{client, runtime};
use crate::exit::{Exit, Failure};
use clap::{Args, ValueEnum};
use judge::{Finding, Level};
use std::io::{self, Write};

const EXAMPLES: &str = "\
Examples:
  net-alb check                                      the cluster of the current kubeconfig context
  net-alb check -o json | jq 'select(.level == \"error\")'

It only reads. To see what the pods' accounts may do, it needs to be allowed to create SubjectAccessReviews.
Exit codes: 0 all is well, 1 something is wrong, 3 the cluster can't be asked.";

/// How findings are printed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
enum CheckFormat {
    /// For people.
    #[default]
    Text,
    /// One object a line.
    Json,
}

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct CheckArgs {
    /// The namespace that net-alb runs in
    #[arg(short, long, value_name = "NAME", default_value = "net-alb")]
    namespace: String,
    /// The namespace of Knative Serving's ConfigMaps
    #[arg(long, value_name = "NAME", default_value = "knative-serving")]
    system_namespace: String,
    /// How to print what was found
    #[arg(short, long, value_name = "text|json", hide_possible_values = true, default_value = "text")]
    output: CheckFormat,
}

pub(crate) fn run(args: &CheckArgs) -> Result<Exit, Failure> {
    let findings = runtime()?.block_on(async {
        let cluster = cluster::Cluster {
            client: client().await?,
            namespace: args.namespace.clone(),
            system_namespace: args.system_namespace.clone(),
        };
        let seen = cluster.look().await.map_err(io::Error::other);
        Ok::<_, Failure>(judge::judge(&seen.map_err(Failure::system("asking the Kubernetes API server"))?))
    })?;
    print(&findings, args.output).map_err(Failure::system("writing to stdout"))?;
    let wrong = findings.iter().any(|finding| finding.level == Level::Error);
    Ok(if wrong { Exit::Refused } else { Exit::Done })
}

fn print(findings: &[Finding], format: CheckFormat) -> io::Result<()> {
    let mut out = anstream::stdout().lock();
    for finding in findings {
        match format {
            CheckFormat::Text => write!(out, "{finding}")?,
            CheckFormat::Json => {
                writeln!(out, "{}", serde_json::to_string(finding).map_err(io::Error::other)?)?;
            }
        }
    }
    if format == CheckFormat::Text {
        let count = |level| findings.iter().filter(|finding| finding.level == level).count();
        let (errors, warnings) = (count(Level::Error), count(Level::Warning));
        writeln!(out, "{} checked: {errors} errors, {warnings} warnings", findings.len())?;
    }
    Ok(())
}
