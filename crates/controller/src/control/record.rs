use crate::ledger::Asked;
use crate::status::IngressStatus;
use crate::version::{is_ours, version};
use crate::watch::resource;
use kube::Resource;
use net_alb_api::ObjectMeta;
use serde::Deserialize;
use std::borrow::Cow;

/// What the controller reads of a KIngress: everything but the spec, which is the gateways' matter.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct KIngressRecord {
    #[serde(default)]
    pub(super) metadata: ObjectMeta,
    #[serde(default)]
    pub(super) status: IngressStatus,
}

resource!(
    KIngressRecord,
    "networking.internal.knative.dev",
    "v1alpha1",
    "Ingress",
    "ingresses",
    k8s_openapi::NamespaceResourceScope,
    metadata
);

impl KIngressRecord {
    /// The record, if it is of our class and stays.
    pub(super) fn ours(self) -> Option<Self> {
        (self.metadata.deletion_timestamp.is_none() && is_ours(&self.metadata)).then_some(self)
    }

    /// `metadata.resourceVersion` as a number; 0 for one that is none.
    pub(super) fn resource_version(&self) -> u64 {
        self.metadata.resource_version.as_ref().and_then(|text| text.parse().ok()).unwrap_or_default()
    }
}

impl From<KIngressRecord> for Asked {
    fn from(record: KIngressRecord) -> Asked {
        Asked {
            generation: record.metadata.generation.unwrap_or_default(),
            version: version(&record.metadata),
            resource_version: record.resource_version(),
            uid: record.metadata.uid.unwrap_or_default(),
            status: record.status,
        }
    }
}
