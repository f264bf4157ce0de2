//! NA1101–NA1129: the KIngress itself.

use crate::{Code, Severity};

/// A required field is missing.
pub static INCOMPLETE: Code = Code {
    id: "NA1101",
    reason: "IncompleteKIngress",
    severity: Severity::Error,
    title: "a KIngress lacks a field that it can't do without",
    explanation: "A KIngress has at least one rule, a rule at least one path, a path at least one split, and a split the name of a Service; \
a certificate has the name of a Secret. Knative's webhook refuses anything less (networking `pkg/apis/networking/v1alpha1/ingress_validation.go`), \
but not every cluster, and no file, has that webhook. The incomplete part is left out.",
    example: "spec:\n  rules:\n  - hosts: [hello.default.example.com]\n    http:\n      paths: []\n",
    fix: "add what is missing, or remove the part",
};

/// A host is no host name.
pub static INVALID_HOST: Code = Code {
    id: "NA1102",
    reason: "InvalidHost",
    severity: Severity::Error,
    title: "a host is no full DNS name",
    explanation: "A KIngress names hosts in full: no address, no port, no wildcard (networking `ingress_types.go`, IngressRule.Hosts). \
Kubernetes refuses an Ingress whose host is anything else. The host is left out; the others of its rule stay. A rule that loses all of its hosts \
is left out too, since a rule without hosts would match every host.",
    example: "spec:\n  rules:\n  - hosts: ['hello_world.example.com']\n",
    fix: "write lower-case letters, digits, `-` and `.`",
};

/// A path doesn't begin with a slash.
pub static INVALID_PATH: Code = Code {
    id: "NA1103",
    reason: "InvalidPath",
    severity: Severity::Error,
    title: "a path does not begin with `/`",
    explanation: "A path of a KIngress is a plain string prefix that begins with `/`; an empty one matches everything \
(networking `ingress_types.go`, HTTPIngressPath.Path). The path is left out with its splits.",
    example: "paths:\n- path: foo\n",
    fix: "begin the path with `/`",
};

/// Percentages are out of range or don't add up.
pub static INVALID_PERCENT: Code = Code {
    id: "NA1104",
    reason: "InvalidPercent",
    severity: Severity::Error,
    title: "the percentages of a path's splits do not add up to 100",
    explanation: "Each split has 0 to 100 percent and all of a path together have 100; only a single split may say nothing, and then gets everything \
(networking `ingress_validation.go`, HTTPIngressPath.Validate). It can't be guessed which of the numbers is wrong, so the path is left out.",
    example: "splits:\n- {serviceName: a, percent: 60}\n- {serviceName: b, percent: 50}\n",
    fix: "change the percentages so that they add up to 100",
};

/// A Service of another namespace.
pub static FOREIGN_SERVICE: Code = Code {
    id: "NA1105",
    reason: "ForeignService",
    severity: Severity::Error,
    title: "a split sends to a Service of another namespace",
    explanation: "A KIngress may only use Services of its own namespace (networking `ingress_validation.go`, IngressBackend.Validate); otherwise whoever may \
write in one namespace could publish the Services of another. Where Knative's webhook is absent nothing else would stop it. The path is left out.",
    example: "metadata: {namespace: default}\nspec:\n  rules:\n  - http:\n      paths:\n      - splits:\n        - {serviceNamespace: other, serviceName: a, servicePort: 80}\n",
    fix: "move the KIngress or the Service, or put an ExternalName Service of this namespace between",
};

/// A port can't be resolved.
pub static UNKNOWN_PORT: Code = Code {
    id: "NA1106",
    reason: "UnknownPort",
    severity: Severity::Error,
    title: "a split's port is no port of its Service",
    explanation: "`actions.*` takes port numbers only (Alibaba's open controller turns any other into 0), so a named port is looked up in the Service. \
Without that Service, or without a port of that name in it, nobody knows the number. Numbers go from 1 to 65535. The path is left out.",
    example: "splits:\n- {serviceName: a, servicePort: htpp}\n",
    fix: "write the number of the Service's port, or add the Service",
};

