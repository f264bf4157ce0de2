//! NA2050–NA2069: backends and certificates.

use crate::{Code, Severity};

/// A backend that is no Service.
pub static RESOURCE_BACKEND: Code = Code {
    id: "NA2050",
    reason: "ResourceBackend",
    severity: Severity::Error,
    title: "a backend that is no Service",
    explanation: "ALB forwards to Services only. The rule answers 503; Alibaba's open controller dies of it.",
    example: "spec:\n  rules:\n  - http: {paths: [{path: /, pathType: Prefix, backend: {resource: {kind: Bucket, name: b}}}]}\n",
    fix: "name a Service",
};

/// A backend's Service isn't there.
pub static MISSING_SERVICE: Code = Code {
    id: "NA2051",
    reason: "BackendServiceMissing",
    severity: Severity::Error,
    title: "a backend's Service isn't there",
    explanation: "The rule is kept and answers 503 until the Service exists, as Alibaba's controller keeps it with an empty server group. The Service must be in the Ingress' namespace.",
    example: "spec:\n  rules:\n  - http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: wbe, port: {number: 80}}}}]}\n",
    fix: "add the Service to the same namespace, or correct the name",
};

/// A Service has no such port.
pub static UNKNOWN_SERVICE_PORT: Code = Code {
    id: "NA2052",
    reason: "UnknownServicePort",
    severity: Severity::Error,
    title: "a Service has no such port",
    explanation: "The rule is kept and answers 503. Alibaba's open controller fails the AlbConfig before it gets to any rule.",
    example: "spec:\n  rules:\n  - http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 8081}}}}]}\n",
    fix: "name one of the ports that the message lists",
};

/// A backend's port by name.
pub static NAMED_PORT: Code = Code {
    id: "NA2053",
    reason: "NamedServicePort",
    severity: Severity::Error,
    title: "a backend's port by name",
    explanation: "Alibaba's controller reads the number only; a name becomes port 0 and fails the AlbConfig. The gateway looks the name up. Source: alibaba-load-balancer-controller, `buildRuleActions`.",
    example: "spec:\n  rules:\n  - http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: web, port: {name: http}}}}]}\n",
    fix: "write the port's number",
};

/// `spec.defaultBackend` has no effect.
pub static DEFAULT_BACKEND: Code = Code {
    id: "NA2054",
    reason: "DefaultBackend",
    severity: Severity::Warning,
    title: "`spec.defaultBackend` has no effect",
    explanation: "Alibaba's controller makes no rule of it: the requests that no rule takes get the listener's default answer. net-alb does the same, so that both targets answer alike.",
    example: "spec:\n  defaultBackend: {service: {name: web, port: {number: 80}}}\n",
    fix: "write a rule without a host and with the path `/`",
};

/// GRPC on a listener without TLS.
pub static GRPC_IN_CLEAR: Code = Code {
    id: "NA2055",
    reason: "GrpcInClear",
    severity: Severity::Error,
    title: "gRPC on a listener without TLS",
    explanation: "ALB takes gRPC only behind HTTPS: `spec.tls`, and nothing but HTTPS in `listen-ports`, save HTTP 80 with `ssl-redirect`. The gateway takes it in clear too. Source: alibaba-load-balancer-controller, `checkIngressProtocolAnnotations`.",
    example: "metadata:\n  annotations:\n    alb.ingress.kubernetes.io/backend-protocol: grpc\n",
    fix: "add `spec.tls`",
};

/// A Service that ALB can't reach without addresses of pods.
pub static CLUSTER_IP_WITHOUT_ENI: Code = Code {
    id: "NA2056",
    reason: "ClusterIpWithoutEni",
    severity: Severity::Warning,
    title: "ALB can't reach the Service",
    explanation: "With `eni: \"false\"` in config-network (a Flannel cluster) ALB reaches pods by node ports only, so a Service has to be a `NodePort` or a `LoadBalancer`. One of type `ClusterIP` fails Alibaba's open controller for the whole AlbConfig, before its listeners and rules. Source: alibaba-load-balancer-controller, run with such a Service; ACK, Use ALB Ingresses in Knative.",
    example: "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: config-network, namespace: knative-serving}\ndata: {eni: \"false\", albconfig: main}\n",
    fix: "make it a `NodePort`, or use a cluster whose pods have addresses of their own (Terway)",
};

