//! The work for one root: its Ingresses, and what each of them adds to its load balancer.

use crate::hosts::{Hosts, hosts, other_class};
use crate::inputs::{Inputs, Looking};
use crate::pipeline::Work;
use crate::places::Places;
use crate::placing;
use crate::root::{Dependency, Key, Root};
use net_alb_api::annotation::knative::{ALB_INGRESS_CLASS, INGRESS_CLASS};
use net_alb_api::config::Settings;
use net_alb_api::{Ingress, KIngress, ObjectKey};
use net_alb_diag::codes::read::{MADE_AND_GIVEN, OTHER_CLASS};
use net_alb_diag::{Diagnostic, FieldPath, ObjectRef};
use net_alb_model::{
    Alb, Context, Fragment, Peers, alb_config_name, explicit_order, fragment, missing_alb_config, order_of,
};
use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What the work looks at.
#[derive(Clone, Copy)]
pub(crate) struct World<'a> {
    pub(crate) inputs: &'a Inputs,
    pub(crate) hosts: &'a Hosts,
    pub(crate) places: &'a Places,
    pub(crate) settings: &'a Settings,
    /// Load balancers without rules, by name.
    pub(crate) frames: &'a BTreeMap<String, Arc<Alb>>,
    pub(crate) work: &'a Cell<Work>,
}

impl World<'_> {
    fn count(self, add: impl FnOnce(&mut Work)) {
        let mut work = self.work.get();
        add(&mut work);
        self.work.set(work);
    }
}

/// When something is said. The order of a listing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Stage {
    Settings,
    Expand,
    Convert,
    Place,
    ServiceAnnotations,
    Class,
    Frame,
    Fragment,
    Conflict,
    Listeners,
    SameOrder,
    Shadowed,
    Quota,
}

/// One diagnostic and when it is said.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Said {
    pub(crate) stage: Stage,
    /// The load balancer, from [`Stage::Frame`] on.
    pub(crate) alb: Option<Arc<str>>,
    /// The Ingress, where there is one.
    pub(crate) ingress: Option<Key>,
    pub(crate) diagnostic: Diagnostic,
}

/// What came of a root.
#[derive(Debug, Default)]
pub(crate) struct Evaluated {
    pub(crate) looked_up: Vec<Dependency>,
    /// Of a KIngress: what stage 1 made of it, less what is given instead.
    pub(crate) ingresses: Vec<Arc<Ingress>>,
    /// Of a KIngress: what stage 1 made of it, also what is given instead.
    pub(crate) made: Vec<Key>,
    /// Whether no load balancer has room for them: what was applied before stays.
    pub(crate) is_refused: bool,
    pub(crate) shares: Vec<Share>,
    pub(crate) said: Vec<Said>,
}

/// What came of one Ingress.
#[derive(Debug)]
pub(crate) struct Share {
    pub(crate) ingress: Key,
    /// Its load balancer, whether that is there or not.
    pub(crate) alb: Arc<str>,
    pub(crate) order: u16,
    pub(crate) explicit_order: Option<u16>,
    pub(crate) fragment: Option<Fragment>,
}

/// Works on a root; nothing comes of one that isn't there.
pub(crate) fn evaluate(root: &Root, world: World<'_>) -> Evaluated {
    let looking = Looking::new(world.inputs, world.hosts);
    let mut evaluated = Evaluated::default();
    let ingresses = match root {
        Root::Ingress(key) => world.inputs.ingresses.get(key).map(Arc::new).into_iter().collect(),
        Root::KIngress(key) => {
            if let Some(kingress) = world.inputs.kingress(key) {
                convert(&kingress, &looking, world, &mut evaluated);
            }
            refuse_without_room(key, world, &mut evaluated);
            evaluated.ingresses.clone()
        }
    };
    for ingress in &ingresses {
        let key = ObjectKey::of(&ingress.metadata);
        let made = evaluated.made.iter().find(|made| ***made == key).cloned();
        let site = (made.unwrap_or_else(|| root.key().clone()), ingress);
        evaluated.shares.extend(share(site, &looking, world, &mut evaluated.said));
    }
    evaluated.looked_up = looking.seen();
    evaluated
}

/// Stage 1. What it makes gives way to an Ingress of the same name that was given.
fn convert(kingress: &KIngress, looking: &Looking<'_>, world: World<'_>, evaluated: &mut Evaluated) {
    let Evaluated { ingresses, made, said, .. } = evaluated;
    let mut say = |diagnostic| {
        said.push(Said { stage: Stage::Convert, alb: None, ingress: None, diagnostic });
    };
    if let Some(class) = other_class(kingress) {
        say(of_other_class(kingress, class));
        return;
    }
    world.count(|work| work.conversions += 1);
    let outcome = net_alb_convert::convert(kingress, looking, world.settings);
    outcome.diagnostics.into_iter().for_each(&mut say);
    let root_key: Key = Arc::new(kingress.key());
    for mut ingress in outcome.value {
        placing::place(&mut ingress, &root_key, world);
        let key = ObjectKey::of(&ingress.metadata);
        if world.inputs.ingresses.contains(&key) {
            say(made_and_given(key.to_ref("networking.k8s.io", "Ingress"), &kingress.to_ref()));
        } else {
            ingresses.push(Arc::new(ingress));
        }
        made.push(Arc::new(key));
    }
}

