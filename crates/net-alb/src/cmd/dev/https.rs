//! HTTPS on a laptop: the certificates that files bring along, and those that `--https` makes.

use super::authority::Authority;
use crate::secret::{Secrets, field};
use net_alb_diag::Diagnostic;
use net_alb_gateway::{Gateway, Pem};
use net_alb_model::{
    Action, AddressType, Alb, Condition, Fragment, FragmentListener, Listener, ListenerId, ObjectKey,
    Pattern, Protocol, Rule,
};
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;
use std::{io, mem};

const HTTPS: ListenerId = ListenerId { port: 443, protocol: Protocol::Https };

/// The namespace of certificates that are made here. No Kubernetes namespace is called so, and it sorts after all of
/// them: a certificate from a file is preferred.
const MADE: &str = "~dev";

/// What is known of certificates.
#[derive(Default)]
pub(super) struct Https {
    authority: Option<Authority>,
    /// What was made, and for which hosts.
    made: BTreeMap<ObjectKey, BTreeSet<String>>,
    given: Secrets,
}

impl Https {
    pub(super) fn new(authority: Option<Authority>) -> Https {
        Https { authority, ..Https::default() }
    }

    /// The certificate to trust for a host: a file, if the host's certificate was made here.
    pub(super) fn trust(&self, host: &str) -> Option<&Path> {
        let is_made = self.made.values().any(|hosts| hosts.contains(host));
        self.authority.as_ref().filter(|_| is_made).map(Authority::path)
    }

    /// With `--https`, what a public Ingress serves by HTTP only is served by HTTPS as well.
    pub(super) fn extend(&self, fragment: &Arc<Fragment>) -> Arc<Fragment> {
        if self.authority.is_none() {
            return Arc::clone(fragment);
        }
        let mut fragment = Fragment::clone(fragment);
        let http = fragment.listeners.iter().find(|listener| listener.id.protocol == Protocol::Http).cloned();
        if let Some(http) = http {
            let at = fragment.listeners.iter().position(|other| other.id.protocol == Protocol::Https);
            let at = at.unwrap_or_else(|| {
                fragment.listeners.push(FragmentListener {
                    id: HTTPS,
                    rules: Vec::new(),
                    certificate_secrets: Vec::new(),
                });
                fragment.listeners.len() - 1
            });
            add_rules(&mut fragment.listeners[at], http.rules);
        }
        let has_quic = fragment.listeners.iter().any(|other| other.id.protocol == Protocol::Quic);
        let https = fragment.listeners.iter().find(|other| other.id.protocol == Protocol::Https).cloned();
        if let Some(https) = https.filter(|_| !has_quic) {
            let id = ListenerId { protocol: Protocol::Quic, ..https.id };
            fragment.listeners.push(FragmentListener { id, ..https });
        }
        fragment.listeners.retain(|listener| !listener.rules.is_empty());
        Arc::new(fragment)
    }

    /// With `--https`, gives a public load balancer an HTTPS listener and its listeners the certificates that were made.
    pub(super) fn extend_frame(&self, frame: &mut Alb) {
        if self.authority.is_none() || frame.address_type != AddressType::Internet {
            return;
        }
        let http = frame.listeners.iter().find(|listener| listener.id.protocol == Protocol::Http).cloned();
        let has_https = frame.listeners.iter().any(|listener| listener.id.protocol == Protocol::Https);
        if let Some(http) = http.filter(|_| !has_https) {
            let policy = Some("tls_cipher_policy_1_2_strict_with_1_3".to_owned());
            frame.listeners.push(Listener { id: HTTPS, http2: true, security_policy: policy, ..http });
            frame.listeners.sort_by_key(|listener| listener.id);
        }
        serve_by_quic(frame);
        for listener in frame.listeners.iter_mut().filter(|listener| listener.id.protocol != Protocol::Http) {
            listener.certificate_secrets.retain(|key| key.namespace != MADE);
            listener.certificate_secrets.extend(self.made.keys().cloned());
        }
    }

    /// Tells the gateway of every certificate from a file that is otherwise than it was.
    pub(super) fn set_secrets(
        &mut self,
        gateway: &Gateway,
        frames: &BTreeMap<String, Alb>,
        secrets: &Secrets,
    ) -> Vec<Diagnostic> {
        let listeners = || frames.values().flat_map(|alb| &alb.listeners);
        let mut said = Vec::new();
        let named: BTreeSet<_> = listeners().flat_map(|listener| &listener.certificate_secrets).collect();
        let given = named.into_iter().filter_map(|key| Some((key.clone(), Arc::clone(secrets.get(key)?))));
        let before = mem::replace(&mut self.given, given.collect());
        for (key, secret) in &self.given {
            if before.get(key) != Some(secret) {
                let (chain, private) = (field(secret, "tls.crt"), field(secret, "tls.key"));
                said.extend(
                    gateway.set_certificate(key, Some(Pem { chain: &chain, key: &private })).diagnostics,
                );
            }
        }
        for gone in before.keys().filter(|key| !self.given.contains_key(key)) {
            said.extend(gateway.set_certificate(gone, None).diagnostics);
        }
        let authorities: BTreeSet<_> = listeners().flat_map(|listener| &listener.client_ca_secrets).collect();
        for key in authorities {
            let bundle = secrets.get(key).map(|secret| field(secret, "ca.crt"));
            said.extend(gateway.set_client_ca(key, bundle.as_deref()).diagnostics);
        }
        said
    }

