//! Every annotation that net-alb knows: what it says, who reads it, and whether net-alb honours it.
//!
//! Code reads an annotation through its entry, never through a bare key, so nothing is read that isn't documented;
//! `docs/reference/annotations.md` is [`reference()`].

mod canary;
mod cors;
mod extension;
mod health_check;
mod knative;
mod legacy;
mod listener;
mod rule;
mod server_group;

pub use canary::*;
pub use cors::*;
pub use extension::*;
pub use health_check::*;
pub use knative::*;
pub use legacy::*;
pub use listener::*;
pub use rule::*;
pub use server_group::*;

use net_alb_diag::resemblance;
use std::fmt::{self, Write};

/// One annotation.
#[derive(Debug, PartialEq, Eq)]
pub struct Annotation {
    /// The key. One that ends in a dot is a family: the name of a backend follows.
    pub key: &'static str,
    /// The objects that it is read on.
    pub on: &'static [On],
    /// What its text must look like.
    pub value: ValueType,
    /// What holds without it, as it would be written; empty if nothing does.
    pub default: &'static str,
    /// What it does.
    pub doc: &'static str,
    /// A value that is worth showing.
    pub example: &'static str,
    /// Where Alibaba or Knative say so.
    pub source: &'static str,
    /// Whether net-alb honours it.
    pub status: Status,
}

/// An object that carries annotations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "each variant is the kind it is named after")]
pub enum On {
    Ingress,
    IngressClass,
    Service,
    AlbConfig,
    KService,
    KIngress,
}

impl On {
    /// The kind, as a message names it.
    pub fn name(self) -> &'static str {
        match self {
            On::Ingress => "Ingress",
            On::IngressClass => "IngressClass",
            On::Service => "Service",
            On::AlbConfig => "AlbConfig",
            On::KService => "Knative Service",
            On::KIngress => "KIngress",
        }
    }
}

/// What an annotation's text must look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ValueType {
    /// Any text; the word says which.
    Text(&'static str),
    /// `true` or `false`.
    Flag,
    /// A whole number from the first to the second.
    Integer(i64, i64),
    /// One of these words, in this case of letters.
    OneOf(&'static [&'static str]),
    /// Words with commas between.
    List(&'static str),
    /// JSON of this shape.
    Json(&'static str),
}

impl fmt::Display for ValueType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ValueType::Text(what) => f.write_str(what),
            ValueType::Flag => f.write_str("`true` or `false`"),
            ValueType::Integer(min, max) => write!(f, "a whole number from {min} to {max}"),
            ValueType::OneOf(words) => {
                for (i, word) in words.iter().enumerate() {
                    let before = match i {
                        0 => "",
                        _ if i + 1 == words.len() => " or ",
                        _ => ", ",
                    };
                    write!(f, "{before}`{word}`")?;
                }
                Ok(())
            }
            ValueType::List(what) => write!(f, "{what}, with commas between"),
            ValueType::Json(what) => write!(f, "JSON: {what}"),
        }
    }
}

/// Whether net-alb honours an annotation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// It does.
    Implemented,
    /// Not yet; why, or when.
    Planned(&'static str),
    /// ALB does, the embedded one never will; the reason.
    NotApplicable(&'static str),
    /// Nobody does, not even Alibaba's controller; the reason.
    Obsolete(&'static str),
}

impl Annotation {
    /// Whether the key goes on with the name of a backend.
    pub fn is_family(&self) -> bool {
        self.key.ends_with('.')
    }

    /// The key for this backend, for a family.
    pub fn for_backend(&self, backend: &str) -> String {
        format!("{}{backend}", self.key)
    }

    /// Whether `key` is this annotation's.
    pub fn matches(&self, key: &str) -> bool {
        if self.is_family() {
            key.len() > self.key.len() && key.starts_with(self.key)
        } else {
            key == self.key
        }
    }

    /// The key as documentation writes it: `…/actions.NAME`.
    pub fn title(&self) -> String {
        if self.is_family() { self.for_backend("NAME") } else { self.key.to_owned() }
    }
}

/// Annotations that belong together.
#[derive(Debug, PartialEq, Eq)]
pub struct Section {
    /// What they are about.
    pub title: &'static str,
    /// Them.
    pub annotations: &'static [&'static Annotation],
}

/// Declares annotations and the list of them in one go, so that none can be forgotten.
macro_rules! annotations {
    ($($name:ident { doc: $doc:literal, $($field:ident: $value:expr),+ $(,)? })+) => {
        $(#[doc = $doc] pub static $name: super::Annotation = super::Annotation { doc: $doc, $($field: $value),+ };)+

        pub(super) const ALL: &[&super::Annotation] = &[$(&$name),+];
    };
}
use annotations;

/// The registry.
pub static ANNOTATIONS: &[Section] = &[
    Section { title: "Listeners, order and protocol", annotations: listener::ALL },
    Section { title: "Rules", annotations: rule::ALL },
    Section { title: "Canary", annotations: canary::ALL },
    Section { title: "Health checks", annotations: health_check::ALL },
    Section { title: "Server groups", annotations: server_group::ALL },
    Section { title: "Cross-origin requests", annotations: cors::ALL },
    Section { title: "Class and legacy", annotations: legacy::ALL },
    Section { title: "net-alb's own", annotations: extension::ALL },
    Section { title: "Knative Services", annotations: knative::ALL },
];

/// Prefixes under which an unknown key is a mistake.
pub const PREFIXES: &[&str] = &[super::ALB, super::extension::PREFIX];

/// Every annotation, section by section.
pub fn all() -> impl Iterator<Item = &'static Annotation> {
    ANNOTATIONS.iter().flat_map(|section| section.annotations).copied()
}

/// The entry for this key.
pub fn find(key: &str) -> Option<&'static Annotation> {
    all().find(|annotation| annotation.matches(key))
}

