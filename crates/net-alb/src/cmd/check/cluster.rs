//! What of a cluster is looked at.

use kube::Client;
use net_alb_controller::access::{self, Access, Scope};
use serde_json::{Value, json};

/// Where to look.
pub(super) struct Cluster {
    pub(super) client: Client,
    pub(super) namespace: String,
    pub(super) system_namespace: String,
}

/// What was seen. Objects are as the API server gives them; `None`: there is no such object, or kind.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub(super) namespace: String,
    pub(super) system_namespace: String,
    /// All KIngresses, of every class.
    pub(super) kingresses: Option<Vec<Value>>,
    /// Those of Knative Serving's namespace.
    pub(super) config_maps: Vec<Value>,
    pub(super) deployments: Vec<Value>,
    pub(super) pods: Vec<Value>,
    pub(super) services: Vec<Value>,
    pub(super) endpoint_slices: Vec<Value>,
    pub(super) lease: Option<Value>,
    /// What an account may not do, as `ACCOUNT may not VERB RESOURCE in …`; `None`: nobody lets us ask.
    pub(super) forbidden: Option<Vec<String>>,
    /// Seconds since 1970.
    pub(super) now: i64,
}

impl Cluster {
    pub(super) async fn look(&self) -> kube::Result<Seen> {
        let (own, system) = (&self.namespace, &self.system_namespace);
        let items = async |path: String| Ok::<_, kube::Error>(self.list(path).await?.unwrap_or_default());
        Ok(Seen {
            namespace: own.clone(),
            system_namespace: system.clone(),
            kingresses: self
                .list("/apis/networking.internal.knative.dev/v1alpha1/ingresses".to_owned())
                .await?,
            config_maps: items(format!("/api/v1/namespaces/{system}/configmaps")).await?,
            deployments: items(format!("/apis/apps/v1/namespaces/{own}/deployments")).await?,
            pods: items(format!("/api/v1/namespaces/{own}/pods")).await?,
            services: items(format!("/api/v1/namespaces/{own}/services")).await?,
            endpoint_slices: items(format!("/apis/discovery.k8s.io/v1/namespaces/{own}/endpointslices"))
                .await?,
            lease: self
                .get(format!("/apis/coordination.k8s.io/v1/namespaces/{own}/leases/net-alb-controller"))
                .await?,
            forbidden: self.forbidden().await?,
            now: k8s_openapi::jiff::Timestamp::now().as_second(),
        })
    }

    async fn get(&self, path: String) -> kube::Result<Option<Value>> {
        let request = http::Request::get(path).body(Vec::new()).map_err(kube::Error::HttpError)?;
        match self.client.request(request).await {
            Ok(object) => Ok(Some(object)),
            Err(kube::Error::Api(status)) if status.code == 404 => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn list(&self, path: String) -> kube::Result<Option<Vec<Value>>> {
        let list = self.get(path).await?;
        Ok(list.map(|mut list| serde_json::from_value(list["items"].take()).unwrap_or_default()))
    }

    async fn forbidden(&self) -> kube::Result<Option<Vec<String>>> {
        let mut forbidden = Vec::new();
        for (account, calls) in
            [("net-alb-gateway", access::gateway()), ("net-alb-controller", access::controller())]
        {
            for access in calls {
                match self.may(account, access).await {
                    Ok(true) => {}
                    Ok(false) => forbidden.push(self.sentence(account, access)),
                    Err(kube::Error::Api(status)) if status.code == 403 => return Ok(None),
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(Some(forbidden))
    }

    async fn may(&self, account: &str, access: Access) -> kube::Result<bool> {
        let (resource, subresource) = access.resource.split_once('/').unwrap_or((access.resource, ""));
        let attributes = json!({
            "group": access.group,
            "resource": resource,
            "subresource": subresource,
            "verb": access.verb,
            "namespace": self.place(access.scope),
        });
        let user = format!("system:serviceaccount:{}:{account}", self.namespace);
        let review = json!({
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SubjectAccessReview",
            "spec": { "user": user, "resourceAttributes": attributes },
        });
        let request = http::Request::post("/apis/authorization.k8s.io/v1/subjectaccessreviews")
            .header("content-type", "application/json")
            .body(review.to_string().into_bytes())
            .map_err(kube::Error::HttpError)?;
        let answer: Value = self.client.request(request).await?;
        Ok(answer["status"]["allowed"] == true)
    }

    fn place(&self, scope: Scope) -> &str {
        match scope {
            Scope::Cluster => "",
            Scope::Own => &self.namespace,
            Scope::System => &self.system_namespace,
        }
    }

    fn sentence(&self, account: &str, access: Access) -> String {
        let dot = if access.group.is_empty() { "" } else { "." };
        let place = match self.place(access.scope) {
            "" => "all namespaces".to_owned(),
            namespace => format!("`{namespace}`"),
        };
        format!("`{account}` may not {} `{}{dot}{}` in {place}", access.verb, access.resource, access.group)
    }
}
