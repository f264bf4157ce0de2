//! NA2030–NA2049: conditions and actions.

use crate::{Code, Severity};

/// A host can't be one.
pub static BAD_HOST: Code = Code {
    id: "NA2030",
    reason: "BadIngressHost",
    severity: Severity::Error,
    title: "a host can't be one",
    explanation: "A host is letters, digits, `-`, `_` and dots, with `*` and `?` as wildcards, without a port or scheme; in `conditions.NAME` it may be `~` and a regular expression. The rule is left out. Source: ALB, Manage forwarding rules for a listener.",
    example: "spec:\n  rules:\n  - host: http://example.com\n",
    fix: "write the bare host",
};

/// A path can't be one.
pub static BAD_PATH: Code = Code {
    id: "NA2031",
    reason: "BadIngressPath",
    severity: Severity::Error,
    title: "a path can't be one",
    explanation: "A path begins with `/`. `Prefix` and `Exact` take no `*` or `?`; `ImplementationSpecific` does, and `~` in front makes it a regular expression. The rule is left out; Alibaba's open controller updates no rule of the listener. Source: alibaba-load-balancer-controller, `buildPathPatterns`.",
    example: "spec:\n  rules:\n  - http: {paths: [{path: /a*, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}]}\n",
    fix: "use `pathType: ImplementationSpecific` for wildcards",
};

/// A condition's value can't match anything.
pub static BAD_CONDITION: Code = Code {
    id: "NA2032",
    reason: "BadCondition",
    severity: Severity::Error,
    title: "a condition's value can't match anything",
    explanation: "The rules that it belongs to are left out: without it they would take more than was meant. Source: ACK, Customize the routing rules of an ALB Ingress.",
    example: "metadata:\n  annotations:\n    alb.ingress.kubernetes.io/conditions.web: '[{\"type\": \"SourceIp\", \"sourceIpConfig\": {\"values\": [\"10.0.0\"]}}]'\n",
    fix: "write a value of the kind that the message names",
};

/// A condition on the answer in a rule for requests.
pub static RESPONSE_CONDITION: Code = Code {
    id: "NA2033",
    reason: "ResponseCondition",
    severity: Severity::Error,
    title: "a condition on the answer in a rule for requests",
    explanation: "When a request rule is tried, there is no answer yet. Source: ALB, Manage forwarding rules for a listener.",
    example: "metadata:\n  annotations:\n    alb.ingress.kubernetes.io/conditions.web: '[{\"type\": \"ResponseStatusCode\", \"responseStatusCodeConfig\": {\"values\": [\"500\"]}}]'\n",
    fix: "add `alb.ingress.kubernetes.io/rule-direction.NAME: Response`",
};

/// A rule has more conditions than ALB takes.
pub static TOO_MANY_CONDITIONS: Code = Code {
    id: "NA2034",
    reason: "RuleConditionsOverLimit",
    severity: Severity::Error,
    title: "a rule has more conditions than ALB takes",
    explanation: "10 conditions in a rule, 5 in the Basic edition. Alibaba's controller doesn't look; the API refuses the rule. The gateway has no such limit. Source: ALB, Quotas and limits.",
    example: "conditions: [Header a, Header b, …]   # 11 of them\n",
    fix: "write values of one header or cookie into one condition, or split the rule",
};

/// A rule has more wildcards and regular expressions than ALB takes.
pub static TOO_MANY_WILDCARDS: Code = Code {
    id: "NA2035",
    reason: "RuleWildcardsOverLimit",
    severity: Severity::Error,
    title: "a rule has more wildcards and regular expressions than ALB takes",
    explanation: "10 values with `*`, `?` or `~` in a rule, 5 in the Basic edition. The gateway has no such limit. Source: ALB, Quotas and limits.",
    example: "conditions: [Path /a/*, /b/*, …]   # 11 of them\n",
    fix: "split the rule",
};

