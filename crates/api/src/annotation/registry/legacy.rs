use super::{On, Status, ValueType};

const CODE: &str = "alibaba-load-balancer-controller, `annotations.go`";
const OLD_MODE: Status =
    Status::Obsolete("the load balancer is described by an AlbConfig; no controller of today reads it");

super::annotations! {
    INGRESS_CLASS {
        doc: "The class, where `spec.ingressClassName` is not set: `alb`, or the name of an IngressClass",
        key: "kubernetes.io/ingress.class",
        on: &[On::Ingress],
        value: ValueType::Text("a class"),
        default: "",
        example: "alb",
        source: "alibaba-load-balancer-controller, `IsValid`",
        status: Status::Implemented,
    }
    DEFAULT_INGRESS_CLASS {
        doc: "Makes this the class of every Ingress without one",
        key: "ingressclass.kubernetes.io/is-default-class",
        on: &[On::IngressClass],
        value: ValueType::Flag,
        default: "false",
        example: "true",
        source: "Kubernetes, Ingress, default IngressClass",
        status: Status::Implemented,
    }
    ALBCONFIG_NAME {
        doc: "The AlbConfig, by name; it wins over the IngressClass' parameters",
        key: "alb.ingress.kubernetes.io/albconfig.name",
        on: &[On::Ingress],
        value: ValueType::Text("a name"),
        default: "",
        example: "default",
        source: "alibaba-load-balancer-controller, `LoadGroupID`",
        status: Status::Implemented,
    }
    ADDRESS_TYPE {
        doc: "AlbConfig `addressType`",
        key: "alb.ingress.kubernetes.io/address-type",
        on: &[On::Ingress],
        value: ValueType::Text("a word"),
        default: "",
        example: "internet",
        source: CODE,
        status: OLD_MODE,
    }
    VSWITCH_IDS {
        doc: "AlbConfig `zoneMappings`",
        key: "alb.ingress.kubernetes.io/vswitch-ids",
        on: &[On::Ingress],
        value: ValueType::List("ids"),
        default: "",
        example: "vsw-a,vsw-b",
        source: CODE,
        status: OLD_MODE,
    }
    CHARGE_TYPE {
        doc: "AlbConfig `billingConfig`",
        key: "alb.ingress.kubernetes.io/charge-type",
        on: &[On::Ingress],
        value: ValueType::Text("a word"),
        default: "",
        example: "PostPay",
        source: CODE,
        status: OLD_MODE,
    }
    LOAD_BALANCER_ID {
        doc: "AlbConfig `id`",
        key: "alb.ingress.kubernetes.io/id",
        on: &[On::Ingress],
        value: ValueType::Text("an id"),
        default: "",
        example: "alb-8xyz",
        source: CODE,
        status: OLD_MODE,
    }
    FORCE_OVERRIDE_LISTENERS {
        doc: "AlbConfig `listenerForceOverride`",
        key: "alb.ingress.kubernetes.io/force-override-listeners",
        on: &[On::Ingress],
        value: ValueType::Flag,
        default: "false",
        example: "true",
        source: CODE,
        status: OLD_MODE,
    }
    LOAD_BALANCER_NAME {
        doc: "AlbConfig `name`",
        key: "alb.ingress.kubernetes.io/name",
        on: &[On::Ingress],
        value: ValueType::Text("a name"),
        default: "",
        example: "shop",
        source: CODE,
        status: OLD_MODE,
    }
    ADDRESS_ALLOCATED_MODE {
        doc: "AlbConfig `addressAllocatedMode`",
        key: "alb.ingress.kubernetes.io/address-allocated-mode",
        on: &[On::Ingress],
        value: ValueType::Text("a word"),
        default: "",
        example: "Dynamic",
        source: CODE,
        status: OLD_MODE,
    }
    EDITION {
        doc: "AlbConfig `edition`",
        key: "alb.ingress.kubernetes.io/edition",
        on: &[On::Ingress],
        value: ValueType::Text("a word"),
        default: "",
        example: "Standard",
        source: CODE,
        status: OLD_MODE,
    }
    ACCESS_LOG {
        doc: "AlbConfig `accessLogConfig`",
        key: "alb.ingress.kubernetes.io/access-log",
        on: &[On::Ingress],
        value: ValueType::Text("a Log Service store"),
        default: "",
        example: "project/alb_store",
        source: CODE,
        status: OLD_MODE,
    }
}
