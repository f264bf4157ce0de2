//! Paths: a KIngress' plain string prefix becomes an Ingress path.

use super::{Conversion, codes};
use net_alb_diag::FieldPath;

/// The longest path condition, with the `*` at its end (ALB, CreateRule, PathConfig).
const LONGEST: usize = 128;

/// A plain string prefix of a path, from `/`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Prefix(String);

impl Prefix {
    /// Every path.
    pub(super) fn everything() -> Self {
        Prefix("/".to_owned())
    }

    pub(super) fn text(&self) -> &str {
        &self.0
    }

    pub(super) fn is_everything(&self) -> bool {
        self.0 == "/"
    }

    /// Whether it has a character that ALB takes for a wildcard.
    pub(super) fn has_wildcard(&self) -> bool {
        self.0.contains(['*', '?'])
    }

    /// Whether ALB can't ask for it: it would take a character for a wildcard, or it is too long.
    pub(super) fn is_beyond_alb(&self) -> bool {
        self.has_wildcard() || self.length() > LONGEST
    }

    /// In characters, with the `*` at its end.
    fn length(&self) -> usize {
        self.0.chars().count() + 1
    }

    /// Path and pathType. A prefix isn't Kubernetes' `Prefix`, which ends at a slash: `/foo` matches `/foobar` too.
    pub(super) fn to_ingress_path(&self) -> (String, &'static str) {
        if self.is_everything() {
            (self.0.clone(), "Prefix")
        } else {
            (format!("{}*", self.0), "ImplementationSpecific")
        }
    }
}

/// Reads `path`; `None` if it's refused.
pub(super) fn prefix(conversion: &mut Conversion<'_>, path: &str, place: &FieldPath) -> Option<Prefix> {
    if path.is_empty() {
        return Some(Prefix::everything());
    }
    let place = place.key("path");
    if !path.starts_with('/') {
        conversion.report_with_help(
            &codes::INVALID_PATH,
            &place,
            format!("`{path}` does not begin with `/`"),
            format!("write `/{path}`"),
        );
        return None;
    }
    let prefix = Prefix(path.to_owned());
    if let Some(wildcard) = path.chars().find(|c| "*?".contains(*c)) {
        let message = format!("`{path}` has a `{wildcard}`, which ALB takes for a wildcard");
        if !conversion.beyond_alb(&codes::PATH_BEYOND_ALB, &place, message) {
            return None;
        }
    }
    let length = prefix.length();
    if length > LONGEST {
        let message = format!("the path has {length} characters with its `*`, ALB takes {LONGEST}");
        if !conversion.beyond_alb(&codes::PATH_BEYOND_ALB, &place, message) {
            return None;
        }
    }
    Some(prefix)
}
