//! The program's own log, on stderr: what it does, never what single requests do. Its level can be changed while it runs.

use crate::zap::Zap;
use std::sync::Arc;
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::reload::{self, Handle};
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Registry, fmt};

/// How lines of the log look.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line, as Knative's components log.
    Zap {
        /// The component.
        logger: &'static str,
    },
}

/// Changes what is logged. Clones control the same log.
#[derive(Debug, Clone)]
pub struct LogControl(Arc<Handle<EnvFilter, Registry>>);

impl LogControl {
    /// Begins to log what this filter lets through: a level (`error`, `warn`, `info`, `debug`, `trace`, `off`), or one a
    /// module, as in `warn,net_alb_gateway=debug`. `Err` says what is wrong with it, or that there is a log already.
    pub fn install(filter: &str, format: LogFormat) -> Result<LogControl, String> {
        let (filter, handle) = reload::Layer::new(parse(filter)?);
        let lines = match format {
            LogFormat::Text => fmt::layer().with_writer(std::io::stderr).with_ansi(false).boxed(),
            LogFormat::Zap { logger } => {
                fmt::layer().with_writer(std::io::stderr).event_format(Zap { logger }).boxed()
            }
        };
        let installed = tracing_subscriber::registry().with(filter).with(lines).try_init();
        installed.map_err(|error| error.to_string())?;
        Ok(LogControl(Arc::new(handle)))
    }

    /// From now on this filter holds. `Err` says what is wrong with it; then the old one does.
    pub fn set(&self, filter: &str) -> Result<(), String> {
        self.0.reload(parse(filter)?).map_err(|error| error.to_string())
    }

    /// The filter that holds.
    pub fn get(&self) -> String {
        self.0.with_current(ToString::to_string).unwrap_or_default()
    }
}

fn parse(filter: &str) -> Result<EnvFilter, String> {
    EnvFilter::builder().parse(filter).map_err(|error| format!("`{}`: {error}", filter.escape_debug()))
}
