//! Canary Ingresses. Source: alibaba-load-balancer-controller, `buildListenerRules`, and runs of it.

use super::forward::{Groups, port_of};
use super::listening::Listening;
use super::server_group::Treatment;
use super::{Context, order};
use crate::paths::{PathRef, paths};
use crate::site::Site;
use crate::{Condition, KeyPattern, ListenerId, ObjectKey, Pattern, Target};
use net_alb_api::annotation::header::is_token;
use net_alb_api::annotation::registry;
use net_alb_api::{Ingress, Objects};
use net_alb_diag::codes::build;
use net_alb_diag::{FieldPath, Place};

/// What an Ingress is among those of its hosts and paths.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Role {
    /// No canary.
    Main,
    /// A share of the main Ingress' requests, in percent; no rules of its own.
    Weighted(u32),
    /// Rules of its own, with these conditions more.
    Matched(Vec<Condition>),
    /// It does nothing.
    Refused,
}

pub(crate) fn role(site: &mut Site<'_>, ingress: &Ingress) -> Role {
    let switch = site.either(&registry::NGINX_CANARY, &registry::CANARY);
    match site.flag_or_error(switch) {
        // Nobody knows whether it was meant to be one; as a main Ingress it might take all requests.
        None => return Role::Refused,
        Some(false) => return Role::Main,
        Some(true) => {}
    }
    let weight = site.either(&registry::NGINX_CANARY_WEIGHT, &registry::CANARY_WEIGHT);
    let weighted = site.text(weight).is_some_and(|text| !text.is_empty());
    let before = site.errors();
    let matched = matched(site);
    check_conditions(site, ingress);
    if weighted && (!matched.is_empty() || site.errors() > before) {
        let message = "this canary has a weight and a header or cookie, so it does nothing";
        let at = FieldPath::annotation(weight.key);
        site.say(site.at(&build::MIXED_CANARY, at, message).help("make two canary Ingresses of it"));
    }
    if weighted {
        check_backends(site, ingress);
        let weight = site.count(weight);
        return weight.filter(|_| site.errors() == before).map_or(Role::Refused, Role::Weighted);
    }
    if site.errors() > before {
        return Role::Refused;
    }
    if matched.is_empty() {
        let message =
            "this canary has no header, cookie or weight, so it takes every request of its hosts and paths";
        let help =
            "add `canary-weight`, `canary-by-cookie`, or `canary-by-header` and `canary-by-header-value`";
        site.say(
            site.at(&build::UNCONDITIONAL_CANARY, FieldPath::annotation(switch.key), message).help(help),
        );
    }
    Role::Matched(matched)
}

/// The canary's conditions, the header before the cookie.
fn matched(site: &mut Site<'_>) -> Vec<Condition> {
    let by_header = site.either(&registry::NGINX_CANARY_BY_HEADER, &registry::CANARY_BY_HEADER);
    let by_value = site.either(&registry::NGINX_CANARY_BY_HEADER_VALUE, &registry::CANARY_BY_HEADER_VALUE);
    let by_cookie = site.either(&registry::NGINX_CANARY_BY_COOKIE, &registry::CANARY_BY_COOKIE);
    let text = |site: &Site<'_>, annotation| site.text(annotation).unwrap_or_default().to_owned();
    let (header, value, cookie) = (text(site, by_header), text(site, by_value), text(site, by_cookie));
    if header.is_empty() != value.is_empty() {
        let (there, lacks) = if header.is_empty() { (by_value, by_header) } else { (by_header, by_value) };
        let message = format!("`{}` needs `{}`", there.key, lacks.key);
        site.say(
            site.at(&build::INCOMPLETE_CANARY, FieldPath::annotation(there.key), message).help("add it"),
        );
    }
    for (annotation, name) in [(by_header, &header), (by_cookie, &cookie)] {
        if !name.is_empty() && !is_token(name) {
            site.bad(annotation, name);
        }
    }
    let header = (!header.is_empty() && !value.is_empty())
        .then(|| Condition::Header { key: header, values: vec![Pattern::wildcard(&value)] });
    let always =
        |name: &str| KeyPattern { key: Pattern::wildcard(name), value: Pattern::Exact("always".to_owned()) };
    let cookie = (!cookie.is_empty()).then(|| Condition::Cookie(vec![always(&cookie)]));
    header.into_iter().chain(cookie).collect()
}

fn check_conditions(site: &mut Site<'_>, ingress: &Ingress) {
    let keys = paths(ingress).map(|path| registry::CONDITIONS.for_backend(path.backend()));
    let Some(key) = keys.into_iter().find(|key| site.annotations.contains_key(key)) else { return };
    let message = format!("a canary can't have `{key}`, so it does nothing");
    let help = "take `canary` out, and give the Ingress a smaller `order` than its main one has";
    site.say(site.at(&build::CANARY_WITH_CONDITIONS, FieldPath::annotation(&key), message).help(help));
}

