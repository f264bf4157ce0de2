//! Objects without what no stage reads.

use k8s_openapi::ByteString;
use net_alb_api::{KIngress, ObjectMeta, Secret};
use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};

/// What `kubectl apply` keeps of itself: the object once more.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// Takes out what an API server and other controllers keep in the metadata.
pub(crate) fn metadata(metadata: &mut ObjectMeta) {
    metadata.managed_fields = None;
    metadata.resource_version = None;
    metadata.generation = None;
    metadata.uid = None;
    metadata.self_link = None;
    metadata.owner_references = None;
    metadata.finalizers = None;
    if let Some(annotations) = &mut metadata.annotations {
        annotations.remove(LAST_APPLIED);
    }
}

/// Without its status, which is what we say ourselves.
pub(crate) fn kingress(kingress: &mut KIngress) {
    kingress.status = None;
}

/// Bytes become a digest of themselves: the stages ask only whether there are any.
pub(crate) fn secret(secret: &mut Secret) {
    let data = secret.data.take().unwrap_or_default().into_iter().map(|(key, bytes)| (key, bytes.0));
    let texts = secret.string_data.take().unwrap_or_default().into_iter();
    let all = data.chain(texts.map(|(key, text)| (key, text.into_bytes())));
    let digests = all.map(|(key, bytes)| (key, ByteString(digest(&bytes))));
    secret.data = Some(digests.collect::<BTreeMap<_, _>>());
}

fn digest(bytes: &[u8]) -> Vec<u8> {
    if bytes.is_empty() {
        return Vec::new();
    }
    let mut hasher = DefaultHasher::new();
    bytes.hash(&mut hasher);
    hasher.finish().to_be_bytes().to_vec()
}
