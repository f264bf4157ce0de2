use crate::{
    AlbConfig, ConfigMap, EndpointSlice, Ingress, IngressClass, KIngress, KService, ObjectKey, ObjectMeta,
    Secret, Service,
};
use net_alb_diag::ObjectRef;
use serde::{Deserialize, Deserializer, Serialize};

/// An object of any kind that net-alb reads. Its `Serialize` is for keeping it ([`crate::Packed`]); [`Object::to_value`] is what is
/// printed.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[allow(missing_docs, reason = "each variant holds the kind it is named after")]
#[allow(
    clippy::large_enum_variant,
    reason = "short-lived: made by a reader, taken apart by `Snapshot::insert`"
)]
pub enum Object {
    KService(KService),
    KIngress(KIngress),
    Ingress(Ingress),
    IngressClass(IngressClass),
    AlbConfig(AlbConfig),
    Service(Service),
    EndpointSlice(EndpointSlice),
    Secret(Secret),
    ConfigMap(ConfigMap),
}

/// `apiVersion`, `kind` of every kind that [`Object::read`] knows.
const KINDS: &[(&str, &str)] = &[
    (KService::API_VERSION, KService::KIND),
    (KIngress::API_VERSION, KIngress::KIND),
    ("networking.k8s.io/v1", "Ingress"),
    ("networking.k8s.io/v1", "IngressClass"),
    (AlbConfig::API_VERSION, AlbConfig::KIND),
    ("v1", "Service"),
    ("discovery.k8s.io/v1", "EndpointSlice"),
    ("v1", "Secret"),
    ("v1", "ConfigMap"),
];

impl Object {
    /// Every known `apiVersion` and `kind`.
    pub fn kinds() -> &'static [(&'static str, &'static str)] {
        KINDS
    }

    /// Reads an object of the given kind; `None` for a kind that net-alb has no use for.
    pub fn read<'de, D: Deserializer<'de>>(
        api_version: &str,
        kind: &str,
        deserializer: D,
    ) -> Option<Result<Object, D::Error>> {
        let index = KINDS.iter().position(|known| *known == (api_version, kind))?;
        Some(match index {
            0 => KService::deserialize(deserializer).map(Object::KService),
            1 => KIngress::deserialize(deserializer).map(Object::KIngress),
            2 => Ingress::deserialize(deserializer).map(Object::Ingress),
            3 => IngressClass::deserialize(deserializer).map(Object::IngressClass),
            4 => AlbConfig::deserialize(deserializer).map(Object::AlbConfig),
            5 => Service::deserialize(deserializer).map(Object::Service),
            6 => EndpointSlice::deserialize(deserializer).map(Object::EndpointSlice),
            7 => Secret::deserialize(deserializer).map(Object::Secret),
            _ => ConfigMap::deserialize(deserializer).map(Object::ConfigMap),
        })
    }

    fn parts(&self) -> (usize, &ObjectMeta) {
        match self {
            Object::KService(o) => (0, &o.metadata),
            Object::KIngress(o) => (1, &o.metadata),
            Object::Ingress(o) => (2, &o.metadata),
            Object::IngressClass(o) => (3, &o.metadata),
            Object::AlbConfig(o) => (4, &o.metadata),
            Object::Service(o) => (5, &o.metadata),
            Object::EndpointSlice(o) => (6, &o.metadata),
            Object::Secret(o) => (7, &o.metadata),
            Object::ConfigMap(o) => (8, &o.metadata),
        }
    }

    /// `metadata`.
    pub fn metadata(&self) -> &ObjectMeta {
        self.parts().1
    }

    /// Names this object in a message.
    pub fn to_ref(&self) -> ObjectRef {
        let (index, metadata) = self.parts();
        let (api_version, kind) = KINDS[index];
        let group = api_version.split_once('/').map_or("", |(group, _)| group);
        match kind {
            "IngressClass" | "AlbConfig" => {
                ObjectKey::new("", metadata.name.clone().unwrap_or_default()).to_ref(group, kind)
            }
            _ => ObjectKey::of(metadata).to_ref(group, kind),
        }
    }

    /// The object as JSON with `apiVersion` and `kind` first, ready to print as YAML.
    pub fn to_value(&self) -> serde_json::Result<serde_json::Value> {
        let (api_version, kind) = KINDS[self.parts().0];
        match self {
            Object::KService(o) => with_kind(api_version, kind, o),
            Object::KIngress(o) => with_kind(api_version, kind, o),
            Object::Ingress(o) => with_kind(api_version, kind, o),
            Object::IngressClass(o) => with_kind(api_version, kind, o),
            Object::AlbConfig(o) => with_kind(api_version, kind, o),
            Object::Service(o) => with_kind(api_version, kind, o),
            Object::EndpointSlice(o) => with_kind(api_version, kind, o),
            Object::Secret(o) => with_kind(api_version, kind, o),
            Object::ConfigMap(o) => with_kind(api_version, kind, o),
        }
    }
}

fn with_kind(
    api_version: &str,
    kind: &str,
    object: &impl Serialize,
) -> serde_json::Result<serde_json::Value> {
    let mut value = serde_json::to_value(object)?;
    if let Some(map) = value.as_object_mut() {
        map.insert("apiVersion".into(), api_version.into());
        map.insert("kind".into(), kind.into());
    }
    Ok(value)
}
