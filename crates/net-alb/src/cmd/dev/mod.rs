//! `net-alb dev FILE…`: serves files on this machine and follows their changes.

mod access;
mod backend;
mod board;
mod curl;
mod endpoints;
mod last_good;
mod serving;
mod session;
mod signals;
mod watch;

use crate::cli::{Inputs, SettingsArgs};
use crate::exit::{Exit, Failure};
use backend::Backends;
use clap::Args;
use endpoints::Override;
use net_alb_gateway::{AccessLog, Gateway, Options};
use serving::Serving;
use session::Session;
use std::io::Write;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::time::Duration;
use watch::Event;

/// How long requests may go on after Ctrl-C.
const GRACE: Duration = Duration::from_secs(5);

const EXAMPLES: &str = "\
Examples:
  net-alb dev examples/helloworld-go.yaml
  net-alb dev --listen 127.0.0.1:0 manifests/                 any free port; it is printed
  net-alb dev --backend hello-00002=127.0.0.1:3000 app.yaml   your own server for one revision
  net-alb dev --access-log app.yaml                           a line a request: rule, reason, target

A revision without --backend is a built-in server. It answers `Hello $TARGET!`, with TARGET from the
Knative Service's environment, and names itself in the header `x-revision`; its path /_headers shows
the request as it arrived. An object that is refused when you save is served as it was before.";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES, override_usage = "net-alb dev [OPTIONS] FILE|DIR|-...")]
pub(crate) struct DevArgs {
    #[command(flatten)]
    inputs: Inputs,
    /// Where public hosts are served; port 0 is any free one
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// Where cluster-local hosts are served; port 0 is any free one
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8081")]
    listen_local: SocketAddr,
    /// A server of yours for a revision or a Service; may be repeated
    #[arg(long = "backend", value_name = "NAME=HOST:PORT")]
    backends: Vec<Override>,
    /// Print a line a request
    #[arg(long)]
    access_log: bool,
    /// Threads that serve requests; by default one a processor
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
    #[command(flatten)]
    settings: SettingsArgs,
}

pub(crate) fn run(args: DevArgs) -> Result<Exit, Failure> {
    let (sender, events) = channel();
    let runtime = signals::start(sender.clone()).map_err(Failure::system("starting a thread"))?;
    let gateway =
        Gateway::start(options(&args)?).map_err(Failure::system("starting the gateway's threads"))?;
    // Watching begins before the first reading, so that no change falls between the two.
    let watcher = watch::watch(&args.inputs.paths(), sender);
    if let Err(error) = &watcher {
        let _ = writeln!(anstream::stderr(), "net-alb: changes won't be noticed: {error}");
    }
    let serving = Serving::new(gateway, args.listen, args.listen_local);
    let mut session = Session::new(args, Backends::new(runtime), serving);
    session.begin()?;
    while watch::next(&events) == Event::Saved {
        session.again().map_err(Failure::system("writing to stderr"))?;
    }
    let _ = writeln!(anstream::stderr(), "stopping; requests that have begun may finish");
    session.drain(GRACE);
    Ok(Exit::Done)
}

fn options(args: &DevArgs) -> Result<Options, Failure> {
    let mut options = Options::default();
    if let Some(threads) = args.threads {
        options.threads = threads.max(1);
    }
    if args.access_log {
        let lines = access::start().map_err(Failure::system("starting a thread"))?;
        options.access_log = Some(Arc::new(lines) as Arc<dyn AccessLog>);
    }
    Ok(options)
}
