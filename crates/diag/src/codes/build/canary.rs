//! NA2070–NA2089: canaries and rules that get in each other's way.

use crate::{Code, Severity};

/// A canary by weight and by header or cookie in one Ingress.
pub static MIXED_CANARY: Code = Code {
    id: "NA2070",
    reason: "MixedCanary",
    severity: Severity::Error,
    title: "a canary by weight and by header or cookie in one Ingress",
    explanation: "Such an Ingress emits nothing at all in Alibaba's controllers. Source: ACK release notes, 2.16.0; alibaba-load-balancer-controller, `getIfOnlyWeight`.",
    example: "metadata:\n  annotations:\n    alb.ingress.kubernetes.io/canary: 'true'\n    alb.ingress.kubernetes.io/canary-weight: '20'\n    alb.ingress.kubernetes.io/canary-by-cookie: gray\n",
    fix: "make two canary Ingresses of it",
};

/// A canary with conditions of its own.
pub static CANARY_WITH_CONDITIONS: Code = Code {
    id: "NA2071",
    reason: "CanaryWithConditions",
    severity: Severity::Error,
    title: "a canary with conditions of its own",
    explanation: "`canary` and `conditions.NAME` don't go together. The Ingress is left out; Alibaba's open controller updates no rule of the listener. Source: alibaba-load-balancer-controller, `checkCanaryAndCustomizeCondition`.",
    example: "metadata:\n  annotations:\n    alb.ingress.kubernetes.io/canary: 'true'\n    alb.ingress.kubernetes.io/conditions.web: '[]'\n",
    fix: "take one out: conditions with a smaller `order` do what a canary does, and more",
};

/// A canary that lacks something.
pub static INCOMPLETE_CANARY: Code = Code {
    id: "NA2072",
    reason: "IncompleteCanary",
    severity: Severity::Error,
    title: "a canary that lacks something",
    explanation: "A header needs its value, a weight needs a backend with a port. The Ingress is left out. Source: alibaba-load-balancer-controller, `buildRuleConditions`.",
    example: "metadata:\n  annotations:\n    alb.ingress.kubernetes.io/canary: 'true'\n    alb.ingress.kubernetes.io/canary-by-header: x-env\n",
    fix: "add what the message names",
};

/// Canaries ask for more than all requests.
pub static CANARY_WEIGHT_SUM: Code = Code {
    id: "NA2073",
    reason: "CanaryWeightSum",
    severity: Severity::Error,
    title: "canaries ask for more than all requests",
    explanation: "The main Ingress keeps 100 less the canaries' weights. Alibaba's open controller goes below 0; net-alb leaves out the canary that goes beyond 100, in order of priority.",
    example: "canary-weight: '60'   # twice, for the same host and path\n",
    fix: "lower one weight so that they add up to 100 at most",
};

/// A canary of nothing.
pub static CANARY_WITHOUT_MAIN: Code = Code {
    id: "NA2074",
    reason: "CanaryWithoutMain",
    severity: Severity::Warning,
    title: "a canary of nothing",
    explanation: "A canary works only beside an Ingress that isn't one and has the same host and path on the same listener; it emits nothing alone. Source: alibaba-load-balancer-controller, `buildListenerRules`.",
    example: "metadata:\n  annotations:\n    alb.ingress.kubernetes.io/canary: 'true'\n",
    fix: "add the main Ingress, or correct host and path to be the same as there",
};

/// A canary weight that its main Ingress doesn't look at.
pub static CANARY_UNUSED: Code = Code {
    id: "NA2075",
    reason: "CanaryUnused",
    severity: Severity::Warning,
    title: "a canary weight that its main Ingress doesn't look at",
    explanation: "The weight changes the forward that a backend with a port makes. A main Ingress with `use-annotation` has its forward in `actions.NAME`, where no canary can get in. Source: alibaba-load-balancer-controller, `buildRuleActions`.",
    example: "spec:   # the main Ingress\n  rules:\n  - http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: web, port: {name: use-annotation}}}}]}\n",
    fix: "add the Service to the main Ingress' `ForwardGroup`",
};

/// A canary that is tried after its main Ingress.
pub static CANARY_TOO_LATE: Code = Code {
    id: "NA2076",
    reason: "CanaryTooLate",
    severity: Severity::Warning,
    title: "a canary that is tried after its main Ingress",
    explanation: "Rules go by `order`, then by `namespace/name`. The main rule takes every request of that host and path, so the canary gets none. Source: alibaba-load-balancer-controller, `sortGroupMembers`.",
    example: "metadata:\n  name: web-canary   # sorts after web\n  annotations:\n    alb.ingress.kubernetes.io/canary: 'true'\n    alb.ingress.kubernetes.io/canary-by-cookie: gray\n",
    fix: "give the canary a smaller `order` than its main Ingress has",
};

/// A canary without header, cookie or weight.
pub static UNCONDITIONAL_CANARY: Code = Code {
    id: "NA2077",
    reason: "UnconditionalCanary",
    severity: Severity::Warning,
    title: "a canary without header, cookie or weight",
    explanation: "It becomes a rule that takes every request of its host and path. Source: alibaba-load-balancer-controller, run with such an Ingress.",
    example: "metadata:\n  annotations:\n    alb.ingress.kubernetes.io/canary: 'true'\n",
    fix: "add `canary-weight`, `canary-by-cookie`, or `canary-by-header` and `canary-by-header-value`",
};

/// A rule that an earlier one of another Ingress takes everything from.
pub static SHADOWED_RULE: Code = Code {
    id: "NA2080",
    reason: "ShadowedRule",
    severity: Severity::Warning,
    title: "a rule that an earlier one of another Ingress takes everything from",
    explanation: "Of rules with the same host, path and conditions only the first is ever taken: the one of the smaller `order`, then of the first `namespace/name`. Source: ALB, Manage forwarding rules for a listener.",
    example: "spec:\n  rules:\n  - host: example.com   # another Ingress has it too, with the same path\n",
    fix: "change host or path, or add conditions",
};

/// Two Knative Services claim the same host.
pub static HOST_TAKEN: Code = Code {
    id: "NA2081",
    reason: "IngressHostTaken",
    severity: Severity::Error,
    title: "two Knative Services claim the same host",
    explanation: "A host belongs to one KIngress, whatever its paths: else anybody could take a part of a neighbour's host. The oldest by `creationTimestamp` keeps it, then the first by `namespace/name`; the others are served without that host, and one of them gets it when its owner goes. Of Ingresses that were made of KIngresses elsewhere, the first by `order`, then by `namespace/name`, gets the requests.",
    example: "kind: KIngress\nspec:\n  rules:\n  - hosts: [hello.example.com]   # another one has it too\n",
    fix: "rename one of the Services, or change `config-domain`'s template",
};

/// A rule that stands twice in one Ingress.
pub static REPEATED_RULE: Code = Code {
    id: "NA2082",
    reason: "RepeatedRule",
    severity: Severity::Warning,
    title: "a rule that stands twice in one Ingress",
    explanation: "Of rules with the same host, path and conditions only the first is ever taken; the second one costs quota.",
    example: "spec:\n  rules:\n  - http: {paths: [{path: /a, …}, {path: /a, …}]}\n",
    fix: "take one out",
};
