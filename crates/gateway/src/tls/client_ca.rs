//! Which clients a listener of mutual TLS lets in.

use super::certificate::roots;
use super::config::ClientAuth;
use crate::listener::ListenerKey;
use net_alb_diag::codes::gateway::BAD_CLIENT_CA;
use net_alb_diag::{Diagnostic, FieldPath, Outcome};
use net_alb_model::ObjectKey;
use std::collections::BTreeMap;

/// The CAs of client certificates, by Secret, and who asks for them.
#[derive(Debug, Default)]
pub(crate) struct ClientCas {
    bundles: BTreeMap<ObjectKey, Vec<u8>>,
    listeners: BTreeMap<ListenerKey, Vec<ObjectKey>>,
}

impl ClientCas {
    /// Says which Secrets' CAs a listener asks for, and what clients must show then.
    pub(crate) fn declare(&mut self, listener: &ListenerKey, secrets: &[ObjectKey]) -> ClientAuth {
        if secrets.is_empty() {
            self.listeners.remove(listener);
        } else {
            self.listeners.insert(listener.clone(), secrets.to_vec());
        }
        self.auth(secrets)
    }

    /// Gives a Secret another bundle, in PEM; returns the listeners that ask for one of its CAs. A broken one changes nothing.
    pub(crate) fn set(
        &mut self,
        secret: &ObjectKey,
        pem: Option<&[u8]>,
    ) -> Outcome<Vec<(ListenerKey, ClientAuth)>> {
        match pem.map(|pem| roots(pem).map(|_| pem.to_vec())) {
            Some(Err(wrong)) => {
                let message = format!("the CA in Secret `{secret}` can't be used: {wrong}");
                let object = secret.to_ref("", "Secret");
                let diagnostic = Diagnostic::new(&BAD_CLIENT_CA, object, FieldPath::root(), message);
                return Outcome { value: Vec::new(), diagnostics: vec![diagnostic.help(BAD_CLIENT_CA.fix)] };
            }
            Some(Ok(bundle)) => drop(self.bundles.insert(secret.clone(), bundle)),
            None => drop(self.bundles.remove(secret)),
        }
        let users = self.listeners.iter().filter(|(_, secrets)| secrets.contains(secret));
        Outcome::clean(users.map(|(listener, secrets)| (listener.clone(), self.auth(secrets))).collect())
    }

    fn auth(&self, secrets: &[ObjectKey]) -> ClientAuth {
        if secrets.is_empty() {
            return ClientAuth::Off;
        }
        let bundles = secrets.iter().filter_map(|secret| self.bundles.get(secret));
        ClientAuth::Required(bundles.flat_map(|bundle| [bundle.as_slice(), b"\n"].concat()).collect())
    }
}
