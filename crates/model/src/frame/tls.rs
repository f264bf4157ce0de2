//! The TLS side of a listener of an AlbConfig.

use crate::site::Site;
use crate::{Listener, Protocol};
use net_alb_api::config::Target;
use net_alb_api::{Certificate, ListenerSpec, ObjectKey};
use net_alb_diag::FieldPath;
use net_alb_diag::codes::build;

/// Reads certificates, client CAs and the policy. A certificate's id is Certificate Management Service's; for the gateway,
/// which has no such service to ask, it may be `namespace/name` of a Secret.
pub(super) fn read(site: &mut Site<'_>, spec: &ListenerSpec, at: &FieldPath, listener: &mut Listener) {
    if let (Protocol::Https, Some(policy)) = (listener.id.protocol, &spec.security_policy_id) {
        listener.security_policy = Some(policy.clone());
        check_policy(site, policy, &at.key("securityPolicyId"));
    }
    let mut certificates: Vec<_> = spec.certificates.iter().collect();
    certificates.sort_by_key(|certificate| !certificate.is_default);
    for certificate in certificates {
        match secret(site, certificate) {
            Some(secret) => listener.certificate_secrets.push(secret),
            None => listener.certificate_ids.push(certificate.certificate_id.clone()),
        }
    }
    if spec.ca_enabled == Some(true) {
        listener.client_ca_secrets = client_cas(site, spec);
    }
}

/// The Secrets with the CAs of client certificates.
pub(super) fn client_cas(site: &Site<'_>, spec: &ListenerSpec) -> Vec<ObjectKey> {
    spec.ca_certificates.iter().filter_map(|certificate| secret(site, certificate)).collect()
}

fn secret(site: &Site<'_>, certificate: &Certificate) -> Option<ObjectKey> {
    let (namespace, name) = certificate.certificate_id.split_once('/')?;
    (site.settings.target == Target::Gateway).then(|| ObjectKey::new(namespace, name))
}

/// What of a policy rustls has not. Source: ALB, "TLS security policies".
fn check_policy(site: &mut Site<'_>, policy: &str, at: &FieldPath) {
    if site.settings.target != Target::Gateway {
        return;
    }
    let missing = match policy {
        "tls_cipher_policy_1_0" => "TLS 1.0 and 1.1, and cipher suites without forward secrecy or with CBC",
        "tls_cipher_policy_1_1" => "TLS 1.1, and cipher suites without forward secrecy or with CBC",
        "tls_cipher_policy_1_2" => "cipher suites without forward secrecy or with CBC",
        "tls_cipher_policy_1_2_strict" => "cipher suites with CBC",
        "tls_cipher_policy_1_2_strict_with_1_3" => "cipher suites with CBC or CCM",
        _ => {
            let message = format!(
                "the gateway knows no policy `{policy}`, and serves `tls_cipher_policy_1_2_strict_with_1_3`"
            );
            site.say(site.at(&build::UNSERVED_TLS_POLICY, at.clone(), message));
            return;
        }
    };
    let message = format!("of `{policy}`, the gateway doesn't accept {missing}");
    let mut diagnostic = site.at(&build::UNSERVED_TLS_POLICY, at.clone(), message);
    diagnostic.severity = net_alb_diag::Severity::Note;
    site.say(diagnostic.help("nothing, if clients are not older than 2014; they have what is left"));
}
