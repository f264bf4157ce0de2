//! NA2001–NA2009: classes and AlbConfigs.

use crate::{Code, Severity};

/// An Ingress belongs to another controller.
pub static FOREIGN_CLASS: Code = Code {
    id: "NA2001",
    reason: "ForeignIngressClass",
    severity: Severity::Note,
    title: "an Ingress belongs to another controller",
    explanation: "ALB Ingress Controller takes an Ingress whose IngressClass has the controller `ingress.k8s.alibabacloud/alb`, or whose annotation `kubernetes.io/ingress.class` is `alb`; everything else is left to others. Source: alibaba-load-balancer-controller, `IsValid`.",
    example: "kind: Ingress\nspec:\n  ingressClassName: nginx\n",
    fix: "nothing, if another controller serves it; else name an IngressClass of ALB in `spec.ingressClassName`",
};

/// An Ingress names a class that isn't there.
pub static UNKNOWN_CLASS: Code = Code {
    id: "NA2002",
    reason: "UnknownIngressClass",
    severity: Severity::Warning,
    title: "an Ingress names a class that isn't there",
    explanation: "Nobody serves an Ingress whose IngressClass doesn't exist. Only net-alb's two Knative classes need no object. Source: alibaba-load-balancer-controller, `IsValid`.",
    example: "kind: Ingress\nspec:\n  ingressClassName: albb\n",
    fix: "add the IngressClass with `controller: ingress.k8s.alibabacloud/alb`, or correct the name",
};

/// An IngressClass names no AlbConfig.
pub static INCOMPLETE_CLASS: Code = Code {
    id: "NA2003",
    reason: "IncompleteIngressClass",
    severity: Severity::Error,
    title: "an IngressClass names no AlbConfig",
    explanation: "The AlbConfig of an Ingress comes from its class' `spec.parameters`. Alibaba's controller stops working on every Ingress of such a class. Source: alibaba-load-balancer-controller, `IngressClass`.",
    example: "kind: IngressClass\nspec:\n  controller: ingress.k8s.alibabacloud/alb\n",
    fix: "add `parameters: {apiGroup: alibabacloud.com, kind: AlbConfig, name: …}` to the IngressClass",
};

/// An Ingress' AlbConfig isn't there.
pub static MISSING_ALB_CONFIG: Code = Code {
    id: "NA2004",
    reason: "AlbConfigMissing",
    severity: Severity::Error,
    title: "an Ingress' AlbConfig isn't there",
    explanation: "An AlbConfig is one load balancer. Without it there is nothing that could serve the Ingress.",
    example: "metadata:\n  annotations:\n    alb.ingress.kubernetes.io/albconfig.name: shop\n",
    fix: "add the AlbConfig, or correct the name in the IngressClass' parameters or the annotation",
};

/// A field of an AlbConfig has no usable value.
pub static BAD_ALB_CONFIG: Code = Code {
    id: "NA2005",
    reason: "BadAlbConfig",
    severity: Severity::Error,
    title: "a field of an AlbConfig has no usable value",
    explanation: "A listener with such a port or protocol is left out; another field falls back to its default, and an unknown `addressType` to `Intranet`, which exposes least. Source: ALB API, CreateListener and CreateLoadBalancer.",
    example: "kind: AlbConfig\nspec:\n  listeners:\n  - {port: 80, protocol: TCP}\n",
    fix: "write one of the values that the message lists",
};

/// Two protocols on one port.
pub static LISTENER_CONFLICT: Code = Code {
    id: "NA2006",
    reason: "ListenerConflict",
    severity: Severity::Error,
    title: "two protocols on one port",
    explanation: "HTTP and HTTPS can't share a port; QUIC can, since it uses UDP. What is declared in the AlbConfig wins, then the Ingress that is first in order. The other one's rules are absent from that listener. Source: alibaba-load-balancer-controller, run with such Ingresses.",
    example: "metadata:\n  annotations:\n    alb.ingress.kubernetes.io/listen-ports: '[{\"HTTPS\": 80}]'\n",
    fix: "choose another port for one of the two",
};

/// The gateway would not enforce what protects a listener.
pub static UNENFORCED_PROTECTION: Code = Code {
    id: "NA2007",
    reason: "UnenforcedProtection",
    severity: Severity::Error,
    title: "the gateway would not enforce what protects a listener",
    explanation: "The embedded ALB has no access control lists, and asks clients for certificates (`caEnabled`) only where `caCertificates` names a Secret, as `namespace/name`, since it has no certificate service to ask. A listener that asks for them is left out: serving it without would open what was meant to be closed.",
    example: "kind: AlbConfig\nspec:\n  listeners:\n  - {port: 443, protocol: HTTPS, caEnabled: true}\n",
    fix: "take the field out to serve the listener unprotected, or serve it by ALB (`target: alb`)",
};

/// The gateway doesn't do what a field of an AlbConfig asks for.
pub static UNSERVED_ALB_CONFIG_FIELD: Code = Code {
    id: "NA2008",
    reason: "UnservedAlbConfigField",
    severity: Severity::Warning,
    title: "the gateway doesn't do what a field of an AlbConfig asks for",
    explanation: "The field is about something that only the cloud product has.",
    example: "kind: AlbConfig\nspec:\n  listeners:\n  - port: 80\n    logConfig: {accessLogRecordCustomizedHeadersEnabled: true}\n",
    fix: "nothing, if ALB is to honour it; else take it out",
};

/// A field of an AlbConfig is unknown.
pub static UNKNOWN_ALB_CONFIG_FIELD: Code = Code {
    id: "NA2009",
    reason: "UnknownAlbConfigField",
    severity: Severity::Warning,
    title: "a field of an AlbConfig is unknown",
    explanation: "Kubernetes drops an unknown field in silence, so a slip of the hand changes nothing and nobody notices. Source: alibaba-load-balancer-controller, `albconfig_types.go`.",
    example: "kind: AlbConfig\nspec:\n  listeners:\n  - {port: 80, idleTimeouts: 30}\n",
    fix: "correct the name",
};