/// A header that HTTP can't carry or that routing depends on.
pub static INVALID_HEADER: Code = Code {
    id: "NA1107",
    reason: "InvalidHeader",
    severity: Severity::Error,
    title: "a header has a name or value that can't be sent",
    explanation: "A header's name is a token and its value has no control characters (RFC 9110, 5.1 and 5.5). `Host` is changed by `rewriteHost` only, and \
headers that say where a message ends (`Content-Length`, `Transfer-Encoding`, `Connection`, `Keep-Alive`, `TE`, `Upgrade`) belong to the connection \
(ALB, CreateRule, InsertHeaderConfig.Key): setting them would let one request be read as two. The path is left out.",
    example: "appendHeaders: {Host: a.example.com}\n",
    fix: "use another name; for the host use `rewriteHost`",
};

/// An unknown `httpOption`.
pub static INVALID_HTTP_OPTION: Code = Code {
    id: "NA1108",
    reason: "InvalidHttpOption",
    severity: Severity::Error,
    title: "`httpOption` is neither `Enabled` nor `Redirected`",
    explanation: "`Enabled` serves plain HTTP, `Redirected` answers it with 301 to HTTPS (networking `ingress_types.go`, HTTPOption). Anything else is treated as `Enabled`.",
    example: "spec: {httpOption: Redirect}\n",
    fix: "write `Enabled` or `Redirected`",
};

/// A certificate of another namespace.
pub static FOREIGN_SECRET: Code = Code {
    id: "NA1109",
    reason: "ForeignSecret",
    severity: Severity::Error,
    title: "a certificate's Secret is in another namespace",
    explanation: "An Ingress can only use Secrets of its own namespace, and so can a KIngress (networking `ingress_types.go`, IngressTLS.SecretNamespace). \
The certificate is left out: its hosts are served without HTTPS.",
    example: "metadata: {namespace: default}\nspec:\n  tls:\n  - {hosts: [a.example.com], secretName: a, secretNamespace: other}\n",
    fix: "copy the Secret into the KIngress' namespace",
};

/// Two splits to one port with different headers.
pub static AMBIGUOUS_SPLIT: Code = Code {
    id: "NA1110",
    reason: "AmbiguousSplit",
    severity: Severity::Error,
    title: "two splits send to the same port with different headers",
    explanation: "Splits of one path that send to the same port of the same Service are one server group to ALB, and its headers are found by Service and port: \
two sets of them can't be told apart. The path is left out. (Splits with the same headers are added up.)",
    example: "splits:\n- {serviceName: a, servicePort: 80, percent: 50, appendHeaders: {x: '1'}}\n- {serviceName: a, servicePort: 80, percent: 50, appendHeaders: {x: '2'}}\n",
    fix: "give each split a Service of its own",
};

/// The tag-to-host annotation can't be read.
pub static UNREADABLE_TAG_HOSTS: Code = Code {
    id: "NA1111",
    reason: "UnreadableTagHosts",
    severity: Severity::Error,
    title: "the annotation `networking.internal.knative.dev/tag-to-host` can't be read",
    explanation: "Serving writes there which hosts belong to which tag (serving `pkg/reconciler/route/resources/ingress.go`). Without it the hosts of a tag can't be told from \
the default hosts, so the gray rules, which are for the default hosts only, are left out.",
    example: "metadata:\n  annotations:\n    networking.internal.knative.dev/tag-to-host: '{'\n",
    fix: "write a JSON object of lists, `{\"tag\":[\"host\"]}`, or remove the annotation",
};

/// A certificate's Secret isn't there.
pub static MISSING_SECRET: Code = Code {
    id: "NA1112",
    reason: "MissingSecret",
    severity: Severity::Warning,
    title: "a certificate's Secret is not there",
    explanation: "Until the Secret exists its hosts can't be served by HTTPS. With Alibaba's open controller (1.2) a missing Secret stops every change of the whole load \
balancer, also for its neighbours.",
    example: "spec:\n  tls:\n  - {hosts: [a.example.com], secretName: missing, secretNamespace: default}\n",
    fix: "add the Secret, with `tls.crt` and `tls.key`",
};

