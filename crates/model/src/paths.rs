use net_alb_api::Ingress;
use net_alb_api::annotation::USE_ANNOTATION;
use net_alb_diag::FieldPath;

use k8s_openapi::api::networking::v1::{IngressServiceBackend, ServiceBackendPort};

/// A path of an Ingress and where it is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PathRef<'a> {
    rule: usize,
    path: usize,
    /// Position among all paths of the Ingress.
    pub(crate) index: u32,
    /// Empty for any host.
    pub(crate) host: &'a str,
    /// `/` if the Ingress has none.
    pub(crate) text: &'a str,
    /// `Prefix` if the Ingress has none.
    pub(crate) path_type: &'a str,
    /// `None` for a `resource` backend.
    pub(crate) service: Option<&'a IngressServiceBackend>,
}

/// Host and path as written: what makes a canary the canary of an Ingress.
pub(crate) type HostPath = (String, String);

impl<'a> PathRef<'a> {
    pub(crate) fn at(&self) -> FieldPath {
        FieldPath::of("spec.rules").index(self.rule).key("http").key("paths").index(self.path)
    }

    pub(crate) fn host_at(&self) -> FieldPath {
        FieldPath::of("spec.rules").index(self.rule).key("host")
    }

    pub(crate) fn service_at(&self) -> FieldPath {
        self.at().key("backend").key("service")
    }

    /// The backend's name, which annotations refer to.
    pub(crate) fn backend(&self) -> &'a str {
        self.service.map_or("", |service| &service.name)
    }

    pub(crate) fn port(&self) -> Option<&'a ServiceBackendPort> {
        self.service?.port.as_ref()
    }

    /// Whether the final action is in `actions.NAME`.
    pub(crate) fn uses_annotation(&self) -> bool {
        self.port().is_some_and(|port| port.name.as_deref() == Some(USE_ANNOTATION))
    }

    pub(crate) fn host_path(&self) -> HostPath {
        (self.host.to_owned(), self.text.to_owned())
    }

    pub(crate) fn is_same_host_path(&self, other: &PathRef<'_>) -> bool {
        (self.host, self.text) == (other.host, other.text)
    }
}

/// Every path of an Ingress, in order. Source of the defaults: Alibaba's open controller, run without them.
pub(crate) fn paths(ingress: &Ingress) -> impl Iterator<Item = PathRef<'_>> {
    let rules = ingress.spec.iter().flat_map(|spec| spec.rules.iter().flatten()).enumerate();
    let paths = rules.flat_map(|(rule, r)| {
        let paths = r.http.iter().flat_map(|http| http.paths.iter()).enumerate();
        paths.map(move |(path, p)| (rule, path, r.host.as_deref().unwrap_or_default(), p))
    });
    (0..).zip(paths).map(|(index, (rule, path, host, p))| PathRef {
        rule,
        path,
        index,
        host,
        text: p.path.as_deref().filter(|text| !text.is_empty()).unwrap_or("/"),
        path_type: if p.path_type.is_empty() { "Prefix" } else { &p.path_type },
        service: p.backend.service.as_ref(),
    })
}
