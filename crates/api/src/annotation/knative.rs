//! Keys of Knative's own annotations and labels, and of the article's.
//! Source: knative.dev/networking `pkg/apis/networking/register.go`; serving `pkg/apis/serving/register.go`.

/// Annotation: the ingress class of a KIngress.
pub const INGRESS_CLASS: &str = "networking.knative.dev/ingress.class";
/// The class that net-alb answers to.
pub const ALB_INGRESS_CLASS: &str = "alb.ingress.networking.knative.dev";
/// Request header of a probe; [`NETWORK_HASH_OVERRIDE`] in it is replaced by the hash of the KIngress that is served.
pub const NETWORK_HASH_HEADER: &str = "K-Network-Hash";
/// The value of [`NETWORK_HASH_HEADER`] that asks for the hash (networking `pkg/http/header/header.go`).
pub const NETWORK_HASH_OVERRIDE: &str = "override";
/// Label: `cluster-local` keeps a Service or Route private.
pub const VISIBILITY: &str = "networking.knative.dev/visibility";
/// Label on what a networking layer makes: the KIngress it is for.
pub const INGRESS_LABEL: &str = "networking.internal.knative.dev/ingress";
/// Label on the article's Ingresses.
pub const ARTICLE_INGRESS_LABEL: &str = "knative.aliyun.com/ingress";
/// Annotation on a Knative Service: header rules of a gray release (the article).
pub const GRAY_HEADERS: &str = "alicloud.serving.knative.dev/headers";
/// Annotation on a Knative Service: cookie rules of a gray release (the article).
pub const GRAY_COOKIES: &str = "alicloud.serving.knative.dev/cookies";
/// Request header that picks a tag, with `tag-header-based-routing`.
pub const TAG_HEADER: &str = "Knative-Serving-Tag";
/// Request header by which the activator knows the revision.
pub const REVISION_HEADER: &str = "Knative-Serving-Revision";
/// Request header by which the activator knows the revision's namespace.
pub const NAMESPACE_HEADER: &str = "Knative-Serving-Namespace";
/// Request header that tells queue-proxy that a request came by the default route, not by a tag.
pub const DEFAULT_ROUTE_HEADER: &str = "Knative-Serving-Default-Route";
/// Annotation on a KIngress, made by Serving: the hosts of each tag, as JSON `{"tag":["host"]}`.
pub const TAG_TO_HOST: &str = "networking.internal.knative.dev/tag-to-host";
/// The prefix of the article's annotations.
pub const ARTICLE_PREFIX: &str = "alicloud.serving.knative.dev/";
/// Paths under this prefix prove to a certificate authority who owns a host; they are always served over plain HTTP.
pub const ACME_CHALLENGE: &str = "/.well-known/acme-challenge/";
