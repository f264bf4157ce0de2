//! The stages in a row: what was read becomes KIngresses, Ingresses, load balancers.
//!
//! Each stage is a pure function of another crate; this file only hands values on, remembers what was made of what, and
//! lets an object that stands in a file win over one that a stage would make.

use crate::read::{Reading, SourceMap};
use crate::render::without_repetition;
use net_alb_api::annotation::knative::{ALB_INGRESS_CLASS, INGRESS_CLASS};
use net_alb_api::config::{KnativeConfig, Settings};
use net_alb_api::{Ingress, KIngress, Object, Snapshot};
use net_alb_diag::codes::read::{MADE_AND_GIVEN, OTHER_CLASS};
use net_alb_diag::{Diagnostic, FieldPath, ObjectRef};
use net_alb_model::Alb;

/// What every stage made, and what there is to say about it.
#[derive(Debug)]
pub(crate) struct Stages {
    pub(crate) settings: Settings,
    /// What was read, and what stages 0 and 1 added to it.
    pub(crate) snapshot: Snapshot,
    /// The Ingresses of stage 1, by KIngress.
    pub(crate) converted: Vec<Ingress>,
    pub(crate) albs: Vec<Alb>,
    /// In the order of the stages.
    pub(crate) diagnostics: Vec<Diagnostic>,
    pub(crate) sources: SourceMap,
}

/// Runs stages 0 to 2. Settings come from `config-alb` over `base`; `adjust` has the last word.
pub(crate) fn run(reading: &Reading, base: Settings, adjust: impl FnOnce(Settings) -> Settings) -> Stages {
    let (snapshot, sources) = (reading.snapshot(), reading.sources.clone());
    let mut diagnostics = reading.diagnostics.clone();
    let settings = adjust(Settings::from_snapshot(&snapshot, base).drain_into(&mut diagnostics));
    let mut made = Making { snapshot, sources, diagnostics };
    made.expand();
    let converted = made.convert(&settings);
    let Making { snapshot, sources, mut diagnostics } = made;
    let albs = net_alb_model::build(&snapshot, &settings).drain_into(&mut diagnostics);
    let diagnostics = without_repetition(diagnostics, &sources);
    Stages { settings, snapshot, converted, albs, diagnostics, sources }
}

impl Stages {
    /// Compiles every listener's rules and reads its certificates as the gateway does, for what that has to say.
    pub(crate) fn compile(&mut self) {
        for alb in &self.albs {
            for listener in &alb.listeners {
                let table = net_alb_gateway::compile(alb, listener);
                self.diagnostics.extend(table.diagnostics);
                self.diagnostics.extend(crate::secret::check(listener, &self.snapshot));
            }
        }
        self.diagnostics = without_repetition(std::mem::take(&mut self.diagnostics), &self.sources);
    }
}

struct Making {
    snapshot: Snapshot,
    sources: SourceMap,
    diagnostics: Vec<Diagnostic>,
}

impl Making {
    /// Stage 0 on every Knative Service.
    fn expand(&mut self) {
        let config = KnativeConfig::from_snapshot(&self.snapshot).drain_into(&mut self.diagnostics);
        let kservices: Vec<_> = self.snapshot.kservices.values().cloned().collect();
        for kservice in kservices {
            let expansion = net_alb_convert::expand(&kservice, &config).drain_into(&mut self.diagnostics);
            let Some(expansion) = expansion else { continue };
            for service in expansion.services {
                // A revision's Service that is in a file is the real one: no need to say so.
                self.add(Object::Service(service), &kservice.to_ref());
            }
            let kingress = Object::KIngress(expansion.kingress);
            self.add_or_say(kingress, &kservice.to_ref());
        }
    }

    /// Stage 1 on every KIngress of our class.
    fn convert(&mut self, settings: &Settings) -> Vec<Ingress> {
        let kingresses: Vec<_> = self.snapshot.kingresses.values().cloned().collect();
        let mut converted = Vec::new();
        for kingress in &kingresses {
            if let Some(class) = other_class(kingress) {
                self.diagnostics.push(class);
                continue;
            }
            let outcome = net_alb_convert::convert(kingress, &self.snapshot, settings);
            for ingress in outcome.drain_into(&mut self.diagnostics) {
                self.add_or_say(Object::Ingress(ingress.clone()), &kingress.to_ref());
                converted.push(ingress);
            }
        }
        converted
    }

    /// Adds what a stage made; `false` if the same object is in a file.
    fn add(&mut self, object: Object, origin: &ObjectRef) -> bool {
        let made = object.to_ref();
        let added = self.snapshot.insert(object);
        if added {
            self.sources.add_origin(made, origin.clone());
        }
        added
    }

    fn add_or_say(&mut self, object: Object, origin: &ObjectRef) {
        let made = object.to_ref();
        if !self.add(object, origin) {
            let message =
                format!("{made} is used as it is here; the one that {origin} would become is not made");
            let diagnostic = Diagnostic::new(&MADE_AND_GIVEN, made, FieldPath::root(), message);
            self.diagnostics.push(diagnostic.help("remove one of the two if that isn't meant"));
        }
    }
}

/// What to say of a KIngress that another networking layer serves. No class is ours.
fn other_class(kingress: &KIngress) -> Option<Diagnostic> {
    let annotations = kingress.metadata.annotations.as_ref()?;
    let class = annotations.get(INGRESS_CLASS).filter(|class| *class != ALB_INGRESS_CLASS)?;
    let message =
        format!("the KIngress is of the class `{class}`, not `{ALB_INGRESS_CLASS}`, and is passed over");
    let path = FieldPath::annotation(INGRESS_CLASS);
    Some(Diagnostic::new(&OTHER_CLASS, kingress.to_ref(), path, message))
}
