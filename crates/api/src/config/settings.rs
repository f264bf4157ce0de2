use crate::{ConfigMap, Snapshot};
use net_alb_diag::codes::convert as codes;
use net_alb_diag::{Diagnostic, FieldPath, ObjectRef, Outcome, Place, nearest};
use std::str::FromStr;

/// The ConfigMap's name.
const CONFIG_MAP: &str = "config-alb";
/// Where Knative's own ConfigMaps are; this one wins where there are several.
const SYSTEM_NAMESPACE: &str = "knative-serving";
/// Every key that is read.
const KEYS: &[&str] =
    &["target", "annotation-format", "cluster-local", "http3", "internet-class", "intranet-class"];

/// net-alb's own settings (ConfigMap `config-alb`, or flags of the same name).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Who will serve the result. `target`, default `gateway` in a cluster and for `dev`, `alb` for `convert`, `build`, `lint`.
    pub target: Target,
    /// `annotation-format`, default `current`.
    pub annotation_format: AnnotationFormat,
    /// `cluster-local`, default `separate`.
    pub cluster_local: ClusterLocal,
    /// `http3`, default `disabled`.
    pub http3: Http3,
    /// The IngressClass of public hosts (the article's name).
    pub internet_class: String,
    /// The IngressClass of cluster-local hosts.
    pub intranet_class: String,
    /// Whether Ingresses made of KIngresses carry the network hash. Only where Knative may probe: in a cluster. No key of
    /// `config-alb`; default off.
    pub network_hash: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            target: Target::Gateway,
            annotation_format: AnnotationFormat::Current,
            cluster_local: ClusterLocal::Separate,
            http3: Http3::Disabled,
            internet_class: "knative-alb-ingress-internet".into(),
            intranet_class: "knative-alb-ingress-intranet".into(),
            network_hash: false,
        }
    }
}

impl Settings {
    /// Reads the ConfigMap `config-alb`, of whatever namespace, over `base`. A key that can't be honoured keeps what
    /// `base` says and is named. `_example` is documentation, as in Knative's own ConfigMaps.
    pub fn from_snapshot(snapshot: &Snapshot, base: Settings) -> Outcome<Settings> {
        let mut found: Vec<_> =
            snapshot.config_maps.iter().filter(|(key, _)| key.name == CONFIG_MAP).collect();
        found.sort_by_key(|(key, _)| key.namespace != SYSTEM_NAMESPACE);
        let Some(((key, config_map), others)) = found.split_first() else { return Outcome::clean(base) };
        let mut outcome = read(&key.to_ref("", "ConfigMap"), config_map, base);
        for (other, _) in others {
            let message = format!("the settings are read from `{key}` only");
            let diagnostic = Diagnostic::new(
                &codes::SECOND_CONFIG_MAP,
                other.to_ref("", "ConfigMap"),
                FieldPath::root(),
                message,
            )
            .related(place(&key.to_ref("", "ConfigMap"), None), "the one that is read")
            .help("delete one of them");
            outcome.diagnostics.push(diagnostic);
        }
        outcome
    }
}

fn place(object: &ObjectRef, key: Option<&str>) -> Place {
    let path = key.map_or_else(FieldPath::root, |key| FieldPath::of("data").key(key));
    Place::Field { object: object.clone(), path }
}

fn read(object: &ObjectRef, config_map: &ConfigMap, base: Settings) -> Outcome<Settings> {
    let mut outcome = Outcome::clean(base.clone());
    for (key, value) in config_map.data.iter().flatten() {
        if key == "_example" {
            continue;
        }
        let refused = match outcome.value.set(key, value.trim()) {
            Ok(()) => continue,
            Err(SetError::UnknownKey) => {
                let message = format!("`{key}` is no setting and has no effect");
                let help = match nearest(key, KEYS.iter().copied()) {
                    Some(known) => format!("write `{known}`"),
                    None => format!("the settings are `{}`", KEYS.join("`, `")),
                };
                Diagnostic::at(&codes::UNKNOWN_SETTING, place(object, Some(key)), message).help(help)
            }
            Err(SetError::BadValue { message, help }) => {
                Diagnostic::at(&codes::BAD_SETTING, place(object, Some(key)), message).help(help)
            }
        };
        outcome.diagnostics.push(refused);
    }
    if outcome.value.internet_class == outcome.value.intranet_class {
        let class = &outcome.value.internet_class;
        let message = format!(
            "`internet-class` and `intranet-class` are both `{class}`: cluster-local hosts would be public; `{}` and `{}` are kept",
            base.internet_class, base.intranet_class
        );
        let diagnostic = Diagnostic::at(&codes::BAD_SETTING, place(object, Some("intranet-class")), message)
            .help("name two classes, or say `cluster-local: shared` if the hosts may be public");
        outcome.diagnostics.push(diagnostic);
        outcome.value.internet_class = base.internet_class;
        outcome.value.intranet_class = base.intranet_class;
    }
    outcome
}

