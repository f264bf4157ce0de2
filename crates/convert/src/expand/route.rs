//! The Route between a Service and its KIngress: the metadata that passes through, and the options it decides.

use super::rules::Rules;
use net_alb_api::annotation::knative::{INGRESS_CLASS, TAG_TO_HOST, VISIBILITY};
use net_alb_api::config::{HttpProtocol, KnativeConfig, LOCAL_DOMAIN};
use net_alb_api::{IngressSpec, KIngress, KService, ObjectKey, ObjectMeta, Visibility};
use net_alb_diag::codes::expand::{NO_CERTIFICATES, NO_PUBLIC_DOMAIN, UNKNOWN_VISIBILITY};
use net_alb_diag::{Diagnostic, FieldPath, ObjectRef};
use std::collections::BTreeMap;

/// What `kubectl apply` notes for itself; it stays on the object it is on.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";
/// The second spelling of the class annotation; read, but not passed on.
const INGRESS_CLASS_ALT: &str = "networking.knative.dev/ingress-class";
/// The same for certificates.
const CERTIFICATE_CLASS_ALT: &str = "networking.knative.dev/certificate-class";
/// Where the state of a gradual rollout is kept.
const ROLLOUT: &str = "networking.internal.knative.dev/rollout";
/// Both spellings of the option for plain HTTP, the one that wins first.
pub(super) const HTTP_OPTIONS: [&str; 2] =
    ["networking.knative.dev/httpOption", "networking.knative.dev/http-protocol"];
/// The spellings of the switch that keeps a Service from external-domain-tls.
const NO_EXTERNAL_TLS: [&str; 3] = [
    "networking.knative.dev/disableAutoTLS",
    "networking.knative.dev/disable-auto-tls",
    "networking.knative.dev/disable-external-domain-tls",
];

/// A Route with the settings that apply to it.
pub(super) struct Route<'a> {
    /// The same as the Service's, and as the KIngress'.
    pub(super) name: String,
    pub(super) namespace: String,
    pub(super) labels: BTreeMap<String, String>,
    pub(super) annotations: BTreeMap<String, String>,
    pub(super) config: &'a KnativeConfig,
    pub(super) service: &'a KService,
}

/// The value of the first of these keys that is there.
pub(super) fn first_of<'a>(
    map: &'a BTreeMap<String, String>,
    keys: &[&'static str],
) -> Option<(&'static str, &'a str)> {
    keys.iter().find_map(|key| Some((*key, map.get(*key)?.as_str())))
}

impl<'a> Route<'a> {
    /// Source: serving `pkg/reconciler/service/resources/route.go`.
    pub(super) fn of(service: &'a KService, config: &'a KnativeConfig) -> Self {
        let ObjectKey { namespace, name } = service.key();
        let mut labels = service.metadata.labels.clone().unwrap_or_default();
        labels.insert("serving.knative.dev/service".into(), name.clone());
        let mut annotations = service.metadata.annotations.clone().unwrap_or_default();
        annotations.remove(LAST_APPLIED);
        Route { name, namespace, labels, annotations, config, service }
    }

    /// Who may reach the Route. Source: serving `pkg/reconciler/route/visibility/visibility.go`.
    pub(super) fn visibility(&self) -> Visibility {
        match self.config.domain.lookup(&self.labels) {
            LOCAL_DOMAIN => Visibility::ClusterLocal,
            _ => Visibility::ExternalIP,
        }
    }

    /// The KIngress. Source: serving `pkg/reconciler/route/resources/ingress.go`, `MakeIngressWithRollout`.
    pub(super) fn kingress(&self, rules: Rules, rollout: &str) -> KIngress {
        let mut labels = self.labels.clone();
        labels.insert("serving.knative.dev/route".into(), self.name.clone());
        labels.insert("serving.knative.dev/routeNamespace".into(), self.namespace.clone());
        let mut annotations = BTreeMap::from([
            (INGRESS_CLASS.to_owned(), self.ingress_class().to_owned()),
            (ROLLOUT.to_owned(), rollout.to_owned()),
        ]);
        annotations.extend(self.annotations.clone());
        annotations.retain(|key, _| ![INGRESS_CLASS_ALT, CERTIFICATE_CLASS_ALT].contains(&key.as_str()));
        if !rules.tag_to_host.is_empty() {
            let json = serde_json::to_string(&rules.tag_to_host).expect("a map of strings is JSON");
            annotations.insert(TAG_TO_HOST.to_owned(), json);
        }
        let spec =
            IngressSpec { tls: Vec::new(), rules: rules.rules, http_option: self.http_option().to_owned() };
        let metadata = ObjectMeta {
            name: Some(self.name.clone()),
            namespace: Some(self.namespace.clone()),
            labels: Some(labels),
            annotations: Some(annotations),
            ..ObjectMeta::default()
        };
        KIngress { metadata, spec, status: None }
    }

    fn ingress_class(&self) -> &str {
        match first_of(&self.annotations, &[INGRESS_CLASS, INGRESS_CLASS_ALT]) {
            None | Some((_, "")) => &self.config.network.ingress_class,
            Some((_, class)) => class,
        }
    }

    /// Source: serving `pkg/networking/util.go`, `GetHTTPOption`. The annotation has been validated.
    fn http_option(&self) -> &'static str {
        match first_of(&self.annotations, &HTTP_OPTIONS) {
            Some((_, option)) if option.eq_ignore_ascii_case("redirected") => "Redirected",
            Some((_, option)) if option.eq_ignore_ascii_case("enabled") => "Enabled",
            _ => match self.config.network.http_protocol {
                HttpProtocol::Enabled => "Enabled",
                HttpProtocol::Redirected => "Redirected",
                HttpProtocol::Disabled => "",
            },
        }
    }

    /// What a person may not expect: who can reach the Service, and that certificates need a cluster.
    pub(super) fn note_what_needs_a_cluster(&self, diagnostics: &mut Vec<Diagnostic>) {
        let network = &self.config.network;
        let public = self.visibility() == Visibility::ExternalIP;
        let label = self.labels.get(VISIBILITY);
        let at = |path: FieldPath| (self.to_ref(), path);
        if let (true, Some(value)) = (public, label) {
            let (object, path) = at(FieldPath::of("metadata.labels").key(VISIBILITY));
            let message = format!("the label is `{value}`, not `cluster-local`, so the Service is public");
            diagnostics.push(
                Diagnostic::new(&UNKNOWN_VISIBILITY, object, path, message)
                    .help("write `cluster-local` to keep it inside the cluster, or delete the label"),
            );
        }
        if !public && label.is_none_or(|value| value != net_alb_api::config::CLUSTER_LOCAL) {
            let (object, path) = at(FieldPath::of("metadata.labels"));
            let message = "the labels match no domain of config-domain but `svc.cluster.local`, so there is no public host";
            diagnostics.push(Diagnostic::new(&NO_PUBLIC_DOMAIN, object, path, message).help(
                "add a domain with an empty value to config-domain, or label the Service as a selector asks",
            ));
        }
        let excepted =
            first_of(&self.annotations, &NO_EXTERNAL_TLS).is_some_and(|(_, value)| value == "true");
        if network.cluster_local_domain_tls || public && network.external_domain_tls && !excepted {
            let (object, path) = at(FieldPath::root());
            let message = "config-network asks for TLS, but certificates are issued in a cluster only: there is none here";
            diagnostics.push(Diagnostic::new(&NO_CERTIFICATES, object, path, message));
        }
    }

    /// The Service, for a message.
    pub(super) fn to_ref(&self) -> ObjectRef {
        self.service.to_ref()
    }
}
