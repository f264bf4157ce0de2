//! TLS to activator and revisions: Knative's `system-internal-tls`.
//!
//! Source: net-kourier `pkg/generator/ingress_translator.go`; networking `pkg/certificates/constants.go`.

use net_alb_api::{ConfigMap, ObjectKey, Secret};
use net_alb_gateway::{BackendTls, check_client_ca};
use net_alb_model::Backend;
use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;

/// The Secret with the CA of Serving's own certificates, in the namespace of its ConfigMaps.
const AUTHORITY: &str = "routing-serving-certs";
/// Label on ConfigMaps, in the same namespace, with further CAs.
const TRUST_BUNDLE: &str = "networking.knative.dev/trust-bundle";
/// What activator's certificate is for. A revision's own is for `kn-user-NAMESPACE`.
const ACTIVATOR: &str = "kn-routing";
/// The port at which activator and queue-proxy speak TLS.
const PORT: &str = "443";

/// What backends of KIngresses at port 443 must prove, and where they are.
#[derive(Debug)]
pub(super) struct InternalTls {
    secret: ObjectKey,
    is_on: bool,
    /// CAs in PEM, by the Secret or ConfigMap that they are in.
    bundles: BTreeMap<(&'static str, ObjectKey), Vec<u8>>,
    backends: BTreeMap<Backend, Known>,
    /// Those to be told to the gateway again.
    dirty: BTreeSet<Backend>,
}

#[derive(Debug, Default)]
struct Known {
    servers: Vec<SocketAddr>,
    /// A KIngress leads there.
    is_internal: bool,
}

/// How to reach a backend.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Reached {
    pub(super) backend: Backend,
    pub(super) tls: Option<BackendTls>,
    /// Empty, while there is no CA to know the servers by: nothing goes to strangers, nor in clear.
    pub(super) servers: Vec<SocketAddr>,
    /// There are servers, but none may get a request.
    pub(super) is_withheld: bool,
}

/// Why such a backend gets no requests.
pub(super) const NO_AUTHORITY: &str = "gets no requests: `system-internal-tls` is enabled, and there is no CA in Secret \
                                       `routing-serving-certs` nor in a ConfigMap labelled `networking.knative.dev/trust-bundle`";

impl InternalTls {
    /// Nothing is known yet. `namespace` is that of Knative's ConfigMaps.
    pub(super) fn new(namespace: &str) -> InternalTls {
        InternalTls {
            secret: ObjectKey::new(namespace, AUTHORITY),
            is_on: false,
            bundles: BTreeMap::new(),
            backends: BTreeMap::new(),
            dirty: BTreeSet::new(),
        }
    }

    /// The Secret that is needed, while it is needed.
    pub(super) fn secret(&self) -> &ObjectKey {
        &self.secret
    }

    pub(super) fn is_on(&self) -> bool {
        self.is_on
    }

    /// Knative's ConfigMap says so.
    pub(super) fn switch(&mut self, is_on: bool) {
        if std::mem::replace(&mut self.is_on, is_on) != is_on {
            self.look_at_all();
        }
    }

    /// A Secret is so now, or gone.
    pub(super) fn see_secret(&mut self, key: &ObjectKey, secret: Option<&Secret>) {
        if *key == self.secret {
            let pem = secret.map(|secret| crate::secret::field(secret, "ca.crt"));
            self.set_bundle(("Secret", key.clone()), pem);
        }
    }

    /// A ConfigMap is so now, or gone.
    pub(super) fn see_config_map(&mut self, key: &ObjectKey, config_map: Option<&ConfigMap>) {
        let is_bundle = |config_map: &&ConfigMap| {
            config_map.metadata.labels.as_ref().is_some_and(|labels| labels.contains_key(TRUST_BUNDLE))
        };
        let bundle = config_map.filter(is_bundle);
        let pem = bundle.map(|bundle| {
            let texts: Vec<_> = bundle.data.iter().flatten().map(|(_, text)| text.as_str()).collect();
            texts.join("\n").into_bytes()
        });
        self.set_bundle(("ConfigMap", key.clone()), pem);
    }