/// Leaves out all Ingresses of a KIngress for which no load balancer has room; otherwise says which further ones it is on.
fn refuse_without_room(key: &Key, world: World<'_>, evaluated: &mut Evaluated) {
    let object = key.to_ref("networking.internal.knative.dev", KIngress::KIND);
    let said = match world.places.excess(key) {
        Some(excess) => {
            evaluated.is_refused = true;
            evaluated.ingresses.clear();
            Some(placing::no_room(object, excess, world.settings))
        }
        None => placing::further(object, &evaluated.ingresses, world.settings),
    };
    let said = said.map(|diagnostic| Said { stage: Stage::Place, alb: None, ingress: None, diagnostic });
    evaluated.said.extend(said);
}

/// What to say of a KIngress that another networking layer serves.
fn of_other_class(kingress: &KIngress, class: &str) -> Diagnostic {
    let message =
        format!("the KIngress is of the class `{class}`, not `{ALB_INGRESS_CLASS}`, and is passed over");
    Diagnostic::new(&OTHER_CLASS, kingress.to_ref(), FieldPath::annotation(INGRESS_CLASS), message)
}

/// What to say of an object that a stage would make and that is given, too.
pub(crate) fn made_and_given(made: ObjectRef, origin: &ObjectRef) -> Diagnostic {
    let message = format!("{made} is used as it is here; the one that {origin} would become is not made");
    Diagnostic::new(&MADE_AND_GIVEN, made, FieldPath::root(), message)
        .help("remove one of the two if that isn't meant")
}

/// Stage 2 for one Ingress; `None` if it belongs to no load balancer.
fn share(
    (key, ingress): (Key, &Arc<Ingress>),
    looking: &Looking<'_>,
    world: World<'_>,
    said: &mut Vec<Said>,
) -> Option<Share> {
    let mut say = |stage, alb: Option<&Arc<str>>, diagnostic| {
        said.push(Said { stage, alb: alb.cloned(), ingress: Some(key.clone()), diagnostic });
    };
    let named = alb_config_name(ingress, &world.inputs.given.ingress_classes, world.settings);
    named.diagnostics.into_iter().for_each(|diagnostic| say(Stage::Class, None, diagnostic));
    let alb: Arc<str> = named.value?.into();
    let mut share = Share {
        ingress: key.clone(),
        alb: alb.clone(),
        order: order_of(ingress, world.settings),
        explicit_order: explicit_order(ingress, world.settings),
        fragment: None,
    };
    let Some(frame) = world.frames.get(&*alb) else {
        say(Stage::Frame, Some(&alb), missing_alb_config(ingress, &alb, world.settings));
        return Some(share);
    };
    let peers = peers(ingress, &alb, world);
    let context = Context { frame, peers: &peers, objects: looking, settings: world.settings };
    world.count(|work| work.fragments += 1);
    let outcome = fragment(ingress, &context);
    outcome.diagnostics.into_iter().for_each(|d| say(Stage::Fragment, Some(&alb), d));
    share.fragment = outcome.value;
    Some(share)
}

/// The Ingresses that have to do with this one through a canary.
fn peers(ingress: &Arc<Ingress>, alb: &str, world: World<'_>) -> Vec<Arc<Ingress>> {
    if !world.hosts.has_canaries() {
        return Vec::new();
    }
    let hosts = hosts(ingress);
    let roots: BTreeSet<&Root> = hosts.iter().flat_map(|host| world.hosts.at(host)).collect();
    let mut peers = Peers::default();
    for other in roots.into_iter().flat_map(|root| ingresses_of(root, world)) {
        let classes = &world.inputs.given.ingress_classes;
        if alb_config_name(&other, classes, world.settings).value.as_deref() == Some(alb) {
            peers.insert(&other);
        }
    }
    peers.of(ingress)
}

/// The Ingresses of a root, made again.
pub(crate) fn ingresses_of(root: &Root, world: World<'_>) -> Vec<Arc<Ingress>> {
    match root {
        Root::Ingress(key) => world.inputs.ingresses.get(key).map(Arc::new).into_iter().collect(),
        Root::KIngress(key) => {
            let looking = Looking::new(world.inputs, world.hosts);
            let mut evaluated = Evaluated::default();
            if let Some(kingress) = world.inputs.kingress(key) {
                convert(&kingress, &looking, world, &mut evaluated);
            }
            refuse_without_room(key, world, &mut evaluated);
            evaluated.ingresses
        }
    }
}