/// A rule without paths.
pub static RULE_WITHOUT_PATHS: Code = Code {
    id: "NA2057",
    reason: "RuleWithoutPaths",
    severity: Severity::Warning,
    title: "a rule without paths",
    explanation: "Only paths become rules of a listener; a host alone does nothing.",
    example: "spec:\n  rules:\n  - host: example.com\n",
    fix: "add `http.paths`",
};

/// Stickiness by the application's cookie, before it was supported.
pub static SERVER_STICKINESS: Code = Code {
    id: "NA2058",
    reason: "ServerStickiness",
    severity: Severity::Warning,
    title: "old controllers fail on stickiness by the application's cookie",
    explanation: "ALB Ingress Controller reads the annotation `cookie` from 2.15 on. Before, `sticky-session-type: Server` fails the whole AlbConfig before its listeners and rules. Source: ACK release notes, 2.15.0; alibaba-load-balancer-controller, run with such an Ingress.",
    example: "metadata:\n  annotations:\n    alb.ingress.kubernetes.io/sticky-session: \"true\"\n    alb.ingress.kubernetes.io/sticky-session-type: Server\n    alb.ingress.kubernetes.io/cookie: JSESSIONID\n",
    fix: "use a controller from 2.15 on, or `sticky-session-type: Insert`",
};

/// An Ingress' name that Alibaba's controller stumbles over.
pub static LISTENER_IN_NAME: Code = Code {
    id: "NA2059",
    reason: "ListenerInName",
    severity: Severity::Warning,
    title: "Alibaba's controller stumbles over an Ingress' name",
    explanation: "The open controller tells its own events apart by `-listener-` in their names, so an Ingress with that in its name gets no servers until something else changes. net-alb writes no such name. Source: alibaba-load-balancer-controller, run with such an Ingress.",
    example: "kind: Ingress\nmetadata: {name: shop-listener-a}\n",
    fix: "choose another name",
};

/// A TLS Secret isn't there.
pub static MISSING_SECRET: Code = Code {
    id: "NA2060",
    reason: "TlsSecretMissing",
    severity: Severity::Error,
    title: "a TLS Secret isn't there",
    explanation: "The Secret of `spec.tls` must be in the Ingress' namespace. The hosts are served without it; Alibaba's open controller fails the whole AlbConfig and blames nobody.",
    example: "spec:\n  tls:\n  - {hosts: [example.com], secretName: example}\n",
    fix: "add the Secret, or correct the name",
};

/// A TLS Secret without a certificate or key.
pub static BAD_SECRET: Code = Code {
    id: "NA2061",
    reason: "TlsSecretIncomplete",
    severity: Severity::Error,
    title: "a TLS Secret without a certificate or key",
    explanation: "A certificate needs `tls.crt` and `tls.key`. Source: ACK, Use an ALB Ingress to configure certificates for an HTTPS listener.",
    example: "kind: Secret\ndata: {tls.crt: …}\n",
    fix: "add both to the Secret's `data`",
};

/// A TLS host without a Secret.
pub static HOST_WITHOUT_SECRET: Code = Code {
    id: "NA2062",
    reason: "TlsHostWithoutSecret",
    severity: Severity::Warning,
    title: "a TLS host without a Secret",
    explanation: "ALB looks for a certificate of the host in Certificate Management Service. The gateway has no such service: it can answer only with the certificates of other Secrets. Source: ACK, Use an ALB Ingress to configure certificates for an HTTPS listener.",
    example: "spec:\n  tls:\n  - {hosts: [example.com]}\n",
    fix: "add `secretName`",
};

/// A TLS listener without any certificate.
pub static NO_CERTIFICATE: Code = Code {
    id: "NA2063",
    reason: "ListenerWithoutCertificate",
    severity: Severity::Warning,
    title: "a TLS listener without any certificate",
    explanation: "No client can complete a handshake with it, unless ALB finds certificates for its hosts in Certificate Management Service.",
    example: "metadata:\n  annotations:\n    alb.ingress.kubernetes.io/listen-ports: '[{\"HTTPS\": 443}]'   # and no spec.tls\n",
    fix: "add `spec.tls` with a Secret to an Ingress, or `certificates` to the AlbConfig's listener",
};
