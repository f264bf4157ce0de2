//! How an Ingress wants its servers to be treated.

use crate::site::Site;
use crate::{BackendProtocol, HealthCheck, Scheduler, Stickiness};
use net_alb_api::annotation::registry;
use net_alb_api::config::Target;
use net_alb_diag::FieldPath;
use net_alb_diag::codes::build;

use super::listening::Listening;

/// What all server groups of one Ingress have in common.
#[derive(Debug, Clone)]
pub(crate) struct Treatment {
    /// `None`: as the Service's port says.
    pub(crate) protocol: Option<BackendProtocol>,
    pub(crate) scheduler: Scheduler,
    pub(crate) keepalive: bool,
    pub(crate) stickiness: Option<Stickiness>,
    pub(crate) health_check: Option<Box<HealthCheck>>,
}

impl Treatment {
    /// Source: ACK, ALB Ingress configuration dictionary.
    pub(crate) fn read(site: &mut Site<'_>) -> Self {
        Treatment {
            protocol: protocol(site),
            scheduler: scheduler(site),
            keepalive: site.flag(&registry::BACKEND_KEEPALIVE),
            stickiness: stickiness(site),
            health_check: health_check(site),
        }
    }

    /// Source: alibaba-load-balancer-controller, `checkIngressProtocolAnnotations`.
    pub(crate) fn check(&self, site: &mut Site<'_>, listening: &Listening) {
        if self.protocol != Some(BackendProtocol::Grpc) || listening.is_encrypted() {
            return;
        }
        let message = "ALB takes gRPC only on HTTPS listeners, and this Ingress is on one without TLS";
        let at = FieldPath::annotation(registry::BACKEND_PROTOCOL.key);
        site.say(site.limit(&build::GRPC_IN_CLEAR, at, message).help("add `spec.tls` with every host"));
    }
}

fn protocol(site: &mut Site<'_>) -> Option<BackendProtocol> {
    site.text(&registry::BACKEND_PROTOCOL)?;
    Some(match site.word(&registry::BACKEND_PROTOCOL) {
        "grpc" => BackendProtocol::Grpc,
        "https" => BackendProtocol::Https,
        _ => BackendProtocol::Http,
    })
}

fn scheduler(site: &mut Site<'_>) -> Scheduler {
    let key = site.text(&registry::BACKEND_SCHEDULER_UCH_VALUE).unwrap_or_default().to_owned();
    match site.word(&registry::BACKEND_SCHEDULER) {
        "wlc" => Scheduler::Wlc,
        "sch" => Scheduler::Sch,
        "uch" if key.is_empty() => {
            needs(site, "`backend-scheduler: uch`", &registry::BACKEND_SCHEDULER_UCH_VALUE);
            Scheduler::Wrr
        }
        "uch" => Scheduler::Uch { key },
        _ => Scheduler::Wrr,
    }
}

fn stickiness(site: &mut Site<'_>) -> Option<Stickiness> {
    let enabled = site.flag(&registry::STICKY_SESSION);
    let by = site.word(&registry::STICKY_SESSION_TYPE);
    let timeout_seconds = site.count(&registry::COOKIE_TIMEOUT).unwrap_or(1000);
    let cookie = site.text(&registry::COOKIE).unwrap_or_default().to_owned();
    if !enabled {
        return None;
    }
    match by {
        "Server" if cookie.is_empty() => {
            needs(site, "`sticky-session-type: Server`", &registry::COOKIE);
            None
        }
        "Server" => {
            say_of_server_stickiness(site);
            Some(Stickiness::Server { cookie })
        }
        _ => Some(Stickiness::Insert { timeout_seconds }),
    }
}

fn say_of_server_stickiness(site: &mut Site<'_>) {
    if site.settings.target == Target::Alb {
        let message = "ALB Ingress Controller before 2.15 fails the whole AlbConfig on it";
        let at = FieldPath::annotation(registry::STICKY_SESSION_TYPE.key);
        site.say(site.at(&build::SERVER_STICKINESS, at, message).help(build::SERVER_STICKINESS.fix));
    }
}

fn needs(site: &mut Site<'_>, what: &str, other: &'static registry::Annotation) {
    let message = format!("{what} needs `{}`", other.key);
    let at = FieldPath::annotation(other.key);
    site.say(site.at(&build::BAD_ANNOTATION_VALUE, at, message).help("add it"));
}

fn health_check(site: &mut Site<'_>) -> Option<Box<HealthCheck>> {
    let enabled = site.flag(&registry::HEALTHCHECK_ENABLED);
    let protocol = site.word(&registry::HEALTHCHECK_PROTOCOL).to_owned();
    let check = HealthCheck {
        path: health_path(site),
        method: match protocol.as_str() {
            "GRPC" => "POST".to_owned(),
            _ => site.word(&registry::HEALTHCHECK_METHOD).to_owned(),
        },
        http_version: site.word(&registry::HEALTHCHECK_HTTPVERSION).to_owned(),
        codes: health_codes(site, protocol == "GRPC"),
        timeout_seconds: site.count(&registry::HEALTHCHECK_TIMEOUT_SECONDS)?,
        interval_seconds: site.count(&registry::HEALTHCHECK_INTERVAL_SECONDS)?,
        healthy_threshold: site.count(&registry::HEALTHY_THRESHOLD_COUNT)?,
        unhealthy_threshold: site.count(&registry::UNHEALTHY_THRESHOLD_COUNT)?,
        port: site.count(&registry::HEALTHCHECK_CONNECT_PORT)?,
        protocol,
    };
    enabled.then(|| Box::new(check))
}

fn health_path(site: &mut Site<'_>) -> String {
    let path = site.text(&registry::HEALTHCHECK_PATH).unwrap_or(registry::HEALTHCHECK_PATH.default);
    if path.starts_with('/') && path.len() <= 80 {
        return path.to_owned();
    }
    site.bad(&registry::HEALTHCHECK_PATH, path);
    registry::HEALTHCHECK_PATH.default.to_owned()
}

fn health_codes(site: &mut Site<'_>, grpc: bool) -> Vec<String> {
    let annotation = match site.text(&registry::HEALTHCHECK_CODE) {
        Some(_) => &registry::HEALTHCHECK_CODE,
        None => &registry::HEALTHCHECK_HTTPCODE,
    };
    let default = if grpc { "0" } else { registry::HEALTHCHECK_HTTPCODE.default };
    if grpc && site.text(annotation).is_none() {
        return vec![default.to_owned()];
    }
    let codes = site.list(annotation);
    let is_grpc_code = |code: &str| code.parse::<u8>().is_ok_and(|code| code <= 99);
    let is_code = |code: &String| match code.split_once('-') {
        _ if !grpc => ["http_2xx", "http_3xx", "http_4xx", "http_5xx"].contains(&code.as_str()),
        Some((first, last)) => is_grpc_code(first) && is_grpc_code(last),
        None => is_grpc_code(code),
    };
    if !codes.is_empty() && codes.iter().all(is_code) {
        return codes;
    }
    site.bad(annotation, site.text(annotation).unwrap_or_default());
    vec![default.to_owned()]
}
