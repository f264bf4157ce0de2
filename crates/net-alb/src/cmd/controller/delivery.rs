//! When something is delivered for target `alb`: while that is the target, by the controller that leads.

use super::stages::stages;
use futures_util::StreamExt;
use futures_util::future::Either;
use futures_util::stream::{select, unfold};
use kube::runtime::watcher;
use kube::{Api, Client};
use net_alb_api::ConfigMap;
use net_alb_api::config::Target;
use net_alb_controller::config::InEffect;
use net_alb_controller::deliver::{self, Delivery, Options};
use net_alb_controller::watch::{self, Kind, Seen};
use std::time::Duration;
use tokio::sync::{mpsc, watch as tell_latest};
use tokio::task::AbortHandle;

/// Follows config-alb and the leadership for good. `tell` hears what the target is, and how far each KIngress is.
pub(super) async fn follow(
    client: Client,
    options: Options,
    leads: tell_latest::Receiver<bool>,
    tell: mpsc::UnboundedSender<Delivery>,
    linger: Duration,
) {
    let settings = watcher::Config::default().any_semantic().fields("metadata.name=config-alb");
    let api = Api::namespaced(client.clone(), &options.system_namespace);
    let written = watch::stream::<ConfigMap, ConfigMap>(Kind::ConfigMap, api, settings, Some);
    let leads = unfold((leads, true), |(mut leads, first)| async move {
        if !first {
            leads.changed().await.ok()?;
        }
        let now = *leads.borrow_and_update();
        Some((now, (leads, false)))
    });
    let mut news = select(written.map(Either::Left), leads.boxed().map(Either::Right));
    let mut follower = Follower {
        config_alb: InEffect::default(),
        is_seen: false,
        leads: false,
        at_work: None,
        client,
        options,
        tell,
        linger,
    };
    while let Some(event) = news.next().await {
        follower.take(event);
        follower.decide();
    }
}

struct Follower {
    /// `config-alb` as it takes effect.
    config_alb: InEffect,
    is_seen: bool,
    leads: bool,
    /// What is done now: for which target, and whether we lead.
    at_work: Option<((Target, bool), AbortHandle)>,
    client: Client,
    options: Options,
    tell: mpsc::UnboundedSender<Delivery>,
    linger: Duration,
}

impl Follower {
    fn take(&mut self, event: Either<Seen<ConfigMap>, bool>) {
        match event {
            Either::Left(Seen::Put(written)) => drop(self.config_alb.put(&written)),
            Either::Left(Seen::Gone(_, key)) => self.config_alb.remove(&key),
            Either::Left(Seen::Synced(_)) => self.is_seen = true,
            Either::Left(Seen::Failed(kind, error)) => tracing::warn!("{kind:?} can't be watched: {error}"),
            Either::Right(leads) => self.leads = leads,
        }
    }

    /// Begins or ends what follows from target and leadership.
    fn decide(&mut self) {
        let wanted = (self.config_alb.settings().target, self.leads);
        let is_same = self.at_work.as_ref().is_some_and(|(at_work, _)| *at_work == wanted);
        if !self.is_seen || is_same {
            return;
        }
        if let Some((_, task)) = self.at_work.take() {
            task.abort();
        }
        let delivery = if wanted.0 == Target::Alb { Delivery::On } else { Delivery::Off };
        // Nobody listens any more when the process ends.
        let _ = self.tell.send(delivery);
        let (client, options, tell) = (self.client.clone(), self.options.clone(), self.tell.clone());
        let linger = self.linger;
        let task = tokio::spawn(async move {
            match wanted {
                (Target::Alb, true) => {
                    tracing::info!("target `alb`: delivering");
                    deliver::run(client, options, stages(), tell).await;
                }
                (Target::Gateway, true) => deliver::clear(client, linger).await,
                (_, false) => {}
            }
        });
        self.at_work = Some((wanted, task.abort_handle()));
    }
}
