//! The settings that are one of a few words.

use std::str::FromStr;

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

/// Which rules go from ALB through the gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hop {
    /// Those that ALB can't say.
    Auto,
    /// None: what ALB can't say is refused or, where the message says so, served in part.
    Never,
    /// All.
    Always,
}

/// What becomes of KIngresses for which the load balancer's quota leaves no room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Overflow {
    /// They go to a further load balancer.
    Spread,
    /// They are refused.
    Refuse,
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
words!(Hop { "auto" => Hop::Auto, "never" => Hop::Never, "always" => Hop::Always });
words!(Overflow { "spread" => Overflow::Spread, "refuse" => Overflow::Refuse });
words!(Http3 { "enabled" => Http3::Enabled, "disabled" => Http3::Disabled });
words!(ClusterLocal { "separate" => ClusterLocal::Separate, "shared" => ClusterLocal::Shared });
