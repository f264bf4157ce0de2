//! Which listeners an Ingress, and each of its rules, is on.

use crate::site::Site;
use crate::{Alb, ListenerId, Protocol};
use net_alb_api::Ingress;
use net_alb_api::annotation::{decode, registry};
use net_alb_diag::FieldPath;
use net_alb_diag::codes::build;

const HTTP: ListenerId = ListenerId { port: 80, protocol: Protocol::Http };
const HTTPS: ListenerId = ListenerId { port: 443, protocol: Protocol::Https };

/// The listeners of an Ingress.
#[derive(Debug, Clone)]
pub(crate) struct Listening {
    /// In order of mention, each once; none if `listen-ports` can't be read.
    pub(crate) ids: Vec<ListenerId>,
    /// Whether listeners other than port 443 redirect to it.
    pub(crate) ssl_redirect: bool,
    /// Whether every rule is on every listener.
    all_rules: bool,
    tls_hosts: Vec<String>,
    has_tls: bool,
}

impl Listening {
    /// Source: alibaba-load-balancer-controller, `ComputeIngressListenPorts`.
    pub(crate) fn read(site: &mut Site<'_>, ingress: &Ingress) -> Self {
        let tls = ingress.spec.iter().flat_map(|spec| spec.tls.iter().flatten());
        let tls_hosts: Vec<String> = tls.flat_map(|tls| tls.hosts.iter().flatten()).cloned().collect();
        let ssl_redirect = site.flag(site.either(&registry::NGINX_SSL_REDIRECT, &registry::SSL_REDIRECT));
        let asked = site.text(&registry::LISTEN_PORTS).filter(|text| !text.is_empty());
        let mut ids = if ssl_redirect { vec![HTTP] } else { Vec::new() };
        match asked {
            Some(text) => ids.extend(asked_for(site, text)),
            None => ids.extend(derived(ingress, &tls_hosts)),
        }
        let mut listening = Listening {
            ids: Vec::new(),
            ssl_redirect,
            all_rules: ssl_redirect || asked.is_some(),
            has_tls: ingress
                .spec
                .as_ref()
                .is_some_and(|spec| spec.tls.as_ref().is_some_and(|tls| !tls.is_empty())),
            tls_hosts,
        };
        for id in ids {
            listening.add(site, id);
        }
        listening
    }

    fn add(&mut self, site: &mut Site<'_>, id: ListenerId) {
        if self.ids.contains(&id) {
            return;
        }
        match self.ids.iter().find(|other| other.conflicts_with(id)) {
            Some(other) => site.say(conflict(site, id, *other, "`listen-ports` names both")),
            None => self.ids.push(id),
        }
    }

    /// Drops the listeners that the AlbConfig's own make impossible.
    pub(crate) fn fit_into(&mut self, site: &mut Site<'_>, frame: &Alb) {
        self.ids.retain(|id| {
            let Some(other) = frame.listeners.iter().find(|listener| listener.id.conflicts_with(*id)) else {
                return true;
            };
            let owner = format!("AlbConfig `{}` declares the other", frame.name);
            site.say(conflict(site, *id, other.id, &owner));
            false
        });
    }

    /// Whether a rule of this host is on the listener: without `listen-ports` and `ssl-redirect`, hosts of `spec.tls` are on
    /// HTTPS only and the others on HTTP only. Source: alibaba-load-balancer-controller, `withTlsRule`.
    pub(crate) fn serves(&self, id: ListenerId, host: &str) -> bool {
        if host.is_empty() || self.all_rules {
            return true;
        }
        let is_tls = self.tls_hosts.iter().any(|tls| tls == host);
        match id.protocol {
            Protocol::Https => is_tls || !self.has_tls,
            Protocol::Http => !is_tls,
            Protocol::Quic => true,
        }
    }

    /// Whether every listener on which a request arrives speaks TLS, save those that only redirect.
    pub(crate) fn is_encrypted(&self) -> bool {
        let redirects = |id: &ListenerId| self.ssl_redirect && id.port != HTTPS.port;
        self.ids.iter().filter(|id| !redirects(id)).all(|id| id.protocol != Protocol::Http)
    }
}

/// A diagnostic about two listeners on one port.
pub(crate) fn conflict(
    site: &Site<'_>,
    id: ListenerId,
    other: ListenerId,
    who: &str,
) -> net_alb_diag::Diagnostic {
    let message =
        format!("`{id}` and `{other}` can't share a port; {who}, and this Ingress' rules are not on `{id}`");
    let at = FieldPath::annotation(registry::LISTEN_PORTS.key);
    site.at(&build::LISTENER_CONFLICT, at, message).help("choose another port")
}

fn asked_for(site: &mut Site<'_>, text: &str) -> Vec<ListenerId> {
    let source = decode::Source {
        object: &site.object.clone(),
        key: registry::LISTEN_PORTS.key,
        settings: site.settings,
    };
    let outcome = decode::listen_ports(text, source);
    site.say_all(outcome.diagnostics);
    let id =
        |p: &decode::ListenPort| Some(ListenerId { port: p.port, protocol: Protocol::parse(p.protocol)? });
    outcome.value.iter().filter_map(id).collect()
}

fn derived(ingress: &Ingress, tls_hosts: &[String]) -> Vec<ListenerId> {
    let tls = tls_hosts.iter().any(|host| !host.is_empty());
    let rules = ingress.spec.iter().flat_map(|spec| spec.rules.iter().flatten());
    let mut hosts = rules.filter_map(|rule| rule.host.as_deref()).filter(|host| !host.is_empty());
    let clear = hosts.any(|host| !tls_hosts.iter().any(|tls| tls == host));
    match (clear, tls) {
        (true, true) => vec![HTTP, HTTPS],
        (false, true) => vec![HTTPS],
        _ => vec![HTTP],
    }
}

/// Names a redirect that leads to a port where the Ingress isn't.
pub(crate) fn check_redirect(site: &mut Site<'_>, listening: &Listening) {
    if !listening.ssl_redirect || listening.ids.iter().any(|id| id.port == HTTPS.port) {
        return;
    }
    let key = site.either(&registry::NGINX_SSL_REDIRECT, &registry::SSL_REDIRECT).key;
    let message = "redirects to port 443, where this Ingress isn't";
    let help = "add `spec.tls`, or `{\"HTTPS\": 443}` to `listen-ports`";
    site.say(site.at(&build::REDIRECT_AWAY, FieldPath::annotation(key), message).help(help));
}
