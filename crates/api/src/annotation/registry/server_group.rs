use super::{On, Status, ValueType};

const SOURCE: &str = "ACK, ALB Ingress configuration dictionary";
const AT_ALIBABA: Status =
    Status::NotApplicable("it is about server groups in Alibaba's account; ALB honours it");

super::annotations! {
    STICKY_SESSION {
        doc: "Whether a client stays with its server",
        key: "alb.ingress.kubernetes.io/sticky-session",
        on: &[On::Ingress],
        value: ValueType::Flag,
        default: "false",
        example: "true",
        source: SOURCE,
        status: Status::Implemented,
    }
    STICKY_SESSION_TYPE {
        doc: "By a cookie of ALB's own (`Insert`) or by one of the application's (`Server`, with `cookie`)",
        key: "alb.ingress.kubernetes.io/sticky-session-type",
        on: &[On::Ingress],
        value: ValueType::OneOf(&["Insert", "Server"]),
        default: "Insert",
        example: "Server",
        source: SOURCE,
        status: Status::Implemented,
    }
    COOKIE_TIMEOUT {
        doc: "How many seconds ALB's own cookie lasts",
        key: "alb.ingress.kubernetes.io/cookie-timeout",
        on: &[On::Ingress],
        value: ValueType::Integer(1, 86400),
        default: "1000",
        example: "1800",
        source: SOURCE,
        status: Status::Implemented,
    }
    COOKIE {
        doc: "The application's cookie by which a client stays with its server, for `sticky-session-type: Server`",
        key: "alb.ingress.kubernetes.io/cookie",
        on: &[On::Ingress],
        value: ValueType::Text("a cookie's name"),
        default: "",
        example: "session",
        source: "ACK, ALB Ingress Controller release notes, 2.15.0",
        status: Status::Implemented,
    }
    BACKEND_SCHEDULER {
        doc: "How a server is chosen: weighted round robin, weighted least connections, or by hash of the client's address (`sch`) \
              or of a query parameter (`uch`, with `backend-scheduler-uch-value`)",
        key: "alb.ingress.kubernetes.io/backend-scheduler",
        on: &[On::Ingress],
        value: ValueType::OneOf(&["wrr", "wlc", "sch", "uch"]),
        default: "wrr",
        example: "wlc",
        source: SOURCE,
        status: Status::Implemented,
    }
    BACKEND_SCHEDULER_UCH_VALUE {
        doc: "The query parameter for `backend-scheduler: uch`",
        key: "alb.ingress.kubernetes.io/backend-scheduler-uch-value",
        on: &[On::Ingress],
        value: ValueType::Text("a parameter's name"),
        default: "",
        example: "user",
        source: SOURCE,
        status: Status::Implemented,
    }
    CONNECTION_DRAIN_ENABLED {
        doc: "Whether requests in flight may end on a server that is taken out",
        key: "alb.ingress.kubernetes.io/connection-drain-enabled",
        on: &[On::Ingress],
        value: ValueType::Flag,
        default: "false",
        example: "true",
        source: "ACK, ALB Ingress Controller release notes, 2.14.0",
        status: Status::Planned("the gateway always lets requests in flight end"),
    }
    CONNECTION_DRAIN_TIMEOUT {
        doc: "How many seconds they may take",
        key: "alb.ingress.kubernetes.io/connection-drain-timeout",
        on: &[On::Ingress],
        value: ValueType::Integer(0, 900),
        default: "300",
        example: "30",
        source: "ACK, ALB Ingress Controller release notes, 2.14.0",
        status: Status::Planned("with `connection-drain-enabled`"),
    }
    SLOW_START_ENABLED {
        doc: "Whether a new server's share grows slowly",
        key: "alb.ingress.kubernetes.io/slow-start-enabled",
        on: &[On::Ingress],
        value: ValueType::Flag,
        default: "false",
        example: "true",
        source: "ACK, ALB Ingress Controller release notes, 2.14.0; the key itself is not confirmed",
        status: Status::Planned("once the key is confirmed"),
    }
    SLOW_START_DURATION {
        doc: "For how many seconds it grows",
        key: "alb.ingress.kubernetes.io/slow-start-duration",
        on: &[On::Ingress],
        value: ValueType::Integer(30, 900),
        default: "30",
        example: "60",
        source: "ALB API, CreateServerGroup; the key itself is not confirmed",
        status: Status::Planned("with `slow-start-enabled`"),
    }
    CROSS_ZONE_ENABLED {
        doc: "Whether requests cross availability zones",
        key: "alb.ingress.kubernetes.io/cross-zone-enabled",
        on: &[On::Ingress],
        value: ValueType::Flag,
        default: "true",
        example: "false",
        source: "ACK, ALB Ingress Controller release notes, 2.16.0; the key itself is not confirmed",
        status: Status::Planned("once the key is confirmed"),
    }
    SERVER_GROUP_TYPE {
        doc: "Whether servers are registered as instances or by address",
        key: "alb.ingress.kubernetes.io/server-group-type",
        on: &[On::Ingress],
        value: ValueType::OneOf(&["Instance", "Ip"]),
        default: "Instance",
        example: "Ip",
        source: "ACK, ALB Ingress Controller release notes, 2.12.0",
        status: AT_ALIBABA,
    }
    SERVER_GROUP_RESOURCE_GROUP_ID {
        doc: "The resource group of server groups",
        key: "alb.ingress.kubernetes.io/server-group-resource-group-id",
        on: &[On::Ingress],
        value: ValueType::Text("an id"),
        default: "",
        example: "rg-acfmxyz",
        source: "ACK, ALB Ingress Controller release notes, 2.12.0",
        status: AT_ALIBABA,
    }
    SERVER_GROUP_ID {
        doc: "A server group made by hand, to be filled with this Service's endpoints",
        key: "alb.ingress.kubernetes.io/server-group-id",
        on: &[On::Service],
        value: ValueType::Text("an id"),
        default: "",
        example: "sgp-8xyz",
        source: "alibaba-load-balancer-controller, `store.go`",
        status: AT_ALIBABA,
    }
    BACKEND_TYPE {
        doc: "Registers pods by their own addresses instead of node ports",
        key: "service.beta.kubernetes.io/backend-type",
        on: &[On::Service],
        value: ValueType::OneOf(&["eni"]),
        default: "",
        example: "eni",
        source: "alibaba-load-balancer-controller, `annotations.go`",
        status: AT_ALIBABA,
    }
    BACKEND_LABEL {
        doc: "Chooses nodes by label",
        key: "alb.ingress.kubernetes.io/backend-label",
        on: &[On::Ingress],
        value: ValueType::Text("a label"),
        default: "",
        example: "pool=web",
        source: "alibaba-load-balancer-controller, `annotations.go` (declared, not read)",
        status: Status::Obsolete("no controller reads it"),
    }
    REMOVE_UNSCHEDULED_BACKEND {
        doc: "Takes unschedulable nodes out of server groups",
        key: "alb.ingress.kubernetes.io/remove-unscheduled-backend",
        on: &[On::Ingress],
        value: ValueType::OneOf(&["on", "off"]),
        default: "off",
        example: "on",
        source: "alibaba-load-balancer-controller, `annotations.go` (declared, not read)",
        status: Status::Obsolete("no controller reads it"),
    }
}
