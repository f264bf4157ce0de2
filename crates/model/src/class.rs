//! Which load balancer serves an Ingress.

use crate::site::Site;
use k8s_openapi::api::networking::v1::IngressClassParametersReference;
use net_alb_api::annotation::registry;
use net_alb_api::config::Settings;
use net_alb_api::{AlbConfig, Ingress, IngressClass};
use net_alb_diag::codes::build;
use net_alb_diag::{FieldPath, Outcome};
use std::collections::BTreeMap;
use std::sync::Arc;

/// `spec.controller` of an IngressClass of ALB.
pub const CONTROLLER: &str = "ingress.k8s.alibabacloud/alb";

/// The name of the AlbConfig that an Ingress belongs to; `None` if it is nobody's or another controller's.
///
/// By the annotation `albconfig.name`, else by the IngressClass' parameters; without an IngressClass the old annotation's
/// class `alb` means the AlbConfig `default`. net-alb's Knative classes need no IngressClass: each leads to an AlbConfig of its own
/// name, or to the one that config-network names. Source: alibaba-load-balancer-controller, `IsValid` and `LoadGroupID`; Kubernetes, default IngressClass.
pub fn alb_config_name(
    ingress: &Ingress,
    classes: &BTreeMap<String, Arc<IngressClass>>,
    settings: &Settings,
) -> Outcome<Option<String>> {
    let mut site = Site::ingress(ingress, settings);
    let by_class = resolve(&mut site, ingress, classes);
    let by_name = site.text(&registry::ALBCONFIG_NAME).filter(|name| !name.is_empty());
    let value = match (by_class, by_name) {
        (Class::Foreign, _) | (Class::Refused, None) => None,
        (_, Some(name)) => Some(name.to_owned()),
        (Class::AlbConfig(name), None) => Some(name),
    };
    // The annotation makes up for a class that names no AlbConfig.
    let diagnostics = if value.is_some() { Vec::new() } else { site.diagnostics };
    Outcome { value, diagnostics }
}

enum Class {
    AlbConfig(String),
    Refused,
    Foreign,
}

fn resolve(site: &mut Site<'_>, ingress: &Ingress, classes: &BTreeMap<String, Arc<IngressClass>>) -> Class {
    let spec = ingress.spec.as_ref().and_then(|spec| spec.ingress_class_name.as_deref());
    let legacy = site.text(&registry::INGRESS_CLASS);
    let by_default = || classes.iter().find(|(_, class)| is_default(class)).map(|(name, _)| name.as_str());
    let at = match (spec, legacy) {
        (None, Some(_)) => FieldPath::annotation(registry::INGRESS_CLASS.key),
        _ => FieldPath::of("spec.ingressClassName"),
    };
    let Some(name) = spec.or(legacy).or_else(by_default) else {
        let message = "an Ingress without a class is served by nobody";
        let help = "name an IngressClass of ALB in `spec.ingressClassName`";
        site.say(site.at(&build::FOREIGN_CLASS, at, message).help(help));
        return Class::Foreign;
    };
    if let Some(class) = classes.get(name) {
        return of_class(site, name, class, at);
    }
    if let Some((address_type, number)) = site.settings.place_of(name) {
        return Class::AlbConfig(site.settings.alb_config_name(address_type, number));
    }
    if spec.is_none() && name == "alb" {
        return Class::AlbConfig("default".to_owned());
    }
    let known = classes.keys().map(String::as_str);
    let help = match net_alb_diag::nearest(name, known) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("add the IngressClass, with `controller: {CONTROLLER}`, if ALB is to serve it"),
    };
    let message = format!("the IngressClass `{name}` isn't there, so nobody serves this Ingress");
    site.say(site.at(&build::UNKNOWN_CLASS, at, message).help(help));
    Class::Foreign
}

fn of_class(site: &mut Site<'_>, name: &str, class: &IngressClass, at: FieldPath) -> Class {
    let spec = class.spec.as_ref();
    let controller = spec.and_then(|spec| spec.controller.as_deref()).unwrap_or_default();
    if controller != CONTROLLER {
        let message =
            format!("the class `{name}` belongs to the controller `{controller}`; ALB leaves it alone");
        site.say(site.at(&build::FOREIGN_CLASS, at, message));
        return Class::Foreign;
    }
    let parameters = spec.and_then(|spec| spec.parameters.as_ref());
    let usable = |parameters: &&IngressClassParametersReference| {
        parameters.kind == AlbConfig::KIND && !parameters.name.is_empty()
    };
    if let Some(parameters) = parameters.filter(usable) {
        return Class::AlbConfig(parameters.name.clone());
    }
    let message = format!("the IngressClass `{name}` names no AlbConfig in `spec.parameters`");
    let help = "add `parameters: {apiGroup: alibabacloud.com, kind: AlbConfig, name: …}` to it";
    site.say(site.at(&build::INCOMPLETE_CLASS, at, message).help(help));
    Class::Refused
}

fn is_default(class: &IngressClass) -> bool {
    let annotations = class.metadata.annotations.as_ref();
    let marked =
        annotations.and_then(|a| a.get(registry::DEFAULT_INGRESS_CLASS.key)).is_some_and(|v| v == "true");
    marked && class.spec.as_ref().is_some_and(|spec| spec.controller.as_deref() == Some(CONTROLLER))
}