fn check_backends(site: &mut Site<'_>, ingress: &Ingress) {
    for path in paths(ingress).filter(PathRef::uses_annotation) {
        let message = "a canary by weight needs a backend with a port, not `use-annotation`";
        let at = path.service_at().key("port");
        site.say(site.at(&build::INCOMPLETE_CANARY, at, message).help("write `port: {number: …}`"));
    }
}

/// A canary by weight, ready to be folded into its main Ingress' rules.
pub(crate) struct Weighted<'a, O> {
    pub(crate) key: ObjectKey,
    order: u16,
    ingress: &'a Ingress,
    weight: u32,
    listening: Listening,
    pub(crate) groups: Groups<'a, O>,
}

impl<'a, O: Objects> Weighted<'a, O> {
    /// `None` for any other Ingress. What is wrong with it is said by its own fragment.
    pub(crate) fn read(ingress: &'a Ingress, context: &Context<'a, O>) -> Option<Self> {
        let mut site = Site::ingress(ingress, context.settings);
        let Role::Weighted(weight) = role(&mut site, ingress) else { return None };
        let mut listening = Listening::read(&mut site, ingress);
        listening.fit_into(&mut site, context.frame);
        Some(Weighted {
            key: ObjectKey::of(&ingress.metadata),
            order: order(&mut site),
            ingress,
            weight,
            listening,
            groups: Groups::new(ingress, Treatment::read(&mut site), context.objects),
        })
    }

    /// Every canary by weight among the peers, and `this` Ingress if it is one, in order of priority.
    pub(crate) fn all(context: &Context<'a, O>, this: &'a Ingress) -> Vec<Self> {
        let ingresses = context.peers.iter().map(AsRef::as_ref).chain([this]);
        let mut canaries: Vec<_> = ingresses.filter_map(|ingress| Weighted::read(ingress, context)).collect();
        canaries.sort_by(|a, b| (a.order, &a.key).cmp(&(b.order, &b.key)));
        canaries
    }

    fn paths_like(&self, path: &PathRef<'_>, listener: ListenerId) -> Vec<PathRef<'a>> {
        if self.weight == 0 || !self.listening.ids.contains(&listener) {
            return Vec::new();
        }
        paths(self.ingress).filter(|own| own.is_same_host_path(path)).collect()
    }

    fn target(&mut self, path: &PathRef<'_>, context: &Context<'_, O>) -> Option<Target> {
        let mut site = Site::ingress(self.ingress, context.settings);
        let at = path.service_at();
        let port = port_of(&mut site, path.port(), &at)?;
        let server_group = self.groups.of_service(&mut site, path.backend(), &port, &at);
        Some(Target { server_group, weight: self.weight, headers: std::collections::BTreeMap::new() })
    }
}

/// The targets of canaries by weight for a path on a listener; the main Ingress keeps 100 less their weights. A canary that would
/// take the sum over 100 is left out: of several, those of lower priority.
pub(crate) fn targets<O: Objects>(
    canaries: &mut [Weighted<'_, O>],
    path: &PathRef<'_>,
    listener: ListenerId,
    context: &Context<'_, O>,
) -> Vec<(ObjectKey, Target)> {
    let mut targets = Vec::new();
    let mut left = 100;
    for canary in canaries {
        for own in canary.paths_like(path, listener) {
            if canary.weight > left {
                continue;
            }
            let Some(target) = canary.target(&own, context) else { continue };
            left -= canary.weight;
            targets.push((canary.key.clone(), target));
        }
    }
    targets
}

/// An Ingress that isn't a canary, as its canaries see it.
pub(crate) struct Main<'a> {
    key: ObjectKey,
    order: u16,
    ingress: &'a Ingress,
    listening: Listening,
}

impl<'a> Main<'a> {
    pub(crate) fn all<O: Objects>(context: &Context<'a, O>) -> Vec<Self> {
        let read = |ingress: &'a Ingress| {
            let mut site = Site::ingress(ingress, context.settings);
            if role(&mut site, ingress) != Role::Main {
                return None;
            }
            let mut listening = Listening::read(&mut site, ingress);
            listening.fit_into(&mut site, context.frame);
            Some(Main { key: ObjectKey::of(&ingress.metadata), order: order(&mut site), ingress, listening })
        };
        context.peers.iter().filter_map(|peer| read(peer)).collect()
    }

    /// Whether it has the path on the listener.
    pub(crate) fn has(&self, path: &PathRef<'_>, listener: ListenerId) -> bool {
        self.listening.ids.contains(&listener) && self.path_like(path).is_some()
    }