/// `Redirected`, but no certificate.
pub static REDIRECT_WITHOUT_CERTIFICATE: Code = Code {
    id: "NA1113",
    reason: "RedirectWithoutCertificate",
    severity: Severity::Warning,
    title: "`httpOption: Redirected`, but no certificate covers a host",
    explanation: "A redirect to HTTPS leads nowhere while there is no certificate, and to Alibaba's open controller (1.2) an HTTPS host without one is an error for the whole \
load balancer. The host is served by plain HTTP until `spec.tls` has a certificate for it, as Serving itself does while one is being issued.",
    example: "spec:\n  httpOption: Redirected\n  rules:\n  - hosts: [hello.default.example.com]\n",
    fix: "wait for the certificate, or add it to `spec.tls`; or write `httpOption: Enabled`",
};

/// The same header before and after the split.
pub static HEADER_SET_TWICE: Code = Code {
    id: "NA1114",
    reason: "HeaderSetTwice",
    severity: Severity::Warning,
    title: "a header is set twice, to different values",
    explanation: "Header names are the same in any case of letters. Where a path and its split set the same header, the split's value wins, as it is set later and is more specific; \
Knative leaves it open (networking `ingress_types.go`, AppendHeaders). Within one map the name that sorts last wins.",
    example: "paths:\n- appendHeaders: {x-side: any}\n  splits:\n  - {serviceName: a, servicePort: 80, appendHeaders: {X-Side: a}}\n",
    fix: "set it in one place",
};

/// A rule behind one that takes all of its requests.
pub static UNREACHABLE_RULE: Code = Code {
    id: "NA1115",
    reason: "UnreachableRule",
    severity: Severity::Warning,
    title: "no request can reach a rule",
    explanation: "The first match wins (networking `ingress_types.go`, HTTPIngressRuleValue.Paths, and IngressRule.Hosts for a host with several rules). An earlier rule of the host has a \
prefix of this path and asks for nothing that this one doesn't ask for too, so it takes every request first. The rule is left out; it would only cost quota.",
    example: "paths:\n- splits: [{serviceName: a, servicePort: 80}]\n- path: /foo\n  splits: [{serviceName: b, servicePort: 80}]\n",
    fix: "put the more specific rule first, or remove it",
};

/// An annotation under our prefixes without effect.
pub static IDLE_ANNOTATION: Code = Code {
    id: "NA1116",
    reason: "IdleAnnotation",
    severity: Severity::Warning,
    title: "an annotation has no effect",
    explanation: "A Knative Service, and the KIngress that gets its annotations, can have `alicloud.serving.knative.dev/headers` and `alicloud.serving.knative.dev/cookies`. Other keys under \
`alicloud.serving.knative.dev/`, `net-alb.knative.dev/` and `alb.ingress.kubernetes.io/` are written by net-alb on the Ingresses that it makes, or don't exist.",
    example: "metadata:\n  annotations:\n    alicloud.serving.knative.dev/header: '[{revision: a, headers: {x: y}}]'\n",
    fix: "mend the key, or remove it",
};

/// What the article's form leaves out.
pub static ARTICLE_FORM_LOSES: Code = Code {
    id: "NA1117",
    reason: "ArticleFormLoses",
    severity: Severity::Warning,
    title: "`annotation-format: article` leaves something out",
    explanation: "The article's form holds one action a rule and knows header and cookie conditions only: headers that are set, hosts that are rewritten and net-alb's own annotations have no place in it, and \
its cluster-local hosts are the full names only. Alibaba's open controller (1.2) reads its `targetGroups` as no targets. It is for reading and comparing.",
    example: "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: config-alb, namespace: knative-serving}\ndata: {annotation-format: article}\n",
    fix: "write `annotation-format: current` for anything that serves",
};
