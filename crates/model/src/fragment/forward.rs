//! Server groups of the Services that an Ingress forwards to.

use super::server_group::Treatment;
use crate::site::Site;
use crate::{Backend, BackendProtocol, ServerGroup, ServerGroupId};
use k8s_openapi::api::core::v1::ServicePort;
use k8s_openapi::api::networking::v1::ServiceBackendPort;
use net_alb_api::config::Target;
use net_alb_api::{Ingress, IntOrString, ObjectKey, Objects, Service, hop};
use net_alb_diag::FieldPath;
use net_alb_diag::codes::build;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The server groups that one Ingress asks for.
pub(crate) struct Groups<'a, O> {
    namespace: String,
    ingress: Arc<str>,
    treatment: Treatment,
    objects: &'a O,
    pub(crate) by_id: BTreeMap<ServerGroupId, ServerGroup>,
}

impl<'a, O: Objects> Groups<'a, O> {
    pub(crate) fn new(ingress: &Ingress, treatment: Treatment, objects: &'a O) -> Self {
        let ObjectKey { namespace, name } = ObjectKey::of(&ingress.metadata);
        Groups { namespace, ingress: name.into(), treatment, objects, by_id: BTreeMap::new() }
    }

    /// The group of a port of a Service in the Ingress' namespace. A Service or port that isn't there is said once; the group
    /// is there all the same, without servers.
    pub(crate) fn of_service(
        &mut self,
        site: &mut Site<'_>,
        name: &str,
        port: &IntOrString,
        at: &FieldPath,
    ) -> ServerGroupId {
        let service = ObjectKey::new(self.namespace.clone(), name);
        let backend = Arc::new(Backend::new(service, port));
        let id = ServerGroupId::Service { ingress: Arc::clone(&self.ingress), backend: Arc::clone(&backend) };
        if let Some((known, _)) = self.by_id.get_key_value(&id) {
            return known.clone();
        }
        let port = self.look_up(site, &backend, port, at);
        let protocol = self.treatment.protocol.unwrap_or(port.map_or(BackendProtocol::Http, of_port));
        self.by_id.insert(id.clone(), self.group(id.clone(), protocol));
        id
    }

    /// A group that was made by hand at Alibaba; only a data plane can say whether it knows servers of it.
    pub(crate) fn external(&mut self, name: &str) -> ServerGroupId {
        let id = ServerGroupId::External(name.to_owned());
        if !self.by_id.contains_key(&id) {
            let protocol = self.treatment.protocol.unwrap_or(BackendProtocol::Http);
            self.by_id.insert(id.clone(), self.group(id.clone(), protocol));
        }
        id
    }

    fn group(&self, id: ServerGroupId, protocol: BackendProtocol) -> ServerGroup {
        ServerGroup {
            id,
            protocol,
            scheduler: self.treatment.scheduler.clone(),
            keepalive: self.treatment.keepalive,
            stickiness: self.treatment.stickiness.clone(),
            health_check: self.treatment.health_check.clone(),
        }
    }

    fn look_up(
        &self,
        site: &mut Site<'_>,
        backend: &Backend,
        port: &IntOrString,
        at: &FieldPath,
    ) -> Option<ServicePort> {
        let Some(service) = self.objects.service(&backend.service) else {
            // The controller makes it once an Ingress needs it.
            if site.is_made && backend.service.name == hop::SERVICE {
                return None;
            }
            let message = format!("Service `{}` isn't there; requests for it get 503", backend.service);
            let help = format!(
                "add a Service `{}` to namespace `{}`, or correct the name",
                backend.service.name, backend.service.namespace
            );
            site.say(site.at(&build::MISSING_SERVICE, at.clone(), message).help(help));
            return None;
        };
        check_reach(site, backend, &service, at);
        let ports = ports(&service);
        let found = ports.iter().find(|known| is_port(known, port));
        // A Service of type ExternalName may have no ports at all.
        if found.is_none() && !ports.is_empty() {
            let known: Vec<_> = ports.iter().map(|port| port.port.to_string()).collect();
            let message = format!("Service `{}` has no port `{}`", backend.service, backend.port);
            let help = format!("name one of its ports: `{}`", known.join("`, `"));
            site.say(site.at(&build::UNKNOWN_SERVICE_PORT, at.clone(), message).help(help));
        }
        found.cloned()
    }
}

/// Names a Service that ALB can't reach where pods have no addresses of their own.
fn check_reach(site: &mut Site<'_>, backend: &Backend, service: &Service, at: &FieldPath) {
    let has_node_port = service.spec.as_ref().and_then(|spec| spec.type_.as_deref());
    let has_node_port = matches!(has_node_port, Some("NodePort" | "LoadBalancer"));
    if site.settings.target != Target::Alb || site.settings.bootstrap.eni || has_node_port {
        return;
    }
    let message =
        format!("Service `{}` has no node port, by which alone ALB could reach it", backend.service);
    let code = &build::CLUSTER_IP_WITHOUT_ENI;
    site.say(site.at(code, at.clone(), message).help(code.fix));
}

fn ports(service: &Service) -> &[ServicePort] {
    service.spec.as_ref().and_then(|spec| spec.ports.as_deref()).unwrap_or_default()
}

fn is_port(known: &ServicePort, port: &IntOrString) -> bool {
    match port {
        IntOrString::Int(number) => known.port == *number,
        IntOrString::String(name) => known.name.as_deref() == Some(name),
    }
}

/// HTTP/2 in clear where the port says so, as Knative's do: `appProtocol: kubernetes.io/h2c`, or the name `h2c` or `http2`.
/// A name that only begins so (`http2-web`) is Istio's way to say it; neither Knative nor Kubernetes read it.
///
/// Source: Kubernetes, Service, Application protocol; knative.dev/networking `pkg/apis/networking/ports.go`.
#[allow(clippy::needless_pass_by_value, reason = "it is mapped over an Option")]
fn of_port(port: ServicePort) -> BackendProtocol {
    let name = port.name.as_deref().unwrap_or_default();
    if matches!(name, "h2c" | "http2") || port.app_protocol.as_deref() == Some("kubernetes.io/h2c") {
        BackendProtocol::H2c
    } else {
        BackendProtocol::Http
    }
}

/// A backend's port; a name is looked up by the gateway, but Alibaba's controller makes 0 of it.
pub(crate) fn port_of(
    site: &mut Site<'_>,
    port: Option<&ServiceBackendPort>,
    at: &FieldPath,
) -> Option<IntOrString> {
    let name = port.and_then(|port| port.name.as_deref()).filter(|name| !name.is_empty());
    let number = port.and_then(|port| port.number).filter(|number| (1..=65535).contains(number));
    match (number, name) {
        (Some(number), _) => Some(IntOrString::Int(number)),
        (None, Some(name)) => {
            let message =
                format!("Alibaba's controller doesn't look up the port `{name}`: to it, that is port 0");
            site.say(
                site.limit(&build::NAMED_PORT, at.key("port"), message)
                    .help("write `number`, as the Service has it"),
            );
            Some(IntOrString::String(name.to_owned()))
        }
        (None, None) => {
            let message = "a backend needs a port from 1 to 65535";
            site.say(
                site.at(&build::UNKNOWN_SERVICE_PORT, at.key("port"), message)
                    .help("add `port: {number: …}`"),
            );
            None
        }
    }
}
