//! NA2090–NA2094 and NA2096: what a whole load balancer may have.

use crate::{Code, Severity};

/// A load balancer has more rules than ALB takes.
pub static TOO_MANY_RULES: Code = Code {
    id: "NA2090",
    reason: "AlbRulesOverLimit",
    severity: Severity::Error,
    title: "a load balancer has more rules than ALB takes",
    explanation: "100 rules for all listeners together (40 in the Basic edition), which Alibaba raises to 200 (100) on request. An Ingress on two listeners counts twice. Source: ALB, Quotas and limits; ACK, Create and use an ALB Ingress.",
    example: "101 paths on one AlbConfig\n",
    fix: "put hosts with equal actions into one rule, spread Ingresses over AlbConfigs, or ask for a higher quota",
};

/// A load balancer has more listeners than ALB takes.
pub static TOO_MANY_LISTENERS: Code = Code {
    id: "NA2091",
    reason: "AlbListenersOverLimit",
    severity: Severity::Error,
    title: "a load balancer has more listeners than ALB takes",
    explanation: "50 listeners. Source: ALB, Quotas and limits.",
    example: "51 listeners in an AlbConfig\n",
    fix: "spread them over AlbConfigs",
};

/// A load balancer has more certificates than ALB takes.
pub static TOO_MANY_CERTIFICATES: Code = Code {
    id: "NA2092",
    reason: "AlbCertificatesOverLimit",
    severity: Severity::Error,
    title: "a load balancer has more certificates than ALB takes",
    explanation: "25 certificates beside each listener's default one (10 in the Basic edition), which Alibaba raises to 300 (150) on request; one on two listeners counts twice. Source: ALB, Quotas and limits.",
    example: "27 Secrets in `spec.tls`\n",
    fix: "use a wildcard certificate, spread Ingresses over AlbConfigs, or ask for a higher quota",
};

/// A load balancer has more servers than ALB takes.
pub static TOO_MANY_SERVERS: Code = Code {
    id: "NA2093",
    reason: "AlbServersOverLimit",
    severity: Severity::Error,
    title: "a load balancer has more servers than ALB takes",
    explanation: "1000 servers in all groups together (200 in the Basic edition), counted for each rule that forwards to them. Source: ALB, Quotas and limits.",
    example: "a Service of 600 pods in two rules\n",
    fix: "spread Ingresses over AlbConfigs, or ask for a higher quota",
};

/// No load balancer has room for a KIngress.
pub static ALB_FULL: Code = Code {
    id: "NA2094",
    reason: "AlbFull",
    severity: Severity::Error,
    title: "no load balancer has room for a KIngress",
    explanation: "For target `alb`, rules (100 of a load balancer's listeners together) and certificates (25 beside the default ones) are counted before anything is applied. With `overflow: refuse` there is one load balancer of each kind; with `overflow: spread` only a KIngress is refused that an empty one has no room for. \
What was applied of the KIngress before stays, and it is looked at again once there is room. Source: ALB, Quotas and limits.",
    example: "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: config-alb, namespace: knative-serving}\ndata: {target: alb, overflow: refuse}\n",
    fix: "set `overflow: spread`, remove routes, or ask Alibaba for a higher quota",
};

/// A KIngress is on a further load balancer.
pub static FURTHER_ALB: Code = Code {
    id: "NA2096",
    reason: "FurtherAlb",
    severity: Severity::Note,
    title: "a KIngress is on a further load balancer",
    explanation: "For target `alb`, what doesn't fit on the first load balancer goes to a further one, with an IngressClass and an AlbConfig of its own (`knative-alb-ingress-internet-2`), and stays there while it fits. Each load balancer has an address of its own, so the hosts' DNS records have to lead there: by the KIngress' status, not by one record for all.",
    example: "101 KIngresses with a rule each\n",
    fix: "nothing, if DNS follows each KIngress' status",
};
