//! What `dev` shows to whoever operates it.

use crate::exit::Failure;
use clap::Args;
use net_alb_admin::{Admin, LogControl, LogFormat, Scope, Serving};
use std::io::Write;
use std::net::SocketAddr;

#[derive(Debug, Args)]
pub(super) struct OperatorArgs {
    /// Where to serve metrics, health, readiness, a dump of what is served, and the log's level: only for yourself
    #[arg(long, value_name = "ADDRESS:PORT")]
    admin: Option<SocketAddr>,
    /// Where to serve metrics and health alone
    #[arg(long, value_name = "ADDRESS:PORT")]
    metrics: Option<SocketAddr>,
    /// What the program logs of itself: error, warn, info, debug, trace, off, or one for a module
    #[arg(long, value_name = "LEVEL", default_value = "warn")]
    log: String,
}

impl OperatorArgs {
    /// Begins to log.
    pub(super) fn log(&self) -> Result<LogControl, Failure> {
        let wrong = |why| Failure::Usage(format!("--log {why}"));
        LogControl::install(&self.log, LogFormat::Text).map_err(wrong)
    }

    /// Listens where it was asked for, and says where that is.
    pub(super) fn serve(&self, admin: Admin) -> Result<Option<Serving>, Failure> {
        let asked = [("admin", self.admin, Scope::Everything), ("metrics", self.metrics, Scope::Metrics)];
        let asked: Vec<_> =
            asked.into_iter().filter_map(|(name, at, scope)| at.map(|at| (name, (at, scope)))).collect();
        if asked.is_empty() {
            return Ok(None);
        }
        let addresses: Vec<_> = asked.iter().map(|(_, address)| *address).collect();
        let tried = "listening; choose other addresses with --admin and --metrics";
        let serving = admin.start(&addresses).map_err(Failure::system(tried))?;
        for ((name, _), address) in asked.iter().zip(&serving.addresses) {
            // Where stderr is gone there is nobody left to tell.
            let _ = writeln!(anstream::stderr(), "{name} at http://{address}/");
        }
        Ok(Some(serving))
    }
}
