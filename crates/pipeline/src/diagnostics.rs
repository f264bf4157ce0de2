//! What there is to say about each object.

use crate::evaluate::{Said, Stage};
use crate::pipeline::Pipeline;
use crate::root::{Key, Root};
use net_alb_api::ObjectKey;
use net_alb_api::config::Target;
use net_alb_diag::{Diagnostic, ObjectRef, Place};
use std::collections::BTreeMap;
use std::sync::Arc;

impl Said {
    pub(crate) fn of_object(stage: Stage, diagnostic: Diagnostic) -> Said {
        Said { stage, alb: None, ingress: None, diagnostic }
    }

    pub(crate) fn of_frame(alb: &Arc<str>, diagnostic: Diagnostic) -> Said {
        Said { stage: Stage::Frame, alb: Some(alb.clone()), ingress: None, diagnostic }
    }
}

impl Pipeline {
    /// All that there is to say about an object, in the order of the stages. What was made of a KIngress (its Ingresses, their
    /// rules) is told under the KIngress, and what was made of a Knative Service under its KIngress.
    pub fn diagnostics_of(&self, object: &ObjectRef) -> Vec<Diagnostic> {
        in_order(self.said_of(object))
    }

    /// All that there is to say, in the order of the stages.
    pub fn diagnostics(&self) -> Vec<Diagnostic> {
        let balancers = self.balancers.values();
        let whole =
            balancers.flat_map(|balancer| balancer.said.iter().chain(balancer.conflicts.values().flatten()));
        let said = self.said.values().flatten().chain(self.shadowed.values().flatten());
        let roots = self.served.keys().filter(|_| self.settings.target == Target::Alb);
        let orders = roots.flat_map(|root| self.same_orders(root));
        in_order(said.chain(whole).cloned().chain(orders).collect())
    }

    fn said_of(&self, object: &ObjectRef) -> Vec<Said> {
        let mut said = self.said.get(object).cloned().unwrap_or_default();
        let key = Arc::new(ObjectKey::new(object.namespace.as_str(), object.name.as_str()));
        let root = match (object.group.as_str(), object.kind.as_str()) {
            ("networking.internal.knative.dev", "Ingress") => Root::KIngress(key),
            ("networking.k8s.io", "Ingress") => Root::Ingress(key),
            (_, "AlbConfig") => {
                let balancer = self.balancers.get(object.name.as_str());
                said.extend(balancer.into_iter().flat_map(|balancer| balancer.said.iter().cloned()));
                return said;
            }
            _ => return said,
        };
        let parts = self.served.get(&root).into_iter().flat_map(|served| &served.parts);
        for part in parts {
            let balancer = self.balancers.get(&part.alb);
            let conflicts = balancer.and_then(|balancer| balancer.conflicts.get(&part.ingress));
            let shadowed = self.shadowed.get(&part.ingress);
            said.extend(conflicts.into_iter().chain(shadowed).flatten().cloned());
        }
        said.extend(self.same_orders(&root));
        said
    }

    /// About an Ingress that isn't the first of its order.
    fn same_orders(&self, root: &Root) -> Vec<Said> {
        let parts = self.served.get(root).into_iter().flat_map(|served| &served.parts);
        let say = |part: &crate::part::Part| {
            // Without its AlbConfig there is nobody to refuse it.
            let order = part.explicit_order.filter(|_| self.frames.contains_key(&*part.alb))?;
            let first = self.balancers.get(&part.alb)?.with_order(order).next()?;
            if *first == part.ingress {
                return None;
            }
            let ingress = self.inputs.ingresses.get(&part.ingress)?;
            let diagnostic = net_alb_model::same_order(&ingress, order, first, &self.settings);
            let (stage, alb) = (Stage::SameOrder, Some(part.alb.clone()));
            Some(Said { stage, alb, ingress: Some(part.ingress.clone()), diagnostic })
        };
        parts.filter_map(say).collect()
    }

    pub(crate) fn set_said(&mut self, object: ObjectRef, said: Vec<Said>) {
        if said.is_empty() {
            self.said.remove(&object);
        } else {
            self.said.insert(object, said);
        }
    }

    /// Replaces what is said about ConfigMaps. Returns the objects that it is about, before and now.
    pub(crate) fn set_said_of_config_maps(&mut self, diagnostics: Vec<Diagnostic>) -> Vec<ObjectRef> {
        let is_config_map = |object: &ObjectRef| object.group.is_empty() && object.kind == "ConfigMap";
        let before: Vec<_> = self.said.keys().filter(|object| is_config_map(object)).cloned().collect();
        for object in &before {
            self.said.remove(object);
        }
        let mut now: BTreeMap<ObjectRef, Vec<Said>> = BTreeMap::new();
        for diagnostic in diagnostics {
            let Place::Field { object, .. } = &diagnostic.place else { continue };
            let said = now.entry(object.clone()).or_default();
            said.push(Said::of_object(Stage::Settings, diagnostic));
        }
        let objects = before.into_iter().chain(now.keys().cloned()).collect();
        self.said.extend(now);
        objects
    }
}

fn in_order(mut said: Vec<Said>) -> Vec<Diagnostic> {
    fn place(said: &Said) -> (Option<&Arc<str>>, Stage, Option<&Key>) {
        (said.alb.as_ref(), said.stage, said.ingress.as_ref())
    }
    said.sort_by(|a, b| place(a).cmp(&place(b)));
    said.into_iter().map(|said| said.diagnostic).collect()
}
