//! `spec.template`, as far as it decides about routes. Source: serving `pkg/apis/serving/v1/revision_validation.go` and
//! `pkg/apis/serving/k8s_validation.go`.

use super::Complaints;
use crate::expand::names::check_label;
use k8s_openapi::api::core::v1::{Container, ContainerPort};
use net_alb_api::{KService, ObjectMeta};
use net_alb_diag::FieldPath;
use net_alb_diag::codes::expand::{CONTAINER_PORTS, MISPLACED_ANNOTATION, REVISION_NAME};

/// What Knative's own sidecar listens on.
const RESERVED_PORTS: [i32; 6] = [8008, 8012, 8013, 8022, 9090, 9091];
/// Keys of `networking.knative.dev` that a template may have.
/// Source: networking `pkg/apis/networking/metadata_validation.go`.
const TEMPLATE_KEYS: [&str; 9] = [
    "networking.knative.dev/ingress.class",
    "networking.knative.dev/ingress-class",
    "networking.knative.dev/certificate.class",
    "networking.knative.dev/certificate-class",
    "networking.knative.dev/disableAutoTLS",
    "networking.knative.dev/disable-auto-tls",
    "networking.knative.dev/disable-external-domain-tls",
    "networking.knative.dev/httpOption",
    "networking.knative.dev/http-protocol",
];

pub(super) fn validate(service: &KService, complaints: &mut Complaints) {
    if let Some(metadata) = &service.spec.template.metadata {
        revision_name(metadata, &service.key().name, complaints);
        annotations(metadata, complaints);
    }
    containers(&service.spec.template.spec.containers, complaints);
}

fn revision_name(metadata: &ObjectMeta, service: &str, complaints: &mut Complaints) {
    let Some(name) = metadata.name.as_deref().filter(|name| !name.is_empty()) else { return };
    let path = FieldPath::of("spec.template.metadata.name");
    let prefix = format!("{service}-");
    if let Err(error) = check_label(name) {
        complaints.say(&REVISION_NAME, path, error, "rename the revision, or leave its name out");
    } else if !name.starts_with(&prefix) {
        let message = format!("`{name}` doesn't begin with `{prefix}`");
        complaints.say(
            &REVISION_NAME,
            path,
            message,
            format!("write `{prefix}{name}`, or leave the name out"),
        );
    }
}

fn annotations(metadata: &ObjectMeta, complaints: &mut Complaints) {
    let keys = metadata.annotations.iter().flat_map(|annotations| annotations.keys());
    let refused =
        |key: &&String| key.starts_with("networking.knative.dev") && !TEMPLATE_KEYS.contains(&key.as_str());
    for key in keys.filter(refused) {
        let path = FieldPath::of("spec.template.metadata.annotations").key(key);
        let message = "Knative refuses this key on a revision";
        complaints.say(&MISPLACED_ANNOTATION, path, message, "move it to the Service's own metadata");
    }
}

fn containers(containers: &[Container], complaints: &mut Complaints) {
    let path = FieldPath::of("spec.template.spec.containers");
    let ports = |(i, container): (usize, &Container)| -> Vec<(FieldPath, ContainerPort)> {
        let path = path.index(i).key("ports");
        let ports = container.ports.clone().unwrap_or_default();
        ports.into_iter().enumerate().map(|(n, port)| (path.index(n), port)).collect()
    };
    let ports: Vec<(FieldPath, ContainerPort)> = containers.iter().enumerate().flat_map(ports).collect();
    match (containers.len(), ports.as_slice()) {
        (0, _) => complaints.say(
            &CONTAINER_PORTS,
            path,
            "there are 0 containers, not one or more",
            "add one with an image",
        ),
        (1, []) => {}
        (count, []) => {
            let message = format!("{count} containers have 0 ports between them, not 1");
            complaints.say(&CONTAINER_PORTS, path, message, "name the port of the one that requests go to");
        }
        (_, [(path, port)]) => self::port(path, port, complaints),
        (_, [_, (second, _), ..]) => {
            let message = format!("the containers have {} ports between them, not 1", ports.len());
            complaints.say(&CONTAINER_PORTS, second.clone(), message, "keep the one that requests go to");
        }
    }
}

fn port(path: &FieldPath, port: &ContainerPort, complaints: &mut Complaints) {
    let name = port.name.as_deref().unwrap_or_default();
    if !["", "http1", "h2c"].contains(&name) {
        let message = format!("the port's name is `{name}`, not `http1`, `h2c` or none");
        let help = "write `h2c` if it speaks HTTP/2 without TLS (gRPC does), or delete the name";
        complaints.say(&CONTAINER_PORTS, path.key("name"), message, help);
    }
    if let Some(protocol) = port.protocol.as_deref().filter(|protocol| !["", "TCP"].contains(protocol)) {
        let message = format!("the port's protocol is `{protocol}`, not `TCP`");
        complaints.say(&CONTAINER_PORTS, path.key("protocol"), message, "delete it; requests come over TCP");
    }
    let number = port.container_port;
    let message = if RESERVED_PORTS.contains(&number) {
        format!("port {number} is taken by Knative's own sidecar")
    } else if !(0..=65535).contains(&number) {
        format!("port {number} isn't from 0 to 65535")
    } else {
        return;
    };
    complaints.say(
        &CONTAINER_PORTS,
        path.key("containerPort"),
        message,
        "give another port, for example 8080",
    );
}
