//! NA2010–NA2029: annotations and their JSON.

use crate::{Code, Severity};

/// An annotation under a known prefix is unknown.
pub static UNKNOWN_ANNOTATION: Code = Code {
    id: "NA2010",
    reason: "UnknownAnnotation",
    severity: Severity::Warning,
    title: "an annotation under a known prefix is unknown",
    explanation: "Alibaba's controller ignores what it doesn't know, so a slip of the hand changes nothing and nobody notices. docs/reference/annotations.md lists every key.",
    example: "metadata:\n  annotations:\n    alb.ingress.kubernetes.io/ssl-redirects: 'true'\n",
    fix: "correct the key",
};

/// An annotation stands on an object where nobody reads it.
pub static MISPLACED_ANNOTATION: Code = Code {
    id: "NA2011",
    reason: "MisplacedAnnotation",
    severity: Severity::Warning,
    title: "an annotation stands on an object where nobody reads it",
    explanation: "Each annotation is read on one kind of object only; see docs/reference/annotations.md.",
    example: "kind: Ingress\nmetadata:\n  annotations:\n    net-alb.knative.dev/default-status: '404'\n",
    fix: "move it to the kind that the message names",
};

/// An annotation asks for something that isn't done.
pub static UNHONOURED_ANNOTATION: Code = Code {
    id: "NA2012",
    reason: "UnhonouredAnnotation",
    severity: Severity::Warning,
    title: "an annotation asks for something that isn't done",
    explanation: "It is known, but not implemented, or only about things in Alibaba's account; docs/reference/annotations.md says which and why.",
    example: "metadata:\n  annotations:\n    alb.ingress.kubernetes.io/connection-drain-enabled: 'true'\n",
    fix: "nothing, if ALB is to honour it; else take it out",
};

/// An annotation's value can't be used.
pub static BAD_ANNOTATION_VALUE: Code = Code {
    id: "NA2013",
    reason: "BadAnnotationValue",
    severity: Severity::Error,
    title: "an annotation's value can't be used",
    explanation: "The annotation is left out, as if it weren't there; one that decides where or for whom an Ingress serves takes the Ingress out. Alibaba's open controller fails the whole AlbConfig, or takes the default in silence.",
    example: "metadata:\n  annotations:\n    alb.ingress.kubernetes.io/order: '5.0'\n",
    fix: "write a value of the kind that the message names",
};

/// An annotation belongs to a backend that no rule has.
pub static UNUSED_ANNOTATION: Code = Code {
    id: "NA2014",
    reason: "UnusedAnnotation",
    severity: Severity::Warning,
    title: "an annotation belongs to a backend that no rule has",
    explanation: "`conditions.NAME`, `actions.NAME` and the like belong to the paths whose `backend.service.name` is `NAME`. Source: ACK, Customize the routing rules of an ALB Ingress.",
    example: "metadata:\n  annotations:\n    alb.ingress.kubernetes.io/actions.wbe: '[]'\nspec:\n  rules:\n  - http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}]}\n",
    fix: "correct the name after the dot, or take the annotation out",
};

/// `use-regex` is there and `false`.
pub static USE_REGEX_FALSE: Code = Code {
    id: "NA2015",
    reason: "UseRegexFalse",
    severity: Severity::Warning,
    title: "`use-regex` is there and `false`",
    explanation: "Alibaba's open controller looks only whether the annotation is there, so it reads paths as regular expressions all the same. net-alb takes the word as it is written. Source: alibaba-load-balancer-controller, `buildPathPatternsForPrefixPathType`.",
    example: "metadata:\n  annotations:\n    alb.ingress.kubernetes.io/use-regex: 'false'\n",
    fix: "take the annotation out",
};

/// Two Ingresses of one AlbConfig have the same explicit `order`.
pub static SAME_ORDER: Code = Code {
    id: "NA2016",
    reason: "SameOrder",
    severity: Severity::Warning,
    title: "two Ingresses of one AlbConfig have the same explicit `order`",
    explanation: "ALB Ingress Controller before 2.18 fails the whole AlbConfig; later ones and net-alb go by `namespace/name` then. Source: alibaba-load-balancer-controller, `sortGroupMembers`; ACK release notes, 2.18.0.",
    example: "metadata:\n  annotations:\n    alb.ingress.kubernetes.io/order: '5'   # another Ingress has it too\n",
    fix: "give each Ingress a number of its own, from 1 to 1000",
};

