//! The KIngress' rules, one block each: hosts, and the rules that they all have, in order.

use super::assemble::{envelope, gray_rule, path_rule};
use super::gray::{self, GrayRoute};
use super::rule::Rule;
use super::tags::{Tags, takes_everything};
use super::{Conversion, codes};
use net_alb_api::config::AnnotationFormat;
use net_alb_api::{IngressRule, KIngress, ObjectKey, Visibility};
use net_alb_diag::codes::build::HOST_TAKEN;
use net_alb_diag::{Diagnostic, FieldPath, Place};
use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;

/// Which hosts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Hosts {
    /// Every host.
    Any,
    These(BTreeSet<String>),
}

/// One rule of the KIngress: these hosts do this.
#[derive(Debug, Clone)]
pub(super) struct Block {
    pub(super) hosts: Hosts,
    pub(super) visibility: Visibility,
    /// In the order of the KIngress.
    pub(super) rules: Vec<Rule>,
    /// The KIngress' rule.
    pub(super) place: FieldPath,
}

/// Reads every rule of the KIngress.
pub(super) fn blocks(conversion: &mut Conversion<'_>) -> Vec<Block> {
    let kingress = conversion.kingress;
    let tags = Tags::read(conversion);
    let gray = gray::routes(conversion, &tags);
    if kingress.spec.rules.is_empty() {
        conversion.report(&codes::INCOMPLETE, &FieldPath::of("spec.rules"), "the KIngress has no rules");
    }
    let mut has_default = false;
    let mut blocks = Vec::new();
    for (index, rule) in kingress.spec.rules.iter().enumerate() {
        let place = FieldPath::of("spec.rules").index(index);
        let tag = tags.of(rule);
        has_default |= tag.is_none() && rule.paths().iter().any(takes_everything);
        let Some(hosts) = hosts(conversion, rule, &place) else { continue };
        let rules = rules(conversion, rule, tag, &gray, &place);
        if !rules.is_empty() {
            blocks.push(Block { hosts, visibility: rule.visibility(), rules, place });
        }
    }
    for route in gray.iter().filter(|_| !has_default) {
        conversion.report(&codes::IDLE_GRAY_RULES, &route.origin.place, "there is no default route");
    }
    blocks
}

/// The hosts of a rule; `None` if none of them is left.
fn hosts(conversion: &mut Conversion<'_>, rule: &IngressRule, place: &FieldPath) -> Option<Hosts> {
    if rule.hosts.is_empty() {
        return Some(Hosts::Any);
    }
    let mut hosts = BTreeSet::new();
    let mut taken: BTreeMap<ObjectKey, Vec<(usize, String)>> = BTreeMap::new();
    for (index, written) in rule.hosts.iter().enumerate() {
        let host = written.to_ascii_lowercase();
        if !is_host(&host) {
            let message = format!("`{written}` is no full DNS name");
            conversion.report(&codes::INVALID_HOST, &place.key("hosts").index(index), message);
        } else if let Some(owner) = conversion.other_owner(&host) {
            taken.entry(owner).or_default().push((index, host));
        } else {
            hosts.insert(host);
        }
    }
    for (owner, lost) in taken {
        report_taken(conversion, &owner, &lost, place);
    }
    if conversion.settings.annotation_format == AnnotationFormat::Article
        && rule.visibility() == Visibility::ClusterLocal
    {
        hosts = full_names(&hosts);
    }
    (!hosts.is_empty()).then_some(Hosts::These(hosts))
}

/// Names the hosts of a rule that belong to another KIngress.
fn report_taken(
    conversion: &mut Conversion<'_>,
    owner: &ObjectKey,
    lost: &[(usize, String)],
    place: &FieldPath,
) {
    let Some((first, _)) = lost.first() else { return };
    let hosts = lost.iter().map(|(_, host)| format!("`{host}`")).collect::<Vec<_>>().join(", ");
    let belong = if lost.len() == 1 { "belongs" } else { "belong" };
    let message =
        format!("{hosts} {belong} to KIngress `{owner}` already, so this one doesn't get the requests");
    let object = conversion.object.clone();
    let keeper = owner.to_ref("networking.internal.knative.dev", KIngress::KIND);
    let keeper = Place::Field { object: keeper, path: FieldPath::root() };
    let diagnostic = Diagnostic::new(&HOST_TAKEN, object, place.key("hosts").index(*first), message)
        .related(keeper, "the one that keeps it: it is the oldest, or the first by namespace/name")
        .help("rename one of the two, or give it another domain");
    conversion.push(diagnostic);
}

/// Without `name.ns` and `name.ns.svc` where `name.ns.svc.cluster.local` is there too.
fn full_names(hosts: &BTreeSet<String>) -> BTreeSet<String> {
    let is_short = |host: &String| hosts.iter().any(|other| other.starts_with(&format!("{host}.")));
    hosts.iter().filter(|host| !is_short(host)).cloned().collect()
}

/// A DNS subdomain that is no address (Kubernetes, Ingress validation).
pub(super) fn is_host(host: &str) -> bool {
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    };
    host.len() <= 253 && host.split('.').all(is_label) && host.parse::<Ipv4Addr>().is_err()
}

fn rules(
    conversion: &mut Conversion<'_>,
    rule: &IngressRule,
    tag: Option<&str>,
    gray: &[GrayRoute],
    place: &FieldPath,
) -> Vec<Rule> {
    let place = place.key("http").key("paths");
    if rule.paths().is_empty() {
        conversion.report(&codes::INCOMPLETE, &place, "the rule has no paths");
    }
    let mut rules = Vec::new();
    let mut gray = if tag.is_none() { gray } else { &[] };
    for (index, path) in rule.paths().iter().enumerate() {
        let place = place.index(index);
        let Some(envelope) = envelope(conversion, path, !rule.hosts.is_empty(), &place) else { continue };
        if takes_everything(path) {
            rules.extend(gray.iter().filter_map(|route| gray_rule(conversion, &envelope, route)));
            gray = &[];
        }
        rules.extend(path_rule(conversion, &envelope, path, tag));
    }
    rules
}