/// A condition's value that ALB refuses.
pub static CONDITION_BEYOND_ALB: Code = Code {
    id: "NA2036",
    reason: "ConditionBeyondAlb",
    severity: Severity::Error,
    title: "a condition's value that ALB refuses",
    explanation: "ALB limits lengths and letters of names and values, and takes at most 5 addresses. The gateway compares them all the same. Source: ALB API, CreateRule.",
    example: "metadata:\n  annotations:\n    alb.ingress.kubernetes.io/conditions.web: '[{\"type\": \"Header\", \"headerConfig\": {\"key\": \"Cookie\", \"values\": [\"a=b\"]}}]'\n",
    fix: "shorten or change it as the message says",
};

/// A literal `*` or `?`, which ALB can't say.
pub static LITERAL_WILDCARD: Code = Code {
    id: "NA2037",
    reason: "LiteralConditionWildcard",
    severity: Severity::Error,
    title: "a literal `*` or `?`, which ALB can't say",
    explanation: "In headers, cookies and queries ALB takes `*` for any run of characters and `?` for one, and has no escape. The gateway compares letter by letter (`net-alb.knative.dev/literal-conditions.NAME`). Source: ALB API, CreateRule.",
    example: "metadata:\n  annotations:\n    net-alb.knative.dev/literal-conditions.web: 'true'\n    alb.ingress.kubernetes.io/conditions.web: '[{\"type\": \"Header\", \"headerConfig\": {\"key\": \"a\", \"values\": [\"b*\"]}}]'\n",
    fix: "use a value without `*` and `?`",
};

/// A rule ends in no action.
pub static NO_FINAL_ACTION: Code = Code {
    id: "NA2040",
    reason: "FinalActionMissing",
    severity: Severity::Error,
    title: "a rule ends in no action",
    explanation: "The port name `use-annotation` says that `actions.NAME` holds a `ForwardGroup`, `Redirect` or `FixedResponse`. Without one the rule answers 503; ALB's API refuses it. Source: ACK, Customize the routing rules of an ALB Ingress.",
    example: "spec:\n  rules:\n  - http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: web, port: {name: use-annotation}}}}]}\n",
    fix: "add the action to `alb.ingress.kubernetes.io/actions.NAME`, or name a port of the Service",
};

/// A rule ends in more than one action.
pub static SEVERAL_FINAL_ACTIONS: Code = Code {
    id: "NA2041",
    reason: "SeveralFinalActions",
    severity: Severity::Error,
    title: "a rule ends in more than one action",
    explanation: "Exactly one of `ForwardGroup`, `Redirect` and `FixedResponse` ends a rule, and a backend with a real port is a `ForwardGroup` already. The rule answers 503; Alibaba's open controller updates no rule of the listener. Source: alibaba-load-balancer-controller, `buildRuleActions`.",
    example: "metadata:\n  annotations:\n    alb.ingress.kubernetes.io/actions.web: '[{\"type\": \"Redirect\", \"RedirectConfig\": {\"host\": \"b.com\"}}]'   # and the port is 80\n",
    fix: "take one out, or use the port name `use-annotation`",
};

/// Two actions that don't go together.
pub static ACTION_CONFLICT: Code = Code {
    id: "NA2042",
    reason: "ActionConflict",
    severity: Severity::Error,
    title: "two actions that don't go together",
    explanation: "`Rewrite` and `TrafficMirror` need a `ForwardGroup`; a rule rewrites once and limits once. The rule answers 503. Source: ALB, Manage forwarding rules for a listener.",
    example: "metadata:\n  annotations:\n    alb.ingress.kubernetes.io/rewrite-target: /b\n    alb.ingress.kubernetes.io/actions.web: '[{\"type\": \"Rewrite\", \"RewriteConfig\": {\"Host\": \"${host}\", \"Path\": \"/c\", \"Query\": \"${query}\"}}]'\n",
    fix: "take one out",
};

/// An action that a rule for answers can't do.
pub static RESPONSE_ACTION: Code = Code {
    id: "NA2043",
    reason: "ResponseAction",
    severity: Severity::Error,
    title: "an action that a rule for answers can't do",
    explanation: "On the way back only `InsertHeader`, `RemoveHeader` and `FixedResponse` are left to do. Source: ALB, Manage forwarding rules for a listener.",
    example: "metadata:\n  annotations:\n    alb.ingress.kubernetes.io/rule-direction.web: Response\n    alb.ingress.kubernetes.io/actions.web: '[{\"type\": \"Rewrite\", \"RewriteConfig\": {\"Host\": \"${host}\", \"Path\": \"/c\", \"Query\": \"${query}\"}}]'\n",
    fix: "move the action to a rule for requests",
};

