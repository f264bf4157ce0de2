//! What the embedded ALB serves, what is written of that, and what has to be: pure.

use super::{service_key, service_name};
use crate::acknowledgement::Problem;
use crate::deliver::objects::differences;
use net_alb_api::{AlbConfig, Ingress, ObjectKey, Service};
use net_alb_diag::ObjectRef;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Label on a load balancer's Service: the AlbConfig's name.
pub const PORT_LABEL: &str = "net-alb.knative.dev/albconfig";
/// The labels of the embedded ALB's pods.
pub const SELECTOR: &[(&str, &str)] =
    &[("app.kubernetes.io/name", "net-alb"), ("app.kubernetes.io/component", "embedded-alb")];
/// The pods' ports begin here, since a restricted pod can't listen below 1024.
const FIRST_PORT: u16 = 10_000;

/// What load balancers look like.
#[derive(Debug, Clone)]
pub struct Shape {
    /// The namespace of their Services, and of the pods.
    pub namespace: String,
    /// `cluster.local`.
    pub cluster_domain: String,
    /// The type of the Services of those that everybody reaches; the others' is `ClusterIP`.
    pub service_type: String,
}

/// A load balancer as it is served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Balancer {
    /// Only reached from inside.
    pub is_private: bool,
    /// Ports and protocols, as `HTTP`, `HTTPS`, `QUIC`.
    pub listeners: BTreeSet<(u16, &'static str)>,
}

/// What has changed of what is served.
#[derive(Debug, Default)]
pub struct News {
    /// Load balancers, by AlbConfig; `None`: gone.
    pub balancers: BTreeMap<String, Option<Balancer>>,
    /// Which load balancer serves each Ingress; `None`: none any more.
    pub ingresses: BTreeMap<ObjectKey, Option<String>>,
    /// What is wrong with Ingresses.
    pub problems: BTreeMap<ObjectKey, Vec<Problem>>,
}

/// Something to write or to say.
#[derive(Debug)]
pub(super) enum Step {
    Apply(ObjectRef, Value),
    Status(ObjectRef, Value),
    Delete(ObjectRef),
    Say(ObjectRef, Option<String>, Vec<Problem>),
}

#[derive(Debug)]
pub(super) struct State {
    shape: Shape,
    leads: bool,
    /// Kinds that are still to be listed.
    unseen: usize,
    balancers: BTreeMap<String, Balancer>,
    /// AlbConfigs that are there.
    alb_configs: BTreeSet<String>,
    /// The load balancers' Services as they are, by AlbConfig.
    services: BTreeMap<String, Value>,
    /// The pods' port for each port of each load balancer: also where the Service is only about to be written.
    targets: BTreeMap<String, BTreeMap<u16, u16>>,
    /// By which load balancer each is served.
    served: BTreeMap<ObjectKey, String>,
    /// `uid` and the address in the status.
    ingresses: BTreeMap<ObjectKey, (String, Option<String>)>,
    problems: BTreeMap<ObjectKey, Vec<Problem>>,
    dirty_albs: BTreeSet<String>,
    dirty: BTreeSet<ObjectKey>,
    unsaid: BTreeSet<ObjectKey>,
}

impl State {
    pub(super) fn new(shape: Shape) -> State {
        State {
            shape,
            leads: false,
            unseen: 3,
            balancers: BTreeMap::new(),
            alb_configs: BTreeSet::new(),
            services: BTreeMap::new(),
            targets: BTreeMap::new(),
            served: BTreeMap::new(),
            ingresses: BTreeMap::new(),
            problems: BTreeMap::new(),
            dirty_albs: BTreeSet::new(),
            dirty: BTreeSet::new(),
            unsaid: BTreeSet::new(),
        }
    }

    pub(super) fn synced(&mut self) {
        self.unseen = self.unseen.saturating_sub(1);
    }

    pub(super) fn leads(&mut self, leads: bool) {
        self.leads = leads;
        self.dirty_albs.extend(self.alb_configs.iter().cloned());
        self.dirty.extend(self.served.keys().cloned());
        self.unsaid.extend(self.problems.keys().cloned());
    }

