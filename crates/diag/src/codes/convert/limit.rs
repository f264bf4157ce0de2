//! NA1130–NA1149: what ALB can't say: a warning for target `gateway`, which serves it; for target `alb` a note where it goes
//! through the gateway, and an error with `hop: never`.

use crate::{Code, Severity};

/// More targets than ALB takes.
pub static TOO_MANY_TARGETS: Code = Code {
    id: "NA1131",
    reason: "TooManyTargets",
    severity: Severity::Error,
    title: "a path is split over more targets than ALB takes",
    explanation: "A forward of ALB has at most 5 server groups (ALB, CreateRule, ForwardGroupConfig.ServerGroupTuples). Splits with 0 percent don't count. For target `alb` it goes through net-alb's gateway, or is left out with `hop: never`; \
target `gateway` serves it.",
    example: "splits:  # six Services, six percentages\n",
    fix: "split over 5 Services at most",
};

/// More conditions than ALB takes.
pub static TOO_MANY_CONDITIONS: Code = Code {
    id: "NA1132",
    reason: "TooManyConditions",
    severity: Severity::Error,
    title: "a rule has more conditions than ALB takes",
    explanation: "A rule of a Standard ALB has at most 10 conditions, its host and its path among them (ALB, \"Quotas and limits\"). For target `alb` it goes through net-alb's gateway, or is left out with `hop: never`; target `gateway` serves it.",
    example: "metadata:\n  annotations:\n    alicloud.serving.knative.dev/headers: '[{revision: a, headers: {h1: x, h2: x, h3: x, h4: x, h5: x, h6: x, h7: x, h8: x, h9: x}}]'\n",
    fix: "match 8 headers or cookies at most",
};

/// More actions than ALB takes.
pub static TOO_MANY_ACTIONS: Code = Code {
    id: "NA1133",
    reason: "TooManyActions",
    severity: Severity::Error,
    title: "a rule has more actions than ALB takes",
    explanation: "A rule of a Standard ALB has at most 5 actions: each header that is set, the host rewrite and the forward (ALB, \"Quotas and limits\"). For target `alb` it goes through net-alb's gateway, or is left out with `hop: never`; target `gateway` serves it.",
    example: "appendHeaders: {a: '1', b: '2', c: '3', d: '4', e: '5'}\n",
    fix: "set fewer headers: 4 with the forward, 3 with a host rewrite too",
};

/// `*` or `?` in a value that has to match letter by letter.
pub static LITERAL_WILDCARD: Code = Code {
    id: "NA1134",
    reason: "LiteralWildcardInMatch",
    severity: Severity::Error,
    title: "a header or cookie value has `*` or `?`, which ALB takes for a wildcard",
    explanation: "Knative compares header values letter by letter; to ALB `*` is any text and `?` any character, and there is no way to write them otherwise (ALB, \"Manage forwarding rules for a listener\"). \
The rule would match more than was asked. For target `alb` it is left out; for target `gateway` it carries `net-alb.knative.dev/literal-conditions.NAME` and is served as meant.",
    example: "headers: {x-pattern: {exact: 'a*'}}\n",
    fix: "match a value without `*` and `?`",
};

/// A header or cookie match outside of ALB's limits.
pub static MATCH_BEYOND_ALB: Code = Code {
    id: "NA1135",
    reason: "MatchBeyondAlb",
    severity: Severity::Error,
    title: "a header or cookie to match is outside of ALB's limits",
    explanation: "A header's name has 1–40 letters, digits, `-` and `_` and is neither `Cookie` nor `Host`; its value 1–128 printable characters without a space at either end. A cookie's name and value have 1–100 characters, \
none of them a space or one of `;#[]{}\\|<>&\"` (ALB, CreateRule, RuleConditions). For target `alb` it goes through net-alb's gateway, or is left out with `hop: never`; target `gateway` serves it.",
    example: "headers: {x-empty: {exact: ''}}\n",
    fix: "match another header or cookie, or a shorter value",
};

/// A header to set outside of ALB's limits.
pub static HEADER_BEYOND_ALB: Code = Code {
    id: "NA1136",
    reason: "HeaderBeyondAlb",
    severity: Severity::Error,
    title: "a header to set is outside of ALB's limits",
    explanation: "`InsertHeader` takes a name of 1–40 letters, digits, `-` and `_` that is none of ALB's own (`X-Forwarded-*`, `SLB-*`, `Cookie`, …), and a value of 1–128 printable ASCII characters without `\"`, without a space at either end and \
without `\\` at the end (ALB, CreateRule, InsertHeaderConfig). For target `alb` it goes through net-alb's gateway, or is left out with `hop: never`; target `gateway` serves it.",
    example: "appendHeaders: {x-quote: 'say \"hello\"'}\n",
    fix: "use another name or a plainer value",
};

/// A path that ALB can't say.
pub static PATH_BEYOND_ALB: Code = Code {
    id: "NA1137",
    reason: "PathBeyondAlb",
    severity: Severity::Error,
    title: "a path is outside of ALB's limits",
    explanation: "A path of a KIngress is a plain prefix; on ALB it becomes `PATH*`, at most 128 characters, in which `*` and `?` are wildcards with no way to write them otherwise (ALB, CreateRule, PathConfig). \
For target `alb` it goes through net-alb's gateway, or is left out with `hop: never`; for target `gateway` it carries `net-alb.knative.dev/literal-paths.NAME` and is served as meant.",
    example: "paths:\n- path: /files/*.txt\n",
    fix: "use a shorter prefix, without `*` and `?`",
};

/// Headers by split, on the real ALB.
pub static SPLIT_HEADERS_ON_ALB: Code = Code {
    id: "NA1138",
    reason: "SplitHeadersOnAlb",
    severity: Severity::Warning,
    title: "ALB can't set headers by split",
    explanation: "ALB's `InsertHeader` belongs to the rule, not to one of its targets. Knative names the revision in headers of each split, by which its activator knows whom to wake: without them a revision that runs still answers, \
but one that sleeps, or is behind the activator for any other reason, answers 404 (serving `pkg/activator/handler/context_handler.go`). With `hop: auto` such a path leads to net-alb's gateway, which sets them. A path with one target has no such trouble, as its headers go on the rule.",
    example: "splits:\n- {serviceName: a, servicePort: 80, percent: 50, appendHeaders: {Knative-Serving-Revision: a}}\n- {serviceName: b, servicePort: 80, percent: 50, appendHeaders: {Knative-Serving-Revision: b}}\n",
    fix: "keep the revisions of a split awake (`autoscaling.knative.dev/min-scale: \"1\"` and target-burst-capacity 0), or set `hop: auto` or target `gateway` (`--target gateway`)",
};

/// A rule goes through the gateway for the sake of another one.
pub static HOP_OF_NEIGHBOUR: Code = Code {
    id: "NA1139",
    reason: "HopOfNeighbour",
    severity: Severity::Note,
    title: "a rule goes through the gateway for the sake of another one",
    explanation: "ALB can't ask for what an earlier rule of the same hosts asks for (a header value with `*`, a path that is too long), so that rule isn't on it. Its requests would be taken by this rule, so this one leads to net-alb's gateway as well, which tells them apart. They are answered as asked, by way of one more proxy.",
    example: "paths:\n- headers: {x-pattern: {exact: 'a*'}}\n- splits: [{serviceName: hello, servicePort: 80, percent: 100}]\n",
    fix: "nothing, if one more proxy is fine; else change what the earlier rule asks for",
};
