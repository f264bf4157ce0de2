//! The command line: what can be typed, and nothing of what it does.

use crate::cmd::{build, check, completions, controller, convert, dev, explain, gateway, lint, plan};
use crate::exit::{Exit, Failure};
use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Parser, Subcommand, ValueEnum};
use net_alb_api::config::{AnnotationFormat, ClusterLocal, Hop, Settings, Target};
use std::path::PathBuf;

const EXAMPLES: &str = "\
Examples:
  net-alb dev examples/helloworld-go.yaml     serve it on this machine and follow its changes
  net-alb convert app.yaml                    the Ingresses for Alibaba's controller
  net-alb lint manifests/                     what the real ALB would refuse
  net-alb explain --request 'GET http://hello.default.example.com/' app.yaml
  net-alb explain NA0010                      what a diagnostic means

Results go to stdout, diagnostics to stderr.
Exit codes: 0 done, 1 refused by diagnostics, 2 wrong usage, 3 a file or socket that fails.";

/// Knative on Alibaba Cloud ALB, and on a laptop: gray release from one YAML
#[derive(Debug, Parser)]
#[command(name = "net-alb", version, about, after_help = EXAMPLES, max_term_width = 110)]
pub(crate) struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve Knative Services, KIngresses and Ingresses on this machine, and follow the files
    Dev(dev::DevArgs),
    /// Print the Ingresses with ALB annotations that Knative Services and KIngresses become
    Convert(convert::ConvertArgs),
    /// Print the load balancers that everything becomes: listeners, rules, server groups
    Build(build::BuildArgs),
    /// Print how many load balancers everything takes, how full they are, and what each route costs
    Plan(plan::PlanArgs),
    /// Check files without printing a result
    Lint(lint::LintArgs),
    /// Say which rule a request takes and why, or what a diagnostic code means
    Explain(explain::ExplainArgs),
    /// Serve what a cluster's KIngresses and Ingresses ask for: one of several replicas
    Gateway(gateway::GatewayArgs),
    /// Write KIngress status in a cluster, from what its gateways serve
    Controller(controller::ControllerArgs),
    /// Say what is wrong with an installation in a cluster, and what to do
    Check(check::CheckArgs),
    /// Print a completion script for a shell
    Completions(completions::CompletionsArgs),
}

impl Cli {
    /// Does what was typed.
    pub(crate) fn run(self) -> Result<Exit, Failure> {
        match self.command {
            Command::Dev(args) => dev::run(args),
            Command::Convert(args) => convert::run(&args),
            Command::Build(args) => build::run(&args),
            Command::Plan(args) => plan::run(&args),
            Command::Lint(args) => lint::run(&args),
            Command::Explain(args) => explain::run(&args),
            Command::Gateway(args) => gateway::run(&args),
            Command::Controller(args) => controller::run(args),
            Command::Check(args) => check::run(&args),
            Command::Completions(args) => completions::run(&args),
        }
    }
}

/// The files to read.
#[derive(Debug, Args)]
#[group(id = "inputs", required = true, multiple = true)]
pub(crate) struct Inputs {
    /// Files, directories (their *.yaml, *.yml and *.json, at any depth) or `-` for stdin
    #[arg(value_name = "FILE|DIR|-")]
    files: Vec<PathBuf>,
    /// The same, as kubectl takes it; may be repeated
    #[arg(short = 'f', long = "filename", value_name = "FILE|DIR|-")]
    filenames: Vec<PathBuf>,
}

impl Inputs {
    /// For a command whose files share their place with something else.
    pub(crate) fn new(files: &[PathBuf], filenames: &[PathBuf]) -> Self {
        Inputs { files: files.to_vec(), filenames: filenames.to_vec() }
    }

    /// All of them, in one list.
    pub(crate) fn paths(&self) -> Vec<PathBuf> {
        self.filenames.iter().chain(&self.files).cloned().collect()
    }
}

/// How a result is printed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    #[default]
    Yaml,
    Json,
}

/// Settings that may also stand in the ConfigMap `config-alb`; a flag wins.
#[derive(Debug, Clone, Args)]
pub(crate) struct SettingsArgs {
    /// Who will serve it: `alb` makes the real ALB's limits errors, `gateway` warnings
    #[arg(long, value_name = "alb|gateway", hide_possible_values = true, value_parser = words::<Target>(Target::WORDS))]
    target: Option<Target>,
    /// How to write actions and conditions: `current` for today's controllers, `article` as the article shows it
    #[arg(
        long,
        value_name = "current|article",
        hide_possible_values = true,
        value_parser = words::<AnnotationFormat>(AnnotationFormat::WORDS)
    )]
    annotation_format: Option<AnnotationFormat>,
    /// Where cluster-local hosts go: `separate` from public ones, or `shared` with them as in the article
    #[arg(
        long,
        value_name = "separate|shared",
        hide_possible_values = true,
        value_parser = words::<ClusterLocal>(ClusterLocal::WORDS)
    )]
    cluster_local: Option<ClusterLocal>,
    /// What goes from ALB through net-alb's gateway: what ALB can't say (`auto`), nothing, or everything
    #[arg(
        long,
        value_name = "auto|never|always",
        hide_possible_values = true,
        value_parser = words::<Hop>(Hop::WORDS)
    )]
    hop: Option<Hop>,
}

impl SettingsArgs {
    /// What was typed over `settings`.
    pub(crate) fn over(&self, settings: Settings) -> Settings {
        Settings {
            target: self.target.unwrap_or(settings.target),
            annotation_format: self.annotation_format.unwrap_or(settings.annotation_format),
            cluster_local: self.cluster_local.unwrap_or(settings.cluster_local),
            hop: self.hop.unwrap_or(settings.hop),
            ..settings
        }
    }
}

fn words<T>(words: &'static [&'static str]) -> impl TypedValueParser<Value = T>
where
    T: std::str::FromStr<Err = String> + Clone + Send + Sync + 'static,
{
    PossibleValuesParser::new(words).try_map(|word| word.parse::<T>())
}
