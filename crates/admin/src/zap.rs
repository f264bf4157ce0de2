//! Lines of the log as Knative's own components write them, so that whoever gathers theirs reads ours.
//!
//! Source: serving `config/core/configmaps/logging.yaml`, `zap-logger-config`: the keys of its `encoderConfig`.

use serde_json::{Map, Value};
use std::fmt;
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{FormatTime, SystemTime};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

/// `{"severity": …, "timestamp": …, "logger": …, "caller": …, "message": …}`, and the event's own fields.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Zap {
    /// The component.
    pub(crate) logger: &'static str,
}

impl<S, N> FormatEvent<S, N> for Zap
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        _context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let mut time = String::new();
        SystemTime.format_time(&mut Writer::new(&mut time))?;
        writeln!(writer, "{}", Value::Object(line(self.logger, time, event)))
    }
}

fn line(logger: &str, time: String, event: &Event<'_>) -> Map<String, Value> {
    let mut line = Map::new();
    event.record(&mut Fields(&mut line));
    let metadata = event.metadata();
    let caller = metadata.file().map(|file| format!("{file}:{}", metadata.line().unwrap_or_default()));
    line.insert("severity".to_owned(), metadata.level().as_str().into());
    line.insert("timestamp".to_owned(), time.into());
    line.insert("logger".to_owned(), logger.into());
    line.extend(caller.map(|caller| ("caller".to_owned(), caller.into())));
    line
}

struct Fields<'a>(&'a mut Map<String, Value>);

impl Visit for Fields<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.0.insert(field.name().to_owned(), format!("{value:?}").into());
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name().to_owned(), value.into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.0.insert(field.name().to_owned(), value.into());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.0.insert(field.name().to_owned(), value.into());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.0.insert(field.name().to_owned(), value.into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io;
    use std::sync::{Arc, Mutex};

    #[derive(Clone, Default)]
    struct Memory(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Memory {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_line_has_the_keys_of_knatives_own() {
        let memory = Memory::default();
        let writer = memory.clone();
        let subscriber = tracing_subscriber::fmt()
            .event_format(Zap { logger: "net-alb-gateway" })
            .with_writer(move || writer.clone())
            .finish();
        tracing::subscriber::with_default(subscriber, || {
            tracing::warn!("knative.dev/key" = "default/hello", count = 2, "can't {}", "be written");
        });
        let text = String::from_utf8(memory.0.lock().unwrap().clone()).unwrap();
        let line: Value = serde_json::from_str(text.trim_end()).unwrap();
        assert_eq!(line["severity"], "WARN");
        assert_eq!(line["logger"], "net-alb-gateway");
        assert_eq!(line["message"], "can't be written");
        assert_eq!((&line["knative.dev/key"], &line["count"]), (&"default/hello".into(), &2.into()));
        assert!(line["timestamp"].as_str().unwrap().ends_with('Z'), "{line}");
        assert!(line["caller"].as_str().unwrap().contains("zap.rs:"), "{line}");
    }
}
