use super::{On, Status, ValueType};

const SOURCE: &str = "ACK, ALB Ingress configuration dictionary";

super::annotations! {
    HEALTHCHECK_ENABLED {
        doc: "Whether the servers of this Ingress are checked",
        key: "alb.ingress.kubernetes.io/healthcheck-enabled",
        on: &[On::Ingress],
        value: ValueType::Flag,
        default: "false",
        example: "true",
        source: SOURCE,
        status: Status::Implemented,
    }
    HEALTHCHECK_PATH {
        doc: "The path that a check asks for, 1 to 80 characters from `/` on",
        key: "alb.ingress.kubernetes.io/healthcheck-path",
        on: &[On::Ingress],
        value: ValueType::Text("a path"),
        default: "/",
        example: "/healthz",
        source: SOURCE,
        status: Status::Implemented,
    }
    HEALTHCHECK_PROTOCOL {
        doc: "What a check speaks",
        key: "alb.ingress.kubernetes.io/healthcheck-protocol",
        on: &[On::Ingress],
        value: ValueType::OneOf(&["HTTP", "HTTPS", "TCP", "GRPC"]),
        default: "HTTP",
        example: "TCP",
        source: SOURCE,
        status: Status::Implemented,
    }
    HEALTHCHECK_HTTPVERSION {
        doc: "The HTTP version of a check",
        key: "alb.ingress.kubernetes.io/healthcheck-httpversion",
        on: &[On::Ingress],
        value: ValueType::OneOf(&["HTTP1.0", "HTTP1.1"]),
        default: "HTTP1.1",
        example: "HTTP1.0",
        source: SOURCE,
        status: Status::Implemented,
    }
    HEALTHCHECK_METHOD {
        doc: "The method of a check; a gRPC check uses POST",
        key: "alb.ingress.kubernetes.io/healthcheck-method",
        on: &[On::Ingress],
        value: ValueType::OneOf(&["HEAD", "GET", "POST"]),
        default: "HEAD",
        example: "GET",
        source: SOURCE,
        status: Status::Implemented,
    }
    HEALTHCHECK_HTTPCODE {
        doc: "The answers that count as healthy",
        key: "alb.ingress.kubernetes.io/healthcheck-httpcode",
        on: &[On::Ingress],
        value: ValueType::List("`http_2xx`, `http_3xx`, `http_4xx`, `http_5xx`"),
        default: "http_2xx",
        example: "http_2xx,http_3xx",
        source: SOURCE,
        status: Status::Implemented,
    }
    HEALTHCHECK_CODE {
        doc: "The answers that count as healthy, gRPC statuses too; it wins over `healthcheck-httpcode`",
        key: "alb.ingress.kubernetes.io/healthcheck-code",
        on: &[On::Ingress],
        value: ValueType::List("`http_2xx`, …, or for gRPC numbers from 0 to 99 and ranges such as `0-10`"),
        default: "",
        example: "0-10,12",
        source: SOURCE,
        status: Status::Implemented,
    }
    HEALTHCHECK_TIMEOUT_SECONDS {
        doc: "How long a check may take",
        key: "alb.ingress.kubernetes.io/healthcheck-timeout-seconds",
        on: &[On::Ingress],
        value: ValueType::Integer(1, 300),
        default: "5",
        example: "3",
        source: SOURCE,
        status: Status::Implemented,
    }
    HEALTHCHECK_INTERVAL_SECONDS {
        doc: "The time between two checks",
        key: "alb.ingress.kubernetes.io/healthcheck-interval-seconds",
        on: &[On::Ingress],
        value: ValueType::Integer(1, 50),
        default: "2",
        example: "5",
        source: SOURCE,
        status: Status::Implemented,
    }
    HEALTHY_THRESHOLD_COUNT {
        doc: "How many good checks make a server healthy",
        key: "alb.ingress.kubernetes.io/healthy-threshold-count",
        on: &[On::Ingress],
        value: ValueType::Integer(2, 10),
        default: "3",
        example: "2",
        source: SOURCE,
        status: Status::Implemented,
    }
    UNHEALTHY_THRESHOLD_COUNT {
        doc: "How many bad checks make a server unhealthy",
        key: "alb.ingress.kubernetes.io/unhealthy-threshold-count",
        on: &[On::Ingress],
        value: ValueType::Integer(2, 10),
        default: "3",
        example: "2",
        source: SOURCE,
        status: Status::Implemented,
    }
    HEALTHCHECK_CONNECT_PORT {
        doc: "The port that is checked; 0 is the server's own",
        key: "alb.ingress.kubernetes.io/healthcheck-connect-port",
        on: &[On::Ingress],
        value: ValueType::Integer(0, 65535),
        default: "0",
        example: "8012",
        source: SOURCE,
        status: Status::Implemented,
    }
}
