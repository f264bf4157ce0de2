//! Traces to an OpenTelemetry collector, by OTLP over HTTP with protobuf, where OpenTelemetry's environment variables say so.
//! A thread of its own exports; requests put their spans into a bounded queue.

mod collector;

use crate::exit::Failure;
use collector::Collector;
use net_alb_controller::config::Traces;
use net_alb_diag::metrics::gateway::{SPANS_DROPPED, SPANS_EXPORTED};
use net_alb_diag::metrics::{Family, Source, Value};
use net_alb_gateway::Record;
use net_alb_gateway::trace::{Sampler, SpanContext as Context, SpanSink, Tracing};
use opentelemetry::trace::{SpanContext, SpanId, SpanKind, Status, TraceFlags, TraceId, TraceState};
use opentelemetry::{InstrumentationScope, KeyValue};
use opentelemetry_otlp::{SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{SpanData, SpanEvents, SpanExporter as _, SpanLinks};
use std::env;
use std::io;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self as wait, RecvTimeoutError};
use std::time::{Duration, SystemTime};
use tokio::sync::mpsc::{Receiver, Sender, channel};

/// How long the end of the program waits for the last spans.
const FAREWELL: Duration = Duration::from_secs(2);

/// Hands spans to the thread that exports them.
#[derive(Debug)]
pub(super) struct Exporter {
    spans: Sender<Message>,
    counts: Arc<Counts>,
    scope: InstrumentationScope,
}

#[derive(Debug, Default)]
struct Counts {
    exported: AtomicU64,
    dropped: AtomicU64,
}

#[derive(Debug)]
enum Message {
    Span(Box<SpanData>),
    /// Everything before it has been exported when this is told.
    Flush(wait::Sender<()>),
}

/// How spans are gathered.
///
/// Source: OpenTelemetry, "Environment Variable Specification": Batch Span Processor.
#[derive(Debug, Clone, Copy)]
struct Batches {
    delay: Duration,
    most: usize,
}

/// Starts exporting, as the environment says or else as `asked`; `None`: nobody asked for it.
pub(super) fn start(asked: Option<&Traces>) -> Result<Option<(Tracing, Arc<Exporter>)>, Failure> {
    let asked = asked.filter(|_| !is_wanted());
    let sampler = match asked {
        Some(traces) => Sampler { ratio: traces.rate, parent_based: true },
        None if is_wanted() => sampler()?,
        None => return Ok(None),
    };
    let queue = variable("OTEL_BSP_MAX_QUEUE_SIZE", 2048_usize)?.max(1);
    let delay = Duration::from_millis(variable("OTEL_BSP_SCHEDULE_DELAY", 5000)?);
    let batches = Batches { delay, most: variable("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", 512_usize)?.max(1) };
    let failed = |error| Failure::Usage(format!("the traces' exporter can't be set up: {error}"));
    let mut builder = SpanExporter::builder().with_http().with_http_client(Collector);
    if let Some(traces) = asked {
        builder = builder.with_endpoint(traces.endpoint.as_str());
    }
    let mut exporter = builder.build().map_err(failed)?;
    exporter.set_resource(&resource());
    let (spans, receiver) = channel(queue);
    let counts = Arc::new(Counts::default());
    spawn(exporter, receiver, batches, Arc::clone(&counts)).map_err(Failure::system("starting a thread"))?;
    let scope = InstrumentationScope::builder("net-alb").with_version(env!("CARGO_PKG_VERSION")).build();
    let exporter = Arc::new(Exporter { spans, counts, scope });
    let sink = Arc::clone(&exporter) as Arc<dyn SpanSink>;
    Ok(Some((Tracing { sampler, sink }, exporter)))
}

fn is_wanted() -> bool {
    let is = |name: &str, value: &str| env::var(name).is_ok_and(|found| found.eq_ignore_ascii_case(value));
    let endpoints = ["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"];
    let has_endpoint = endpoints.iter().any(|name| env::var(name).is_ok_and(|found| !found.is_empty()));
    has_endpoint && !is("OTEL_SDK_DISABLED", "true") && !is("OTEL_TRACES_EXPORTER", "none")
}

/// Source: OpenTelemetry, "Environment Variable Specification": `OTEL_TRACES_SAMPLER`.
fn sampler() -> Result<Sampler, Failure> {
    let name = env::var("OTEL_TRACES_SAMPLER").unwrap_or_else(|_| "parentbased_always_on".to_owned());
    let parent_based = name.starts_with("parentbased_");
    let ratio = match name.strip_prefix("parentbased_").unwrap_or(&name) {
        "always_on" => 1.0,
        "always_off" => 0.0,
        "traceidratio" => variable("OTEL_TRACES_SAMPLER_ARG", 1.0)?,
        _ => {
            let known = "always_on, always_off or traceidratio, with or without `parentbased_` before it";
            return Err(Failure::Usage(format!("OTEL_TRACES_SAMPLER is `{name}`; it should be {known}")));
        }
    };
    Ok(Sampler { ratio, parent_based })
}

fn variable<T: FromStr>(name: &str, default: T) -> Result<T, Failure> {
    match env::var(name) {
        Ok(text) => text.parse().map_err(|_| Failure::Usage(format!("{name} is `{text}`, not a number"))),
        Err(_) => Ok(default),
    }
}

