use super::{On, Status, ValueType};

const SOURCE: &str = "alibaba-load-balancer-controller, `docs/usage.md` and `buildListenerRules`";
const NGINX: &str = "alibaba-load-balancer-controller, `annotations.go`";

super::annotations! {
    CANARY {
        doc: "Makes this Ingress the canary of every Ingress with the same host and path",
        key: "alb.ingress.kubernetes.io/canary",
        on: &[On::Ingress],
        value: ValueType::Flag,
        default: "false",
        example: "true",
        source: SOURCE,
        status: Status::Implemented,
    }
    CANARY_BY_HEADER {
        doc: "The canary takes requests with this header and the value of `canary-by-header-value`. Its rule stands where this \
              Ingress stands: give it a smaller `order` than the main Ingress has",
        key: "alb.ingress.kubernetes.io/canary-by-header",
        on: &[On::Ingress],
        value: ValueType::Text("a header's name"),
        default: "",
        example: "x-env",
        source: SOURCE,
        status: Status::Implemented,
    }
    CANARY_BY_HEADER_VALUE {
        doc: "The value for `canary-by-header`; `*` and `?` are wildcards",
        key: "alb.ingress.kubernetes.io/canary-by-header-value",
        on: &[On::Ingress],
        value: ValueType::Text("a header's value"),
        default: "",
        example: "gray",
        source: SOURCE,
        status: Status::Implemented,
    }
    CANARY_BY_HEADER_PATTERN {
        doc: "A pattern for `canary-by-header`",
        key: "alb.ingress.kubernetes.io/canary-by-header-pattern",
        on: &[On::Ingress],
        value: ValueType::Text("a pattern"),
        default: "",
        example: "gray.*",
        source: "OpenKruise Rollouts, ALB traffic routing script; not found in Alibaba's code or manual",
        status: Status::Planned("once Alibaba documents it; until then write `conditions.NAME` with wildcards"),
    }
    CANARY_BY_COOKIE {
        doc: "The canary takes requests in which this cookie is `always`. Its rule stands where this Ingress stands: give it a \
              smaller `order` than the main Ingress has",
        key: "alb.ingress.kubernetes.io/canary-by-cookie",
        on: &[On::Ingress],
        value: ValueType::Text("a cookie's name"),
        default: "",
        example: "gray",
        source: SOURCE,
        status: Status::Implemented,
    }
    CANARY_WEIGHT {
        doc: "The canary takes this share of the main Ingress' requests, in percent; the main Ingress keeps the rest",
        key: "alb.ingress.kubernetes.io/canary-weight",
        on: &[On::Ingress],
        value: ValueType::Integer(0, 100),
        default: "",
        example: "20",
        source: SOURCE,
        status: Status::Implemented,
    }
    NGINX_CANARY {
        doc: "The same as `alb.ingress.kubernetes.io/canary`, and it wins over that",
        key: "nginx.ingress.kubernetes.io/canary",
        on: &[On::Ingress],
        value: ValueType::Flag,
        default: "false",
        example: "true",
        source: NGINX,
        status: Status::Implemented,
    }
    NGINX_CANARY_BY_HEADER {
        doc: "The same as `alb.ingress.kubernetes.io/canary-by-header`, and it wins over that",
        key: "nginx.ingress.kubernetes.io/canary-by-header",
        on: &[On::Ingress],
        value: ValueType::Text("a header's name"),
        default: "",
        example: "x-env",
        source: NGINX,
        status: Status::Implemented,
    }
    NGINX_CANARY_BY_HEADER_VALUE {
        doc: "The same as `alb.ingress.kubernetes.io/canary-by-header-value`, and it wins over that",
        key: "nginx.ingress.kubernetes.io/canary-by-header-value",
        on: &[On::Ingress],
        value: ValueType::Text("a header's value"),
        default: "",
        example: "gray",
        source: NGINX,
        status: Status::Implemented,
    }
    NGINX_CANARY_BY_COOKIE {
        doc: "The same as `alb.ingress.kubernetes.io/canary-by-cookie`, and it wins over that",
        key: "nginx.ingress.kubernetes.io/canary-by-cookie",
        on: &[On::Ingress],
        value: ValueType::Text("a cookie's name"),
        default: "",
        example: "gray",
        source: NGINX,
        status: Status::Implemented,
    }
    NGINX_CANARY_WEIGHT {
        doc: "The same as `alb.ingress.kubernetes.io/canary-weight`, and it wins over that",
        key: "nginx.ingress.kubernetes.io/canary-weight",
        on: &[On::Ingress],
        value: ValueType::Integer(0, 100),
        default: "",
        example: "20",
        source: NGINX,
        status: Status::Implemented,
    }
}
