use crate::backends::Backends;
use crate::balancer::Balancer;
use crate::bootstrap::Bootstrapped;
use crate::claims::Claims;
use crate::evaluate::{Said, World, evaluate};
use crate::hosts::Hosts;
use crate::inputs::{Inputs, Made};
use crate::part::Part;
use crate::places::Places;
use crate::root::{Dependency, Dependents, Key, Root};
use net_alb_api::config::{AddressType, KnativeConfig, Settings};
use net_alb_api::{KService, Object, ObjectKey, Service};
use net_alb_diag::{ObjectRef, Outcome};
use net_alb_model::{Alb, Backend, Fragment, ListenerId, frame, implicit_alb_config};
use std::cell::Cell;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// How many runs of which stage there were. It shows what a change costs, whatever the machine.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Work {
    /// Runs of stage 0, one Knative Service each.
    pub expansions: u64,
    /// Runs of stage 1, one KIngress each.
    pub conversions: u64,
    /// Runs of stage 2, one Ingress each.
    pub fragments: u64,
    /// Load balancers that were put together from counts, without looking at their rules.
    pub frames: u64,
}

/// The stages over a set of objects that changes.
pub struct Pipeline {
    pub(crate) base: Settings,
    pub(crate) adjust: Box<dyn Fn(Settings) -> Settings + Send>,
    pub(crate) settings: Settings,
    pub(crate) knative: KnativeConfig,
    pub(crate) inputs: Inputs,
    pub(crate) hosts: Hosts,
    pub(crate) frames: BTreeMap<String, Arc<Alb>>,
    pub(crate) served: BTreeMap<Root, Served>,
    /// Which KIngress an Ingress is made of.
    pub(crate) made: BTreeMap<Key, Key>,
    pub(crate) dependents: Dependents,
    pub(crate) balancers: BTreeMap<Arc<str>, Balancer>,
    pub(crate) bootstrapped: Bootstrapped,
    /// For target `alb`.
    pub(crate) places: Places,
    pub(crate) backends: Backends,
    /// How many servers a Service that is used has.
    pub(crate) servers: BTreeMap<ObjectKey, usize>,
    pub(crate) claims: Claims,
    /// About what a root is by itself, and about objects that are no roots. Those of which nothing is said aren't here.
    pub(crate) said: BTreeMap<ObjectRef, Vec<Said>>,
    /// About Ingresses whose rules get nothing.
    pub(crate) shadowed: BTreeMap<Key, Vec<Said>>,
    pub(crate) work: Cell<Work>,
}

/// What is kept of a root that was worked on.
#[derive(Debug, Default)]
pub(crate) struct Served {
    pub(crate) looked_up: Box<[Dependency]>,
    pub(crate) parts: Box<[Part]>,
    /// The Ingresses that stage 1 made, also those that are given instead.
    pub(crate) made: Box<[Key]>,
    /// Of the Ingresses that stage 1 made, if there are any.
    pub(crate) digest: u64,
}

impl fmt::Debug for Pipeline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pipeline").field("roots", &self.served.len()).finish_non_exhaustive()
    }
}

impl Pipeline {
    /// A pipeline that knows no object. The ConfigMap `config-alb` is read over `base`; `adjust` has the last word, as flags have.
    pub fn new(base: Settings, adjust: impl Fn(Settings) -> Settings + Send + 'static) -> Pipeline {
        let settings = adjust(base.clone());
        let mut pipeline = Pipeline {
            base,
            adjust: Box::new(adjust),
            settings,
            knative: KnativeConfig::default(),
            inputs: Inputs::default(),
            hosts: Hosts::default(),
            frames: BTreeMap::new(),
            served: BTreeMap::new(),
            made: BTreeMap::new(),
            dependents: Dependents::default(),
            balancers: BTreeMap::new(),
            bootstrapped: Bootstrapped::default(),
            places: Places::default(),
            backends: Backends::default(),
            servers: BTreeMap::new(),
            claims: Claims::default(),
            said: BTreeMap::new(),
            shadowed: BTreeMap::new(),
            work: Cell::default(),
        };
        pipeline.set_implicit_frames();
        pipeline
    }

    /// The settings that hold.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// What was done so far.
    pub fn work(&self) -> Work {
        self.work.get()
    }

    /// An object that was given, as far as it is kept: no EndpointSlice, and a Secret's bytes are digests.
    pub fn object(&self, object: &ObjectRef) -> Option<Object> {
        let inputs = &self.inputs;
        let given = &inputs.given;
        let key = ObjectKey::new(object.namespace.as_str(), object.name.as_str());
        Some(match (object.group.as_str(), object.kind.as_str()) {
            ("serving.knative.dev", "Service") => Object::KService(inputs.kservices.get(&key)?),
            ("networking.internal.knative.dev", "Ingress") => Object::KIngress(inputs.kingresses.get(&key)?),
            ("networking.k8s.io", "Ingress") => Object::Ingress(inputs.ingresses.get(&key)?),
            (_, "IngressClass") => Object::IngressClass((**given.ingress_classes.get(&object.name)?).clone()),
            (_, "AlbConfig") => Object::AlbConfig((**given.alb_configs.get(&object.name)?).clone()),
            ("", "Service") => Object::Service(inputs.services.get(&key)?),
            ("", "Secret") => Object::Secret((**given.secrets.get(&key)?).clone()),
            ("", "ConfigMap") => Object::ConfigMap((**given.config_maps.get(&key)?).clone()),
            _ => return None,
        })
    }

