use crate::Servers;
use net_alb_api::config::Settings;
use net_alb_api::{Ingress, IngressClass};
use net_alb_diag::{Diagnostic, ObjectRef};
use net_alb_model::{Alb, Backend, Fragment, ObjectKey, Wanted};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What changes did: every entry replaces what was known under its key, and what isn't in here is as it was.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Delta {
    /// What each Ingress adds to its load balancer now; `None` if it adds nothing any more.
    pub fragments: BTreeMap<ObjectKey, Option<Arc<Fragment>>>,
    /// Load balancers, by name, without rules and server groups but with every listener that they have and its certificates;
    /// `None` if it's gone.
    pub frames: BTreeMap<String, Option<Alb>>,
    /// Backends that rules lead to, and where their servers are; `None` if no rule leads there any more.
    pub backends: BTreeMap<Backend, Option<Servers>>,
    /// Secrets that somebody names: `true` from now on, `false` no longer. A Secret is here whether it exists or not, so that
    /// only these have to be watched.
    pub secrets: BTreeMap<ObjectKey, bool>,
    /// The Ingresses that each KIngress is, for whoever applies them, each with its final IngressClass; empty if it is none any more. A
    /// KIngress for which there is no room isn't here: what was applied of it before stays.
    pub ingresses: BTreeMap<ObjectKey, Vec<Arc<Ingress>>>,
    /// For target `alb`, by name: AlbConfigs that have to be there. `None` if one of ours has no Ingress left.
    pub alb_configs: BTreeMap<String, Option<Wanted>>,
    /// For target `alb`, by name: IngressClasses that have to be there, likewise.
    pub ingress_classes: BTreeMap<String, Option<IngressClass>>,
    /// Namespaces with an Ingress that forwards to the gateway, where the Service [`SERVICE`](net_alb_api::hop::SERVICE) has to be:
    /// `true` from now on, `false` no longer.
    pub hops: BTreeMap<String, bool>,
    /// All that there is to say about an object now, in the order of the stages; empty if that is nothing any more. What was made of
    /// a KIngress (its Ingresses, their rules) is told under the KIngress.
    pub diagnostics: BTreeMap<ObjectRef, Vec<Diagnostic>>,
    /// The settings, if they are otherwise now.
    pub settings: Option<Settings>,
}

impl Delta {
    /// Whether nothing that is served, watched or said is otherwise.
    pub fn is_empty(&self) -> bool {
        *self == Delta::default()
    }

    /// Adds what came after it.
    pub fn extend(&mut self, later: Delta) {
        self.fragments.extend(later.fragments);
        self.frames.extend(later.frames);
        self.backends.extend(later.backends);
        self.secrets.extend(later.secrets);
        self.ingresses.extend(later.ingresses);
        self.alb_configs.extend(later.alb_configs);
        self.ingress_classes.extend(later.ingress_classes);
        self.hops.extend(later.hops);
        self.diagnostics.extend(later.diagnostics);
        self.settings = later.settings.or(self.settings.take());
    }
}
