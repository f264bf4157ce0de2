//! NA1160–NA1169: ConfigMap `config-alb`, and what config-network says of load balancers.

use crate::{Code, Severity};

/// A setting's value.
pub static BAD_SETTING: Code = Code {
    id: "NA1161",
    reason: "BadSetting",
    severity: Severity::Error,
    title: "a setting has a value that can't be honoured",
    explanation: "ConfigMap `config-alb` has `target` (`alb`, `gateway`), `annotation-format` (`current`, `article`), `cluster-local` (`separate`, `shared`), `hop` (`auto`, `never`, `always`), `overflow` (`spread`, `refuse`), `http3` and `deletion-protection` (`enabled`, `disabled`), the IngressClasses `internet-class` and `intranet-class`, \
which have to differ in more than a number at the end, and of load balancers `intranet-albconfig` (a name), `listeners` (`PROTOCOL:PORT`), `certificates` (ids) and `access-log` (`PROJECT/STORE`). \
The setting keeps the value that it had before.",
    example: "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: config-alb, namespace: knative-serving}\ndata: {target: cloud}\n",
    fix: "write one of the values above",
};

/// A setting that doesn't exist.
pub static UNKNOWN_SETTING: Code = Code {
    id: "NA1162",
    reason: "UnknownSetting",
    severity: Severity::Warning,
    title: "a setting does not exist",
    explanation: "ConfigMap `config-alb` has `target`, `annotation-format`, `cluster-local`, `hop`, `overflow`, `http3`, `internet-class`, `intranet-class`, `intranet-albconfig`, `listeners`, `certificates`, `access-log` and `deletion-protection`. Any other key but `_example` does nothing.",
    example: "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: config-alb, namespace: knative-serving}\ndata: {traget: alb}\n",
    fix: "mend the key, or remove it",
};

/// A second `config-alb`.
pub static SECOND_CONFIG_MAP: Code = Code {
    id: "NA1163",
    reason: "SecondConfigMap",
    severity: Severity::Warning,
    title: "there is more than one ConfigMap `config-alb`",
    explanation: "The one in the namespace `knative-serving` is read, or else the first by namespace. The others do nothing.",
    example: "metadata: {name: config-alb, namespace: default}\n---\nmetadata: {name: config-alb, namespace: knative-serving}\n",
    fix: "delete all but one",
};

/// vSwitches that no load balancer can be made in.
pub static BAD_VSWITCHES: Code = Code {
    id: "NA1164",
    reason: "BadVSwitches",
    severity: Severity::Error,
    title: "`vswitch-ids` can't be used",
    explanation: "For target `alb`, net-alb makes an AlbConfig in the vSwitches that `vswitch-ids` in config-network names. ALB needs at least two, in different zones (ALB API, CreateLoadBalancer, ZoneMappings); which zone a vSwitch is in only Alibaba Cloud knows, and says so later. \
Until it is mended no AlbConfig is made or changed; what is there goes on.",
    example: "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: config-network, namespace: knative-serving}\ndata: {vswitch-ids: vsw-2zeqgkyib34gw1f}\n",
    fix: "name at least two vSwitches, each once, as `vsw-…,vsw-…`",
};

/// Nothing says where a load balancer is to be.
pub static NO_LOAD_BALANCER: Code = Code {
    id: "NA1165",
    reason: "NoLoadBalancer",
    severity: Severity::Warning,
    title: "nothing says where the load balancer is",
    explanation: "For target `alb`, config-network names either the vSwitches in which net-alb makes load balancers (`vswitch-ids`) or an AlbConfig that is there already (`albconfig`). Without either somebody else has to make the IngressClasses and their AlbConfigs.",
    example: "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: config-network, namespace: knative-serving}\ndata: {ingress-class: alb.ingress.networking.knative.dev}\n",
    fix: "add `vswitch-ids: vsw-…,vsw-…`, or `albconfig: NAME`",
};
