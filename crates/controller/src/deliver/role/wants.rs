//! What is wanted from now on.

use super::super::objects::{Content, Wanted};
use super::super::routes::Part;
use super::super::{hop, made};
use super::{LINGER, Role, Round, WantedIngress};
use net_alb_api::ObjectKey;
use net_alb_diag::ObjectRef;
use std::collections::BTreeMap;
use std::sync::Arc;

impl Role {
    pub(super) fn want(&mut self, round: Round) {
        let before = (&self.alb_configs, self.eni, &self.fault);
        if before != (&round.alb_configs, round.eni, &round.fault) {
            (self.alb_configs, self.eni, self.fault) = (round.alb_configs, round.eni, round.fault);
            self.gateways_moved = true;
            self.routes.look_at_open();
        }
        for (object, content) in round.balancers {
            let after = match (&content, object.kind.as_str()) {
                (Content::Whole(class), "IngressClass") => {
                    let name = class["spec"]["parameters"]["name"].as_str().unwrap_or_default();
                    vec![ObjectKey::new("", name).to_ref("alibabacloud.com", "AlbConfig")]
                }
                _ => Vec::new(),
            };
            self.objects.want(&object, Some(Wanted { content, after }));
        }
        for (kingress, ingresses) in round.ingresses {
            self.want_ingresses(&kingress, ingresses);
        }
        for (kingress, problems) in round.problems {
            self.routes.problems(&kingress, problems);
        }
        self.follow(round.secrets);
    }

    fn want_ingresses(&mut self, kingress: &ObjectKey, ingresses: Vec<WantedIngress>) {
        let Some((uid, generation)) = self.kingresses.get(kingress).cloned() else { return };
        let mut parts = BTreeMap::new();
        for WantedIngress { ingress, is_private } in ingresses {
            let object = ObjectKey::of(&ingress.metadata).to_ref("networking.k8s.io", "Ingress");
            let Some(content) = made::object(&ingress, kingress, (&uid, generation)) else { continue };
            let content = Arc::new(content);
            let class = ingress.spec.as_ref().and_then(|spec| spec.ingress_class_name.clone());
            let class =
                ObjectKey::new("", class.unwrap_or_default()).to_ref("networking.k8s.io", "IngressClass");
            let mut after = vec![class];
            if hop::is_needed_by(&ingress) {
                after.extend(hop::names(&object.namespace));
                self.hops.entry(object.namespace.clone()).or_default().insert(object.clone());
                self.want_hop(&object.namespace);
            } else {
                self.leave_hop(&object);
            }
            let wanted = Wanted { content: Content::Whole(Arc::clone(&content)), after };
            self.objects.want(&object, Some(wanted));
            parts.insert(object, Part::new(content, is_private, made::question(&ingress)));
        }
        self.routes.parts(kingress, parts);
    }

    pub(super) fn want_hop(&mut self, namespace: &str) {
        for (object, value) in self.gateways.objects(namespace, self.eni).into_iter().flatten() {
            let wanted = Wanted { content: Content::Whole(Arc::new(value)), after: Vec::new() };
            self.objects.want(&object, Some(wanted));
        }
    }

    /// An Ingress doesn't forward to the gateway; the last one takes the Service with it.
    fn leave_hop(&mut self, ingress: &ObjectRef) {
        let Some(users) = self.hops.get_mut(&ingress.namespace) else { return };
        if users.remove(ingress) && users.is_empty() {
            self.hops.remove(&ingress.namespace);
            self.idle_hops.insert(ingress.namespace.clone(), self.epoch.elapsed() + LINGER);
        }
    }

    /// Takes hops away that nothing has led to for a while.
    pub(super) fn drop_hops(&mut self) {
        let now = self.now();
        let due = self.idle_hops.iter().filter(|(_, at)| **at <= now).map(|(namespace, _)| namespace.clone());
        for namespace in due.collect::<Vec<_>>() {
            self.idle_hops.remove(&namespace);
            for object in hop::names(&namespace).iter().filter(|_| !self.hops.contains_key(&namespace)) {
                self.objects.want(object, None);
            }
        }
    }

    pub(super) fn unwant(&mut self, ingress: &ObjectRef) {
        self.objects.want(ingress, None);
        self.leave_hop(ingress);
    }

    /// The IngressClasses of the Ingresses that are there of each KIngress.
    pub(super) fn classes(&self) -> BTreeMap<ObjectKey, Vec<String>> {
        let mut classes: BTreeMap<ObjectKey, Vec<String>> = BTreeMap::new();
        for ingress in self.objects.ours("Ingress") {
            let class =
                self.objects.get(ingress).and_then(|found| found["spec"]["ingressClassName"].as_str());
            if let (Some(owner), Some(class)) = (self.owner(ingress), class) {
                classes.entry(owner).or_default().push(class.to_owned());
            }
        }
        classes
    }

    /// The KIngress that an Ingress was made of.
    fn owner(&self, ingress: &ObjectRef) -> Option<ObjectKey> {
        let name = self.objects.get(ingress)?["metadata"]["ownerReferences"][0]["name"].as_str()?;
        Some(ObjectKey::new(ingress.namespace.as_str(), name))
    }

    /// What is there of ours when we come, and that nobody wants.
    pub(super) fn sort_out(&mut self) {
        for ingress in self.objects.ours("Ingress").cloned().collect::<Vec<_>>() {
            match self.owner(&ingress).filter(|owner| self.routes.has(owner)) {
                Some(owner) => self.routes.left_over(&owner, ingress),
                None => self.unwant(&ingress),
            }
        }
        let services = self.objects.ours("Service").chain(self.objects.ours("Endpoints"));
        let idle = services.filter(|object| !self.hops.contains_key(&object.namespace));
        for object in idle.cloned().collect::<Vec<_>>() {
            self.objects.want(&object, None);
        }
    }
}
