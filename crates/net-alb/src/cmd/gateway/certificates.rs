//! The certificates of Secrets, kept until the gateway needs them.

use crate::secret::field;
use net_alb_api::{ObjectKey, Secret};
use net_alb_controller::acknowledgement::Problem;
use net_alb_gateway::{Gateway, Pem};
use std::collections::{BTreeMap, BTreeSet};

/// What Secrets hold, and which of them the gateway shows to clients.
#[derive(Default)]
pub(super) struct Certificates {
    known: BTreeMap<ObjectKey, Certificate>,
    needed: BTreeSet<ObjectKey>,
    /// To be given to the gateway.
    dirty: BTreeSet<ObjectKey>,
}

struct Certificate {
    chain: Vec<u8>,
    key: Vec<u8>,
}

impl Certificates {
    /// A Secret is so now.
    pub(super) fn put(&mut self, secret: &Secret) {
        let key = ObjectKey::of(&secret.metadata);
        // Without the two it is garbage, which the gateway names without taking the old one away.
        let certificate = Certificate { chain: field(secret, "tls.crt"), key: field(secret, "tls.key") };
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

    /// Gives the gateway what has changed. Returns what there is to say of each Secret now.
    pub(super) fn show(&mut self, gateway: &Gateway) -> Vec<(ObjectKey, Vec<Problem>)> {
        let mut said = Vec::new();
        for secret in std::mem::take(&mut self.dirty) {
            let known = self.known.get(&secret).filter(|_| self.needed.contains(&secret));
            let pem = known.map(|certificate| Pem { chain: &certificate.chain, key: &certificate.key });
            let diagnostics = gateway.set_certificate(&secret, pem).diagnostics;
            said.push((secret, diagnostics.iter().filter_map(Problem::of).collect()));
        }
        said
    }
}
