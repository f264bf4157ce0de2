//! NA30xx, stage 3a: what the gateway serves.

use crate::{Code, Severity};

/// All of this stage, by id.
pub(super) const ALL: &[&Code] = &[
    &BAD_REGEX,
    &BAD_TEMPLATE,
    &HEADER_EDIT_REFUSED,
    &EXTERNAL_SERVER_GROUP,
    &STICKINESS_NOT_SERVED,
    &SCHEDULER_NOT_SERVED,
    &HEALTH_CHECK_NOT_SERVED,
    &TRAFFIC_MIRROR_NOT_SERVED,
    &BAD_FIXED_RESPONSE,
    &BAD_CERTIFICATE,
    &EXPIRED_CERTIFICATE,
    &BAD_CLIENT_CA,
    &BAD_BACKEND_TLS,
];

/// A regular expression that doesn't compile or is too big.
pub static BAD_REGEX: Code = Code {
    id: "NA3001",
    reason: "BadRegex",
    severity: Severity::Error,
    title: "a regular expression can't be used",
    explanation: "The gateway compiles regular expressions with Rust's `regex` crate: no look-around, no \
                  back-references, and at most 256 KiB of memory each, so that no pattern can stop the gateway. Without its \
                  condition the rule would take requests that it wasn't meant for, so the whole rule is left out.",
    example: "path: \"~*/api/(?!internal)\"\npathType: ImplementationSpecific\n",
    fix: "write the pattern without look-around and back-references; two rules, the exception first, do the same",
};

/// A rewrite or redirect with an unknown variable or a text that fits in no URL.
pub static BAD_TEMPLATE: Code = Code {
    id: "NA3004",
    reason: "BadTemplate",
    severity: Severity::Error,
    title: "a rewrite or redirect can't be filled in",
    explanation: "Rewrites and redirects know the variables ${host}, ${path}, ${query}, ${protocol} and ${port}, and \
                  ${1} to ${3} for the groups of a regular expression in the rule's path (ALB, \"Advanced features of \
                  ALB Ingresses\"). Spaces and control characters can't be in a URL. The rule is left out.",
    example: "alb.ingress.kubernetes.io/rewrite-target: /${uri}\n",
    fix: "use one of the variables above, and percent-encode what can't be in a URL",
};

/// An `InsertHeader` or `RemoveHeader` that would break the message.
pub static HEADER_EDIT_REFUSED: Code = Code {
    id: "NA3005",
    reason: "HeaderEditRefused",
    severity: Severity::Error,
    title: "a header can't be set or removed",
    explanation: "Connection, Content-Length, Expect, Host, Keep-Alive, TE, Trailer, Transfer-Encoding and Upgrade frame \
                  or route a message, and ALB refuses to edit them (OpenAPI, CreateRule); a name must be a token and a \
                  value has no control characters (RFC 9110 §5). This action is left out, the rest of the rule serves.",
    example: "alb.ingress.kubernetes.io/actions.hello: |\n  [{\"type\":\"InsertHeader\",\"InsertHeaderConfig\":\
              {\"key\":\"Host\",\"value\":\"b\",\"valueType\":\"UserDefined\"}}]\n",
    fix: "use Rewrite for the host; leave the framing of messages to the gateway",
};

/// A server group made by hand at Alibaba.
pub static EXTERNAL_SERVER_GROUP: Code = Code {
    id: "NA3007",
    reason: "ExternalServerGroup",
    severity: Severity::Warning,
    title: "a server group exists only at Alibaba Cloud",
    explanation: "A group named by its id (`sgp-…`) is kept at Alibaba Cloud; the gateway doesn't know its servers and \
                  answers 503 for its share of the requests.",
    example: "alb.ingress.kubernetes.io/actions.hello: |\n  [{\"type\":\"ForwardGroup\",\"ForwardConfig\":\
              {\"ServerGroups\":[{\"ServerGroupID\":\"sgp-1\",\"Weight\":100}]}}]\n",
    fix: "name a Service instead of a server group id",
};

/// Sticky sessions, of groups or servers.
pub static STICKINESS_NOT_SERVED: Code = Code {
    id: "NA3008",
    reason: "StickinessNotServed",
    severity: Severity::Warning,
    title: "requests of one client don't stay together",
    explanation: "The gateway chooses target and server for every request anew. ALB's sticky sessions, of a server group \
                  or of a server, aren't served.",
    example: "alb.ingress.kubernetes.io/sticky-session: \"true\"\n",
    fix: "keep session state outside the servers, or choose the revision by a cookie rule",
};

/// A scheduler other than round robin.
pub static SCHEDULER_NOT_SERVED: Code = Code {
    id: "NA3009",
    reason: "SchedulerNotServed",
    severity: Severity::Warning,
    title: "servers are chosen in turn",
    explanation: "The gateway chooses among the servers of a group in turn (ALB's `wrr` with equal weights). Least \
                  connections (`wlc`) and consistent hashing (`sch`, `uch`) aren't served.",
    example: "alb.ingress.kubernetes.io/backend-scheduler: wlc\n",
    fix: "leave `backend-scheduler` out, or keep it for ALB and live with round robin here",
};

