//! The gray annotations: rules that branch off from the default route by header or cookie.

use super::backends::{revision_port, targets, whole};
use super::headers::{Headers, check_matches};
use super::rule::{Matches, Origin, Reason, Target};
use super::tags::Tags;
use super::{Conversion, codes};
use net_alb_api::ObjectKey;
use net_alb_api::annotation::gray::{GrayKind, GrayRule, GrayTarget, decode};
use net_alb_api::annotation::knative::{NAMESPACE_HEADER, REVISION_HEADER};
use net_alb_diag::{FieldPath, by_nearness, nearest};
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// How many names a message lists.
const MOST_NAMES: usize = 8;

/// A gray rule that knows where it goes; each default route gets one of its own.
pub(super) struct GrayRoute {
    /// `Header` or `Cookie`.
    pub(super) reason: Reason,
    pub(super) matches: Matches,
    pub(super) targets: Vec<Target>,
    /// The revision or tag.
    pub(super) name: String,
    /// The annotation and the entry.
    pub(super) origin: Origin,
}

/// All gray rules, the more specific first.
pub(super) fn routes(conversion: &mut Conversion<'_>, tags: &Tags<'_>) -> Vec<GrayRoute> {
    let mut routes = Vec::new();
    if !tags.is_readable() {
        return routes;
    }
    for kind in GrayKind::ALL {
        let Some(text) = conversion.annotation(kind.key()) else { continue };
        let place = FieldPath::annotation(kind.key());
        let decoded = decode(kind, text);
        for error in &decoded.errors {
            let code =
                if error.entry.is_some() { &codes::INVALID_GRAY_RULE } else { &codes::UNREADABLE_GRAY_RULES };
            let help = format!("write `'[{{revision: NAME, {}: {{name: value}}}}]'`", kind.field());
            conversion.report_with_help(code, &place, error.to_string(), help);
        }
        for (index, at, rule) in decoded.rules {
            let origin = Origin { place: place.clone(), entry: Some(format!("entry {}, {at}", index + 1)) };
            let Some(matches) = matches(conversion, kind, &rule, &origin) else { continue };
            let Some(targets) = target(conversion, tags, &rule, &origin) else { continue };
            let reason = if kind == GrayKind::Headers { Reason::Header } else { Reason::Cookie };
            let name = rule.target.name().to_owned();
            routes.push(GrayRoute { reason, matches, targets, name, origin });
        }
    }
    routes.sort_by_key(|route| (route.reason, Reverse(route.matches.len())));
    routes
}

/// What a request must have; `None` if it's refused.
fn matches(
    conversion: &mut Conversion<'_>,
    kind: GrayKind,
    rule: &GrayRule,
    origin: &Origin,
) -> Option<Matches> {
    let mut matches = Matches::default();
    match kind {
        GrayKind::Headers => matches.headers = rule.pairs.clone(),
        GrayKind::Cookies => matches.cookies = lower_case(conversion, &rule.pairs, origin)?,
    }
    check_matches(conversion, &matches, origin).then_some(matches)
}

/// Cookies as ALB writes them. It compares them in any case of letters.
fn lower_case(
    conversion: &mut Conversion<'_>,
    pairs: &BTreeMap<String, String>,
    origin: &Origin,
) -> Option<BTreeMap<String, String>> {
    let mut lowered = BTreeMap::new();
    for (name, value) in pairs {
        let (lower_name, lower_value) = (name.to_lowercase(), value.to_lowercase());
        if (&lower_name, &lower_value) != (name, value) {
            let message = format!("`{name}={value}` also matches `{lower_name}={lower_value}`");
            conversion.report(&codes::COOKIE_CASE, &origin.place, origin.say(&message));
        }
        if lowered.insert(lower_name, lower_value).is_some() {
            let message = format!("the cookie `{name}` is there twice, in different case of letters");
            conversion.report(&codes::INVALID_GRAY_RULE, &origin.place, origin.say(&message));
            return None;
        }
    }
    Some(lowered)
}

/// Where the requests go; `None` if nobody knows.
///
/// A revision is looked for in the splits, then among the tags, then by its Service: one that gets no share of the traffic is in
/// no split, but its Service exists and leads to the activator, which has to be told the revision by header.
fn target(
    conversion: &mut Conversion<'_>,
    tags: &Tags<'_>,
    rule: &GrayRule,
    origin: &Origin,
) -> Option<Vec<Target>> {
    let name = rule.target.name();
    let is_revision = matches!(rule.target, GrayTarget::Revision(_));
    if let Some((split, split_place)) = tags.revisions.get(name).filter(|_| is_revision) {
        return whole(conversion, split, split_place).map(|target| vec![target]);
    }
    if let Some((splits, path_place)) = tags.routes.get(name) {
        return targets(conversion, splits, path_place);
    }
    let key = ObjectKey::new(conversion.key.namespace.clone(), name);
    if let Some(service) = conversion.objects.service(&key).filter(|_| is_revision) {
        let mut headers = Headers::default();
        headers.set(REVISION_HEADER, name);
        headers.set(NAMESPACE_HEADER, &key.namespace);
        let port = revision_port(&service, tags.is_internal_tls);
        return Some(vec![Target { service: name.to_owned(), port, weight: 100, headers }]);
    }
    unknown(conversion, tags, rule, origin);
    None
}

fn unknown(conversion: &mut Conversion<'_>, tags: &Tags<'_>, rule: &GrayRule, origin: &Origin) {
    let name = rule.target.name();
    let listed = |what: &str, names: Vec<&str>| {
        let more = if names.len() > MOST_NAMES { ", …" } else { "" };
        let quoted: Vec<String> = names.iter().take(MOST_NAMES).map(|name| format!("`{name}`")).collect();
        if quoted.is_empty() { format!("no {what}") } else { format!("{what} {}{more}", quoted.join(", ")) }
    };
    let tag_names = by_nearness(name, tags.routes.keys().map(String::as_str));
    let known = match &rule.target {
        GrayTarget::Tag(_) => listed("tags", tag_names),
        GrayTarget::Revision(_) => {
            let revisions = by_nearness(name, tags.revisions.keys().map(String::as_str));
            format!("{} and {}", listed("revisions", revisions), listed("tags", tag_names))
        }
    };
    let what = match &rule.target {
        GrayTarget::Tag(_) => "tag",
        GrayTarget::Revision(_) => "revision or tag",
    };
    let message = format!("there is no {what} `{name}`; there are {known}");
    let known = tags.routes.keys().chain(tags.revisions.keys().filter(|_| what != "tag"));
    let help = match nearest(name, known.map(String::as_str)) {
        Some(known) => format!("write `{known}`"),
        None => codes::UNKNOWN_GRAY_TARGET.fix.to_owned(),
    };
    conversion.report_with_help(&codes::UNKNOWN_GRAY_TARGET, &origin.place, origin.say(&message), help);
}
