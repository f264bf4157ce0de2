//! The custom kinds as the client wants them: it needs to know their group, version and plural.

use crate::version::is_ours;
use kube::Resource;
use net_alb_api::{AlbConfig, KIngress, Object, ObjectMeta};
use serde::Deserialize;
use std::borrow::Cow;

/// A custom kind as the API server spells it.
macro_rules! resource {
    ($type:ty, $group:literal, $version:literal, $kind:literal, $plural:literal, $scope:ty, $($metadata:tt).+) => {
        impl Resource for $type {
            type DynamicType = ();
            type Scope = $scope;

            fn kind((): &()) -> Cow<'_, str> {
                $kind.into()
            }

            fn group((): &()) -> Cow<'_, str> {
                $group.into()
            }

            fn version((): &()) -> Cow<'_, str> {
                $version.into()
            }

            fn plural((): &()) -> Cow<'_, str> {
                $plural.into()
            }

            fn meta(&self) -> &ObjectMeta {
                &self.$($metadata).+
            }

            fn meta_mut(&mut self) -> &mut ObjectMeta {
                &mut self.$($metadata).+
            }
        }
    };
}

pub(crate) use resource;

/// A KIngress for the client.
#[derive(Debug, Clone, Deserialize)]
#[serde(transparent)]
pub struct KIngressObject(KIngress);

/// An AlbConfig for the client.
#[derive(Debug, Clone, Deserialize)]
#[serde(transparent)]
pub(super) struct AlbConfigObject(AlbConfig);

resource!(
    KIngressObject,
    "networking.internal.knative.dev",
    "v1alpha1",
    "Ingress",
    "ingresses",
    k8s_openapi::NamespaceResourceScope,
    0.metadata
);
resource!(
    AlbConfigObject,
    "alibabacloud.com",
    "v1",
    "AlbConfig",
    "albconfigs",
    k8s_openapi::ClusterResourceScope,
    0.metadata
);

impl KIngressObject {
    /// What stages read of it, if it is of our class and stays.
    pub(super) fn into_object(self) -> Option<Object> {
        let mut kingress = self.0;
        kingress.status = None;
        let stays = kingress.metadata.deletion_timestamp.is_none();
        (stays && is_ours(&kingress.metadata)).then_some(Object::KIngress(kingress))
    }
}

impl AlbConfigObject {
    pub(super) fn into_object(self) -> Object {
        Object::AlbConfig(self.0)
    }
}