    pub(super) fn ingress(&mut self, ingress: &Ingress) {
        let key = ObjectKey::of(&ingress.metadata);
        let status = ingress.status.as_ref().and_then(|status| status.load_balancer.as_ref());
        let first = status.and_then(|status| status.ingress.as_ref()?.first());
        let address = first.and_then(|first| first.hostname.clone());
        self.ingresses.insert(key.clone(), (ingress.metadata.uid.clone().unwrap_or_default(), address));
        self.dirty.insert(key);
    }

    pub(super) fn ingress_gone(&mut self, key: &ObjectKey) {
        self.ingresses.remove(key);
    }

    pub(super) fn service(&mut self, service: &Service) {
        let Some(alb) = label(service) else { return };
        let Ok(value) = serde_json::to_value(service) else { return };
        self.targets.entry(alb.clone()).or_default().extend(ports_of(&value));
        if self.services.insert(alb.clone(), value).is_none() {
            self.dirty.extend(self.served.iter().filter(|(_, of)| **of == alb).map(|(key, _)| key.clone()));
        }
        self.dirty_albs.insert(alb);
    }

    pub(super) fn service_gone(&mut self, key: &ObjectKey) {
        let gone = self.services.keys().find(|alb| service_name(alb) == key.name).cloned();
        if let Some(alb) = gone {
            self.services.remove(&alb);
            self.targets.remove(&alb);
            self.dirty_albs.insert(alb);
        }
    }

    pub(super) fn alb_config(&mut self, alb_config: &AlbConfig) {
        if self.alb_configs.insert(alb_config.name().to_owned()) {
            self.dirty_albs.insert(alb_config.name().to_owned());
        }
    }

    pub(super) fn alb_config_gone(&mut self, name: &str) {
        self.alb_configs.remove(name);
        self.dirty_albs.insert(name.to_owned());
    }

    pub(super) fn news(&mut self, news: News) {
        for (alb, balancer) in news.balancers {
            match balancer {
                Some(balancer) => drop(self.balancers.insert(alb.clone(), balancer)),
                None => drop(self.balancers.remove(&alb)),
            }
            self.dirty_albs.insert(alb);
        }
        for (ingress, alb) in news.ingresses {
            match alb {
                Some(alb) => drop(self.served.insert(ingress.clone(), alb)),
                None => drop(self.served.remove(&ingress)),
            }
            self.dirty.insert(ingress);
        }
        for (ingress, problems) in news.problems {
            if self.problems.insert(ingress.clone(), problems.clone()).as_ref() != Some(&problems) {
                self.unsaid.insert(ingress);
            }
        }
    }

    /// A write has failed.
    pub(super) fn look_at(&mut self, object: &ObjectRef) {
        match object.kind.as_str() {
            "AlbConfig" => drop(self.dirty_albs.insert(object.name.clone())),
            "Service" => {
                let albs = self.alb_configs.iter().filter(|alb| service_name(alb) == object.name);
                self.dirty_albs.extend(albs.cloned());
            }
            _ => drop(self.dirty.insert(ObjectKey::new(object.namespace.as_str(), object.name.as_str()))),
        }
    }

    /// What has to be written now.
    pub(super) fn steps(&mut self) -> Vec<Step> {
        if !self.leads || self.unseen > 0 {
            return Vec::new();
        }
        let mut steps = Vec::new();
        for alb in std::mem::take(&mut self.dirty_albs) {
            self.balance(&alb, &mut steps);
        }
        let dirty = std::mem::take(&mut self.dirty);
        steps.extend(dirty.into_iter().filter_map(|ingress| self.report(&ingress)));
        for key in std::mem::take(&mut self.unsaid) {
            let problems = self.problems.get(&key).cloned().unwrap_or_default();
            let uid = self.ingresses.get(&key).map(|(uid, _)| uid.clone());
            let object = key.to_ref("networking.k8s.io", "Ingress");
            steps.extend((!problems.is_empty()).then_some(Step::Say(object, uid, problems)));
        }
        steps
    }

