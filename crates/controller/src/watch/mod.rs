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
        let (group, kind) = match self {
            Kind::KIngress => ("networking.internal.knative.dev", "Ingress"),
            Kind::Ingress => ("networking.k8s.io", "Ingress"),
            Kind::IngressClass => ("networking.k8s.io", "IngressClass"),
            Kind::AlbConfig => ("alibabacloud.com", "AlbConfig"),
            Kind::Service => ("", "Service"),
            Kind::EndpointSlice => ("discovery.k8s.io", "EndpointSlice"),
            Kind::Secret => ("", "Secret"),
            Kind::ConfigMap => ("", "ConfigMap"),
        };
        key.to_ref(group, kind)
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

/// Every object that a gateway needs.
pub fn objects(client: &Client, namespace: &str) -> SelectAll<BoxStream<'static, Seen>> {
    let all = || watcher::Config::default().any_semantic();
    let secrets = all().labels(CERTIFICATE_UID);
    let streams = [
        stream::<KIngressObject, _>(
            Kind::KIngress,
            Api::all(client.clone()),
            all(),
            KIngressObject::into_object,
        ),
        stream::<Ingress, _>(Kind::Ingress, Api::all(client.clone()), all(), |o| Some(Object::Ingress(o))),
        stream::<IngressClass, _>(Kind::IngressClass, Api::all(client.clone()), all(), |o| {
            Some(Object::IngressClass(o))
        }),
        stream(Kind::AlbConfig, Api::all(client.clone()), all(), |o: kingress::AlbConfigObject| {
            Some(o.into_object())
        }),
        stream::<Service, _>(Kind::Service, Api::all(client.clone()), all(), |o| Some(Object::Service(o))),
        stream::<EndpointSlice, _>(Kind::EndpointSlice, Api::all(client.clone()), all(), |o| {
            Some(Object::EndpointSlice(o))
        }),
        stream(Kind::Secret, Api::all(client.clone()), secrets, |o| Some(Object::Secret(o))),
        stream(Kind::ConfigMap, Api::namespaced(client.clone(), namespace), all(), |o| {
            Some(Object::ConfigMap(o))
        }),
    ];
    streams.into_iter().collect()
}

/// One Secret that no label finds. It ends with the stream.
pub fn secret(client: &Client, key: &ObjectKey) -> BoxStream<'static, Seen> {
    let one = watcher::Config::default().any_semantic().fields(&format!("metadata.name={}", key.name));
    let api = Api::namespaced(client.clone(), &key.namespace);
    let seen = stream(Kind::Secret, api, one, |o| Some(Object::Secret(o)));
    // That this one has been looked for says nothing of the others.
    seen.filter(|seen| std::future::ready(!matches!(seen, Seen::Synced(_)))).boxed()
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