/// A health check.
pub static HEALTH_CHECK_NOT_SERVED: Code = Code {
    id: "NA3010",
    reason: "HealthCheckNotServed",
    severity: Severity::Note,
    title: "servers aren't checked",
    explanation: "The gateway sends requests to every ready endpoint that Kubernetes names, and tries another one where it \
                  can't connect. ALB's own health checks aren't made.",
    example: "alb.ingress.kubernetes.io/healthcheck-enabled: \"true\"\n",
    fix: "give the pods a readiness probe",
};

/// A traffic mirror.
pub static TRAFFIC_MIRROR_NOT_SERVED: Code = Code {
    id: "NA3011",
    reason: "TrafficMirrorNotServed",
    severity: Severity::Warning,
    title: "requests aren't mirrored",
    explanation: "A mirror copies requests to server groups by their ids at Alibaba Cloud, which the gateway doesn't \
                  know. The action is left out, the rest of the rule serves.",
    example: "alb.ingress.kubernetes.io/actions.hello: |\n  [{\"type\":\"TrafficMirror\",\"TrafficMirrorConfig\":\
              {\"TargetType\":\"ForwardGroupMirror\",\"MirrorGroupConfig\":{\"ServerGroupTuples\":\
              [{\"ServerGroupID\":\"sgp-1\"}]}}}]\n",
    fix: "use ALB itself for mirroring",
};

/// A fixed response or redirect that is no HTTP.
pub static BAD_FIXED_RESPONSE: Code = Code {
    id: "NA3012",
    reason: "BadFixedResponse",
    severity: Severity::Error,
    title: "an answer is no valid HTTP",
    explanation: "A fixed response has a status of 2xx, 4xx or 5xx and a content type without control characters; a \
                  redirect has 301, 302, 303, 307 or 308 (ALB, \"Manage forwarding rules for a listener\"). The rule is \
                  left out.",
    example: "alb.ingress.kubernetes.io/actions.hello: |\n  [{\"type\":\"FixedResponse\",\"FixedResponseConfig\":\
              {\"contentType\":\"text/plain\",\"httpCode\":\"99\",\"content\":\"\"}}]\n",
    fix: "choose one of the statuses above",
};

/// A Secret's certificate that can't be used.
pub static BAD_CERTIFICATE: Code = Code {
    id: "NA3020",
    reason: "BadCertificate",
    severity: Severity::Error,
    title: "a certificate can't be used",
    explanation: "A Secret of type `kubernetes.io/tls` holds a certificate with its issuers in `tls.crt` and the \
                  certificate's own key in `tls.key`, both in PEM (Kubernetes, \"TLS Secrets\"). Whoever used an earlier, \
                  good version goes on with that; where there was none, hosts of this Secret get the listener's default \
                  certificate.",
    example: "kind: Secret\ntype: kubernetes.io/tls\nstringData:\n  tls.crt: hello\n  tls.key: world\n",
    fix: "make the Secret anew with `kubectl create secret tls`",
};

/// A Secret's certificate that is past its time.
pub static EXPIRED_CERTIFICATE: Code = Code {
    id: "NA3021",
    reason: "ExpiredCertificate",
    severity: Severity::Warning,
    title: "a certificate has expired",
    explanation: "Clients refuse a certificate after its last day (RFC 5280 §4.1.2.5). An earlier version of the Secret that \
                  is still good stays in use; where there is none, the expired certificate is shown, so that clients say \
                  what is wrong.",
    example: "openssl x509 -noout -enddate -in tls.crt\n",
    fix: "renew the certificate",
};

/// A Secret with no usable CA for client certificates.
pub static BAD_CLIENT_CA: Code = Code {
    id: "NA3022",
    reason: "BadClientCa",
    severity: Severity::Error,
    title: "clients can't be asked for certificates",
    explanation: "A listener with `caEnabled` lets in clients with a certificate of a CA in the Secrets of `caCertificates`, in \
                  PEM as `ca.crt`. Whoever used an earlier, good version goes on with that; where there was none, the listener \
                  refuses every client, since it was meant to be closed to strangers.",
    example: "kind: Secret\nstringData:\n  ca.crt: hello\n",
    fix: "put the CA's certificate in PEM into the Secret as `ca.crt`",
};

/// A backend's CAs or names that can't be used.
pub static BAD_BACKEND_TLS: Code = Code {
    id: "NA3023",
    reason: "BadBackendTls",
    severity: Severity::Warning,
    title: "a backend can't be verified",
    explanation: "Servers of this backend must prove who they are by a certificate of a known CA (Knative's \
                  `system-internal-tls`: the key `ca.crt` of the Secret `routing-serving-certs`, and ConfigMaps with the label \
                  `networking.knative.dev/trust-bundle`). What was known before stays in use.",
    example: "kind: ConfigMap\nmetadata: {labels: {networking.knative.dev/trust-bundle: \"true\"}}\ndata: {ca.crt: hello}\n",
    fix: "put CAs in PEM there",
};
