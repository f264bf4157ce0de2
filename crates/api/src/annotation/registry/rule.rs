use super::{On, Status, ValueType};

super::annotations! {
    CONDITIONS {
        doc: "What a request must also have for the rules whose backend is `NAME`. `Host`, `Path`, `Method`, `SourceIp` and \
              `ResponseStatusCode` join the rule's own as alternatives; each `Header`, `Cookie` and `QueryString` must hold as well",
        key: "alb.ingress.kubernetes.io/conditions.",
        on: &[On::Ingress],
        value: ValueType::Json("an array of conditions"),
        default: "",
        example: "[{\"type\": \"Header\", \"headerConfig\": {\"key\": \"x-env\", \"values\": [\"canary\"]}}]",
        source: "ACK, Customize the routing rules of an ALB Ingress",
        status: Status::Implemented,
    }
    ACTIONS {
        doc: "What the rules whose backend is `NAME` do. With the port name `use-annotation` the final action is in here too",
        key: "alb.ingress.kubernetes.io/actions.",
        on: &[On::Ingress],
        value: ValueType::Json("an array of actions"),
        default: "",
        example: "[{\"type\": \"FixedResponse\", \"FixedResponseConfig\": {\"contentType\": \"text/plain\", \"httpCode\": \"503\", \"content\": \"later\"}}]",
        source: "ACK, Customize the routing rules of an ALB Ingress",
        status: Status::Implemented,
    }
    RULE_DIRECTION {
        doc: "Whether the rules whose backend is `NAME` look at requests or at answers",
        key: "alb.ingress.kubernetes.io/rule-direction.",
        on: &[On::Ingress],
        value: ValueType::OneOf(&["Request", "Response"]),
        default: "Request",
        example: "Response",
        source: "ACK, Customize the routing rules of an ALB Ingress",
        status: Status::Implemented,
    }
    TRAFFIC_LIMIT_QPS {
        doc: "Requests per second that every rule of this Ingress lets through; more get 503",
        key: "alb.ingress.kubernetes.io/traffic-limit-qps",
        on: &[On::Ingress],
        value: ValueType::Integer(1, 1_000_000),
        default: "",
        example: "1000",
        source: "ACK, ALB Ingress configuration dictionary; ALB API, CreateRule",
        status: Status::Implemented,
    }
    TRAFFIC_LIMIT_IP_QPS {
        doc: "The same for each client address; lower than `traffic-limit-qps`",
        key: "alb.ingress.kubernetes.io/traffic-limit-ip-qps",
        on: &[On::Ingress],
        value: ValueType::Integer(1, 1_000_000),
        default: "",
        example: "10",
        source: "alibaba-load-balancer-controller, `buildQpsLimitAction`; ALB API, CreateRule",
        status: Status::Implemented,
    }
}
