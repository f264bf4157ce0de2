//! What is in a Secret.

use net_alb_api::Secret;
use net_alb_diag::Diagnostic;
use net_alb_gateway::{Pem, check_certificate, check_client_ca};
use net_alb_model::{Listener, ObjectKey};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Secrets with their bytes, by key.
pub(crate) type Secrets = BTreeMap<ObjectKey, Arc<Secret>>;

/// The bytes of a Secret's field; nothing if it's absent. What is written in clear wins. Source: Kubernetes, `Secret`.
pub(crate) fn field(secret: &Secret, name: &str) -> Vec<u8> {
    let text = secret.string_data.as_ref().and_then(|data| data.get(name));
    let data = || secret.data.as_ref().and_then(|data| data.get(name)).map(|bytes| bytes.0.clone());
    text.map(|text| text.clone().into_bytes()).or_else(data).unwrap_or_default()
}

/// What the gateway would say about the Secrets of a listener.
pub(crate) fn check(listener: &Listener, secrets: &Secrets) -> Vec<Diagnostic> {
    let mut said = Vec::new();
    for (key, secret) in listener.certificate_secrets.iter().filter_map(|key| Some((key, secrets.get(key)?)))
    {
        let (chain, private) = (field(secret, "tls.crt"), field(secret, "tls.key"));
        said.extend(check_certificate(key, Pem { chain: &chain, key: &private }).diagnostics);
    }
    for (key, secret) in listener.client_ca_secrets.iter().filter_map(|key| Some((key, secrets.get(key)?))) {
        said.extend(check_client_ca(key, &field(secret, "ca.crt")).diagnostics);
    }
    said
}