/// An Ingress asks for a listener that the AlbConfig doesn't declare.
pub static UNDECLARED_LISTENER: Code = Code {
    id: "NA2017",
    reason: "UndeclaredListener",
    severity: Severity::Warning,
    title: "an Ingress asks for a listener that the AlbConfig doesn't declare",
    explanation: "net-alb adds the listener, as Alibaba's open controller does. The managed one, from 2.11.0 on, leaves the Ingress' rules out with the event `listener is not exist in alb`. Source: ACK release notes, 2.11.0.",
    example: "metadata:\n  annotations:\n    alb.ingress.kubernetes.io/listen-ports: '[{\"HTTP\": 8080}]'\n",
    fix: "declare it in the AlbConfig's `spec.listeners`",
};

/// An annotation is no valid JSON.
pub static BROKEN_JSON: Code = Code {
    id: "NA2020",
    reason: "BrokenAnnotationJson",
    severity: Severity::Error,
    title: "an annotation is no valid JSON",
    explanation: "Rules with broken `conditions.NAME` are left out; rules with broken `actions.NAME` answer 503, since leaving them out would hand their requests to rules that were not meant for them. Alibaba's open controller stops at such an annotation and updates no rule of the listener.",
    example: "metadata:\n  annotations:\n    alb.ingress.kubernetes.io/actions.web: '[{\"type\": \"Redirect\",]'\n",
    fix: "mend the JSON at the place shown",
};

/// The JSON of an annotation has an unknown key.
pub static UNKNOWN_JSON_KEY: Code = Code {
    id: "NA2021",
    reason: "UnknownJsonKey",
    severity: Severity::Warning,
    title: "the JSON of an annotation has an unknown key",
    explanation: "Alibaba's controller ignores what it doesn't know: `targetGroups` for `serverGroups` is a forward to nothing. Keys may be in any case of letters. Source: alibaba-load-balancer-controller, `config_types.go`.",
    example: "metadata:\n  annotations:\n    alb.ingress.kubernetes.io/conditions.web: '[{\"type\": \"Host\", \"hostConfig\": {\"value\": [\"a.com\"]}}]'\n",
    fix: "correct the key",
};

/// A condition's type is unknown.
pub static UNKNOWN_CONDITION: Code = Code {
    id: "NA2022",
    reason: "UnknownConditionType",
    severity: Severity::Error,
    title: "a condition's type is unknown",
    explanation: "The rules that it belongs to are left out: without it they would take more than was meant. Alibaba's open controller updates no rule of the listener. Source: ACK, Customize the routing rules of an ALB Ingress.",
    example: "metadata:\n  annotations:\n    alb.ingress.kubernetes.io/conditions.web: '[{\"type\": \"Headers\", \"headerConfig\": {\"key\": \"a\", \"values\": [\"b\"]}}]'\n",
    fix: "write one of `Host`, `Path`, `Header`, `QueryString`, `Method`, `Cookie`, `SourceIp`, `ResponseHeader`, `ResponseStatusCode`",
};

/// An action's type is unknown.
pub static UNKNOWN_ACTION: Code = Code {
    id: "NA2023",
    reason: "UnknownActionType",
    severity: Severity::Error,
    title: "an action's type is unknown",
    explanation: "The rules that it belongs to answer 503. Alibaba's open controller panics on it, and says nothing. `Cors` is no action but the annotation `enable-cors`. Source: alibaba-load-balancer-controller, `toCustomAction`.",
    example: "metadata:\n  annotations:\n    alb.ingress.kubernetes.io/actions.web: '[{\"type\": \"Forward\"}]'\n",
    fix: "write one of `ForwardGroup`, `FixedResponse`, `Redirect`, `InsertHeader`, `RemoveHeader`, `Rewrite`, `TrafficMirror`, `TrafficLimit`",
};

/// The JSON of an annotation lacks something.
pub static MISSING_JSON_FIELD: Code = Code {
    id: "NA2024",
    reason: "MissingJsonField",
    severity: Severity::Error,
    title: "the JSON of an annotation lacks something",
    explanation: "An action without its configuration makes Alibaba's open controller panic, some of them where nothing recovers: the process dies. Source: alibaba-load-balancer-controller, `toCustomAction`.",
    example: "metadata:\n  annotations:\n    alb.ingress.kubernetes.io/actions.web: '[{\"type\": \"Redirect\"}]'\n",
    fix: "add the field",
};

