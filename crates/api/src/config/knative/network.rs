use super::config_map::{Data, boolean, switch};
use super::template::{DomainTemplate, TagTemplate};
use crate::annotation::knative::ALB_INGRESS_CLASS;
use net_alb_diag::codes::expand::{CONFIG_KEY, CONFIG_TEMPLATE};

/// config-network. Unknown keys are others' and no matter. Source: networking `pkg/config/config.go`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NetworkConfig {
    /// `ingress-class`, legacy `ingress.class`: the class of KIngresses. Default: net-alb's own, since whoever runs
    /// net-alb has set it; Knative's is Istio's.
    pub ingress_class: String,
    /// `domain-template`, legacy `domainTemplate`.
    pub domain_template: DomainTemplate,
    /// `tag-template`, legacy `tagTemplate`.
    pub tag_template: TagTemplate,
    /// `http-protocol`, legacy `httpProtocol`; default enabled.
    pub http_protocol: HttpProtocol,
    /// `rollout-duration`, legacy `rolloutDuration`: seconds that a gradual rollout takes; 0, the default, means none.
    pub rollout_duration: u64,
    /// `default-external-scheme`, legacy `defaultExternalScheme`: of the URLs in a status; default `http`.
    pub default_external_scheme: String,
    /// `external-domain-tls`, legacy `auto-tls` and `autoTLS`; default off.
    pub external_domain_tls: bool,
    /// `cluster-local-domain-tls`; default off.
    pub cluster_local_domain_tls: bool,
    /// `system-internal-tls`, legacy `internal-encryption`: TLS to activator and revisions, on port 443; default off.
    pub system_internal_tls: bool,
}

impl Default for NetworkConfig {
    fn default() -> Self {
        NetworkConfig {
            ingress_class: ALB_INGRESS_CLASS.to_owned(),
            domain_template: DomainTemplate::default(),
            tag_template: TagTemplate::default(),
            http_protocol: HttpProtocol::Enabled,
            rollout_duration: 0,
            default_external_scheme: "http".to_owned(),
            external_domain_tls: false,
            cluster_local_domain_tls: false,
            system_internal_tls: false,
        }
    }
}

/// What the plain HTTP port does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HttpProtocol {
    /// It serves.
    Enabled,
    /// It answers 301 to HTTPS.
    Redirected,
    /// Deprecated: leaves a KIngress' `httpOption` empty, which means enabled again.
    Disabled,
}

/// Every key that Knative or net-alb reads; those of load balancers are read elsewhere, by `Bootstrap`.
const KEYS: &[&str] = &[
    "albconfig",
    "auto-tls",
    "autoTLS",
    "autocreate-cluster-domain-claims",
    "autocreateClusterDomainClaims",
    "certificate-class",
    "certificate.class",
    "cluster-local-domain-tls",
    "default-external-scheme",
    "defaultExternalScheme",
    "domain-template",
    "domainTemplate",
    "eni",
    "enable-mesh-pod-addressability",
    "external-domain-tls",
    "http-protocol",
    "httpProtocol",
    "ingress-class",
    "ingress.class",
    "internal-encryption",
    "mesh-compatibility-mode",
    "namespace-wildcard-cert-selector",
    "rollout-duration",
    "rolloutDuration",
    "system-internal-tls",
    "tag-template",
    "tagTemplate",
    "vswitch-ids",
];

/// Where old Knatives had the switch that is in config-features today.
const MOVED: &[&str] = &["tag-header-based-routing", "tagHeaderBasedRouting"];

impl NetworkConfig {
    /// Reads config-network; a new spelling beats a legacy one.
    pub(super) fn read(data: &mut Data<'_>) -> Self {
        let mut config = NetworkConfig::default();
        let owned = |text: &str| Ok(text.to_owned());
        data.read(&["ingress-class", "ingress.class"], &mut config.ingress_class, owned);
        data.read_as(
            &CONFIG_TEMPLATE,
            &["domain-template", "domainTemplate"],
            &mut config.domain_template,
            DomainTemplate::new,
        );
        data.read_as(
            &CONFIG_TEMPLATE,
            &["tag-template", "tagTemplate"],
            &mut config.tag_template,
            TagTemplate::new,
        );
        data.read(&["http-protocol", "httpProtocol"], &mut config.http_protocol, http_protocol);
        data.read(&["rollout-duration", "rolloutDuration"], &mut config.rollout_duration, seconds);
        let scheme = &mut config.default_external_scheme;
        data.read(&["default-external-scheme", "defaultExternalScheme"], scheme, owned);
        let external = &mut config.external_domain_tls;
        data.read(&["external-domain-tls", "auto-tls", "autoTLS"], external, switch);
        data.read(&["cluster-local-domain-tls"], &mut config.cluster_local_domain_tls, switch);
        read_system_internal_tls(data, &mut config.system_internal_tls);
        complain_of_keys(data);
        config
    }
}

/// The legacy switch still counts beside a new one that is off or empty, as in Knative.
fn read_system_internal_tls(data: &mut Data<'_>, target: &mut bool) {
    let (mut current, mut legacy) = (false, false);
    data.read(&["system-internal-tls"], &mut current, switch);
    data.read(&["internal-encryption"], &mut legacy, boolean);
    *target = current || legacy;
}

fn complain_of_keys(data: &mut Data<'_>) {
    data.complain_of_typos(KEYS);
    if let Some((key, _)) = data.text(MOVED) {
        let message = format!("Knative reads `{key}` from config-features, not here");
        data.complain(&CONFIG_KEY, key, message)
            .help("move it to config-features, as `tag-header-based-routing`");
    }
}

fn http_protocol(text: &str) -> Result<HttpProtocol, String> {
    match text.to_ascii_lowercase().as_str() {
        "" | "enabled" => Ok(HttpProtocol::Enabled),
        "redirected" => Ok(HttpProtocol::Redirected),
        "disabled" => Ok(HttpProtocol::Disabled),
        _ => Err(format!("`{text}` is none of `Enabled`, `Redirected`, `Disabled`")),
    }
}

fn seconds(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| format!("`{text}` is no whole number of seconds from 0 up"))
}
