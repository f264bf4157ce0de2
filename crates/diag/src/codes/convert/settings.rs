//! NA1160–NA1169: ConfigMap `config-alb`.

use crate::{Code, Severity};

/// A setting's value.
pub static BAD_SETTING: Code = Code {
    id: "NA1161",
    reason: "BadSetting",
    severity: Severity::Error,
    title: "a setting has a value that can't be honoured",
    explanation: "ConfigMap `config-alb` has `target` (`alb`, `gateway`), `annotation-format` (`current`, `article`), `cluster-local` (`separate`, `shared`), `http3` (`enabled`, `disabled`), and the IngressClasses `internet-class` and `intranet-class`, which have to differ. \
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
    explanation: "ConfigMap `config-alb` has `target`, `annotation-format`, `cluster-local`, `http3`, `internet-class` and `intranet-class`. Any other key but `_example` does nothing.",
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
