//! The API server's events as changes: one LIST and one WATCH a kind, resumed where they broke off.
//!
//! What can't be reached stays as it was seen last. Objects come without what no stage reads (managed fields, status).

mod kingress;
mod mirror;
mod patience;

pub use kingress::KIngressObject;
pub(crate) use kingress::resource;
pub(crate) use patience::Patience;

use futures_util::stream::{BoxStream, SelectAll, StreamExt, iter};
use kube::runtime::{WatchStreamExt, watcher};
use kube::{Api, Client, Resource};
use mirror::Mirror;
use net_alb_api::{EndpointSlice, Ingress, IngressClass, Object, ObjectKey, Service};
use net_alb_diag::ObjectRef;
use serde::de::DeserializeOwned;
use std::fmt::Debug;

/// The kinds that are watched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs, reason = "each variant is the kind it is named after")]
pub enum Kind {
    KIngress,
    Ingress,
    IngressClass,
    AlbConfig,
    Service,
    EndpointSlice,
    Secret,
    ConfigMap,
}

impl Kind {
    /// Every kind.
    pub const ALL: &[Kind] = &[
        Kind::KIngress,
        Kind::Ingress,
        Kind::IngressClass,
        Kind::AlbConfig,
        Kind::Service,
        Kind::EndpointSlice,
        Kind::Secret,
        Kind::ConfigMap,
    ];

    /// Names an object of this kind.
    pub fn to_ref(self, key: &ObjectKey) -> ObjectRef {
        let (group, kind, _) = self.names();
        key.to_ref(group, kind)
    }

    /// Its API group, its own name, and its plural as RBAC has it.
    pub(crate) fn names(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Kind::KIngress => ("networking.internal.knative.dev", "Ingress", "ingresses"),
            Kind::Ingress => ("networking.k8s.io", "Ingress", "ingresses"),
            Kind::IngressClass => ("networking.k8s.io", "IngressClass", "ingressclasses"),
            Kind::AlbConfig => ("alibabacloud.com", "AlbConfig", "albconfigs"),
            Kind::Service => ("", "Service", "services"),
            Kind::EndpointSlice => ("discovery.k8s.io", "EndpointSlice", "endpointslices"),
            Kind::Secret => ("", "Secret", "secrets"),
            Kind::ConfigMap => ("", "ConfigMap", "configmaps"),
        }
    }
}

/// Something that a watch has seen.
#[derive(Debug)]
pub enum Seen<T = Object> {
    /// The object is so now.
    Put(Box<T>),
    /// It is gone, or no longer ours.
    Gone(Kind, ObjectKey),
    /// All objects of this kind have been seen once.
    Synced(Kind),
    /// The API server can't be asked at the moment; it is tried again.
    Failed(Kind, String),
}

/// Label on the Secrets of Knative's certificates. Source: networking `pkg/apis/networking/register.go`.
const CERTIFICATE_UID: &str = "networking.internal.knative.dev/certificate-uid";

/// Every object that a gateway needs. What net-alb made for target `alb` isn't among them: a gateway makes it itself.
pub fn objects(client: &Client, namespace: &str) -> SelectAll<BoxStream<'static, Seen>> {
    let mut streams: SelectAll<_> =
        [stages(client, namespace).map(without_made).boxed()].into_iter().collect();
    streams.push(endpoint_slices(client));
    streams
}

/// Every object that decides which Ingresses there are to be, and those that are there.
pub fn stages(client: &Client, namespace: &str) -> SelectAll<BoxStream<'static, Seen>> {
    let secrets = all().labels(CERTIFICATE_UID);
    let config_maps = Api::namespaced(client.clone(), namespace);
    let into = KIngressObject::into_object;
    let mut streams: SelectAll<_> = routed(client).into_iter().collect();
    streams.push(stream::<KIngressObject, _>(Kind::KIngress, Api::all(client.clone()), all(), into));
    streams.push(stream(Kind::Secret, Api::all(client.clone()), secrets, |o| Some(Object::Secret(o))));
    streams.push(stream(Kind::ConfigMap, config_maps, all(), |o| Some(Object::ConfigMap(o))));
    streams
}

