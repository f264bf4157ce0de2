//! The load balancers of net-alb's two Knative classes, as objects: made by settings, for whoever applies them.
//!
//! Source: ACK, Create and use an ALB Ingress; alibaba-load-balancer-controller, `albconfig_types.go`.

use crate::{CONTROLLER, ListenerId, Protocol};
use k8s_openapi::api::networking::v1::{IngressClassParametersReference, IngressClassSpec};
use net_alb_api::annotation::registry;
use net_alb_api::config::{AddressType, Bootstrap, Settings, Target};
use net_alb_api::{
    AlbConfig, Certificate, IngressClass, IntOrString, ListenerSpec, ObjectMeta, XForwardedForConfig,
    ZoneMapping,
};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};

/// The label on what net-alb makes.
const MANAGED_BY: (&str, &str) = ("app.kubernetes.io/managed-by", "net-alb");

/// What has to be there of an AlbConfig.
#[derive(Debug, Clone, PartialEq)]
#[allow(clippy::large_enum_variant, reason = "there are a few of them, one a load balancer")]
pub enum Wanted {
    /// The object: it is net-alb's own.
    Made(AlbConfig),
    /// These listeners, beside those that are there: it is somebody else's (`albconfig` in config-network), and nothing else
    /// of it is to be changed. A listener of the same port and protocol stays as it is.
    Listeners(Vec<ListenerSpec>),
}

/// What has to be there of the AlbConfig of net-alb's `number`th load balancer of this kind, with the listeners that are configured
/// and those that Ingresses ask for. `None` if it can't be made, since there are no vSwitches for it: [`Bootstrap::fault`] says why.
///
/// Alibaba's managed controller adds no listener that an AlbConfig doesn't declare (2.11), so each is declared; one for TLS only
/// once there is a certificate for it, since without one the whole AlbConfig fails.
pub fn wanted_alb_config(
    (address_type, number): (AddressType, u16),
    asked: &BTreeSet<ListenerId>,
    settings: &Settings,
) -> Option<Wanted> {
    let bootstrap = &settings.bootstrap;
    let name = settings.alb_config_name(address_type, number);
    let listeners = listeners(bootstrap, asked);
    if name != settings.class(address_type, number) {
        return Some(Wanted::Listeners(listeners));
    }
    let mut alb_config = alb_config(&name, address_type);
    let config = &mut alb_config.spec.config;
    let zone = |id: &String| ZoneMapping { v_switch_id: id.clone(), ..ZoneMapping::default() };
    config.zone_mappings = bootstrap.vswitch_ids.iter().map(zone).collect();
    config.edition = Some("Standard".to_owned());
    config.other.insert("deletionProtectionEnabled".to_owned(), json!(bootstrap.deletion_protection));
    if let Some((project, store)) = &bootstrap.access_log {
        let log = json!({ "logProject": project, "logStore": store });
        config.other.insert("accessLogConfig".to_owned(), log);
    }
    alb_config.spec.listeners = listeners;
    (!bootstrap.vswitch_ids.is_empty()).then_some(Wanted::Made(alb_config))
}

/// The IngressClass of net-alb's `number`th load balancer of this kind.
pub fn wanted_ingress_class((address_type, number): (AddressType, u16), settings: &Settings) -> IngressClass {
    let parameters = IngressClassParametersReference {
        api_group: Some("alibabacloud.com".to_owned()),
        kind: AlbConfig::KIND.to_owned(),
        name: settings.alb_config_name(address_type, number),
        ..IngressClassParametersReference::default()
    };
    let spec = IngressClassSpec { controller: Some(CONTROLLER.to_owned()), parameters: Some(parameters) };
    IngressClass { metadata: metadata(&settings.class(address_type, number)), spec: Some(spec) }
}

/// The AlbConfig that stands for one of net-alb's load balancers where none of that name is there: the configured listeners, the
/// headers by which Knative's pods know the client, and 404 for what no rule takes. `None` for another name.
pub fn implicit_alb_config(name: &str, settings: &Settings) -> Option<AlbConfig> {
    let (address_type, _) = settings.place_of_alb_config(name)?;
    let mut alb_config = alb_config(name, address_type);
    let default = Bootstrap::default();
    let bootstrap = if settings.target == Target::Alb { &settings.bootstrap } else { &default };
    alb_config.spec.listeners = listeners(bootstrap, &BTreeSet::new());
    Some(alb_config)
}

fn alb_config(name: &str, address_type: AddressType) -> AlbConfig {
    let mut alb_config = AlbConfig { metadata: metadata(name), ..AlbConfig::default() };
    let status = (registry::DEFAULT_STATUS.key.to_owned(), "404".to_owned());
    alb_config.metadata.annotations = Some(BTreeMap::from([status]));
    alb_config.spec.config.address_type = Some(address_type.word().to_owned());
    alb_config
}

fn metadata(name: &str) -> ObjectMeta {
    let (key, value) = MANAGED_BY;
    ObjectMeta {
        name: Some(name.to_owned()),
        labels: Some(BTreeMap::from([(key.to_owned(), value.to_owned())])),
        ..ObjectMeta::default()
    }
}

/// The configured listeners and those that Ingresses ask for; of two that can't share a port the configured one.
fn listeners(bootstrap: &Bootstrap, asked: &BTreeSet<ListenerId>) -> Vec<ListenerSpec> {
    let is_certain = |id: &ListenerId| id.protocol == Protocol::Http || !bootstrap.certificates.is_empty();
    let configured = bootstrap.listeners.iter().filter_map(|(port, protocol)| {
        Some(ListenerId { port: *port, protocol: Protocol::parse(protocol)? })
    });
    let mut all: BTreeSet<ListenerId> = configured.filter(is_certain).collect();
    for id in asked {
        if !all.iter().any(|other| other.conflicts_with(*id)) {
            all.insert(*id);
        }
    }
    all.into_iter().map(|id| listener(id, &bootstrap.certificates)).collect()
}

fn listener(id: ListenerId, certificates: &[String]) -> ListenerSpec {
    let headers = XForwardedForConfig {
        x_forwarded_for: true,
        proto: true,
        host: true,
        ..XForwardedForConfig::default()
    };
    let certificate =
        |(index, id): (usize, &String)| Certificate { certificate_id: id.clone(), is_default: index == 0 };
    let certificates = certificates.iter().enumerate().filter(|_| id.protocol != Protocol::Http);
    ListenerSpec {
        port: Some(IntOrString::Int(i32::from(id.port))),
        protocol: Some(id.protocol.to_string()),
        certificates: certificates.map(certificate).collect(),
        x_forwarded_for_config: Some(headers),
        ..ListenerSpec::default()
    }
}

#[cfg(test)]
mod tests;
