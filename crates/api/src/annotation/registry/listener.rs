use super::{On, Status, ValueType};

super::annotations! {
    LISTEN_PORTS {
        doc: "The listeners that serve this Ingress. Without it: HTTPS 443 for hosts in `spec.tls`, HTTP 80 for the others",
        key: "alb.ingress.kubernetes.io/listen-ports",
        on: &[On::Ingress],
        value: ValueType::Json("an array of objects such as `{\"HTTP\": 80}`; keys `HTTP`, `HTTPS`, `QUIC`"),
        default: "",
        example: "[{\"HTTP\": 80}, {\"HTTPS\": 443}]",
        source: "alibaba-load-balancer-controller, `ComputeIngressListenPorts`",
        status: Status::Implemented,
    }
    SSL_REDIRECT {
        doc: "Answers on every listener other than port 443 with a redirect to HTTPS on 443, and adds HTTP 80. \
              The status is 308, as Alibaba's code sends it (its manual says 301), so that a POST stays a POST",
        key: "alb.ingress.kubernetes.io/ssl-redirect",
        on: &[On::Ingress],
        value: ValueType::Flag,
        default: "false",
        example: "true",
        source: "alibaba-load-balancer-controller, `HTTPRedirectCode`; ACK, Advanced ALB Ingress configurations",
        status: Status::Implemented,
    }
    NGINX_SSL_REDIRECT {
        doc: "The same as `alb.ingress.kubernetes.io/ssl-redirect`, and it wins over that",
        key: "nginx.ingress.kubernetes.io/ssl-redirect",
        on: &[On::Ingress],
        value: ValueType::Flag,
        default: "false",
        example: "true",
        source: "alibaba-load-balancer-controller, `annotations.go`",
        status: Status::Implemented,
    }
    ORDER {
        doc: "When this Ingress' rules are tried: those of the smaller number first, then by `namespace/name`",
        key: "alb.ingress.kubernetes.io/order",
        on: &[On::Ingress],
        value: ValueType::Integer(1, 1000),
        default: "10",
        example: "5",
        source: "alibaba-load-balancer-controller, `sortGroupMembers`",
        status: Status::Implemented,
    }
    ALBCONFIG_ORDER {
        doc: "The old name of `order`, and it wins over that",
        key: "alb.ingress.kubernetes.io/albconfig.order",
        on: &[On::Ingress],
        value: ValueType::Integer(1, 1000),
        default: "10",
        example: "5",
        source: "alibaba-load-balancer-controller, `IngressSuffixAlbConfigOrder`",
        status: Status::Implemented,
    }
    BACKEND_PROTOCOL {
        doc: "What the servers of this Ingress speak. Without it: HTTP/1.1, or HTTP/2 in clear where the Service's port says \
              `h2c` (net-alb's superset)",
        key: "alb.ingress.kubernetes.io/backend-protocol",
        on: &[On::Ingress],
        value: ValueType::OneOf(&["http", "https", "grpc"]),
        default: "http",
        example: "grpc",
        source: "ACK, Advanced ALB Ingress configurations",
        status: Status::Implemented,
    }
    BACKEND_KEEPALIVE {
        doc: "Whether connections to servers are kept open between requests",
        key: "alb.ingress.kubernetes.io/backend-keepalive",
        on: &[On::Ingress],
        value: ValueType::Flag,
        default: "true",
        example: "true",
        source: "ACK, ALB Ingress Controller release notes, 2.16.0 (off by default before)",
        status: Status::Implemented,
    }
    USE_REGEX {
        doc: "Reads paths of type `Prefix` as regular expressions, whatever the case of letters",
        key: "alb.ingress.kubernetes.io/use-regex",
        on: &[On::Ingress],
        value: ValueType::Flag,
        default: "false",
        example: "true",
        source: "alibaba-load-balancer-controller, `buildPathPatternsForPrefixPathType`",
        status: Status::Implemented,
    }
    REWRITE_TARGET {
        doc: "The path that the backend sees; `${1}` to `${3}` are captures of the path, which is a regular expression then",
        key: "alb.ingress.kubernetes.io/rewrite-target",
        on: &[On::Ingress],
        value: ValueType::Text("a path"),
        default: "",
        example: "/path/${2}",
        source: "ACK, Advanced ALB Ingress configurations",
        status: Status::Implemented,
    }
}
