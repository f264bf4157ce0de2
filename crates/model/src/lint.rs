//! Annotations that nobody reads.

use crate::paths::paths;
use crate::site::Site;
use net_alb_api::Ingress;
use net_alb_api::annotation::registry::{self, Annotation, On, PREFIXES, Status};
use net_alb_api::config::Target;
use net_alb_diag::FieldPath;
use net_alb_diag::codes::build;
use std::collections::BTreeSet;

/// The prefix of nginx's annotations: some of them are read, the others do nothing here.
const NGINX: &str = "nginx.ingress.kubernetes.io/";

/// Names annotations that are unknown, belong to another kind, or that the gateway doesn't honour.
pub(crate) fn object(site: &mut Site<'_>, on: On) {
    for key in site.annotations.keys() {
        let ours = PREFIXES.iter().any(|prefix| key.starts_with(prefix));
        let nginx = key.starts_with(NGINX) && on == On::Ingress;
        if !ours && !nginx {
            continue;
        }
        match registry::find(key) {
            None => unknown(site, key),
            Some(annotation) if !annotation.on.contains(&on) => misplaced(site, key, annotation),
            Some(annotation) => unhonoured(site, key, annotation),
        }
    }
}

fn unknown(site: &mut Site<'_>, key: &str) {
    let same_name = || {
        key.strip_prefix(NGINX).and_then(|rest| registry::find(&format!("alb.ingress.kubernetes.io/{rest}")))
    };
    let near = registry::nearest(key).or_else(|| same_name().map(Annotation::title));
    let help = near.map_or_else(
        || "docs/reference/annotations.md lists every key".to_owned(),
        |near| format!("did you mean `{near}`?"),
    );
    let message = format!("unknown annotation `{key}`");
    site.say(site.at(&build::UNKNOWN_ANNOTATION, FieldPath::annotation(key), message).help(help));
}

fn misplaced(site: &mut Site<'_>, key: &str, annotation: &Annotation) {
    let kinds: Vec<_> = annotation.on.iter().map(|on| on.name()).collect();
    let message = format!("`{key}` does nothing on this kind of object");
    let help = format!("it belongs on: {}", kinds.join(", "));
    site.say(site.at(&build::MISPLACED_ANNOTATION, FieldPath::annotation(key), message).help(help));
}

fn unhonoured(site: &mut Site<'_>, key: &str, annotation: &Annotation) {
    let gateway = site.settings.target == Target::Gateway;
    let message = match annotation.status {
        Status::Planned(why) | Status::NotApplicable(why) if gateway => {
            format!("the gateway doesn't honour `{key}`: {why}")
        }
        Status::Obsolete(why) => format!("nobody honours `{key}`: {why}"),
        Status::Implemented | Status::Planned(_) | Status::NotApplicable(_) => return,
    };
    site.say(site.at(&build::UNHONOURED_ANNOTATION, FieldPath::annotation(key), message));
}

/// Names the parts of an Ingress that do nothing.
pub(crate) fn ingress(site: &mut Site<'_>, ingress: &Ingress) {
    object(site, On::Ingress);
    unused(site, ingress);
    let name = ingress.metadata.name.as_deref().unwrap_or_default();
    if site.settings.target == Target::Alb && name.contains("-listener-") {
        let message = format!("with `-listener-` in its name, `{name}` gets no servers at first");
        let at = FieldPath::of("metadata.name");
        site.say(site.at(&build::LISTENER_IN_NAME, at, message).help(build::LISTENER_IN_NAME.fix));
    }
    let Some(spec) = &ingress.spec else { return };
    if spec.default_backend.is_some() {
        let message = "`defaultBackend` makes no rule, neither here nor in Alibaba's controller";
        let help = "write a rule without a host and with the path `/`";
        site.say(site.at(&build::DEFAULT_BACKEND, FieldPath::of("spec.defaultBackend"), message).help(help));
    }
    let rules = spec.rules.iter().flatten().enumerate();
    for (i, _) in rules.filter(|(_, rule)| rule.http.as_ref().is_none_or(|http| http.paths.is_empty())) {
        let message = "a rule without paths does nothing";
        let at = FieldPath::of("spec.rules").index(i);
        site.say(site.at(&build::RULE_WITHOUT_PATHS, at, message).help("add `http.paths`"));
    }
}

/// Names annotations of backends that no path has.
fn unused(site: &mut Site<'_>, ingress: &Ingress) {
    let backends: BTreeSet<&str> = paths(ingress).map(|path| path.backend()).collect();
    for key in site.annotations.keys() {
        let Some(family) = registry::find(key).filter(|annotation| annotation.is_family()) else { continue };
        let name = &key[family.key.len()..];
        if backends.contains(name) || !family.on.contains(&On::Ingress) {
            continue;
        }
        let message = format!("no path has the backend `{name}`, so `{key}` does nothing");
        let near = net_alb_diag::nearest(name, backends.iter().copied());
        let help = near.map_or_else(
            || "correct the name after the dot".into(),
            |near| format!("did you mean `{near}`?"),
        );
        site.say(site.at(&build::UNUSED_ANNOTATION, FieldPath::annotation(key), message).help(help));
    }
}
