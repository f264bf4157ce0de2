//! `net-alb`: Knative on Alibaba Cloud ALB, and on a laptop.
//!
//! [`cli`] is what can be typed, `cmd` what each command does, [`read`] and [`render`] the way in and out,
//! [`pipeline`] the stages in between. Everything that decides is in the other crates; this one reads and prints.

mod cli;
mod cmd;
mod destination;
mod exit;
mod operation;
mod pipeline;
mod read;
mod render;
mod secret;

use clap::Parser;
use std::io::Write;
use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let result = cli::Cli::parse().run();
    if let Err(failure) = &result
        && !failure.is_closed_pipe()
    {
        // Where stderr is gone too there is nobody left to tell.
        let _ = writeln!(anstream::stderr(), "net-alb: {failure}");
    }
    exit::code(&result)
}
