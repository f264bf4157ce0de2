//! What a serving command tells of its requests: metrics, an access log, traces. The same flags for each such command.

mod access_log;
mod traces;

use crate::exit::Failure;
use access_log::{AccessLogFormat, Lines};
use clap::Args;
use net_alb_admin::{Admin, Body, LogControl, Process, Readiness, Response};
use net_alb_controller::config::Traces;
use net_alb_diag::metrics::Source;
use net_alb_gateway::{AccessLog, Options, View};
use std::sync::Arc;
use traces::Exporter;

/// Flags about what is recorded of requests.
#[derive(Debug, Clone, Args)]
pub(crate) struct RecordArgs {
    /// Print a line a request, for people or as JSON with the names of ALB's own access log
    #[arg(
        long,
        value_name = "text|json",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "text",
        hide_possible_values = true
    )]
    access_log: Option<AccessLogFormat>,
    /// The share of requests in the access log, 0 to 1; those with an error always are
    #[arg(long, value_name = "SHARE", default_value = "1", value_parser = share)]
    access_log_share: f64,
    /// Revisions of gray releases with metrics of their own; requests to others are summed up
    #[arg(long, value_name = "N", default_value = "400")]
    tracked_revisions: usize,
}

/// What records requests.
#[derive(Debug, Default)]
pub(crate) struct Recording {
    lines: Option<Arc<Lines>>,
    exporter: Option<Arc<Exporter>>,
}

impl RecordArgs {
    /// Starts recording, and tells the gateway's options. Traces are exported where the environment says so, by
    /// OpenTelemetry's variables, or else where `asked` does.
    pub(crate) fn start(&self, options: &mut Options, asked: Option<&Traces>) -> Result<Recording, Failure> {
        let failed = || Failure::system("starting a thread");
        let lines = self.access_log.map(Lines::start).transpose().map_err(failed())?;
        options.access_log = lines.clone().map(|lines| lines as Arc<dyn AccessLog>);
        options.access_log_share = self.access_log_share;
        options.tracked_revisions = self.tracked_revisions;
        let exporter = match traces::start(asked)? {
            Some((tracing, exporter)) => {
                options.tracing = Some(tracing);
                Some(exporter)
            }
            None => None,
        };
        Ok(Recording { lines, exporter })
    }
}

impl Recording {
    /// What there is to serve to whoever operates the process.
    pub(crate) fn admin(&self, readiness: Readiness, log: LogControl, view: View) -> Admin {
        let mut admin = Admin::new(readiness)
            .count(Arc::new(Process { version: env!("CARGO_PKG_VERSION") }))
            .count(Arc::new(view.clone()))
            .get("/dump", move |_| dump(view.clone()))
            .log(log);
        let lines = self.lines.clone().map(|lines| lines as Arc<dyn Source>);
        let exporter = self.exporter.clone().map(|exporter| exporter as Arc<dyn Source>);
        for source in lines.into_iter().chain(exporter) {
            admin = admin.count(source);
        }
        admin
    }

    /// Prints and exports what is left, for a moment at most.
    pub(crate) fn flush(&self) {
        if let Some(lines) = &self.lines {
            lines.flush();
        }
        if let Some(exporter) = &self.exporter {
            exporter.flush();
        }
    }
}

fn dump(view: View) -> Response {
    let mut response = Response::new(Body::written(move |out| view.dump(out)));
    let json = http::HeaderValue::from_static("application/json");
    response.headers_mut().insert(http::header::CONTENT_TYPE, json);
    response
}

fn share(text: &str) -> Result<f64, String> {
    let share: f64 = text.parse().map_err(|_| "it is a number such as 0.01".to_owned())?;
    if (0.0..=1.0).contains(&share) { Ok(share) } else { Err("it is between 0 and 1".to_owned()) }
}
