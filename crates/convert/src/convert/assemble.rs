//! Puts rules together from the parts of a path, and counts what ALB counts.

use super::backends::targets;
use super::blocks::is_host;
use super::gray::GrayRoute;
use super::headers::{Headers, check_insert, check_matches, set, to_set};
use super::names::word;
use super::paths::{Prefix, prefix};
use super::rule::{Action, Forward, Matches, Origin, Reason, Rule, Target};
use super::tags::{header_tag, takes_everything};
use super::{Conversion, codes};
use net_alb_api::HttpIngressPath;
use net_alb_api::annotation::knative::ACME_CHALLENGE;
use net_alb_api::config::{AnnotationFormat, Target as SettingsTarget};
use net_alb_diag::FieldPath;

/// Conditions and actions of one rule on a Standard ALB (ALB, "Quotas and limits").
pub(super) const MOST_CONDITIONS: usize = 10;
pub(super) const MOST_ACTIONS: usize = 5;

/// The path without its matches and splits: what a gray rule has in common with the path that it branches off from.
pub(super) struct Envelope {
    prefix: Prefix,
    headers: Headers,
    rewrite_host: Option<String>,
    /// Whether a host is among the conditions.
    has_host: bool,
    /// The path.
    place: FieldPath,
}

/// Reads all of a path but its matches and splits; `None` if it's refused.
pub(super) fn envelope(
    conversion: &mut Conversion<'_>,
    path: &HttpIngressPath,
    has_host: bool,
    place: &FieldPath,
) -> Option<Envelope> {
    let prefix = prefix(conversion, &path.path, place);
    let headers = to_set(conversion, &path.append_headers, place);
    let rewrite_host = (!path.rewrite_host.is_empty()).then(|| path.rewrite_host.to_ascii_lowercase());
    if rewrite_host.as_ref().is_some_and(|host| !is_host(host)) {
        let message = format!("`{}` is no full DNS name", path.rewrite_host);
        conversion.report(&codes::INVALID_HOST, &place.key("rewriteHost"), message);
        return None;
    }
    let headers = headers
        .filter(|headers| check_insert(conversion, headers, |name| place.key("appendHeaders").key(name)));
    Some(Envelope { prefix: prefix?, headers: headers?, rewrite_host, has_host, place: place.clone() })
}

/// The rule of a path; `None` if it's refused.
pub(super) fn path_rule(
    conversion: &mut Conversion<'_>,
    envelope: &Envelope,
    path: &HttpIngressPath,
    tag: Option<&str>,
) -> Option<Rule> {
    let place = &envelope.place;
    let headers = path.headers.iter().map(|(name, wanted)| (name.clone(), wanted.exact.clone()));
    let matches = Matches { headers: headers.collect(), ..Matches::default() };
    let origin = Origin::path(place.clone());
    let is_kept = check_matches(conversion, &matches, &origin);
    let targets = targets(conversion, path.splits(), place)?;
    let split_header = |name: &str| {
        let index = path.splits().iter().position(|split| split.append_headers.contains_key(name));
        place.key("splits").index(index.unwrap_or_default()).key("appendHeaders").key(name)
    };
    let (reason, name) = describe(conversion, path, tag);
    let parts = Parts { reason, name, matches, targets, origin, split_header: &split_header };
    let rule = rule(conversion, envelope, parts)?;
    is_kept.then_some(rule)
}

