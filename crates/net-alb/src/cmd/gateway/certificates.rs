//! The certificates and CAs of Secrets, kept until the gateway needs them.

use crate::secret::field;
use net_alb_api::{ObjectKey, Secret};
use net_alb_controller::acknowledgement::Problem;
use net_alb_gateway::{Gateway, Pem};
use net_alb_model::Alb;
use std::collections::{BTreeMap, BTreeSet};

/// What Secrets hold, and which of them the gateway shows to clients or knows them by.
#[derive(Default)]
pub(super) struct Certificates {
    known: BTreeMap<ObjectKey, Certificate>,
    needed: BTreeSet<ObjectKey>,
    /// Secrets with CAs of clients, by load balancer.
    client_cas: BTreeMap<String, BTreeSet<ObjectKey>>,
    /// To be given to the gateway.
    dirty: BTreeSet<ObjectKey>,
}

struct Certificate {
    chain: Vec<u8>,
    key: Vec<u8>,
    authorities: Vec<u8>,
}

impl Certificates {
    /// A Secret is so now.
    pub(super) fn put(&mut self, secret: &Secret) {
        let key = ObjectKey::of(&secret.metadata);
        // Without the fields it is garbage, which the gateway names without taking the old one away.
        let (chain, private) = (field(secret, "tls.crt"), field(secret, "tls.key"));
        let certificate = Certificate { chain, key: private, authorities: field(secret, "ca.crt") };
        self.known.insert(key.clone(), certificate);
        self.dirty.insert(key);
    }

    /// A Secret is gone.
    pub(super) fn remove(&mut self, secret: &ObjectKey) {
        self.known.remove(secret);
        self.dirty.insert(secret.clone());
    }

    /// Which Secrets are needed from now on, and which aren't any more.
    pub(super) fn need(&mut self, secrets: &BTreeMap<ObjectKey, bool>) {
        for (secret, is_needed) in secrets {
            self.dirty.insert(secret.clone());
            if *is_needed {
                self.needed.insert(secret.clone());
            } else {
                self.needed.remove(secret);
            }
        }
    }

    /// A load balancer is so now, or gone. Returns the Secrets with CAs that it needed or needs.
    pub(super) fn need_client_cas(&mut self, name: &str, alb: Option<&Alb>) -> BTreeSet<ObjectKey> {
        let listeners = alb.into_iter().flat_map(|alb| &alb.listeners);
        let after: BTreeSet<_> =
            listeners.flat_map(|listener| &listener.client_ca_secrets).cloned().collect();
        let mut touched = self.client_cas.remove(name).unwrap_or_default();
        touched.extend(after.iter().cloned());
        self.dirty.extend(touched.iter().cloned());
        if !after.is_empty() {
            self.client_cas.insert(name.to_owned(), after);
        }
        touched
    }

    /// Whether the gateway needs this Secret.
    pub(super) fn needs(&self, secret: &ObjectKey) -> bool {
        self.needed.contains(secret) || self.is_client_ca(secret)
    }

    fn is_client_ca(&self, secret: &ObjectKey) -> bool {
        self.client_cas.values().any(|secrets| secrets.contains(secret))
    }

    /// Gives the gateway what has changed. Returns what there is to say of each Secret now.
    pub(super) fn show(&mut self, gateway: &Gateway) -> Vec<(ObjectKey, Vec<Problem>)> {
        let mut said = Vec::new();
        for secret in std::mem::take(&mut self.dirty) {
            let known = self.known.get(&secret);
            if self.is_client_ca(&secret) {
                let authorities = known.map(|certificate| certificate.authorities.as_slice());
                for wrong in gateway.set_client_ca(&secret, authorities).diagnostics {
                    tracing::warn!("{wrong}");
                }
            }
            let known = known.filter(|_| self.needed.contains(&secret));
            let pem = known.map(|certificate| Pem { chain: &certificate.chain, key: &certificate.key });
            let diagnostics = gateway.set_certificate(&secret, pem).diagnostics;
            said.push((secret, diagnostics.iter().filter_map(Problem::of).collect()));
        }
        said
    }
}
