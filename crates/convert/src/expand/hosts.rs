//! The hosts of a Route and its tags.

use super::names::check_host;
use super::route::Route;
use net_alb_api::annotation::knative::VISIBILITY;
use net_alb_api::config::{CLUSTER_DOMAIN, DomainValues, LOCAL_DOMAIN};

/// The host inside the cluster: always by the default domain template, but with the tag template.
///
/// Source: serving `pkg/reconciler/route/domains/domains.go`, `GetDomainsForVisibility`.
pub(super) fn cluster_local(route: &Route<'_>, tag: &str) -> Result<String, String> {
    checked(format!("{}.{}.{LOCAL_DOMAIN}", name(route, tag)?, route.namespace))
}

/// The public host.
pub(super) fn external(route: &Route<'_>, tag: &str) -> Result<String, String> {
    let mut labels = route.labels.clone();
    labels.remove(VISIBILITY);
    let values = DomainValues {
        name: &name(route, tag)?,
        namespace: &route.namespace,
        domain: route.config.domain.lookup(&labels),
        annotations: &route.annotations,
        labels: &labels,
    };
    let host = route.config.network.domain_template.render(values);
    checked(host.map_err(|error| format!("`domain-template` fails: {error}"))?)
}

/// The Route's name, or what the tag template makes of it.
fn name(route: &Route<'_>, tag: &str) -> Result<String, String> {
    if tag.is_empty() {
        return Ok(route.name.clone());
    }
    let name = route.config.network.tag_template.render(&route.name, tag);
    name.map_err(|error| format!("`tag-template` fails: {error}"))
}

fn checked(host: String) -> Result<String, String> {
    match check_host(&host) {
        Ok(()) => Ok(host),
        Err(error) => Err(format!("the host would be `{host}`, but {error}")),
    }
}

/// A cluster-local host and the shorter names by which cluster DNS knows it, in order.
///
/// Source: networking `pkg/ingress/ingress.go`, `ExpandedHosts`: a name whose last label is all digits could be an
/// address, so it is left out.
pub(super) fn with_short_names(host: &str) -> Vec<String> {
    let suffixes = [String::new(), format!(".{CLUSTER_DOMAIN}"), format!(".{LOCAL_DOMAIN}")];
    let names = suffixes.iter().filter_map(|suffix| host.strip_suffix(suffix.as_str()));
    let mut names: Vec<String> = names.filter(|name| may_end_a_host(name)).map(str::to_owned).collect();
    names.sort_unstable();
    names
}

fn may_end_a_host(name: &str) -> bool {
    let last = name.rsplit('.').next().unwrap_or_default();
    last.len() <= 63 && last.bytes().any(|byte| !byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_names_come_sorted() {
        let names = with_short_names("hello.default.svc.cluster.local");
        assert_eq!(names, ["hello.default", "hello.default.svc", "hello.default.svc.cluster.local"]);
    }

    #[test]
    fn a_short_name_that_could_be_an_address_is_left_out() {
        let names = with_short_names("hello.2026.svc.cluster.local");
        assert_eq!(names, ["hello.2026.svc", "hello.2026.svc.cluster.local"]);
    }
}