    fn path_like(&self, path: &PathRef<'_>) -> Option<PathRef<'a>> {
        paths(self.ingress).find(|own| own.is_same_host_path(path))
    }

    fn place(&self, path: &PathRef<'_>) -> Place {
        let object = self.key.to_ref("networking.k8s.io", "Ingress");
        let path = self.path_like(path).map_or_else(FieldPath::root, |path| path.at());
        Place::Field { object, path }
    }
}

/// What a canary by header or cookie may have got wrong about its main Ingress.
pub(crate) fn check_matched(
    site: &mut Site<'_>,
    path: &PathRef<'_>,
    order: u16,
    mains: &[Main<'_>],
    listening: &Listening,
) {
    check_main(site, path, mains, listening);
    let key = ObjectKey { namespace: site.object.namespace.clone(), name: site.object.name.clone() };
    let takes_all = |main: &&Main<'_>| {
        let Some(own) = main.path_like(path) else { return false };
        let conditions = registry::CONDITIONS.for_backend(own.backend());
        let annotations = main.ingress.metadata.annotations.as_ref();
        (main.order, &main.key) < (order, &key) && !annotations.is_some_and(|a| a.contains_key(&conditions))
    };
    let shares = |main: &&Main<'_>| listening.ids.iter().any(|id| main.has(path, *id));
    if let Some(main) = mains.iter().filter(shares).find(takes_all) {
        let message = format!(
            "this canary (order {order}) is tried after its main Ingress `{}` (order {}), which takes every request",
            main.key, main.order
        );
        let diagnostic = site.at(&build::CANARY_TOO_LATE, path.at(), message);
        let diagnostic = diagnostic.related(main.place(path), "the main Ingress' path");
        site.say(diagnostic.help("give the canary a smaller `order`"));
    }
}

fn check_main(site: &mut Site<'_>, path: &PathRef<'_>, mains: &[Main<'_>], listening: &Listening) {
    if listening.ids.is_empty() || listening.ids.iter().any(|id| mains.iter().any(|main| main.has(path, *id)))
    {
        return;
    }
    let elsewhere = mains.iter().find(|main| main.path_like(path).is_some());
    let message = match elsewhere {
        Some(main) => {
            format!("the main Ingress `{}` is on other listeners, so this canary does nothing", main.key)
        }
        None => "no Ingress has this host and path, so this canary does nothing".to_owned(),
    };
    let help = "give both the same hosts, paths and `spec.tls`";
    site.say(site.at(&build::CANARY_WITHOUT_MAIN, path.at(), message).help(help));
}

/// What a canary by weight may have got wrong; it has no rules that could show it.
pub(crate) fn check_weighted<O: Objects>(
    site: &mut Site<'_>,
    ingress: &Ingress,
    context: &Context<'_, O>,
    listening: &Listening,
) {
    let mains = Main::all(context);
    let mut canaries = Weighted::all(context, ingress);
    let key = ObjectKey::of(&ingress.metadata);
    let mut groups = Groups::new(ingress, Treatment::read(site), context.objects);
    for path in paths(ingress) {
        let at = path.service_at();
        if let Some(port) = port_of(site, path.port(), &at) {
            groups.of_service(site, path.backend(), &port, &at);
        }
        check_main(site, &path, &mains, listening);
        let shared: Vec<_> =
            listening.ids.iter().filter(|id| mains.iter().any(|main| main.has(&path, **id))).collect();
        let theirs = mains.iter().filter_map(|main| Some((main, main.path_like(&path)?)));
        let deaf = theirs.clone().find(|(_, own)| own.uses_annotation());
        if let Some((main, _)) = deaf.filter(|_| theirs.clone().all(|(_, own)| own.uses_annotation())) {
            let message = format!(
                "the main Ingress `{}` uses `use-annotation`, where this weight has no effect",
                main.key
            );
            let help = "add this Service to the main Ingress' `ForwardGroup`";
            site.say(
                site.at(&build::CANARY_UNUSED, path.at(), message)
                    .related(main.place(&path), "here")
                    .help(help),
            );
            continue;
        }
        let mut folds_in =
            |id: ListenerId| targets(&mut canaries, &path, id, context).iter().any(|(k, _)| *k == key);
        let weight = canaries_weight(site);
        if weight > 0 && !shared.into_iter().all(|id| folds_in(*id)) {
            let message = format!(
                "with the canaries before it, this one's weight of {weight} adds up to more than 100"
            );
            site.say(site.at(&build::CANARY_WEIGHT_SUM, path.at(), message).help("lower one of the weights"));
        }
    }
}

fn canaries_weight(site: &mut Site<'_>) -> i64 {
    let annotation = site.either(&registry::NGINX_CANARY_WEIGHT, &registry::CANARY_WEIGHT);
    site.number(annotation).unwrap_or_default()
}
