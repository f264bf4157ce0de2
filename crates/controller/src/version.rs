//! Which state of a KIngress a gateway serves and the controller waits for.

use net_alb_api::ObjectMeta;
use net_alb_api::annotation::{ALB, extension, knative};
use sha2::{Digest, Sha256};

/// The state of a KIngress as far as serving it goes: `UID.GENERATION`, and a digest of the annotations that stages read if
/// there are any, since an edit of those leaves the generation as it is.
///
/// Gateway and controller each work it out from the object that they see: equal text, same state.
pub fn version(metadata: &ObjectMeta) -> String {
    let uid = metadata.uid.as_deref().unwrap_or_default();
    let generation = metadata.generation.unwrap_or_default();
    let mut read = metadata.annotations.iter().flatten().filter(|(key, _)| is_read(key)).peekable();
    if read.peek().is_none() {
        return format!("{uid}.{generation}");
    }
    let mut hasher = Sha256::new();
    for (key, value) in read {
        // A length in front keeps neighbours apart.
        for part in [key, value] {
            hasher.update(part.len().to_be_bytes());
            hasher.update(part);
        }
    }
    let digest = hasher.finalize();
    let digest = digest.first_chunk::<8>().map_or(0, |first| u64::from_be_bytes(*first));
    format!("{uid}.{generation}.{digest:016x}")
}

/// Whether a stage reads this annotation of a KIngress.
fn is_read(key: &str) -> bool {
    [knative::ARTICLE_PREFIX, extension::PREFIX, ALB].iter().any(|prefix| key.starts_with(prefix))
        || key == knative::TAG_TO_HOST
}

/// Whether the KIngress is ours: only by exactly our class, since no class is somebody else's default.
///
/// Source: networking `pkg/client/injection/reconciler/networking/v1alpha1/ingress/reconciler.go`.
pub fn is_ours(metadata: &ObjectMeta) -> bool {
    let class = metadata.annotations.as_ref().and_then(|annotations| annotations.get(knative::INGRESS_CLASS));
    class.is_some_and(|class| class == knative::ALB_INGRESS_CLASS)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn metadata(annotations: &[(&str, &str)]) -> ObjectMeta {
        ObjectMeta {
            uid: Some("u".to_owned()),
            generation: Some(3),
            annotations: Some(annotations.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()),
            ..ObjectMeta::default()
        }
    }

    #[test]
    fn only_annotations_that_are_read_change_it() {
        let plain = version(&metadata(&[("serving.knative.dev/creator", "me")]));
        assert_eq!(plain, "u.3");
        let gray = version(&metadata(&[(knative::GRAY_HEADERS, "[]")]));
        assert_ne!(gray, version(&metadata(&[(knative::GRAY_HEADERS, "[{}]")])));
        assert!(gray.starts_with("u.3."), "{gray}");
    }

    #[test]
    fn no_class_and_another_class_are_not_ours() {
        assert!(!is_ours(&ObjectMeta::default()));
        assert!(!is_ours(&metadata(&[(knative::INGRESS_CLASS, "")])));
        assert!(is_ours(&metadata(&[(knative::INGRESS_CLASS, knative::ALB_INGRESS_CLASS)])));
    }
}
