//! Stage 1: a KIngress becomes Kubernetes Ingresses with `alb.ingress.kubernetes.io/…` annotations.
//!
//! # Which Ingresses
//!
//! | Ingress | class | holds |
//! |---|---|---|
//! | `NAME` | internet | ExternalIP rules; with `cluster-local: shared` all rules |
//! | `NAME.intranet` | intranet | ClusterLocal rules |
//! | `NAME.redirect` | internet | port 80 of a `Redirected` KIngress: 301 to HTTPS for every host with a certificate, and what has to stay on plain HTTP: ACME challenges, hosts without a certificate, cluster-local hosts if shared |
//!
//! `NAME` is the KIngress' name, or `NAME.internet` where that itself ends in `.internet`, `.intranet` or `.redirect`, as
//! a DomainMapping's may: no two KIngresses share an Ingress.
//!
//! # Which rule takes a request
//!
//! ALB takes the first rule in list order that matches, so a list goes from specific to general: ACME challenge, tag header,
//! other header, cookie, path, weight. Within that, for one host:
//!
//! * The KIngress' own paths keep their order wherever two of them could match one request: the first match wins.
//! * Gray rules (the two `alicloud.serving.knative.dev` annotations) stand just before the path that takes everything, in
//!   the hosts of the default route: those that `networking.internal.knative.dev/tag-to-host` gives to no tag. All header
//!   rules come before all cookie rules; those with more pairs first; then in the order of the annotation.
//! * Rules that can't match the same request are put in order of kind, number of conditions, length of path, and
//!   only then by their text: so the order in which a KIngress lists them never shows.
//!
//! Names decide nothing. A rule behind one that takes all of its requests is left out, with a warning.
//!
//! # What a rule does
//!
//! Splits become a ForwardGroup. Headers of the path become `InsertHeader`; those of a split do too if it is the only one,
//! else the extension `target-headers`. Where both set one header the split's wins: it is set later and it is more specific.
//! (Knative leaves this open; Envoy happens to do the opposite, and Serving never sets one header in both.)
//!
//! Hosts with equal actions share a rule: the others go into a Host condition, ten values a rule at most.
//!
//! # What is refused
//!
//! An error inside a path leaves the whole path out, since a rule that does half of what was asked may be worse than none; its neighbours
//! stay. What only ALB can't do is a warning for target `gateway`; for target `alb` it goes through the gateway (`hop`), or is an error
//! with `hop: never`.

mod arrange;
mod assemble;
mod backends;
mod blocks;
mod emit;
mod gray;
mod headers;
mod hop;
mod listeners;
mod names;
mod overlap;
mod paths;
mod rule;
mod tags;

use net_alb_api::annotation::registry::{self, On};
use net_alb_api::annotation::{ALB, extension, knative};
use net_alb_api::config::Settings;
use net_alb_api::{Ingress, KIngress, ObjectKey, Objects};
use net_alb_diag::codes::convert as codes;
use net_alb_diag::{Code, Diagnostic, FieldPath, ObjectRef, Outcome, Severity, nearest};
use std::collections::BTreeSet;

/// Converts one KIngress. The Ingresses come sorted by name, in its namespace.
///
/// `objects` answers for what the KIngress refers to: a Service, where a port is given by name or a gray rule goes to a
/// revision that gets no share of the traffic; a Secret, where there is a certificate. A host that belongs to another
/// KIngress is left out.
pub fn convert(kingress: &KIngress, objects: &impl Objects, settings: &Settings) -> Outcome<Vec<Ingress>> {
    let mut conversion = Conversion {
        kingress,
        key: kingress.key(),
        object: kingress.to_ref(),
        objects,
        settings,
        diagnostics: Vec::new(),
        reported: BTreeSet::new(),
    };
    conversion.check_annotations();
    let blocks = blocks::blocks(&mut conversion);
    let drafts = listeners::drafts(&mut conversion, blocks);
    let mut ingresses: Vec<Ingress> =
        drafts.iter().map(|draft| emit::ingress(&mut conversion, draft)).collect();
    ingresses.sort_by(|a, b| a.metadata.name.cmp(&b.metadata.name));
    Outcome { value: ingresses, diagnostics: conversion.diagnostics }
}

/// One run of [`convert`]: what goes in, and what there is to say about it.
struct Conversion<'a> {
    kingress: &'a KIngress,
    key: ObjectKey,
    object: ObjectRef,
    objects: &'a dyn Objects,
    settings: &'a Settings,
    diagnostics: Vec<Diagnostic>,
    /// A gray rule is assembled for each of its hosts; what is wrong with it is said once.
    reported: BTreeSet<(&'static str, FieldPath, String)>,
}

impl Conversion<'_> {
    /// Reports with the code's own advice.
    fn report(&mut self, code: &'static Code, path: &FieldPath, message: impl Into<String>) {
        self.report_with_help(code, path, message, code.fix);
    }

    fn report_with_help(
        &mut self,
        code: &'static Code,
        path: &FieldPath,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        let diagnostic = Diagnostic::new(code, self.object.clone(), path.clone(), message).help(help);
        self.push(diagnostic);
    }

    /// Reports what only ALB can't do. Returns whether the part may stay: only if the gateway serves it, itself or by the hop.
    fn beyond_alb(&mut self, code: &'static Code, path: &FieldPath, message: impl Into<String>) -> bool {
        let severity = if self.settings.hops() { Severity::Note } else { self.settings.target.alb_limit() };
        let is_served = severity < Severity::Error;
        let help = match severity {
            Severity::Note => {
                "nothing, if ALB may send these requests through net-alb's gateway (`hop`)".into()
            }
            Severity::Warning => format!("if the real ALB shall serve it, {}", code.fix),
            Severity::Error => code.fix.into(),
        };
        let diagnostic = Diagnostic::new(code, self.object.clone(), path.clone(), message);
        self.push(diagnostic.severity(severity).help(help));
        is_served
    }

    fn push(&mut self, diagnostic: Diagnostic) {
        if let net_alb_diag::Place::Field { path, .. } = &diagnostic.place {
            let identity = (diagnostic.code.id, path.clone(), diagnostic.message.clone());
            if !self.reported.insert(identity) {
                return;
            }
        }
        self.diagnostics.push(diagnostic);
    }

    /// The KIngress that a host belongs to, if it isn't this one.
    fn other_owner(&self, host: &str) -> Option<ObjectKey> {
        self.objects.host_owner(host).filter(|owner| *owner != self.key)
    }

    fn annotation(&self, key: &str) -> Option<&str> {
        self.kingress.metadata.annotations.as_ref()?.get(key).map(String::as_str)
    }

    /// Whatever stands under a prefix of ours and isn't honoured is said.
    fn check_annotations(&mut self) {
        let known = || registry::all().filter(|a| a.on.contains(&On::KIngress)).map(|a| a.key);
        for key in self.kingress.metadata.annotations.iter().flat_map(|annotations| annotations.keys()) {
            let is_ours =
                [knative::ARTICLE_PREFIX, extension::PREFIX, ALB].iter().any(|p| key.starts_with(p));
            if !is_ours || known().any(|known| known == key) {
                continue;
            }
            let message = format!("`{key}` has no effect here");
            let path = FieldPath::annotation(key);
            match nearest(key, known()) {
                Some(known) => {
                    self.report_with_help(
                        &codes::IDLE_ANNOTATION,
                        &path,
                        message,
                        format!("write `{known}`"),
                    );
                }
                None => self.report(&codes::IDLE_ANNOTATION, &path, message),
            }
        }
    }
}
