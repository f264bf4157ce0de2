//! NA1150–NA1159: the gray annotations.

use crate::{Code, Severity};

/// A gray annotation can't be read.
pub static UNREADABLE_GRAY_RULES: Code = Code {
    id: "NA1151",
    reason: "UnreadableGrayRules",
    severity: Severity::Error,
    title: "a gray release annotation can't be read",
    explanation: "`alicloud.serving.knative.dev/headers` and `…/cookies` hold a list of entries as JSON, as YAML, or unquoted as in the article that introduced them. None of its entries can be honoured; everything else is served.",
    example: "metadata:\n  annotations:\n    alicloud.serving.knative.dev/headers: '[{revision:a,headers:{demo:test}'\n",
    fix: "write `'[{revision: NAME, headers: {name: value}}]'`",
};

/// An entry of a gray annotation is wrong.
pub static INVALID_GRAY_RULE: Code = Code {
    id: "NA1152",
    reason: "InvalidGrayRule",
    severity: Severity::Error,
    title: "an entry of a gray release annotation is wrong",
    explanation: "An entry names one target, `revision` or `tag`, and at least one pair that has to match, under `headers` or `cookies`, whichever annotation it is in. The entry is left out; the others are served.",
    example: "metadata:\n  annotations:\n    alicloud.serving.knative.dev/headers: '[{revison:a,headers:{demo:test}}]'\n",
    fix: "write `{revision: NAME, headers: {name: value}}`",
};

/// Nobody knows the entry's revision or tag.
pub static UNKNOWN_GRAY_TARGET: Code = Code {
    id: "NA1153",
    reason: "UnknownGrayTarget",
    severity: Severity::Error,
    title: "a gray rule sends to a revision or tag that is not there",
    explanation: "A gray rule sends to a revision or tag of the same Knative Service. One that gets no percentage of the traffic is in no split of the KIngress, but as long as it exists there is a Service of its name, \
and that will do (serving `pkg/reconciler/serverlessservice/resources/services.go`). Neither is there. The entry is left out, so its requests take the default route.",
    example: "metadata:\n  annotations:\n    alicloud.serving.knative.dev/headers: '[{revision:helloworld-go-00009,headers:{demo:test}}]'\n",
    fix: "name a revision (`kubectl get revisions`) or a tag of `spec.traffic`",
};

/// There is no default route for gray rules.
pub static IDLE_GRAY_RULES: Code = Code {
    id: "NA1154",
    reason: "IdleGrayRules",
    severity: Severity::Warning,
    title: "gray rules have no default route to branch off from",
    explanation: "Gray rules take requests from the default route: the path without prefix and headers of every host that belongs to no tag. This KIngress has none, so they do nothing.",
    example: "spec:\n  rules:\n  - hosts: [a.example.com]\n    http:\n      paths:\n      - path: /only\n",
    fix: "add a path that takes everything, or remove the annotation",
};

/// Cookies are compared in any case.
pub static COOKIE_CASE: Code = Code {
    id: "NA1155",
    reason: "CookieCase",
    severity: Severity::Note,
    title: "ALB compares cookies in any case of letters",
    explanation: "A cookie condition of ALB is written in lower case and matches in any case of letters (ALB, CreateRule, CookieConfig), so that `Always` and `always` are the same. The embedded ALB does as ALB does.",
    example: "metadata:\n  annotations:\n    alicloud.serving.knative.dev/cookies: '[{revision:a,cookies:{demo:Always}}]'\n",
    fix: "use values that differ in more than the case of letters",
};