/// The JSON of an annotation has a value of the wrong kind.
pub static BAD_JSON_VALUE: Code = Code {
    id: "NA2025",
    reason: "BadJsonValue",
    severity: Severity::Error,
    title: "the JSON of an annotation has a value of the wrong kind",
    explanation: "Go's decoder, which Alibaba's controller uses, refuses it, and so does net-alb.",
    example: "metadata:\n  annotations:\n    alb.ingress.kubernetes.io/conditions.web: '[{\"type\": \"Method\", \"methodConfig\": {\"values\": \"GET\"}}]'\n",
    fix: "write a value of the kind that the message names",
};

/// JSON that Alibaba's controller refuses, though its meaning is clear.
pub static LOOSE_JSON: Code = Code {
    id: "NA2026",
    reason: "LooseJson",
    severity: Severity::Error,
    title: "JSON that Alibaba's controller refuses, though its meaning is clear",
    explanation: "Go's decoder takes no number for a string and no string for a number, and the keys of `listen-ports` are case-sensitive. The gateway understands them all the same.",
    example: "metadata:\n  annotations:\n    alb.ingress.kubernetes.io/actions.web: '[{\"type\": \"FixedResponse\", \"FixedResponseConfig\": {\"contentType\": \"text/plain\", \"httpCode\": 503}}]'\n",
    fix: "write it as the message says",
};

/// An annotation in the old form of Knative's first ALB bridge.
pub static ARTICLE_FORM: Code = Code {
    id: "NA2027",
    reason: "ArticleForm",
    severity: Severity::Error,
    title: "an annotation in the old form of Knative's first ALB bridge",
    explanation: "One object instead of an array, `forward` for `ForwardGroup`, `targetGroups` for `serverGroups`: Alibaba's open controller takes the first under a label only, drops the second in silence and reads the third as a forward to nothing. Where the labelled Ingress sorts first, its whole listener is read the old way: plain neighbours get rules without actions, and those with arrays lose theirs; where it doesn't, the whole AlbConfig fails. The gateway understands all of it. Source: alibaba-load-balancer-controller, `buildListenerRulesCommon`.",
    example: "metadata:\n  annotations:\n    alb.ingress.kubernetes.io/actions.web: '{\"type\": \"forward\", \"forwardConfig\": {\"targetGroups\": [{\"serviceName\": \"web\", \"servicePort\": 80}]}}'\n",
    fix: "write an array of `ForwardGroup` with `serverGroups`",
};

/// A redirect leaves a field out.
pub static REDIRECT_FIELD_LEFT_OUT: Code = Code {
    id: "NA2028",
    reason: "RedirectFieldLeftOut",
    severity: Severity::Warning,
    title: "a redirect leaves a field out",
    explanation: "The default is the request's own (`${host}` and so on) and status 301, but Alibaba's open controller sends an empty text to the API instead. Source: alibaba-load-balancer-controller, `toCustomAction`.",
    example: "metadata:\n  annotations:\n    alb.ingress.kubernetes.io/actions.web: '[{\"type\": \"Redirect\", \"RedirectConfig\": {\"host\": \"b.com\"}}]'\n",
    fix: "write all of `protocol`, `host`, `port`, `path`, `query` and `httpCode`",
};

/// Stickiness between server groups, before it was supported.
pub static GROUP_STICKINESS: Code = Code {
    id: "NA2029",
    reason: "GroupStickiness",
    severity: Severity::Warning,
    title: "old controllers drop stickiness between server groups",
    explanation: "ALB Ingress Controller reads `ServerGroupStickySession` from 2.14 on; before, it is dropped in silence, and a client changes between groups with each request. Source: ACK release notes, 2.14.0; alibaba-load-balancer-controller, `buildAnnotationForwardAction`.",
    example: "alb.ingress.kubernetes.io/actions.a: |\n  [{\"type\":\"ForwardGroup\",\"ForwardConfig\":{\"ServerGroups\":[…],\"ServerGroupStickySession\":{\"Enabled\":true,\"Timeout\":80}}}]\n",
    fix: "use a controller from 2.14 on, or take it out",
};
