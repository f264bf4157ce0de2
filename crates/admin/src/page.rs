//! Numbers as text, in the format that Prometheus and OpenMetrics share.

use net_alb_diag::metrics::{Family, Kind, Source, Value};
use prometheus_client::encoding::{DescriptorEncoder, MetricEncoder, NoLabelSet};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::Registry;
use std::fmt;
use std::sync::Arc;

/// The media type of [`encode`]'s text.
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// The sources' numbers as they are now.
pub fn encode(sources: &[Arc<dyn Source>]) -> String {
    let mut families = Vec::new();
    for source in sources {
        source.collect(&mut families);
    }
    let mut registry = Registry::default();
    registry.register_collector(Box::new(Page(families)));
    let mut text = String::new();
    // Writing into memory can't fail.
    let _ = prometheus_client::encoding::text::encode(&mut text, &registry);
    text
}

#[derive(Debug)]
struct Page(Vec<Family>);

impl prometheus_client::collector::Collector for Page {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        for family in &self.0 {
            let metric = family.metric;
            let kind = match metric.kind {
                Kind::Counter => MetricType::Counter,
                Kind::Gauge => MetricType::Gauge,
                Kind::Histogram => MetricType::Histogram,
            };
            let mut encoder = encoder.encode_descriptor(metric.name, metric.help, None, kind)?;
            for sample in &family.samples {
                if metric.labels.is_empty() {
                    push(&mut encoder, metric.kind, &sample.value)?;
                    continue;
                }
                let values = sample.labels.iter().map(String::as_str);
                let labels: Vec<_> = metric.labels.iter().copied().zip(values).collect();
                push(&mut encoder.encode_family(&labels)?, metric.kind, &sample.value)?;
            }
        }
        Ok(())
    }
}

fn push(encoder: &mut MetricEncoder<'_>, kind: Kind, value: &Value) -> fmt::Result {
    match (kind, value) {
        (Kind::Counter, Value::Count(count)) => encoder.encode_counter::<NoLabelSet, _, u64>(count, None),
        (Kind::Counter, Value::Number(number)) => encoder.encode_counter::<NoLabelSet, _, u64>(number, None),
        (_, Value::Count(count)) => encoder.encode_gauge(count),
        (_, Value::Number(number)) => encoder.encode_gauge(number),
        (_, Value::Histogram { sum, buckets }) => {
            let count = buckets.iter().map(|(_, count)| count).sum();
            encoder.encode_histogram::<NoLabelSet>(*sum, count, buckets, None)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use net_alb_diag::metrics::{gateway, process};

    #[derive(Debug)]
    struct Fixed;

    impl Source for Fixed {
        fn collect(&self, families: &mut Vec<Family>) {
            let mut requests = Family::new(&gateway::REQUEST_BYTES);
            requests.push(vec!["a\"b\\c".to_owned()], Value::Count(7));
            let buckets = vec![(0.5, 1), (1.0, 0), (f64::INFINITY, 2)];
            families.extend([
                requests,
                Family::single(&gateway::CONFIG_APPLY_DURATION, Value::Histogram { sum: 3.25, buckets }),
                Family::single(&process::CPU_SECONDS, Value::Number(1.5)),
                Family::single(&process::THREADS, Value::Count(3)),
            ]);
        }
    }

    #[test]
    fn numbers_are_text_that_prometheus_reads() {
        let text = encode(&[Arc::new(Fixed)]);
        let lines: Vec<_> = text.lines().filter(|line| !line.starts_with("# HELP")).collect();
        assert_eq!(
            lines,
            [
                "# TYPE net_alb_request_bytes counter",
                r#"net_alb_request_bytes_total{listener="a\"b\\c"} 7"#,
                "# TYPE net_alb_config_apply_seconds histogram",
                "net_alb_config_apply_seconds_sum 3.25",
                "net_alb_config_apply_seconds_count 3",
                r#"net_alb_config_apply_seconds_bucket{le="0.5"} 1"#,
                r#"net_alb_config_apply_seconds_bucket{le="1.0"} 1"#,
                r#"net_alb_config_apply_seconds_bucket{le="+Inf"} 3"#,
                "# TYPE process_cpu_seconds counter",
                "process_cpu_seconds_total 1.5",
                "# TYPE process_threads gauge",
                "process_threads 3",
                "# EOF",
            ]
        );
    }
}
