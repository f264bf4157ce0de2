use net_alb_api::{ConfigMap, ObjectKey};
use net_alb_diag::codes::expand::CONFIG_VALUE;
use net_alb_diag::{Diagnostic, FieldPath, Outcome};

/// Where traces go, as `config-observability` says.
#[derive(Debug, Clone, PartialEq)]
pub struct Traces {
    /// `tracing-endpoint`: a URL that takes OTLP over HTTP.
    pub endpoint: String,
    /// `tracing-sampling-rate`: the share of requests, 0 to 1.
    pub rate: f64,
}

/// Reads `config-observability`. Metrics are there to be scraped, whatever `metrics-protocol` says; pushing them isn't done, nor
/// traces by gRPC, and each is said.
///
/// Source: knative.dev/pkg `observability/{tracing,metrics}/config.go`.
pub fn traces(config_map: Option<&ConfigMap>) -> Outcome<Option<Traces>> {
    let Some(config_map) = config_map else { return Outcome::clean(None) };
    let text =
        |key: &str| config_map.data.as_ref().and_then(|data| data.get(key)).map_or("", |text| text.trim());
    let mut diagnostics = Vec::new();
    let mut complain = |key: &str, message: String| {
        let object = ObjectKey::of(&config_map.metadata).to_ref("", "ConfigMap");
        diagnostics.push(Diagnostic::new(&CONFIG_VALUE, object, FieldPath::of("data").key(key), message));
    };
    if let protocol @ ("grpc" | "http/protobuf") = text("metrics-protocol") {
        let message = format!("metrics aren't pushed by `{protocol}`: they are at `/metrics`, port 9090");
        complain("metrics-protocol", message);
    }
    let endpoint = text("tracing-endpoint").to_owned();
    let rate = text("tracing-sampling-rate");
    let rate = match rate.parse() {
        _ if rate.is_empty() => Some(0.0),
        Ok(rate) if (0.0..=1.0).contains(&rate) => Some(rate),
        _ => {
            complain("tracing-sampling-rate", format!("`{rate}` isn't between 0 and 1; nothing is traced"));
            None
        }
    };
    let value = match (text("tracing-protocol"), rate) {
        ("http/protobuf", Some(rate)) if !endpoint.is_empty() => Some(Traces { endpoint, rate }),
        ("" | "none", _) | ("http/protobuf", None) => None,
        ("http/protobuf", _) => {
            complain("tracing-endpoint", "it must say where traces go; nothing is traced".to_owned());
            None
        }
        (other, _) => {
            let message = format!("`{other}` isn't known here, `http/protobuf` is; nothing is traced");
            complain("tracing-protocol", message);
            None
        }
    };
    Outcome { value, diagnostics }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(data: &[(&str, &str)]) -> (Option<Traces>, usize) {
        let data = data.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        let outcome = traces(Some(&ConfigMap { data: Some(data), ..ConfigMap::default() }));
        (outcome.value, outcome.diagnostics.len())
    }

    #[test]
    fn traces_go_where_it_says() {
        let http = ("tracing-protocol", "http/protobuf");
        let endpoint = ("tracing-endpoint", "http://collector:4318/v1/traces");
        let expected = Traces { endpoint: endpoint.1.to_owned(), rate: 0.1 };
        assert_eq!(read(&[http, endpoint, ("tracing-sampling-rate", "0.1")]), (Some(expected), 0));
        assert_eq!(read(&[]), (None, 0));
        assert_eq!(read(&[("tracing-protocol", "none")]), (None, 0));
    }

    #[test]
    fn what_cannot_be_honoured_is_said() {
        assert_eq!(read(&[("tracing-protocol", "grpc"), ("tracing-endpoint", "c:4317")]), (None, 1));
        assert_eq!(read(&[("tracing-protocol", "http/protobuf")]), (None, 1));
        assert_eq!(read(&[("tracing-sampling-rate", "2")]), (None, 1));
        assert_eq!(read(&[("metrics-protocol", "grpc")]), (None, 1));
        assert_eq!(read(&[("metrics-protocol", "prometheus")]), (None, 0));
    }
}
