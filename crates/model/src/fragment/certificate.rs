//! Certificates of `spec.tls`.

use crate::Alb;
use crate::site::Site;
use net_alb_api::config::Target;
use net_alb_api::{Ingress, ObjectKey, Objects, lacking};
use net_alb_diag::FieldPath;
use net_alb_diag::codes::build;

/// The Secrets of an Ingress' `spec.tls`, in order, each once. One that isn't there, or lacks something, is left out.
///
/// Source: ACK, Use an ALB Ingress to configure certificates for an HTTPS listener.
pub(crate) fn secrets(
    site: &mut Site<'_>,
    ingress: &Ingress,
    frame: &Alb,
    objects: &impl Objects,
) -> Vec<ObjectKey> {
    let namespace = ObjectKey::of(&ingress.metadata).namespace;
    let mut keys = Vec::new();
    let entries = ingress.spec.iter().flat_map(|spec| spec.tls.iter().flatten()).enumerate();
    for (i, tls) in entries {
        let at = FieldPath::of("spec.tls").index(i);
        let Some(name) = tls.secret_name.as_deref().filter(|name| !name.is_empty()) else {
            without_secret(site, tls.hosts.as_deref().unwrap_or_default(), &at, frame);
            continue;
        };
        let key = ObjectKey::new(namespace.clone(), name);
        if is_usable(site, &key, &at.key("secretName"), objects) && !keys.contains(&key) {
            keys.push(key);
        }
    }
    keys
}

fn is_usable(site: &mut Site<'_>, key: &ObjectKey, at: &FieldPath, objects: &impl Objects) -> bool {
    let Some(secret) = objects.secret(key) else {
        // Knative makes the Secrets of its own certificates when they are issued: stage 1 has said that one is still missing.
        if !site.is_made {
            let message = format!("Secret `{key}` isn't there");
            let help = format!(
                "add a Secret `{}` of type `kubernetes.io/tls` to namespace `{}`",
                key.name, key.namespace
            );
            site.say(site.at(&build::MISSING_SECRET, at.clone(), message).help(help));
        }
        return false;
    };
    let lacks = lacking(&secret);
    if !lacks.is_empty() {
        let message = format!("Secret `{key}` lacks `{}`", lacks.join("` and `"));
        let help = "make it with `kubectl create secret tls`";
        site.say(site.at(&build::BAD_SECRET, at.clone(), message).help(help));
    }
    lacks.is_empty()
}

/// ALB looks for a certificate in Certificate Management Service, unless the AlbConfig's listener has one; the gateway can't.
fn without_secret(site: &mut Site<'_>, hosts: &[String], at: &FieldPath, frame: &Alb) {
    let declared = frame.listeners.iter().any(|listener| !listener.certificate_ids.is_empty());
    if site.settings.target == Target::Alb || declared || hosts.is_empty() {
        return;
    }
    let message =
        format!("`{}` has no Secret, and the gateway has no certificate service to ask", hosts.join("`, `"));
    site.say(site.at(&build::HOST_WITHOUT_SECRET, at.clone(), message).help("add `secretName`"));
}