    /// A Service: a given one, else that of a revision of a Knative Service.
    pub fn service(&self, key: &ObjectKey) -> Option<Service> {
        self.inputs.service(key)
    }

    /// A Knative Service that was given.
    pub fn kservice(&self, key: &ObjectKey) -> Option<KService> {
        self.inputs.kservices.get(key)
    }

    /// The Ingresses that a KIngress is, by name.
    pub fn ingresses_of(&self, kingress: &ObjectKey) -> Vec<ObjectKey> {
        let served = self.served.get(&Root::KIngress(Arc::new(kingress.clone())));
        let parts = served.into_iter().flat_map(|served| &served.parts);
        parts.map(|part| (*part.ingress).clone()).collect()
    }

    /// The object that another one was made of: a KIngress or a revision's Service of a Knative Service, an Ingress of a KIngress.
    /// `None` for what was given.
    pub fn origin_of(&self, object: &ObjectRef) -> Option<ObjectRef> {
        let key = Arc::new(ObjectKey::new(object.namespace.as_str(), object.name.as_str()));
        let kservice = |made: &Made| {
            let maker = self.inputs.maker(made)?;
            Some(maker.to_ref("serving.knative.dev", KService::KIND))
        };
        match (object.group.as_str(), object.kind.as_str()) {
            ("networking.k8s.io", "Ingress") if !self.inputs.ingresses.contains(&key) => {
                let kingress = self.made.get(&key)?;
                Some(Root::KIngress(kingress.clone()).to_ref())
            }
            ("networking.internal.knative.dev", "Ingress") if !self.inputs.kingresses.contains(&key) => {
                kservice(&Made::KIngress(key))
            }
            ("", "Service") if !self.inputs.services.contains(&key) => kservice(&Made::Service(key)),
            _ => None,
        }
    }

    /// The KIngress that stage 0 makes of a Knative Service.
    pub fn kingress_of(&self, kservice: &ObjectKey) -> Option<ObjectKey> {
        self.inputs.kingress_made_of(kservice).map(|key| (**key).clone())
    }

    /// The Services of a Knative Service's revisions.
    pub fn services_of(&self, kservice: &ObjectKey) -> Vec<ObjectKey> {
        self.inputs.services_made_of(kservice)
    }

    /// Every backend that a rule leads to. It walks over all of them.
    pub fn backends(&self) -> impl Iterator<Item = &Backend> {
        self.backends.all()
    }

    /// How many rules a listener has.
    pub fn rules_on(&self, alb: &str, listener: ListenerId) -> usize {
        self.balancers.get(alb).map_or(0, |balancer| balancer.rules_on(listener))
    }

    /// The fragments of an object as it is now, made again: of a Knative Service, a KIngress or an Ingress.
    pub fn fragments_of(&self, object: &ObjectRef) -> Vec<Fragment> {
        let key = ObjectKey::new(object.namespace.as_str(), object.name.as_str());
        let root = match (object.group.as_str(), object.kind.as_str()) {
            ("serving.knative.dev", "Service") => self.kingress_of(&key).map(Arc::new).map(Root::KIngress),
            ("networking.internal.knative.dev", "Ingress") => Some(Root::KIngress(Arc::new(key))),
            ("networking.k8s.io", "Ingress") => Some(Root::Ingress(Arc::new(key))),
            _ => None,
        };
        let shares = root.map(|root| evaluate(&root, self.world()).shares).unwrap_or_default();
        shares.into_iter().filter_map(|share| share.fragment).collect()
    }

    /// The AlbConfig's own part of a load balancer: without what Ingresses add to it.
    pub fn frame(&self, alb: &str) -> Option<&Alb> {
        self.frames.get(alb).map(|frame| &**frame)
    }

    pub(crate) fn world(&self) -> World<'_> {
        World {
            inputs: &self.inputs,
            hosts: &self.hosts,
            places: &self.places,
            settings: &self.settings,
            frames: &self.frames,
            work: &self.work,
        }
    }

    /// The root that an Ingress belongs to.
    pub(crate) fn root_of(&self, ingress: &Key) -> Root {
        match self.made.get(ingress) {
            Some(kingress) if !self.inputs.ingresses.contains(ingress) => Root::KIngress(kingress.clone()),
            _ => Root::Ingress(ingress.clone()),
        }
    }

    /// The first load balancers of net-alb's two Knative classes, where no AlbConfig has their names.
    pub(crate) fn set_implicit_frames(&mut self) {
        for address_type in AddressType::ALL {
            self.set_frame(&self.settings.alb_config_name(address_type, 1));
        }
    }

    /// Makes a load balancer's frame again. Returns whether it is otherwise now.
    pub(crate) fn set_frame(&mut self, name: &str) -> bool {
        let given = self.inputs.given.alb_configs.get(name).cloned();
        let object = ObjectKey::new("", name).to_ref("alibabacloud.com", "AlbConfig");
        let alb_config = given.or_else(|| implicit_alb_config(name, &self.settings).map(Arc::new));
        let outcome = match &alb_config {
            Some(alb_config) => frame(alb_config, &self.settings).map(Some),
            None => Outcome::clean(None),
        };
        let alb: Arc<str> = name.into();
        let said = outcome.diagnostics.into_iter().map(|diagnostic| Said::of_frame(&alb, diagnostic));
        self.set_said(object, said.collect());
        let before = self.frames.remove(name);
        let is_same = before.as_deref() == outcome.value.as_ref();
        if let Some(frame) = outcome.value {
            self.frames.insert(name.to_owned(), Arc::new(frame));
        }
        !is_same
    }
}
