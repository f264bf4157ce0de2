//! What the embedded ALB serves, for whoever writes it into the status of Ingresses and AlbConfigs.

use net_alb_api::ObjectKey;
use net_alb_controller::acknowledgement::Problem;
use net_alb_controller::embedded::{Balancer, News};
use net_alb_model::{AddressType, Alb};
use net_alb_pipeline::Delta;
use tokio::sync::mpsc;

/// Tells what a round has changed.
#[derive(Debug)]
pub(super) struct Reporter(pub(super) mpsc::UnboundedSender<News>);

impl Reporter {
    pub(super) fn tell(&self, delta: &Delta) {
        let balancers = delta.frames.iter().map(|(name, alb)| (name.clone(), alb.as_ref().map(balancer)));
        let served = |fragment: &net_alb_model::Fragment| fragment.alb.clone();
        let ingresses =
            delta.fragments.iter().map(|(key, fragment)| (key.clone(), fragment.as_deref().map(served)));
        let said = delta.diagnostics.iter().filter(|(object, _)| object.group == "networking.k8s.io");
        let problems = said.map(|(object, diagnostics)| {
            let key = ObjectKey::new(object.namespace.as_str(), object.name.as_str());
            (key, diagnostics.iter().filter_map(Problem::of).collect())
        });
        let news = News {
            balancers: balancers.collect(),
            ingresses: ingresses.collect(),
            problems: problems.collect(),
        };
        // Nobody listens any more when the process ends.
        let _ = self.0.send(news);
    }
}

fn balancer(alb: &Alb) -> Balancer {
    let listeners = alb.listeners.iter().map(|listener| (listener.id.port, listener.id.protocol.name()));
    Balancer { is_private: alb.address_type == AddressType::Intranet, listeners: listeners.collect() }
}