    /// Makes certificates for the hosts of Ingresses that have changed. Returns whether there are others than before.
    pub(super) fn make(
        &mut self,
        gateway: &Gateway,
        fragments: &BTreeMap<ObjectKey, Option<Arc<Fragment>>>,
    ) -> io::Result<bool> {
        let Some(authority) = &self.authority else { return Ok(false) };
        let localhost = ObjectKey::new(MADE, "localhost");
        let mut wanted = BTreeMap::from([(localhost, BTreeSet::from(["localhost".to_owned()]))]);
        for (ingress, fragment) in fragments {
            let hosts = fragment.as_ref().map(|fragment| hosts(fragment)).unwrap_or_default();
            wanted.insert(ObjectKey::new(MADE, ingress.to_string()), hosts);
        }
        let mut is_new = false;
        for (key, hosts) in wanted {
            if self.made.get(&key).cloned().unwrap_or_default() == hosts {
                continue;
            }
            is_new = true;
            if hosts.is_empty() {
                let _ = gateway.set_certificate(&key, None);
                self.made.remove(&key);
                continue;
            }
            let issued = authority.issue(hosts.iter().map(String::as_str), &LOOPBACK)?;
            let pem = Pem { chain: issued.chain.as_bytes(), key: issued.key.as_bytes() };
            // What was just made is no surprise.
            let _ = gateway.set_certificate(&key, Some(pem));
            self.made.insert(key, hosts);
        }
        Ok(is_new)
    }
}

/// Where requests to a bare address go.
const LOOPBACK: [IpAddr; 2] =
    [IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), IpAddr::V6(std::net::Ipv6Addr::LOCALHOST)];

/// Adds the rules of port 80 for hosts that have none by HTTPS, as Knative's own certificates would have it.
fn add_rules(https: &mut FragmentListener, http: Vec<Rule>) {
    let served: BTreeSet<_> = https.rules.iter().flat_map(names).collect();
    let is_new = |rule: &Rule| {
        let hosts = names(rule);
        !leads_to_https(rule) && (hosts.is_empty() || hosts.iter().any(|host| !served.contains(host)))
    };
    https.rules.extend(http.into_iter().filter(is_new));
    https.rules.sort_by(|one, other| one.priority.cmp(&other.priority));
}

/// Serves by HTTP/3 what is served by HTTPS, on the same port, if the AlbConfig has no QUIC listener of its own.
fn serve_by_quic(frame: &mut Alb) {
    if frame.listeners.iter().any(|listener| listener.id.protocol == Protocol::Quic) {
        return;
    }
    if let Some(https) = frame.listeners.iter_mut().find(|listener| listener.id.protocol == Protocol::Https) {
        let id = ListenerId { protocol: Protocol::Quic, ..https.id };
        let quic = Listener { id, http2: false, security_policy: None, ..https.clone() };
        https.quic_port = Some(https.id.port);
        frame.listeners.push(quic);
        frame.listeners.sort_by_key(|listener| listener.id);
    }
}

fn leads_to_https(rule: &Rule) -> bool {
    rule.actions
        .iter()
        .any(|action| matches!(action, Action::Redirect(redirect) if redirect.protocol == "https"))
}

/// The hosts of what an Ingress serves by TLS.
fn hosts(fragment: &Fragment) -> BTreeSet<String> {
    let listeners = fragment.listeners.iter().filter(|listener| listener.id.protocol != Protocol::Http);
    listeners.flat_map(|listener| &listener.rules).flat_map(names).collect()
}

/// The hosts of a rule that a certificate can be for.
fn names(rule: &Rule) -> BTreeSet<String> {
    let patterns = rule.conditions.iter().filter_map(|condition| match condition {
        Condition::Host(patterns) => Some(patterns),
        _ => None,
    });
    let names = patterns.flatten().filter_map(|pattern| match pattern {
        Pattern::Exact(name) => Some(name.clone()),
        Pattern::Wildcard(name) => {
            name.strip_prefix("*.").filter(|rest| !rest.contains(['*', '?'])).map(|_| name.clone())
        }
        Pattern::Regex { .. } => None,
    });
    names.collect()
}
