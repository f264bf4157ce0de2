//! `net-alb dev FILE…`: serves files on this machine and follows their changes.

mod authority;
mod backend;
mod board;
mod curl;
mod echo;
mod effect;
mod endpoints;
mod https;
mod notes;
mod opening;
mod operator;
mod report;
mod serving;
mod session;
mod signals;
mod watch;

use crate::cli::{Inputs, SettingsArgs};
use crate::exit::{Exit, Failure};
use crate::operation::RecordArgs;
use authority::Authority;
use backend::Backends;
use clap::Args;
use endpoints::Override;
use https::Https;
use net_alb_admin::Readiness;
use net_alb_gateway::{Gateway, Options};
use operator::OperatorArgs;
use serving::{Listen, Serving};
use session::Session;
use std::io::Write;
use std::net::SocketAddr;
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
  net-alb dev --admin 127.0.0.1:9901 app.yaml                 /metrics, /dump, /readyz and the log's level
  net-alb dev --https app.yaml                                public hosts by HTTPS too

A revision without --backend is a built-in server. It answers `Hello $TARGET!`, with TARGET from the
Knative Service's environment, and names itself in the header `x-revision`; its path /_headers shows
the request as it arrived, and a WebSocket gets its messages back. An object that is refused when you save is served as it was before.";

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
    /// Serve public hosts by HTTPS too, with certificates by a CA of your own that is made once and kept
    #[arg(long)]
    https: bool,
    /// Where public hosts are served by HTTPS: with --https, or where a file has a certificate for them
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8443")]
    listen_https: SocketAddr,
    /// A server of yours for a revision or a Service; may be repeated
    #[arg(long = "backend", value_name = "NAME=HOST:PORT")]
    backends: Vec<Override>,
    #[command(flatten)]
    record: RecordArgs,
    #[command(flatten)]
    operator: OperatorArgs,
    /// Let another process listen at the same addresses: so one `dev` replaces another without a gap
    #[arg(long)]
    reuse_port: bool,
    /// Threads that serve requests; by default one a processor
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
    #[command(flatten)]
    settings: SettingsArgs,
}

pub(crate) fn run(args: DevArgs) -> Result<Exit, Failure> {
    let (sender, events) = channel();
    let runtime = signals::start(sender.clone()).map_err(Failure::system("starting a thread"))?;
    let log = args.operator.log()?;
    let mut options = Options::default();
    options.threads = args.threads.map_or(options.threads, |threads| threads.max(1));
    let recording = args.record.start(&mut options, None)?;
    let gateway = Gateway::start(options).map_err(Failure::system("starting the gateway's threads"))?;
    let readiness = Readiness::new("nothing is served yet");
    let admin = recording.admin(readiness.clone(), log, gateway.view());
    let _admin = args.operator.serve(admin)?;
    // Watching begins before the first reading, so that no change falls between the two.
    let watcher = watch::watch(&args.inputs.paths(), sender);
    if let Err(error) = &watcher {
        let _ = writeln!(anstream::stderr(), "net-alb: changes won't be noticed: {error}");
    }
    let listen = Listen {
        public: args.listen,
        local: args.listen_local,
        https: args.listen_https,
        shared: args.reuse_port,
    };
    let authority = if args.https { Some(authority()?) } else { None };
    let serving = Serving::new(gateway, listen, Https::new(authority));
    let mut session = Session::new(args, Backends::new(runtime), serving);
    session.begin()?;
    readiness.set_ready();
    while let Event::Saved(paths) = watch::next(&events) {
        session.again(paths.as_ref()).map_err(Failure::system("writing to stderr"))?;
    }
    let _ = writeln!(anstream::stderr(), "stopping; requests that have begun may finish");
    readiness.set_unready("stopping");
    session.drain(GRACE);
    recording.flush();
    Ok(Exit::Done)
}

fn authority() -> Result<Authority, Failure> {
    let tried = "making a CA for --https; where it is kept, XDG_STATE_HOME says";
    Authority::open().map_err(Failure::system(tried))
}
