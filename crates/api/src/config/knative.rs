//! Knative's own ConfigMaps: `config-network`, `config-domain`, `config-features`.

mod config_map;
mod domain;
mod network;
mod template;

pub use domain::{CLUSTER_DOMAIN, CLUSTER_LOCAL, DomainConfig, LOCAL_DOMAIN};
pub use network::{HttpProtocol, NetworkConfig};
pub use template::{DomainTemplate, DomainValues, TagTemplate};

use crate::Snapshot;
pub(super) use config_map::{Data, boolean};
use net_alb_diag::Outcome;

/// What stage 0 needs to know of a Knative installation.
///
/// The default is a Knative as net-alb finds it: Knative's own defaults, with net-alb's ingress class and, in place of a
/// domain that everybody has to choose, `example.com`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KnativeConfig {
    /// ConfigMap `config-network`.
    pub network: NetworkConfig,
    /// ConfigMap `config-domain`.
    pub domain: DomainConfig,
    /// ConfigMap `config-features`.
    pub features: Features,
}

/// config-features. Source: serving `pkg/apis/config/features.go`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Features {
    /// `tag-header-based-routing`: the request header `Knative-Serving-Tag` picks a tag; default off.
    pub tag_header_based_routing: bool,
}

impl KnativeConfig {
    /// Reads the ConfigMaps, by name, from `knative-serving` or else from any namespace. One that isn't there leaves its
    /// defaults; so does a bad value, with an error at `data["key"]`.
    pub fn from_snapshot(snapshot: &Snapshot) -> Outcome<KnativeConfig> {
        let mut outcome = Outcome::clean(KnativeConfig::default());
        let mut read = |name: &str, into: &mut dyn FnMut(&mut KnativeConfig, &mut Data<'_>)| {
            if let Some(mut data) = Data::find(snapshot, name) {
                into(&mut outcome.value, &mut data);
                outcome.diagnostics.append(&mut data.diagnostics);
            }
        };
        read("config-network", &mut |config, data| config.network = NetworkConfig::read(data));
        read("config-domain", &mut |config, data| config.domain = DomainConfig::read(data));
        read("config-features", &mut |config, data| config.features = Features::read(data));
        outcome
    }
}

impl Features {
    fn read(data: &mut Data<'_>) -> Self {
        const TAG_HEADER: &str = "tag-header-based-routing";
        let mut features = Features::default();
        data.read(&[TAG_HEADER], &mut features.tag_header_based_routing, flag);
        data.complain_of_typos(&[TAG_HEADER]);
        features
    }
}

/// A feature's word, in any case of letters. `Allowed` is for what a user may ask for; it doesn't switch routing on.
fn flag(text: &str) -> Result<bool, String> {
    match text.to_ascii_lowercase().as_str() {
        "enabled" => Ok(true),
        "allowed" | "disabled" => Ok(false),
        _ => Err(format!("`{text}` is none of `Enabled`, `Allowed`, `Disabled`")),
    }
}

#[cfg(test)]
mod tests;