    /// One that can't be used leaves the one before it.
    fn set_bundle(&mut self, source: (&'static str, ObjectKey), pem: Option<Vec<u8>>) {
        let changed = match pem {
            Some(pem) => {
                let said = check_client_ca(&source.1, &pem).diagnostics;
                if let Some(wrong) = said.first() {
                    return tracing::warn!("{} {} has no CAs to use: {wrong}", source.0, source.1);
                }
                self.bundles.insert(source, pem.clone()) != Some(pem)
            }
            None => self.bundles.remove(&source).is_some(),
        };
        if changed {
            self.look_at_all();
        }
    }

    /// A KIngress leads to this backend.
    pub(super) fn lead(&mut self, backend: &Backend) {
        if backend.port == PORT {
            let known = self.backends.entry(backend.clone()).or_default();
            if !std::mem::replace(&mut known.is_internal, true) {
                self.dirty.insert(backend.clone());
            }
        }
    }

    /// A backend's servers are there now. Returns those that may get requests.
    pub(super) fn locate(&mut self, backend: &Backend, servers: Vec<SocketAddr>) -> Vec<SocketAddr> {
        if backend.port != PORT {
            return servers;
        }
        self.backends.entry(backend.clone()).or_default().servers = servers;
        self.reached(backend).servers
    }

    /// Nothing leads to this backend any more. Returns whether it was one of those that must prove who they are.
    pub(super) fn forget(&mut self, backend: &Backend) -> bool {
        self.dirty.remove(backend);
        self.backends.remove(backend).is_some_and(|known| known.is_internal)
    }

    /// What is otherwise than it was.
    pub(super) fn changes(&mut self) -> Vec<Reached> {
        std::mem::take(&mut self.dirty).iter().map(|backend| self.reached(backend)).collect()
    }

    fn reached(&self, backend: &Backend) -> Reached {
        let known = self.backends.get(backend);
        let servers = known.map(|known| known.servers.clone()).unwrap_or_default();
        let backend = backend.clone();
        if !self.is_on || !known.is_some_and(|known| known.is_internal) {
            return Reached { backend, tls: None, servers, is_withheld: false };
        }
        if self.bundles.is_empty() {
            return Reached { backend, tls: None, servers: Vec::new(), is_withheld: !servers.is_empty() };
        }
        let own = format!("kn-user-{}", backend.service.namespace.to_lowercase());
        let authorities = self.bundles.values().map(Vec::as_slice).collect::<Vec<_>>().join(&b'\n');
        let tls = BackendTls { authorities, names: vec![ACTIVATOR.to_owned(), own] };
        Reached { backend, tls: Some(tls), servers, is_withheld: false }
    }

    fn look_at_all(&mut self) {
        let internal = self.backends.iter().filter(|(_, known)| known.is_internal);
        self.dirty.extend(internal.map(|(backend, _)| backend.clone()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use net_alb_api::ObjectMeta;
    use std::collections::BTreeMap;

    fn backend(port: &str) -> Backend {
        Backend { service: ObjectKey::new("shop", "cart"), port: port.to_owned() }
    }

    fn servers() -> Vec<SocketAddr> {
        vec!["10.0.0.1:8112".parse().unwrap()]
    }

    fn authority() -> String {
        rcgen::generate_simple_self_signed(["ca".to_owned()]).unwrap().cert.pem()
    }

    fn bundle(text: &str) -> ConfigMap {
        let labels = BTreeMap::from([(TRUST_BUNDLE.to_owned(), "true".to_owned())]);
        let metadata = ObjectMeta { labels: Some(labels), ..ObjectMeta::default() };
        let data = BTreeMap::from([("ca.crt".to_owned(), text.to_owned())]);
        ConfigMap { metadata, data: Some(data), ..ConfigMap::default() }
    }

    #[test]
    fn nothing_goes_to_servers_that_cannot_be_known() {
        let mut tls = InternalTls::new("knative-serving");
        tls.lead(&backend("443"));
        assert_eq!(tls.locate(&backend("443"), servers()), servers(), "off: as the Service says");
        tls.switch(true);
        assert_eq!(tls.changes()[0].servers, [], "on, without a CA");
        assert_eq!(tls.locate(&backend("443"), servers()), []);
        let key = ObjectKey::new("knative-serving", "ca");
        tls.see_config_map(&key, Some(&bundle(&authority())));
        let reached = tls.changes().remove(0);
        assert_eq!(
            (reached.servers, reached.tls.unwrap().names),
            (servers(), vec!["kn-routing".to_owned(), "kn-user-shop".to_owned()])
        );
        tls.see_config_map(&key, Some(&bundle("garbage")));
        assert_eq!(tls.changes(), [], "the last good one stays");
        tls.switch(false);
        assert_eq!(tls.changes()[0].tls, None);
    }

    #[test]
    fn other_ports_and_other_peoples_backends_are_as_they_are() {
        let mut tls = InternalTls::new("knative-serving");
        tls.switch(true);
        tls.lead(&backend("80"));
        assert_eq!(tls.locate(&backend("80"), servers()), servers());
        assert_eq!(tls.locate(&backend("443"), servers()), servers(), "an Ingress that somebody wrote");
        assert_eq!(tls.changes(), []);
    }
}