/// The kinds of [`balancers`].
pub const BALANCERS: &[Kind] =
    &[Kind::Ingress, Kind::IngressClass, Kind::AlbConfig, Kind::Service, Kind::EndpointSlice];

/// Every object that ALB Ingress Controller needs, but for Secrets.
pub fn balancers(client: &Client) -> SelectAll<BoxStream<'static, Seen>> {
    routed(client).into_iter().chain([endpoint_slices(client)]).collect()
}

/// Every AlbConfig.
pub fn alb_configs(client: &Client) -> BoxStream<'static, Seen> {
    let into = |alb_config: kingress::AlbConfigObject| Some(alb_config.into_object());
    stream(Kind::AlbConfig, Api::all(client.clone()), all(), into)
}

fn routed(client: &Client) -> [BoxStream<'static, Seen>; 4] {
    let classes = Api::all(client.clone());
    [
        stream::<Ingress, _>(Kind::Ingress, Api::all(client.clone()), all(), |o| Some(Object::Ingress(o))),
        stream::<IngressClass, _>(Kind::IngressClass, classes, all(), |o| Some(Object::IngressClass(o))),
        alb_configs(client),
        stream::<Service, _>(Kind::Service, Api::all(client.clone()), all(), |o| Some(Object::Service(o))),
    ]
}

fn endpoint_slices(client: &Client) -> BoxStream<'static, Seen> {
    let into = |slice: EndpointSlice| Some(Object::EndpointSlice(slice));
    stream(Kind::EndpointSlice, Api::all(client.clone()), all(), into)
}

/// What net-alb made for target `alb` is taken as not there.
fn without_made(seen: Seen) -> Seen {
    let Seen::Put(object) = seen else { return seen };
    let kind = match *object {
        Object::Ingress(_) => Kind::Ingress,
        Object::IngressClass(_) => Kind::IngressClass,
        Object::AlbConfig(_) => Kind::AlbConfig,
        _ => return Seen::Put(object),
    };
    let metadata = object.metadata();
    let (key, value) = crate::deliver::objects::MANAGED_BY;
    let labels = metadata.labels.as_ref();
    if labels.and_then(|labels| labels.get(key)).is_none_or(|by| by != value) {
        return Seen::Put(object);
    }
    let namespace = metadata.namespace.clone().unwrap_or_default();
    Seen::Gone(kind, ObjectKey::new(namespace, metadata.name.clone().unwrap_or_default()))
}

fn all() -> watcher::Config {
    watcher::Config::default().any_semantic()
}

/// One Secret that no label finds. It ends with the stream.
pub fn secret(client: &Client, key: &ObjectKey) -> BoxStream<'static, Seen> {
    // That this one has been looked for says nothing of the others.
    one_secret(client, key).filter(|seen| std::future::ready(!matches!(seen, Seen::Synced(_)))).boxed()
}

/// The same, and it says when the Secret has been looked for.
pub(crate) fn one_secret(client: &Client, key: &ObjectKey) -> BoxStream<'static, Seen> {
    let one = watcher::Config::default().any_semantic().fields(&format!("metadata.name={}", key.name));
    let api = Api::namespaced(client.clone(), &key.namespace);
    stream(Kind::Secret, api, one, |o| Some(Object::Secret(o)))
}

/// Watches one kind. `into` says what of an object is wanted; `None` for one that isn't ours.
pub fn stream<K, T>(
    kind: Kind,
    api: Api<K>,
    config: watcher::Config,
    into: fn(K) -> Option<T>,
) -> BoxStream<'static, Seen<T>>
where
    K: Resource + Clone + DeserializeOwned + Debug + Send + 'static,
    T: Send + 'static,
{
    let mut mirror = Mirror::new(kind);
    watcher(api, config)
        .backoff(Patience::default())
        .flat_map(move |event| {
            let seen = match event {
                Ok(event) => mirror.see(event, into),
                Err(error) => mirror.fail(&error),
            };
            iter(seen)
        })
        .boxed()
}