/// The known key that looks most like this one, under the same prefix; a family keeps the backend's name.
pub fn nearest(key: &str) -> Option<String> {
    let (prefix, rest) = key.split_once('/')?;
    let (stem, backend) = rest.split_once('.').unwrap_or((rest, "NAME"));
    let distance = |annotation: &'static Annotation| {
        let known = annotation.key.strip_prefix(prefix)?.strip_prefix('/')?;
        let distance = match known.strip_suffix('.') {
            Some(family) => resemblance(stem, family),
            None => resemblance(rest, known),
        };
        Some((distance?, annotation))
    };
    let (_, annotation) = all().filter_map(distance).min_by_key(|(distance, _)| *distance)?;
    Some(if annotation.is_family() { annotation.for_backend(backend) } else { annotation.key.to_owned() })
}

/// The reference page, as Markdown.
pub fn reference() -> String {
    let mut page = String::from(
        "<!-- generated by `cargo xtask gen` from crates/api/src/annotation/registry; change it there -->\n\
         # Annotations\n\n\
         Values are strings. A key that ends in `.NAME` belongs to the rules whose backend is called `NAME`.\n\
         An unknown key under `alb.ingress.kubernetes.io/` or `net-alb.knative.dev/` is a warning with the nearest known key.\n",
    );
    for section in ANNOTATIONS {
        let _ = write!(page, "\n## {}\n", section.title);
        for annotation in section.annotations {
            describe(&mut page, annotation);
        }
    }
    page
}

/// What the real ALB and the embedded one don't do alike, as Markdown.
pub fn differences() -> String {
    let mut page = String::from(
        "<!-- generated by `cargo xtask gen` from crates/api/src/annotation/registry; change it there -->\n\
         # What is different on the real ALB\n\n\
         ## Only the embedded ALB\n\nAlibaba's controller ignores these.\n\n| Annotation | What it does |\n|---|---|\n",
    );
    for annotation in extension::ALL {
        let _ = writeln!(page, "| `{}` | {}. |", annotation.title(), cell(annotation.doc));
    }
    page += "\n## Only the real ALB\n\nThe embedded ALB reads these and does nothing, or not yet.\n\n\
             | Annotation | What it does | Why not here |\n|---|---|---|\n";
    for annotation in all() {
        if let Status::Planned(why) | Status::NotApplicable(why) = annotation.status {
            let _ =
                writeln!(page, "| `{}` | {}. | {} |", annotation.title(), cell(annotation.doc), cell(why));
        }
    }
    page
}

/// A text in a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

fn describe(page: &mut String, annotation: &Annotation) {
    let on: Vec<_> = annotation.on.iter().map(|on| on.name()).collect();
    let status = match annotation.status {
        Status::Implemented => "honoured".to_owned(),
        Status::Planned(why) => format!("planned: {why}"),
        Status::NotApplicable(reason) => format!("not applicable: {reason}"),
        Status::Obsolete(reason) => format!("obsolete: {reason}"),
    };
    let default = match annotation.default {
        "" => "none".to_owned(),
        text => format!("`{text}`"),
    };
    let _ = write!(
        page,
        "\n### `{}`\n\n{}.\n\n- On: {}\n- Value: {}\n- Default: {default}\n- Status: {status}\n- Source: {}\n\n\
         ```yaml\n{}: '{}'\n```\n",
        annotation.title(),
        annotation.doc,
        on.join(", "),
        annotation.value,
        annotation.source,
        annotation.title(),
        annotation.example.replace('\'', "''"),
    );
}

#[cfg(test)]
mod tests;
