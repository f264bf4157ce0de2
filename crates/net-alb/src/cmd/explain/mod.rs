//! `net-alb explain`: which rule a request takes and why, or what a diagnostic code means.

mod answer;
mod code;
mod request;

use super::{alone, report, stages};
use crate::cli::{Format, Inputs, SettingsArgs};
use crate::exit::{Exit, Failure};
use crate::pipeline::Stages;
use crate::render;
use answer::Answered;
use clap::{Args, ValueEnum};
use net_alb_api::config::Target;
use net_alb_gateway::Table;
use net_alb_model::{AddressType, Alb, Listener, Protocol};
use request::Request;
use std::path::PathBuf;

const EXAMPLES: &str = "\
Examples:
  net-alb explain --request 'GET http://hello.default.example.com/' app.yaml
  net-alb explain --request 'GET http://hello.default.example.com/' -H 'Knative-Serving-Tag: rev1' app.yaml
  net-alb explain --request 'http://hello.default.example.com/a?b=c' --cookie 'demo=always; cookie2=v2' app.yaml
  net-alb explain --local --request 'GET http://hello.default.svc.cluster.local/' -o json -f app.yaml
  net-alb explain NA0010      what this diagnostic means and what to do about it
  net-alb explain codes       every diagnostic";

#[derive(Debug, Args)]
#[command(
    after_help = EXAMPLES,
    override_usage = "net-alb explain --request 'METHOD URL' [OPTIONS] FILE|DIR|-...\n       net-alb explain CODE..."
)]
pub(crate) struct ExplainArgs {
    /// With --request: files, directories or `-` for stdin. Without: diagnostic codes, or `codes` for all
    #[arg(value_name = "CODE|FILE|DIR|-")]
    subjects: Vec<PathBuf>,
    /// A file, directory or `-`, as kubectl takes it; may be repeated
    #[arg(short = 'f', long = "filename", value_name = "FILE|DIR|-")]
    filenames: Vec<PathBuf>,
    /// The request: a method (GET if there is none) and a URL
    #[arg(long, value_name = "METHOD URL")]
    request: Option<String>,
    /// A header of the request; may be repeated. `Host` counts before the URL's host, as for curl
    #[arg(short = 'H', long = "header", value_name = "NAME: VALUE", requires = "request")]
    headers: Vec<String>,
    /// Cookies of the request; may be repeated
    #[arg(long = "cookie", short = 'b', value_name = "NAME=VALUE", requires = "request")]
    cookies: Vec<String>,
    /// Ask the cluster-local listener, not the public one
    #[arg(long, requires = "request")]
    local: bool,
    #[command(flatten)]
    settings: SettingsArgs,
    /// How to print the answer; with json, diagnostics are JSON lines
    #[arg(short, long, value_name = "text|json", hide_possible_values = true, default_value = "text")]
    output: ExplainFormat,
}

/// How `explain` prints its answer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
enum ExplainFormat {
    #[default]
    Text,
    Json,
}

pub(crate) fn run(args: &ExplainArgs) -> Result<Exit, Failure> {
    let Some(line) = &args.request else { return code::run(&args.subjects) };
    let request = Request::parse(line, &args.headers, &args.cookies).map_err(Failure::Usage)?;
    let inputs = Inputs::new(&args.subjects, &args.filenames);
    if inputs.paths().is_empty() {
        return Err(Failure::Usage("--request needs the files that say what to do with it".to_owned()));
    }
    let mut stages = stages(&inputs, &args.settings, alone(Target::Gateway))?;
    let answered = answer(&mut stages, &request, args.local);
    let format = if args.output == ExplainFormat::Json { Format::Json } else { Format::Yaml };
    answered.print(args.output).map_err(Failure::system("writing to stdout"))?;
    report(&stages.diagnostics, &stages.sources, format)
}

/// Asks the table that the gateway would ask.
fn answer(stages: &mut Stages, request: &Request, local: bool) -> Answered {
    let mut tables = Vec::new();
    for (alb, listener) in listeners(&stages.albs, request, local) {
        let table = net_alb_gateway::compile(alb, listener).drain_into(&mut stages.diagnostics);
        tables.push((alb, listener, table));
    }
    stages.diagnostics = render::without_repetition(std::mem::take(&mut stages.diagnostics), &stages.sources);
    let knows = |(_, _, table): &&(&Alb, &Listener, Table)| table.knows_host(&request.host());
    match tables.iter().find(knows).or(tables.first()) {
        Some((alb, listener, table)) => {
            let explanation = request.with_head(|head| table.explain(head));
            Answered::new(request, alb, listener, explanation)
        }
        None => Answered::nobody(request, local),
    }
}

/// The listeners that could get the request: of the right reach and protocol, those on the URL's port first.
fn listeners<'a>(albs: &'a [Alb], request: &Request, local: bool) -> Vec<(&'a Alb, &'a Listener)> {
    let reach = if local { AddressType::Intranet } else { AddressType::Internet };
    let protocol = if request.is_https() { Protocol::Https } else { Protocol::Http };
    let albs = albs.iter().filter(|alb| alb.address_type == reach);
    let all = albs.flat_map(|alb| alb.listeners.iter().map(move |listener| (alb, listener)));
    let mut found: Vec<_> = all.filter(|(_, listener)| listener.id.protocol == protocol).collect();
    let usual = if request.is_https() { 443 } else { 80 };
    found.sort_by_key(|(_, listener)| {
        (Some(listener.id.port) != request.port(), listener.id.port != usual, listener.id.port)
    });
    found
}
