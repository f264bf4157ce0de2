//! The revisions of a Service: their names, their protocol and their Kubernetes Services.

use super::names::{child_name, stem};
use super::traffic::traffic_or_default;
use k8s_openapi::api::core::v1::{ServicePort, ServiceSpec};
use net_alb_api::{IntOrString, KService, ObjectKey, ObjectMeta, Service};
use net_alb_diag::codes::expand::LATEST_ASSUMED;
use net_alb_diag::{Diagnostic, FieldPath};
use std::collections::BTreeSet;

/// The length of `-00001`.
const NUMBER: usize = 6;

/// A revision of a Knative Service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revision {
    /// Its name.
    pub name: String,
    /// Its Kubernetes Service, which has the same name.
    pub service: ObjectKey,
    /// Whether it is the one that `latestRevision` means; the template in the Service is taken to be its template.
    pub latest: bool,
}

/// The latest revision's name, by the rule that [`super::expand`] documents; an assumption is noted.
pub(super) fn latest(service: &KService, diagnostics: &mut Vec<Diagnostic>) -> String {
    let from_status = service.status.as_ref().and_then(|status| status.latest_ready_revision_name.clone());
    if let Some(name) = from_status.filter(|name| !name.is_empty()) {
        return name;
    }
    let template = service.spec.template.metadata.as_ref();
    if let Some(name) = template.and_then(|metadata| metadata.name.clone()).filter(|name| !name.is_empty()) {
        return name;
    }
    let parent = service.key().name;
    let traffic = traffic_or_default(service);
    let pinned = traffic.iter().filter_map(|target| Some((number(&parent, &target.revision_name)?, target)));
    let Some((newest, named)) = pinned.max_by_key(|(number, _)| *number) else {
        return child_name(&parent, "-00001");
    };
    let Some(index) = traffic.iter().position(|target| target.revision_name.is_empty()) else {
        return named.revision_name.clone();
    };
    let name = child_name(&parent, &format!("-{:05}", newest.saturating_add(1)));
    let message =
        format!("the latest revision is taken to be `{name}`, the one after `{}`", named.revision_name);
    let path = FieldPath::of("spec.traffic").index(index);
    diagnostics.push(
        Diagnostic::new(&LATEST_ASSUMED, service.to_ref(), path, message)
            .help("to name it yourself, write `spec.template.metadata.name`"),
    );
    name
}

/// The number in a name that Knative generated for this Service.
fn number(service: &str, revision: &str) -> Option<u32> {
    let digits = revision.strip_prefix(&stem(service, NUMBER))?.strip_prefix('-')?;
    (digits.len() >= NUMBER - 1 && digits.bytes().all(|b| b.is_ascii_digit())).then(|| digits.parse().ok())?
}

/// Whether a revision of this name could belong to the Service.
pub(super) fn may_belong(service: &str, revision: &str) -> bool {
    let has = |stem: &str| revision.strip_prefix(stem).is_some_and(|rest| rest.starts_with('-'));
    has(service) || has(&stem(service, NUMBER))
}

/// Every revision that the traffic names, in its order, and the latest one.
pub(super) fn revisions(service: &KService, latest: &str) -> Vec<Revision> {
    let mut seen = BTreeSet::new();
    let targets = traffic_or_default(service).into_iter().map(|target| target.revision_name);
    let names = targets.map(|name| if name.is_empty() { latest.to_owned() } else { name });
    let names = names.chain([latest.to_owned()]).filter(|name| seen.insert(name.clone()));
    let namespace = service.key().namespace;
    let revision = |name: String| Revision {
        latest: name == latest,
        service: ObjectKey::new(namespace.as_str(), name.as_str()),
        name,
    };
    names.map(revision).collect()
}

/// What a revision's container speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Protocol {
    /// HTTP/1.1.
    Http1,
    /// HTTP/2 without TLS.
    H2c,
}

impl Protocol {
    /// The port for TLS inside the cluster.
    pub(super) const HTTPS_PORT: i32 = 443;

    /// By the name of the port of the container that has one.
    /// Source: serving `pkg/apis/serving/v1/revision_helpers.go`, `GetContainer` and `GetProtocol`.
    pub(super) fn of(service: &KService) -> Self {
        let containers = &service.spec.template.spec.containers;
        let port = containers.iter().find_map(|container| container.ports.as_ref()?.first());
        match port.and_then(|port| port.name.as_deref()) {
            Some("h2c") => Protocol::H2c,
            _ => Protocol::Http1,
        }
    }

    /// The port of the revision's Service. Source: networking `pkg/apis/networking/ports.go`.
    pub(super) fn port(self) -> i32 {
        match self {
            Protocol::Http1 => 80,
            Protocol::H2c => 81,
        }
    }

    /// A revision's Service. Source: serving `pkg/reconciler/serverlessservice/resources/services.go`.
    pub(super) fn service(self, key: &ObjectKey) -> Service {
        let (name, app_protocol, target) = match self {
            Protocol::Http1 => ("http", None, 8012),
            Protocol::H2c => ("http2", Some("kubernetes.io/h2c".to_owned()), 8013),
        };
        let port = |name: &str, port, target, app_protocol| ServicePort {
            name: Some(name.to_owned()),
            protocol: Some("TCP".to_owned()),
            app_protocol,
            port,
            target_port: Some(IntOrString::Int(target)),
            ..ServicePort::default()
        };
        let ports =
            vec![port(name, self.port(), target, app_protocol), port("https", Self::HTTPS_PORT, 8112, None)];
        let metadata = ObjectMeta {
            name: Some(key.name.clone()),
            namespace: Some(key.namespace.clone()),
            ..ObjectMeta::default()
        };
        let spec = ServiceSpec { ports: Some(ports), ..ServiceSpec::default() };
        Service { metadata, spec: Some(spec), status: None }
    }
}
