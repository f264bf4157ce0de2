use std::str::FromStr;

/// net-alb's own settings (ConfigMap `config-alb`, or flags of the same name).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Who will serve the result. `target`, default `gateway` in a cluster and for `dev`, `alb` for `convert`, `build`, `lint`.
    pub target: Target,
    /// `annotation-format`, default `current`.
    pub annotation_format: AnnotationFormat,
    /// `cluster-local`, default `separate`.
    pub cluster_local: ClusterLocal,
    /// The IngressClass of public hosts (the article's name).
    pub internet_class: String,
    /// The IngressClass of cluster-local hosts.
    pub intranet_class: String,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            target: Target::Gateway,
            annotation_format: AnnotationFormat::Current,
            cluster_local: ClusterLocal::Separate,
            internet_class: "knative-alb-ingress-internet".into(),
            intranet_class: "knative-alb-ingress-intranet".into(),
        }
    }
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
words!(ClusterLocal { "separate" => ClusterLocal::Separate, "shared" => ClusterLocal::Shared });