/// A rule has more actions than ALB takes.
pub static TOO_MANY_ACTIONS: Code = Code {
    id: "NA2044",
    reason: "RuleActionsOverLimit",
    severity: Severity::Error,
    title: "a rule has more actions than ALB takes",
    explanation: "5 actions in a rule, 3 in the Basic edition, the final one included. The gateway has no such limit. Source: ALB, Quotas and limits.",
    example: "actions: [InsertHeader a, InsertHeader b, …]   # 6 of them\n",
    fix: "take some out",
};

/// A forward has more targets than ALB takes.
pub static TOO_MANY_TARGETS: Code = Code {
    id: "NA2045",
    reason: "ForwardTargetsOverLimit",
    severity: Severity::Error,
    title: "a forward has more targets than ALB takes",
    explanation: "5 server groups in a `ForwardGroup`. The gateway has no such limit. Source: ACK, Customize the routing rules of an ALB Ingress.",
    example: "actions: [{type: ForwardGroup, ForwardConfig: {ServerGroups: […]}}]   # 6 of them\n",
    fix: "forward to 5 Services at most; a weight of 0 counts too",
};

/// An action's value that ALB refuses.
pub static ACTION_BEYOND_ALB: Code = Code {
    id: "NA2046",
    reason: "ActionBeyondAlb",
    severity: Severity::Error,
    title: "an action's value that ALB refuses",
    explanation: "ALB limits lengths, letters and numbers, and reserves some headers. The gateway does it all the same. Source: ALB API, CreateRule.",
    example: "metadata:\n  annotations:\n    alb.ingress.kubernetes.io/actions.web: '[{\"type\": \"InsertHeader\", \"InsertHeaderConfig\": {\"key\": \"X-Forwarded-For\", \"value\": \"1.2.3.4\", \"valueType\": \"UserDefined\"}}]'\n",
    fix: "change it as the message says",
};

/// An action's value that has no meaning.
pub static BAD_ACTION: Code = Code {
    id: "NA2047",
    reason: "BadAction",
    severity: Severity::Error,
    title: "an action's value that has no meaning",
    explanation: "The rules that it belongs to answer 503. A `TrafficLimit` out of range makes Alibaba's open controller panic, and it says nothing. Source: ACK, Customize the routing rules of an ALB Ingress.",
    example: "metadata:\n  annotations:\n    alb.ingress.kubernetes.io/actions.web: '[{\"type\": \"ForwardGroup\", \"ForwardConfig\": {\"ServerGroups\": []}}]'\n",
    fix: "write a value of the kind that the message names",
};

/// A capture where there is no regular expression.
pub static CAPTURE_WITHOUT_REGEX: Code = Code {
    id: "NA2048",
    reason: "CaptureWithoutRegex",
    severity: Severity::Warning,
    title: "a capture where there is no regular expression",
    explanation: "`${1}` to `${3}` are what the parentheses of a regular expression in the path took. Without one they stay as they are. Source: ALB, Forwarding rule configuration example.",
    example: "metadata:\n  annotations:\n    alb.ingress.kubernetes.io/rewrite-target: /b/${1}\nspec:\n  rules:\n  - http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}]}\n",
    fix: "write a path with parentheses, such as `/a/(.*)`",
};

/// A redirect to port 443, where this Ingress isn't.
pub static REDIRECT_AWAY: Code = Code {
    id: "NA2049",
    reason: "RedirectAway",
    severity: Severity::Warning,
    title: "a redirect to port 443, where this Ingress isn't",
    explanation: "`ssl-redirect` always redirects to port 443, from every listener on another port, HTTPS ones too. Source: alibaba-load-balancer-controller, `buildActionViaHostAndPath`.",
    example: "metadata:\n  annotations:\n    alb.ingress.kubernetes.io/ssl-redirect: 'true'\n    alb.ingress.kubernetes.io/listen-ports: '[{\"HTTPS\": 8443}]'\n",
    fix: "add `{\"HTTPS\": 443}` to `listen-ports`",
};
