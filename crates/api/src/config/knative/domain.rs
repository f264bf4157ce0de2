use super::config_map::Data;
use crate::annotation::knative::VISIBILITY;
use net_alb_diag::codes::expand::{CONFIG_KEY, CONFIG_VALUE};
use serde::Deserialize;
use std::collections::BTreeMap;

/// The cluster's own domain. Knative takes it from the resolver of its pods; everybody's is this.
pub const CLUSTER_DOMAIN: &str = "cluster.local";
/// The domain of what stays inside the cluster.
pub const LOCAL_DOMAIN: &str = "svc.cluster.local";

/// The only value of the visibility label that means something.
pub const CLUSTER_LOCAL: &str = "cluster-local";

/// config-domain: each domain with the labels it asks for.
///
/// The default is `example.com` for everything, as in Knative's documentation and the article; a Knative without any
/// config-domain doesn't start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DomainConfig {
    /// Domain → selector; an empty selector matches every Service.
    pub domains: BTreeMap<String, BTreeMap<String, String>>,
}

impl Default for DomainConfig {
    fn default() -> Self {
        DomainConfig { domains: BTreeMap::from([("example.com".to_owned(), BTreeMap::new())]) }
    }
}

/// One value of config-domain.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Entry {
    selector: Option<BTreeMap<String, String>>,
    /// Whether namespaces get a wildcard certificate; no matter for routes.
    #[serde(rename = "type")]
    _type: Option<String>,
    #[serde(flatten)]
    unknown: BTreeMap<String, serde_json::Value>,
}

impl DomainConfig {
    /// Reads config-domain. Source: serving `pkg/reconciler/route/config/domain.go`, `NewDomainFromConfigMap`.
    pub(super) fn read(data: &mut Data<'_>) -> Self {
        let mut domains = BTreeMap::new();
        for (domain, text) in data.entries() {
            match entry(text) {
                Ok(entry) => {
                    for key in entry.unknown.into_keys() {
                        data.complain(&CONFIG_KEY, domain, format!("`{key}` in it is read by nobody"))
                            .help("write `selector:` with the labels below it");
                    }
                    domains.insert(domain.to_owned(), entry.selector.unwrap_or_default());
                }
                Err(error) => {
                    data.complain(&CONFIG_VALUE, domain, error)
                        .help("leave the value empty, or write `selector:` with the labels below it");
                }
            }
        }
        if !domains.values().any(BTreeMap::is_empty) {
            domains.insert(LOCAL_DOMAIN.to_owned(), BTreeMap::new());
        }
        DomainConfig { domains }
    }

    /// The domain for these labels: [`LOCAL_DOMAIN`] if they say cluster-local, else that of the matching selector with
    /// the most labels, the first by name among equals. Source: `LookupDomainForLabels` of the same file.
    pub fn lookup(&self, labels: &BTreeMap<String, String>) -> &str {
        if labels.get(VISIBILITY).is_some_and(|v| v == CLUSTER_LOCAL) {
            return LOCAL_DOMAIN;
        }
        let matches =
            |selector: &BTreeMap<String, String>| selector.iter().all(|(k, v)| labels.get(k) == Some(v));
        let candidates = self.domains.iter().filter(|(_, selector)| matches(selector));
        // `min_by_key` keeps the first of equals, and the map is ordered by name.
        candidates
            .min_by_key(|(_, selector)| std::cmp::Reverse(selector.len()))
            .map_or(LOCAL_DOMAIN, |(domain, _)| domain)
    }
}

fn entry(text: &str) -> Result<Entry, String> {
    let entry: Option<Entry> = serde_saphyr::from_str(text).map_err(|error| {
        let error = error.to_string();
        let first = error.lines().next().unwrap_or_default();
        format!("the value is no selector: {}", first.strip_prefix("error: ").unwrap_or(first))
    })?;
    Ok(entry.unwrap_or_default())
}
