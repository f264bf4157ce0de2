//! HTTPS on a laptop: the certificates that files bring along, and those that `--https` makes.

use super::authority::Authority;
use crate::secret::field;
use net_alb_api::{Secret, Snapshot};
use net_alb_diag::Diagnostic;
use net_alb_gateway::{Gateway, Pem};
use net_alb_model::{
    Action, AddressType, Alb, Condition, Listener, ListenerId, ObjectKey, Pattern, Protocol, Rule,
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
    given: BTreeMap<ObjectKey, Arc<Secret>>,
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

    /// With `--https`, serves what is public by HTTP only by HTTPS as well, and names a certificate for every host.
    pub(super) fn extend(&self, albs: &mut [Alb]) {
        if self.authority.is_none() {
            return;
        }
        for alb in albs.iter_mut().filter(|alb| alb.address_type == AddressType::Internet) {
            serve_by_tls(alb);
            serve_by_quic(alb);
            for listener in alb.listeners.iter_mut().filter(|listener| listener.id.protocol != Protocol::Http)
            {
                listener.certificate_secrets.extend(hosts(listener).into_keys());
            }
        }
    }

    /// Tells the gateway of every certificate that is otherwise than it was.
    pub(super) fn update(
        &mut self,
        gateway: &Gateway,
        albs: &[Alb],
        snapshot: &Snapshot,
    ) -> io::Result<Vec<Diagnostic>> {
        let listeners: Vec<_> = albs
            .iter()
            .flat_map(|alb| &alb.listeners)
            .filter(|listener| listener.id.protocol != Protocol::Http)
            .collect();
        let mut said = Vec::new();
        let named: BTreeSet<_> =
            listeners.iter().flat_map(|listener| &listener.certificate_secrets).collect();
        let given =
            named.into_iter().filter_map(|key| Some((key.clone(), Arc::clone(snapshot.secrets.get(key)?))));
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
        let authorities: BTreeSet<_> =
            listeners.iter().flat_map(|listener| &listener.client_ca_secrets).cloned().collect();
        for key in &authorities {
            let bundle = snapshot.secrets.get(key).map(|secret| field(secret, "ca.crt"));
            said.extend(gateway.set_client_ca(key, bundle.as_deref()).diagnostics);
        }
        let mut wanted: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
        for (key, hosts) in listeners.iter().flat_map(|listener| hosts(listener)) {
            wanted.entry(key).or_default().extend(hosts);
        }
        self.make(gateway, wanted)?;
        Ok(said)
    }

    fn make(&mut self, gateway: &Gateway, wanted: BTreeMap<ObjectKey, BTreeSet<String>>) -> io::Result<()> {
        let Some(authority) = &self.authority else { return Ok(()) };
        let before = mem::take(&mut self.made);
        for (key, hosts) in &wanted {
            if before.get(key) != Some(hosts) {
                let issued = authority.issue(hosts.iter().map(String::as_str), &LOOPBACK)?;
                let pem = Pem { chain: issued.chain.as_bytes(), key: issued.key.as_bytes() };
                // What was just made is no surprise.
                let _ = gateway.set_certificate(key, Some(pem));
            }
        }
        for gone in before.keys().filter(|key| !wanted.contains_key(key)) {
            let _ = gateway.set_certificate(gone, None);
        }
        self.made = wanted;
        Ok(())
    }
}

/// Where requests to a bare address go.
const LOOPBACK: [IpAddr; 2] =
    [IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), IpAddr::V6(std::net::Ipv6Addr::LOCALHOST)];

/// Adds the rules of port 80 to the HTTPS listener, for hosts that have none there; as Knative's own certificates would have it.
fn serve_by_tls(alb: &mut Alb) {
    let Some(http) = alb.listeners.iter().find(|listener| listener.id.protocol == Protocol::Http).cloned()
    else {
        return;
    };
    let at = alb.listeners.iter().position(|listener| listener.id.protocol == Protocol::Https);
    let at = at.unwrap_or_else(|| {
        let policy = Some("tls_cipher_policy_1_2_strict_with_1_3".to_owned());
        let rules = Vec::new();
        alb.listeners.push(Listener {
            id: HTTPS,
            http2: true,
            security_policy: policy,
            rules,
            ..http.clone()
        });
        alb.listeners.len() - 1
    });
    let https = &mut alb.listeners[at];
    let served: BTreeSet<_> = https.rules.iter().flat_map(names).collect();
    let is_new = |rule: &&Rule| {
        let hosts = names(rule);
        !leads_to_https(rule) && (hosts.is_empty() || hosts.iter().any(|host| !served.contains(host)))
    };
    https.rules.extend(http.rules.iter().filter(is_new).cloned());
    https.rules.sort_by(|one, other| one.priority.cmp(&other.priority));
    alb.listeners.sort_by_key(|listener| listener.id);
}

/// Serves by HTTP/3 what is served by HTTPS, on the same port, if the AlbConfig has no QUIC listener of its own.
fn serve_by_quic(alb: &mut Alb) {
    if alb.listeners.iter().any(|listener| listener.id.protocol == Protocol::Quic) {
        return;
    }
    if let Some(https) = alb.listeners.iter_mut().find(|listener| listener.id.protocol == Protocol::Https) {
        let id = ListenerId { protocol: Protocol::Quic, ..https.id };
        let quic = Listener { id, http2: false, security_policy: None, ..https.clone() };
        https.quic_port = Some(https.id.port);
        alb.listeners.push(quic);
        alb.listeners.sort_by_key(|listener| listener.id);
    }
}

fn leads_to_https(rule: &Rule) -> bool {
    rule.actions
        .iter()
        .any(|action| matches!(action, Action::Redirect(redirect) if redirect.protocol == "https"))
}

/// The certificates to make for a listener: one an Ingress, for all of its hosts, and one for bare addresses.
fn hosts(listener: &Listener) -> BTreeMap<ObjectKey, BTreeSet<String>> {
    let localhost = BTreeSet::from(["localhost".to_owned()]);
    let mut hosts = BTreeMap::from([(ObjectKey::new(MADE, "localhost"), localhost)]);
    for rule in &listener.rules {
        let names = names(rule);
        if !names.is_empty() {
            let key = ObjectKey::new(MADE, rule.priority.ingress.to_string());
            hosts.entry(key).or_default().extend(names);
        }
    }
    hosts
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
