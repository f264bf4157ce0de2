use super::record::KIngressRecord;
use crate::deliver::Delivery;
use crate::replicas::Heard;
use crate::status::IngressStatus;
use crate::watch::Seen;
use futures_util::StreamExt;
use futures_util::stream::{BoxStream, unfold};
use net_alb_api::{ConfigMap, EndpointSlice, ObjectKey};
use tokio::sync::{mpsc, watch};

/// Everything that the controller reacts to.
#[derive(Debug)]
pub(super) enum Message {
    KIngress(Seen<KIngressRecord>),
    Slice(Seen<EndpointSlice>),
    Config(Seen<ConfigMap>),
    Heard(String, Heard),
    Wrote(ObjectKey, Result<(IngressStatus, u64), ()>),
    Leads(bool),
    Delivered(Delivery),
    Timer,
    Stop,
}

/// What replicas say.
pub(super) fn received(from: mpsc::Receiver<(String, Heard)>) -> BoxStream<'static, Message> {
    unfold(from, |mut from| async move {
        let (replica, heard) = from.recv().await?;
        Some((Message::Heard(replica, heard), from))
    })
    .boxed()
}

/// A write that has ended.
pub(super) type Wrote = (ObjectKey, Result<(IngressStatus, u64), ()>);

/// Writes that have ended.
pub(super) fn finished(from: mpsc::UnboundedReceiver<Wrote>) -> BoxStream<'static, Message> {
    unfold(from, |mut from| async move {
        let (kingress, result) = from.recv().await?;
        Some((Message::Wrote(kingress, result), from))
    })
    .boxed()
}

/// Whether we lead, at first and whenever it changes.
pub(super) fn leads(from: watch::Receiver<bool>) -> BoxStream<'static, Message> {
    unfold((from, true), |(mut from, first)| async move {
        if !first {
            from.changed().await.ok()?;
        }
        let leads = *from.borrow_and_update();
        Some((Message::Leads(leads), (from, false)))
    })
    .boxed()
}

/// How far KIngresses are with target `alb`.
pub(super) fn delivered(from: mpsc::UnboundedReceiver<Delivery>) -> BoxStream<'static, Message> {
    unfold(from, |mut from| async move { Some((Message::Delivered(from.recv().await?), from)) }).boxed()
}
