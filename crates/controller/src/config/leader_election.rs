use crate::lease::Timing;
use k8s_openapi::jiff::SignedDuration;
use net_alb_api::{ConfigMap, ObjectKey};
use net_alb_diag::codes::expand::CONFIG_VALUE;
use net_alb_diag::{Diagnostic, FieldPath, Outcome};
use std::time::Duration;

/// Reads `config-leader-election`: durations as Go writes them, in today's spelling or else the old one. What can't be used leaves
/// the default. One Lease is enough for the work there is, so `buckets` is passed over.
///
/// Source: knative.dev/pkg `leaderelection/config.go`.
pub fn timing(config_map: Option<&ConfigMap>) -> Outcome<Timing> {
    let default = Timing::default();
    let Some(config_map) = config_map else { return Outcome::clean(default) };
    let mut diagnostics = Vec::new();
    let mut read = |keys: [&str; 2], default: Duration| {
        let data = config_map.data.as_ref();
        let Some((key, text)) = keys.iter().find_map(|key| Some((*key, data?.get(*key)?))) else {
            return default;
        };
        duration(text).unwrap_or_else(|| {
            diagnostics.push(complain(config_map, key, format!("`{text}` is no duration such as `15s`")));
            default
        })
    };
    let value = Timing {
        lease: read(["lease-duration", "leaseDuration"], default.lease),
        renew_deadline: read(["renew-deadline", "renewDeadline"], default.renew_deadline),
        retry: read(["retry-period", "retryPeriod"], default.retry),
    };
    if value.retry < value.renew_deadline && value.renew_deadline < value.lease {
        return Outcome { value, diagnostics };
    }
    let message = "`retry-period` must be shorter than `renew-deadline`, and that shorter than `lease-duration`, or two \
                   controllers would lead at a time; the defaults hold";
    diagnostics.push(complain(config_map, "renew-deadline", message.to_owned()));
    Outcome { value: default, diagnostics }
}

fn duration(text: &str) -> Option<Duration> {
    let duration: SignedDuration = text.trim().parse().ok()?;
    Duration::try_from(duration).ok().filter(|duration| *duration >= Duration::from_secs(1))
}

fn complain(config_map: &ConfigMap, key: &str, message: String) -> Diagnostic {
    let object = ObjectKey::of(&config_map.metadata).to_ref("", "ConfigMap");
    Diagnostic::new(&CONFIG_VALUE, object, FieldPath::of("data").key(key), message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(data: &[(&str, &str)]) -> (Timing, usize) {
        let data = data.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        let outcome = timing(Some(&ConfigMap { data: Some(data), ..ConfigMap::default() }));
        (outcome.value, outcome.diagnostics.len())
    }

    const fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn durations_are_read_in_both_spellings() {
        let (timing, complaints) =
            read(&[("lease-duration", "1m30s"), ("renewDeadline", "20s"), ("retry-period", "10s")]);
        assert_eq!((timing.lease, timing.renew_deadline, timing.retry, complaints), (s(90), s(20), s(10), 0));
    }

    #[test]
    fn what_makes_no_sense_leaves_the_defaults() {
        assert_eq!(read(&[("lease-duration", "soon")]), (Timing::default(), 1));
        assert_eq!(read(&[("lease-duration", "8s")]), (Timing::default(), 1), "shorter than the deadline");
        assert_eq!(read(&[("retry-period", "0s")]), (Timing::default(), 1));
    }
}
