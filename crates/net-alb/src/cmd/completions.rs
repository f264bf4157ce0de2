//! `net-alb completions SHELL`.

use crate::cli::Cli;
use crate::exit::{Exit, Failure};
use clap::{Args, CommandFactory};
use clap_complete::{Shell, generate};
use std::io::Write;

const EXAMPLES: &str = "\
Examples:
  net-alb completions bash > ~/.local/share/bash-completion/completions/net-alb
  net-alb completions fish > ~/.config/fish/completions/net-alb.fish";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct CompletionsArgs {
    /// The shell
    shell: Shell,
}

pub(crate) fn run(args: &CompletionsArgs) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    generate(args.shell, &mut Cli::command(), "net-alb", &mut script);
    let mut out = anstream::stdout().lock();
    out.write_all(&script).map_err(Failure::system("writing to stdout"))?;
    Ok(Exit::Done)
}
