//! The commands, one file each. A command reads, runs stages, prints.

pub(crate) mod build;
pub(crate) mod check;
mod cluster;
pub(crate) mod completions;
pub(crate) mod controller;
pub(crate) mod convert;
pub(crate) mod dev;
pub(crate) mod explain;
pub(crate) mod gateway;
pub(crate) mod lint;
pub(crate) mod plan;

use crate::cli::{Format, Inputs, SettingsArgs};
use crate::exit::{Exit, Failure};
use crate::pipeline::{self, Stages};
use crate::read::{self, Reading, SourceMap};
use crate::render::{self, Style, Tally};
use net_alb_api::config::{Hop, Settings, Target};
use net_alb_diag::codes::read::NOTHING_TO_READ;
use net_alb_diag::{Diagnostic, ObjectRef, Place};
use serde::Serialize;
use std::io::{self, Write};

/// The settings of a command that shows what becomes of files. What it prints is to work without net-alb in the cluster, so ALB sends
/// nothing through its gateway unless `config-alb` or a flag says so.
fn alone(target: Target) -> Settings {
    Settings { target, hop: Hop::Never, ..Settings::default() }
}

/// Reads the inputs and runs the stages, with settings from flags, `config-alb` and, where these say nothing, `base`.
fn stages(inputs: &Inputs, args: &SettingsArgs, base: Settings) -> Result<Stages, Failure> {
    let reading = read::read(read::texts(&inputs.paths())?);
    let empty = nothing_to_read(&reading, inputs);
    let args = args.clone();
    let mut stages = pipeline::run(reading, base, move |settings| args.over(settings));
    stages.diagnostics.extend(empty);
    Ok(stages)
}

/// Whether there is nothing that could be served, and nothing else has been said about it.
fn nothing_to_read(reading: &Reading, inputs: &Inputs) -> Option<Diagnostic> {
    if reading.objects.keys().any(is_route) || Tally::of(&reading.diagnostics).errors > 0 {
        return None;
    }
    Some(nothing_there(inputs))
}

/// Whether an object of this name is routed, not only looked up.
fn is_route(object: &ObjectRef) -> bool {
    matches!(
        (object.group.as_str(), object.kind.as_str()),
        ("serving.knative.dev", "Service") | (_, "Ingress")
    )
}

/// What to say where nothing could be served.
fn nothing_there(inputs: &Inputs) -> Diagnostic {
    let names: Vec<_> = inputs.paths().iter().map(|path| path.display().to_string()).collect();
    let message = "there is no Knative Service, KIngress or Ingress to work on";
    Diagnostic::at(&NOTHING_TO_READ, Place::Whole(names.join(", ")), message)
        .help("name a file or directory that holds one")
}

/// Prints documents: YAML with `---` between, or a JSON array.
fn print_documents<T: Serialize>(documents: &[T], format: Format) -> Result<(), Failure> {
    let text = match format {
        Format::Json => render::json(documents),
        Format::Yaml => render::yaml(documents),
    };
    let text = text.map_err(Failure::system("printing the result"))?;
    let mut out = anstream::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(Failure::system("writing to stdout"))
}

/// Says what there is to say on stderr, and which exit code that means.
fn report(diagnostics: &[Diagnostic], sources: &SourceMap, format: Format) -> Result<Exit, Failure> {
    let mut out = anstream::stderr().lock();
    let style = if format == Format::Json { Style::Json } else { Style::Text };
    print_report(&mut out, diagnostics, sources, style).map_err(Failure::system("writing to stderr"))?;
    Ok(if Tally::of(diagnostics).errors > 0 { Exit::Refused } else { Exit::Done })
}

fn print_report(
    out: &mut dyn Write,
    diagnostics: &[Diagnostic],
    sources: &SourceMap,
    style: Style,
) -> io::Result<()> {
    render::print(out, diagnostics, sources, style)?;
    match Tally::of(diagnostics).text() {
        Some(summary) if style == Style::Text => writeln!(out, "{summary}"),
        _ => Ok(()),
    }
}
