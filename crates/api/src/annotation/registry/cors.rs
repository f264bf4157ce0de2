use super::{On, Status, ValueType};

const SOURCE: &str =
    "ACK, ALB Ingress configuration dictionary; alibaba-load-balancer-controller, `constant.go`";

super::annotations! {
    ENABLE_CORS {
        doc: "Answers preflight requests, and marks answers for other origins, on every rule of this Ingress",
        key: "alb.ingress.kubernetes.io/enable-cors",
        on: &[On::Ingress],
        value: ValueType::Flag,
        default: "false",
        example: "true",
        source: SOURCE,
        status: Status::Implemented,
    }
    CORS_ALLOW_ORIGIN {
        doc: "The origins",
        key: "alb.ingress.kubernetes.io/cors-allow-origin",
        on: &[On::Ingress],
        value: ValueType::List("`*`, or `http(s)://host[:port]` with at most one `*` label"),
        default: "*",
        example: "https://*.example.com",
        source: SOURCE,
        status: Status::Implemented,
    }
    CORS_ALLOW_METHODS {
        doc: "The methods",
        key: "alb.ingress.kubernetes.io/cors-allow-methods",
        on: &[On::Ingress],
        value: ValueType::List("methods"),
        default: "GET, PUT, POST, DELETE, PATCH, OPTIONS",
        example: "GET, POST",
        source: SOURCE,
        status: Status::Implemented,
    }
    CORS_ALLOW_HEADERS {
        doc: "The request headers",
        key: "alb.ingress.kubernetes.io/cors-allow-headers",
        on: &[On::Ingress],
        value: ValueType::List("header names"),
        default: "DNT,X-CustomHeader,Keep-Alive,User-Agent,X-Requested-With,If-Modified-Since,Cache-Control,Content-Type,Authorization",
        example: "X-Token",
        source: SOURCE,
        status: Status::Implemented,
    }
    CORS_EXPOSE_HEADERS {
        doc: "The response headers that scripts may read",
        key: "alb.ingress.kubernetes.io/cors-expose-headers",
        on: &[On::Ingress],
        value: ValueType::List("header names"),
        default: "",
        example: "X-Request-Id",
        source: SOURCE,
        status: Status::Implemented,
    }
    CORS_ALLOW_CREDENTIALS {
        doc: "Whether cookies may come along",
        key: "alb.ingress.kubernetes.io/cors-allow-credentials",
        on: &[On::Ingress],
        value: ValueType::Flag,
        default: "true",
        example: "false",
        source: SOURCE,
        status: Status::Implemented,
    }
    CORS_MAX_AGE {
        doc: "For how many seconds a browser may keep the answer to a preflight request",
        key: "alb.ingress.kubernetes.io/cors-max-age",
        on: &[On::Ingress],
        value: ValueType::Integer(-1, 172_800),
        default: "172800",
        example: "600",
        source: SOURCE,
        status: Status::Implemented,
    }
}
