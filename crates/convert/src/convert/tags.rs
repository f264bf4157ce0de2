//! What a KIngress tells about tags and revisions: whose host a host is, and where each of them is served.

use super::{Conversion, codes};
use net_alb_api::annotation::knative::{REVISION_HEADER, TAG_HEADER, TAG_TO_HOST};
use net_alb_api::{HttpIngressPath, IngressRule, IntOrString, KIngress, Split};
use net_alb_diag::FieldPath;
use std::collections::BTreeMap;

/// Tags and revisions of a KIngress.
pub(super) struct Tags<'a> {
    /// The tag of each host that has one. `None` if nobody can tell.
    by_host: Option<BTreeMap<String, String>>,
    /// Where each tag's requests go, and where the KIngress says so.
    pub(super) routes: BTreeMap<String, (&'a [Split], FieldPath)>,
    /// One of the splits that go to each revision.
    pub(super) revisions: BTreeMap<String, (&'a Split, FieldPath)>,
    /// Whether every split goes to port 443, as with Serving's `system-internal-tls`.
    pub(super) is_internal_tls: bool,
}

impl<'a> Tags<'a> {
    /// Reads `tag-to-host`, which Serving writes when there are tags, and the rules.
    pub(super) fn read(conversion: &mut Conversion<'a>) -> Self {
        let kingress: &'a KIngress = conversion.kingress;
        let mut read = Tags {
            by_host: hosts(conversion),
            routes: BTreeMap::new(),
            revisions: BTreeMap::new(),
            is_internal_tls: true,
        };
        for (i, rule) in kingress.spec.rules.iter().enumerate() {
            let host_tag = read.of(rule).map(str::to_owned);
            for (j, path) in rule.paths().iter().enumerate() {
                let place = FieldPath::of("spec.rules").index(i).key("http").key("paths").index(j);
                let own = if takes_everything(path) { host_tag.as_deref() } else { header_tag(path) };
                if let Some(tag) = own {
                    read.routes.entry(tag.to_owned()).or_insert((path.splits(), place.clone()));
                }
                read.add_revisions(path, &place);
            }
        }
        read
    }

    fn add_revisions(&mut self, path: &'a HttpIngressPath, place: &FieldPath) {
        for (k, split) in path.splits().iter().enumerate() {
            self.is_internal_tls &= split.service_port == IntOrString::Int(443);
            let place = place.key("splits").index(k);
            self.revisions.entry(revision(split).to_owned()).or_insert((split, place));
        }
    }

    /// The tag whose hosts a rule has; `None` for the default route.
    pub(super) fn of(&self, rule: &IngressRule) -> Option<&str> {
        let by_host = self.by_host.as_ref()?;
        rule.hosts.iter().find_map(|host| by_host.get(host)).map(String::as_str)
    }

    /// Whether default hosts and tag hosts can be told apart.
    pub(super) fn is_readable(&self) -> bool {
        self.by_host.is_some()
    }
}

/// Whether a path takes every request of its hosts.
pub(super) fn takes_everything(path: &HttpIngressPath) -> bool {
    path.headers.is_empty() && matches!(path.path.as_str(), "" | "/")
}

/// The tag that a path asks for by header, as Serving writes it with `tag-header-based-routing`.
pub(super) fn header_tag(path: &HttpIngressPath) -> Option<&str> {
    let (name, value) = path.headers.first_key_value()?;
    (path.headers.len() == 1 && name.eq_ignore_ascii_case(TAG_HEADER)).then_some(value.exact.as_str())
}

/// The revision that a split goes to: Serving names it in a header; its Service has the same name.
fn revision(split: &Split) -> &str {
    let header = split.append_headers.iter().find(|(name, _)| name.eq_ignore_ascii_case(REVISION_HEADER));
    header.map_or(&split.service_name, |(_, revision)| revision)
}

/// Host to tag, from `tag-to-host`; nothing if there is none.
fn hosts(conversion: &mut Conversion<'_>) -> Option<BTreeMap<String, String>> {
    let Some(text) = conversion.annotation(TAG_TO_HOST) else { return Some(BTreeMap::new()) };
    match serde_json::from_str::<BTreeMap<String, Vec<String>>>(text) {
        Ok(by_tag) => {
            let pairs = by_tag.into_iter();
            Some(pairs.flat_map(|(tag, hosts)| hosts.into_iter().map(move |h| (h, tag.clone()))).collect())
        }
        Err(error) => {
            let message = format!("no JSON object of lists: {error}");
            conversion.report(&codes::UNREADABLE_TAG_HOSTS, &FieldPath::annotation(TAG_TO_HOST), message);
            None
        }
    }
}