/// Why a key can't be honoured.
enum SetError {
    UnknownKey,
    BadValue { message: String, help: String },
}

impl Settings {
    fn set(&mut self, key: &str, value: &str) -> Result<(), SetError> {
        match key {
            "target" => self.target = word(value, Target::WORDS)?,
            "annotation-format" => self.annotation_format = word(value, AnnotationFormat::WORDS)?,
            "cluster-local" => self.cluster_local = word(value, ClusterLocal::WORDS)?,
            "http3" => self.http3 = word(value, Http3::WORDS)?,
            "internet-class" => self.internet_class = class(value)?,
            "intranet-class" => self.intranet_class = class(value)?,
            _ => return Err(SetError::UnknownKey),
        }
        Ok(())
    }
}

fn word<T: FromStr<Err = String>>(value: &str, words: &[&str]) -> Result<T, SetError> {
    value.parse().map_err(|message| {
        let help = format!("write `{}`", nearest(value, words.iter().copied()).unwrap_or(words[0]));
        SetError::BadValue { message, help }
    })
}

/// The name of an IngressClass: a DNS subdomain (Kubernetes, "Object Names and IDs").
fn class(value: &str) -> Result<String, SetError> {
    let is_label = |label: &str| {
        !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    };
    if value.len() <= 253 && value.split('.').all(is_label) {
        return Ok(value.to_owned());
    }
    Err(SetError::BadValue {
        message: format!("`{value}` can't be the name of an IngressClass"),
        help: "write lower-case letters, digits, `-` and `.`, at most 253".to_owned(),
    })
}

/// Who serves what the stages make.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// Alibaba's ALB: its limits are errors, and what breaks them is left out.
    Alb,
    /// The embedded ALB: ALB's limits are warnings, and it serves beyond them.
    Gateway,
}

impl Target {
    /// The severity of breaking a limit that only the real ALB has.
    pub fn alb_limit(self) -> net_alb_diag::Severity {
        match self {
            Target::Alb => net_alb_diag::Severity::Error,
            Target::Gateway => net_alb_diag::Severity::Warning,
        }
    }
}

/// How `convert` writes `actions.*` and `conditions.*`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AnnotationFormat {
    /// JSON arrays with `ServerGroups`, as today's controllers take them.
    Current,
    /// One JSON object with `targetGroups`, as the article shows it. For reading and comparing only.
    Article,
}

/// Where cluster-local hosts go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClusterLocal {
    /// Into an Ingress of their own, of the intranet class: never on a public listener.
    Separate,
    /// Into the internet Ingress beside the public hosts, as the article does: anybody can reach them.
    Shared,
}

/// Whether `convert` puts what it puts on HTTPS on a QUIC listener of the same port as well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Http3 {
    /// It does. The AlbConfig's HTTPS listener has to lead there by `quicConfig`.
    Enabled,
    /// It doesn't.
    Disabled,
}

macro_rules! words {
    ($type:ty { $($word:literal => $variant:expr),+ }) => {
        impl FromStr for $type {
            type Err = String;

            fn from_str(text: &str) -> Result<Self, String> {
                match text {
                    $($word => Ok($variant),)+
                    _ => Err(format!("`{text}` is none of {}", [$(concat!("`", $word, "`")),+].join(", "))),
                }
            }
        }

        impl $type {
            /// The words it is written with.
            pub const WORDS: &[&str] = &[$($word),+];
        }
    };
}

words!(Target { "alb" => Target::Alb, "gateway" => Target::Gateway });
words!(AnnotationFormat { "current" => AnnotationFormat::Current, "article" => AnnotationFormat::Article });
words!(Http3 { "enabled" => Http3::Enabled, "disabled" => Http3::Disabled });
words!(ClusterLocal { "separate" => ClusterLocal::Separate, "shared" => ClusterLocal::Shared });

#[cfg(test)]
mod tests;
