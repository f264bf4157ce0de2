//! The rules of a KIngress. Source: serving `pkg/reconciler/route/resources/ingress.go`, `makeIngressSpec`.

use super::hosts;
use super::revision::Protocol;
use super::route::Route;
use super::traffic::{Target, Targets};
use net_alb_api::annotation::knative::{DEFAULT_ROUTE_HEADER, NAMESPACE_HEADER, REVISION_HEADER, TAG_HEADER};
use net_alb_api::{
    HeaderMatch, HttpIngressPath, HttpIngressRule, IngressRule, IntOrString, Split, Visibility,
};
use net_alb_diag::codes::expand::HOST_INVALID;
use net_alb_diag::{Diagnostic, FieldPath};
use std::collections::BTreeMap;

/// The rules, and the hosts of each tag.
#[derive(Default)]
pub(super) struct Rules {
    pub(super) rules: Vec<IngressRule>,
    /// The cluster-local host in full first, then the public one.
    pub(super) tag_to_host: BTreeMap<String, Vec<String>>,
}

/// One host of a rule, before its paths are made.
struct Place {
    visibility: Visibility,
    host: String,
}

/// The default host's rules, then each tag's by name; of each the cluster-local rule first. `None`, with an error for
/// each, if a host is no domain name.
pub(super) fn rules(
    route: &Route<'_>,
    targets: &Targets,
    protocol: Protocol,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<Rules> {
    let mut made = Some(Rules::default());
    let numbered = (0..).zip(&route.service.spec.traffic);
    let indexes: BTreeMap<&str, usize> = numbered.map(|(i, target)| (target.tag.as_str(), i)).collect();
    for tag in targets.keys() {
        match (places(route, tag), &mut made) {
            (Ok(places), Some(rules)) => {
                for place in places {
                    rules.add(route, targets, protocol, tag, place);
                }
            }
            (Ok(_), None) => {}
            (Err(error), _) => {
                diagnostics.push(invalid(route, (tag, indexes.get(tag.as_str())), error));
                made = None;
            }
        }
    }
    made
}

/// A tag is unique by now, so its index says which target it is.
fn invalid(route: &Route<'_>, tag: (&str, Option<&usize>), error: String) -> Diagnostic {
    let path = match tag {
        ("", _) | (_, None) => FieldPath::of("metadata.name"),
        (_, Some(index)) => FieldPath::of("spec.traffic").index(*index).key("tag"),
    };
    let help = "shorten the name or the tag, or change `domain-template` or `tag-template` in config-network";
    Diagnostic::new(&HOST_INVALID, route.to_ref(), path, error).help(help)
}

fn places(route: &Route<'_>, tag: &str) -> Result<Vec<Place>, String> {
    let mut places =
        vec![Place { visibility: Visibility::ClusterLocal, host: hosts::cluster_local(route, tag)? }];
    if route.visibility() == Visibility::ExternalIP {
        places.push(Place { visibility: Visibility::ExternalIP, host: hosts::external(route, tag)? });
    }
    Ok(places)
}

impl Rules {
    fn add(&mut self, route: &Route<'_>, targets: &Targets, protocol: Protocol, tag: &str, place: Place) {
        let path = |tag: &str| path(route, protocol, targets.get(tag).map_or(&[], Vec::as_slice));
        let mut own = path(tag);
        let mut paths = Vec::new();
        if route.config.features.tag_header_based_routing {
            let (header, value) = match tag {
                "" => (DEFAULT_ROUTE_HEADER, "true"),
                tag => (TAG_HEADER, tag),
            };
            own.append_headers.insert(header.to_owned(), value.to_owned());
            let by_header = |name: &String| HttpIngressPath {
                headers: BTreeMap::from([(TAG_HEADER.to_owned(), HeaderMatch { exact: name.clone() })]),
                ..path(name)
            };
            if tag.is_empty() {
                paths.extend(targets.keys().filter(|name| !name.is_empty()).map(by_header));
            }
        }
        paths.push(own);
        if !tag.is_empty() {
            self.tag_to_host.entry(tag.to_owned()).or_default().push(place.host.clone());
        }
        let hosts = match place.visibility {
            Visibility::ClusterLocal => hosts::with_short_names(&place.host),
            Visibility::ExternalIP => vec![place.host],
        };
        let http = Some(HttpIngressRule { paths: Some(paths) });
        self.rules.push(IngressRule { hosts, visibility: Some(place.visibility), http });
    }
}

/// A path for everything: a split for each target that has a share.
fn path(route: &Route<'_>, protocol: Protocol, targets: &[Target]) -> HttpIngressPath {
    let port = if route.config.network.system_internal_tls { Protocol::HTTPS_PORT } else { protocol.port() };
    let split = |target: &Target| Split {
        service_namespace: route.namespace.clone(),
        service_name: target.revision.clone(),
        service_port: IntOrString::Int(port),
        percent: target.percent,
        append_headers: BTreeMap::from([
            (NAMESPACE_HEADER.to_owned(), route.namespace.clone()),
            (REVISION_HEADER.to_owned(), target.revision.clone()),
        ]),
    };
    let splits = targets.iter().filter(|target| target.percent > 0).map(split).collect();
    HttpIngressPath { splits: Some(splits), ..HttpIngressPath::default() }
}
