use super::{On, Status, ValueType};

const OWN: &str = "net-alb; Alibaba's controller ignores it";

super::annotations! {
    TARGET_HEADERS {
        doc: "Headers that each weighted target of the rules of `NAME` sets. ALB's `InsertHeader` belongs to a whole rule; \
              Knative's activator must know the revision that was chosen",
        key: "net-alb.knative.dev/target-headers.",
        on: &[On::Ingress],
        value: ValueType::Json("an array of `{\"serviceName\": …, \"servicePort\": …, \"headers\": {…}}`"),
        default: "",
        example: "[{\"serviceName\": \"hello-00001\", \"servicePort\": 80, \"headers\": {\"Knative-Serving-Revision\": \"hello-00001\"}}]",
        source: OWN,
        status: Status::Implemented,
    }
    LITERAL_CONDITIONS {
        doc: "`*` and `?` in the header, cookie and query conditions of `NAME` stand for themselves. Knative compares letter by \
              letter; ALB has no escape",
        key: "net-alb.knative.dev/literal-conditions.",
        on: &[On::Ingress],
        value: ValueType::Flag,
        default: "false",
        example: "true",
        source: OWN,
        status: Status::Implemented,
    }
    LITERAL_PATHS {
        doc: "The `ImplementationSpecific` paths of `NAME` are plain prefixes: only their last `*` is any run of characters, every other `*` \
              and `?` stands for itself. Knative's paths are plain prefixes; ALB has no escape",
        key: "net-alb.knative.dev/literal-paths.",
        on: &[On::Ingress],
        value: ValueType::Flag,
        default: "false",
        example: "true",
        source: OWN,
        status: Status::Implemented,
    }
    RULE_REASON {
        doc: "Why a request takes the rules of `NAME`, for `explain`, the access log and the dump",
        key: "net-alb.knative.dev/rule-reason.",
        on: &[On::Ingress],
        value: ValueType::Text("a few words"),
        default: "",
        example: "tag header",
        source: OWN,
        status: Status::Implemented,
    }
    NETWORK_HASH {
        doc: "The network hash of the KIngress that this Ingress was made of. A request whose header `K-Network-Hash` is `override` \
              reaches its backend with this value there; any other value passes unchanged. Knative's probes ask so which version is served",
        key: "net-alb.knative.dev/network-hash",
        on: &[On::Ingress],
        value: ValueType::Text("64 hexadecimal digits"),
        default: "",
        example: "385d7a6e2ea1e3709ef779b4f69daf4380391e758b26fee9fc32291f55bf633f",
        source: OWN,
        status: Status::Implemented,
    }
    HASH {
        doc: "A digest of what net-alb wrote for target `alb`, for whoever compares",
        key: "net-alb.knative.dev/hash",
        on: &[On::Ingress],
        value: ValueType::Text("16 hexadecimal digits"),
        default: "",
        example: "385d7a6e2ea1e370",
        source: OWN,
        status: Status::Implemented,
    }
    GENERATION {
        doc: "The generation of the KIngress when net-alb last changed the Ingress that it wrote for target `alb`",
        key: "net-alb.knative.dev/generation",
        on: &[On::Ingress],
        value: ValueType::Text("a number"),
        default: "",
        example: "3",
        source: OWN,
        status: Status::Implemented,
    }
    DEFAULT_STATUS {
        doc: "The status that the embedded ALB answers when no rule takes a request. Without it: ALB's own 503, the answer of an \
              empty server group. Knative's two classes answer 404",
        key: "net-alb.knative.dev/default-status",
        on: &[On::AlbConfig],
        value: ValueType::Integer(400, 599),
        default: "503",
        example: "404",
        source: OWN,
        status: Status::Implemented,
    }
}