    /// One load balancer's Service and status.
    fn balance(&mut self, alb: &str, steps: &mut Vec<Step>) {
        let key = service_key(&self.shape, alb);
        let service_ref = key.to_ref("", "Service");
        let balancer = self.balancers.get(alb).filter(|_| self.alb_configs.contains(alb));
        let Some(balancer) = balancer.cloned() else {
            if self.services.contains_key(alb) {
                steps.push(Step::Delete(service_ref));
            }
            return;
        };
        let service = self.service_of(alb, &balancer);
        let is_right = self.services.get(alb).is_some_and(|found| differences(&service, found).is_empty());
        let listeners = balancer.listeners.iter().map(
            |(port, protocol)| json!({"portAndProtocol": format!("{port}/{protocol}"), "certificates": []}),
        );
        let status = json!({"status": {"loadBalancer": {
            "dnsname": self.address(alb),
            "id": service_name(alb),
            "listeners": listeners.collect::<Vec<_>>(),
        }}});
        if is_right {
            steps.push(Step::Status(ObjectKey::new("", alb).to_ref("alibabacloud.com", "AlbConfig"), status));
        } else {
            // Its status comes with the Service.
            steps.push(Step::Apply(service_ref, service));
        }
    }

    fn service_of(&mut self, alb: &str, balancer: &Balancer) -> Value {
        // Two load balancers at one port would be one: private hosts would be public.
        let others = self.targets.iter().filter(|(other, _)| *other != alb);
        let others: BTreeSet<u16> = others.flat_map(|(_, ports)| ports.values()).copied().collect();
        let targets = self.targets.entry(alb.to_owned()).or_default();
        targets.retain(|_, target| !others.contains(target));
        let mut ports = Vec::new();
        for (port, protocol) in &balancer.listeners {
            let own: BTreeSet<u16> = targets.values().copied().collect();
            let is_free = |port: &u16| !own.contains(port) && !others.contains(port);
            let free = || (FIRST_PORT..=u16::MAX).find(is_free).unwrap_or(FIRST_PORT);
            let target = *targets.entry(*port).or_insert_with(free);
            let name = format!("{}-{port}", protocol.to_lowercase());
            let transport = if *protocol == "QUIC" { "UDP" } else { "TCP" };
            ports.push(json!({"name": name, "port": port, "targetPort": target, "protocol": transport}));
        }
        let selector: BTreeMap<_, _> = SELECTOR.iter().copied().collect();
        json!({
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {
                "name": service_name(alb),
                "namespace": self.shape.namespace,
                "labels": {PORT_LABEL: alb, "app.kubernetes.io/name": "net-alb"},
            },
            "spec": {
                "type": if balancer.is_private { "ClusterIP" } else { &self.shape.service_type },
                "selector": selector,
                "ports": ports,
            },
        })
    }

    /// An Ingress' status, where it is otherwise.
    fn report(&self, ingress: &ObjectKey) -> Option<Step> {
        let (_, known) = self.ingresses.get(ingress)?;
        let alb = self.served.get(ingress).filter(|alb| self.services.contains_key(*alb))?;
        let address = self.address(alb);
        if known.as_ref() == Some(&address) {
            return None;
        }
        let status = json!({"status": {"loadBalancer": {"ingress": [{"hostname": address}]}}});
        Some(Step::Status(ingress.to_ref("networking.k8s.io", "Ingress"), status))
    }

    /// The load balancer's name for clients, as `alb-….cn-hangzhou.alb.aliyuncs.com` is the real one's.
    fn address(&self, alb: &str) -> String {
        format!("{}.{}.svc.{}", service_name(alb), self.shape.namespace, self.shape.cluster_domain)
    }
}

fn label(service: &Service) -> Option<String> {
    service.metadata.labels.as_ref()?.get(PORT_LABEL).cloned()
}

/// The pods' port for each port of a Service.
fn ports_of(service: &Value) -> BTreeMap<u16, u16> {
    let ports = service["spec"]["ports"].as_array().into_iter().flatten();
    let number = |value: &Value| value.as_u64().and_then(|number| u16::try_from(number).ok());
    ports.filter_map(|port| Some((number(&port["port"])?, number(&port["targetPort"])?))).collect()
}

/// Where a replica listens: the AlbConfig of a load balancer's Service, and the pods' port for each of its ports.
pub fn target_ports(service: &Service) -> Option<(String, BTreeMap<u16, u16>)> {
    Some((label(service)?, ports_of(&serde_json::to_value(service).ok()?)))
}

#[cfg(test)]
mod tests;