fn resource() -> Resource {
    let builder = Resource::builder();
    let builder = match env::var_os("OTEL_SERVICE_NAME") {
        Some(_) => builder,
        None => builder.with_service_name("net-alb"),
    };
    builder.build()
}

fn spawn(
    exporter: SpanExporter,
    receiver: Receiver<Message>,
    batches: Batches,
    counts: Arc<Counts>,
) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let run = move || runtime.block_on(export(exporter, receiver, batches, &counts));
    std::thread::Builder::new().name("traces".to_owned()).spawn(run)?;
    Ok(())
}

/// Exports batches: when there are enough spans, or the first has waited long enough, or somebody asks.
async fn export(exporter: SpanExporter, mut spans: Receiver<Message>, batches: Batches, counts: &Counts) {
    while let Some(first) = spans.recv().await {
        let (mut batch, mut told) = (Vec::new(), None);
        let mut next = Some(first);
        let over = tokio::time::Instant::now() + batches.delay;
        loop {
            match next {
                Some(Message::Span(span)) => batch.push(*span),
                Some(Message::Flush(waiting)) => told = Some(waiting),
                None => break,
            }
            if told.is_some() || batch.len() >= batches.most {
                break;
            }
            next = tokio::time::timeout_at(over, spans.recv()).await.ok().flatten();
        }
        let count = batch.len() as u64;
        if count > 0 {
            let counted = match exporter.export(batch).await {
                Ok(()) => &counts.exported,
                Err(error) => {
                    tracing::warn!("{count} spans are lost: {error}");
                    &counts.dropped
                }
            };
            counted.fetch_add(count, Ordering::Relaxed);
        }
        if let Some(waiting) = told {
            // Whoever asked may have given up.
            let _ = waiting.send(());
        }
    }
}

impl Exporter {
    /// Waits until what is finished is exported, for a moment at most.
    pub(super) fn flush(&self) {
        let (told, exported) = wait::channel();
        if self.spans.try_send(Message::Flush(told)).is_ok()
            && exported.recv_timeout(FAREWELL) == Err(RecvTimeoutError::Timeout)
        {
            tracing::warn!("the traces' collector takes too long; the last spans are lost");
        }
    }
}

impl SpanSink for Exporter {
    fn finish(&self, span: &Context, record: &Record<'_>) {
        let data = Box::new(span_data(span, record, self.scope.clone()));
        if self.spans.try_send(Message::Span(data)).is_err() {
            self.counts.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl Source for Exporter {
    fn collect(&self, families: &mut Vec<Family>) {
        let count = |counter: &AtomicU64| Value::Count(counter.load(Ordering::Relaxed));
        families.push(Family::single(&SPANS_EXPORTED, count(&self.counts.exported)));
        families.push(Family::single(&SPANS_DROPPED, count(&self.counts.dropped)));
    }
}

fn span_data(span: &Context, record: &Record<'_>, scope: InstrumentationScope) -> SpanData {
    let end = SystemTime::now();
    let flags = if span.sampled { TraceFlags::SAMPLED } else { TraceFlags::default() };
    let (trace, id) = (TraceId::from_bytes(span.trace), SpanId::from_bytes(span.span));
    let method = record.request.map_or("HTTP", |head| head.method);
    let status = match record.error {
        Some(reason) => Status::error(reason.as_str()),
        None if record.status >= 500 => Status::error(record.status.to_string()),
        None => Status::Unset,
    };
    SpanData {
        span_context: SpanContext::new(trace, id, flags, false, TraceState::default()),
        parent_span_id: span.parent.map_or(SpanId::INVALID, SpanId::from_bytes),
        parent_span_is_remote: span.parent.is_some(),
        span_kind: SpanKind::Server,
        name: method.to_owned().into(),
        start_time: end.checked_sub(record.duration).unwrap_or(end),
        end_time: end,
        attributes: attributes(record),
        dropped_attributes_count: 0,
        events: SpanEvents::default(),
        links: SpanLinks::default(),
        status,
        instrumentation_scope: scope,
    }
}

/// Source: OpenTelemetry, "Semantic Conventions for HTTP Spans", server. What is net-alb's own begins with its name.
fn attributes(record: &Record<'_>) -> Vec<KeyValue> {
    let mut attributes = vec![
        KeyValue::new("http.response.status_code", i64::from(record.status)),
        KeyValue::new("url.scheme", record.scheme),
        KeyValue::new("network.protocol.version", record.version.trim_start_matches("HTTP/")),
        KeyValue::new("client.address", record.client.ip().to_canonical().to_string()),
        KeyValue::new("net_alb.listener", record.listener.to_string()),
    ];
    let mut add = |name: &'static str, value: Option<String>| {
        attributes.extend(value.map(|value| KeyValue::new(name, value)));
    };
    if let Some(head) = &record.request {
        let agent = head.headers.values("user-agent").next();
        add("http.request.method", Some(head.method.to_owned()));
        add("server.address", Some(head.host().to_owned()));
        add("url.path", Some(head.path.to_owned()));
        add("user_agent.original", agent.map(|text| String::from_utf8_lossy(text).into_owned()));
    }
    add("error.type", record.error.map(|reason| reason.as_str().to_owned()));
    add("net_alb.rule", record.rule.map(ToString::to_string));
    add("net_alb.reason", record.reason.map(str::to_owned));
    add("net_alb.revision", record.revision().map(str::to_owned));
    add("net_alb.upstream.address", record.endpoint.map(|address| address.to_string()));
    attributes
}