/// Why a request takes a path, and what its action is called.
fn describe(conversion: &Conversion<'_>, path: &HttpIngressPath, tag: Option<&str>) -> (Reason, String) {
    let is_article = conversion.settings.annotation_format == AnnotationFormat::Article;
    if let Some(wanted) = header_tag(path) {
        let name = if is_article { "forward-tag".to_owned() } else { word("forward-tag", wanted) };
        return (Reason::TagHeader, name);
    }
    if !path.headers.is_empty() {
        let service = path.splits().first().map_or("", |split| split.service_name.as_str());
        return (Reason::Header, word("forward-header", service));
    }
    if path.path.starts_with(ACME_CHALLENGE) {
        return (Reason::AcmeChallenge, "forward-acme-challenge".to_owned());
    }
    match (takes_everything(path), tag) {
        (false, _) => (Reason::Path, word("forward-path", &path.path)),
        (true, Some(tag)) => (Reason::Weight, word("forward-host", tag)),
        (true, None) => (Reason::Weight, "forward-default".to_owned()),
    }
}

/// The rule by which a gray route branches off from a path; `None` if it's refused.
pub(super) fn gray_rule(
    conversion: &mut Conversion<'_>,
    envelope: &Envelope,
    route: &GrayRoute,
) -> Option<Rule> {
    let prefix = if route.reason == Reason::Header { "forward-header" } else { "forward-cookie" };
    let parts = Parts {
        reason: route.reason,
        name: word(prefix, &route.name),
        matches: route.matches.clone(),
        targets: route.targets.clone(),
        origin: route.origin.clone(),
        split_header: &|_| route.origin.place.clone(),
    };
    rule(conversion, envelope, parts)
}

/// What makes a rule of an envelope.
struct Parts<'a> {
    reason: Reason,
    name: String,
    matches: Matches,
    targets: Vec<Target>,
    origin: Origin,
    /// Where a target's header of this name is set.
    split_header: &'a dyn Fn(&str) -> FieldPath,
}

/// Puts a rule together and counts what ALB counts; `None` if it's refused.
fn rule(conversion: &mut Conversion<'_>, envelope: &Envelope, parts: Parts<'_>) -> Option<Rule> {
    let Parts { reason, name, matches, mut targets, origin, split_header } = parts;
    let mut headers = envelope.headers.clone();
    let mut is_kept = true;
    if let [target] = targets.as_mut_slice() {
        let own = std::mem::take(&mut target.headers);
        is_kept &= check_insert(conversion, &own, split_header);
        for (name, value) in own.iter() {
            set(conversion, &mut headers, (name, value), &split_header(name));
        }
    } else {
        warn_of_split_headers(conversion, &targets, &origin);
    }
    let conditions = matches.len() + 1 + usize::from(envelope.has_host);
    if conditions > MOST_CONDITIONS {
        let message = format!("the rule has {conditions} conditions, ALB takes {MOST_CONDITIONS}");
        is_kept &= conversion.beyond_alb(&codes::TOO_MANY_CONDITIONS, &origin.place, origin.say(&message));
    }
    let actions = headers.len() + usize::from(envelope.rewrite_host.is_some()) + 1;
    if actions > MOST_ACTIONS {
        let message = format!("the rule has {actions} actions, ALB takes {MOST_ACTIONS}");
        is_kept &= conversion.beyond_alb(&codes::TOO_MANY_ACTIONS, &origin.place, origin.say(&message));
    }
    let action = Action::Forward(Forward { headers, rewrite_host: envelope.rewrite_host.clone(), targets });
    is_kept.then(|| Rule { name, origin, reason, path: envelope.prefix.clone(), matches, action })
}

fn warn_of_split_headers(conversion: &mut Conversion<'_>, targets: &[Target], origin: &Origin) {
    let with_headers = targets.iter().filter(|target| !target.headers.is_empty()).count();
    if with_headers == 0 || conversion.settings.target != SettingsTarget::Alb {
        return;
    }
    let message =
        format!("{with_headers} of {} targets set headers of their own, which ALB can't", targets.len());
    let code = &codes::SPLIT_HEADERS_ON_ALB;
    if conversion.settings.hops() {
        conversion.beyond_alb(code, &origin.place, origin.say(&message));
    } else {
        let message = format!("{message}; a revision that sleeps answers 404");
        conversion.report(code, &origin.place, origin.say(&message));
    }
}
