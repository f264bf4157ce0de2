//! Actions that an Ingress has on all of its rules.

use crate::site::Site;
use crate::{Action, Cors, Rewrite};
use net_alb_api::annotation::registry;
use net_alb_diag::FieldPath;

/// From `traffic-limit-*`, `enable-cors` and `rewrite-target`.
#[derive(Debug, Clone, Default)]
pub(crate) struct Everywhere {
    /// Before those of `actions.NAME`.
    pub(crate) before: Vec<Action>,
    /// After them.
    pub(crate) after: Vec<Action>,
}

impl Everywhere {
    pub(crate) fn read(site: &mut Site<'_>) -> Self {
        let limit = traffic_limit(site);
        let cors = cors(site);
        let path = site.text(&registry::REWRITE_TARGET).filter(|path| !path.is_empty());
        let rewrite = path.map(|path| {
            let (host, query) = ("${host}".to_owned(), "${query}".to_owned());
            Action::Rewrite(Box::new(Rewrite { host, path: path.to_owned(), query }))
        });
        Everywhere { before: limit.into_iter().chain(cors).collect(), after: rewrite.into_iter().collect() }
    }
}

/// Source: alibaba-load-balancer-controller, `buildQpsLimitAction`.
fn traffic_limit(site: &mut Site<'_>) -> Option<Action> {
    let qps: Option<u32> = site.count(&registry::TRAFFIC_LIMIT_QPS);
    let mut per_ip_qps = site.count(&registry::TRAFFIC_LIMIT_IP_QPS);
    if let (Some(all), Some(one)) = (qps, per_ip_qps)
        && one >= all
    {
        let key = registry::TRAFFIC_LIMIT_IP_QPS.key;
        let message = format!("`{key}` must be lower than `traffic-limit-qps`, `{all}`, but is `{one}`");
        let code = &net_alb_diag::codes::build::BAD_ANNOTATION_VALUE;
        site.say(site.at(code, FieldPath::annotation(key), message));
        per_ip_qps = None;
    }
    (qps.is_some() || per_ip_qps.is_some()).then_some(Action::TrafficLimit { qps, per_ip_qps })
}

/// Source: ACK, ALB Ingress configuration dictionary.
fn cors(site: &mut Site<'_>) -> Option<Action> {
    let enabled = site.flag(&registry::ENABLE_CORS);
    let cors = Cors {
        allow_origins: origins(site),
        allow_methods: site.list(&registry::CORS_ALLOW_METHODS),
        allow_headers: site.list(&registry::CORS_ALLOW_HEADERS),
        expose_headers: site.list(&registry::CORS_EXPOSE_HEADERS),
        allow_credentials: site.flag(&registry::CORS_ALLOW_CREDENTIALS),
        max_age_seconds: site.number(&registry::CORS_MAX_AGE)?,
    };
    enabled.then(|| Action::Cors(Box::new(cors)))
}

fn origins(site: &mut Site<'_>) -> Vec<String> {
    let origins = site.list(&registry::CORS_ALLOW_ORIGIN);
    let is_origin = |origin: &String| {
        let host = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://"));
        origin == "*" || host.is_some_and(|host| !host.is_empty() && !host.contains('/'))
    };
    let bad: Vec<_> = origins.iter().filter(|origin| !is_origin(origin)).cloned().collect();
    for origin in &bad {
        site.bad(&registry::CORS_ALLOW_ORIGIN, origin);
    }
    origins.into_iter().filter(|origin| !bad.contains(origin)).collect()
}
