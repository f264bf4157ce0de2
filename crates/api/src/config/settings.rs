use super::balancer::{self, Bootstrap};
use crate::{ConfigMap, Snapshot};
use net_alb_diag::codes::convert as codes;
use net_alb_diag::{Diagnostic, FieldPath, ObjectRef, Outcome, Place, nearest};
use std::str::FromStr;
pub use words::{AnnotationFormat, ClusterLocal, Hop, Http3, Overflow, Target};

mod words;

/// The ConfigMap's name.
const CONFIG_MAP: &str = "config-alb";
/// Where Knative's own ConfigMaps are; this one wins where there are several.
const SYSTEM_NAMESPACE: &str = "knative-serving";
/// Every key that is read.
const KEYS: &[&str] = &[
    "target",
    "annotation-format",
    "cluster-local",
    "hop",
    "overflow",
    "http3",
    "internet-class",
    "intranet-class",
    "intranet-albconfig",
    "listeners",
    "certificates",
    "access-log",
    "deletion-protection",
];

/// net-alb's own settings (ConfigMap `config-alb`, or flags of the same name).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Who will serve the result. `target`, default `gateway` in a cluster and for `dev`, `alb` for `convert`, `build`, `lint`.
    pub target: Target,
    /// `annotation-format`, default `current`.
    pub annotation_format: AnnotationFormat,
    /// `cluster-local`, default `separate`.
    pub cluster_local: ClusterLocal,
    /// `hop`, default `auto`. Only for target `alb`.
    pub hop: Hop,
    /// `overflow`, default `spread`. Only for target `alb`.
    pub overflow: Overflow,
    /// `http3`, default `disabled`.
    pub http3: Http3,
    /// The IngressClass of public hosts (the article's name).
    pub internet_class: String,
    /// The IngressClass of cluster-local hosts.
    pub intranet_class: String,
    /// Whether Ingresses made of KIngresses carry the network hash. Only where Knative may probe: in a cluster. No key of
    /// `config-alb`; default off.
    pub network_hash: bool,
    /// Whether requests come through an ALB, which has sent those of plain HTTP to HTTPS where a KIngress asks for it, so that this
    /// isn't done again. For the gateway behind target `alb`. No key of `config-alb`; default off.
    pub behind_alb: bool,
    /// How load balancers are made.
    pub bootstrap: Bootstrap,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            target: Target::Gateway,
            annotation_format: AnnotationFormat::Current,
            cluster_local: ClusterLocal::Separate,
            hop: Hop::Auto,
            overflow: Overflow::Spread,
            http3: Http3::Disabled,
            internet_class: "knative-alb-ingress-internet".into(),
            intranet_class: "knative-alb-ingress-intranet".into(),
            network_hash: false,
            behind_alb: false,
            bootstrap: Bootstrap::default(),
        }
    }
}

impl Settings {
    /// Whether what ALB can't say goes through the gateway. The article's form knows no such thing.
    pub fn hops(&self) -> bool {
        self.target == Target::Alb
            && self.hop != Hop::Never
            && self.annotation_format == AnnotationFormat::Current
    }

    /// Reads the ConfigMap `config-alb`, of whatever namespace, over `base`, and of config-network what is about load balancers. A
    /// key that can't be honoured keeps what `base` says and is named. `_example` is documentation, as in Knative's own ConfigMaps.
    pub fn from_snapshot(snapshot: &Snapshot, base: Settings) -> Outcome<Settings> {
        let mut outcome = Settings::from_config_alb(snapshot, base);
        let target = outcome.value.target;
        outcome.diagnostics.extend(outcome.value.bootstrap.read_network(snapshot, target));
        outcome
    }

    fn from_config_alb(snapshot: &Snapshot, base: Settings) -> Outcome<Settings> {
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
    let (internet, intranet) = (&outcome.value.internet_class, &outcome.value.intranet_class);
    // A number at the end is a further load balancer of the class without.
    if balancer::number(internet, intranet).is_some() || balancer::number(intranet, internet).is_some() {
        let message = format!(
            "`internet-class` is `{internet}` and `intranet-class` is `{intranet}`, which is one class: cluster-local hosts would be public; `{}` and `{}` are kept",
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
            "hop" => self.hop = word(value, Hop::WORDS)?,
            "overflow" => self.overflow = word(value, Overflow::WORDS)?,
            "http3" => self.http3 = word(value, Http3::WORDS)?,
            "internet-class" => self.internet_class = name(value, "an IngressClass")?,
            "intranet-class" => self.intranet_class = name(value, "an IngressClass")?,
            "intranet-albconfig" if value.is_empty() => self.bootstrap.intranet_albconfig = None,
            "intranet-albconfig" => {
                self.bootstrap.intranet_albconfig = Some(name(value, "an AlbConfig")?);
            }
            "listeners" => {
                let read = balancer::listeners(value);
                self.bootstrap.listeners = read.map_err(|m| bad(m, "write `HTTP:80,HTTPS:443`"))?;
            }
            "certificates" => {
                let ids = value.split(',').map(str::trim).filter(|id| !id.is_empty());
                self.bootstrap.certificates = ids.map(str::to_owned).collect();
            }
            "access-log" => {
                let read = balancer::access_log(value);
                self.bootstrap.access_log = read.map_err(|m| bad(m, "write `PROJECT/alb_STORE`"))?;
            }
            "deletion-protection" => {
                self.bootstrap.deletion_protection = is_enabled(value)?;
            }
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

fn is_enabled(value: &str) -> Result<bool, SetError> {
    match value {
        "enabled" => Ok(true),
        "disabled" => Ok(false),
        _ => Err(bad(format!("`{value}` is none of `enabled`, `disabled`"), "write `enabled`")),
    }
}

fn bad(message: String, help: &str) -> SetError {
    SetError::BadValue { message, help: help.to_owned() }
}

/// The name of an object: a DNS subdomain (Kubernetes, "Object Names and IDs").
fn name(value: &str, of: &str) -> Result<String, SetError> {
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
        message: format!("`{value}` can't be the name of {of}"),
        help: "write lower-case letters, digits, `-` and `.`, at most 253".to_owned(),
    })
}

#[cfg(test)]
mod tests;
