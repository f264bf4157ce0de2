//! `pathType` to patterns.

use super::clause::is_literal;
use crate::Pattern;
use crate::paths::PathRef;
use crate::site::Site;
use net_alb_api::annotation::registry;
use net_alb_api::config::Target;
use net_alb_diag::FieldPath;
use net_alb_diag::codes::build;

/// Whether an Ingress' `Prefix` paths are regular expressions: by `use-regex`, or since `rewrite-target` needs captures.
pub(crate) fn uses_regex(site: &mut Site<'_>) -> bool {
    let asked = site.text(&registry::USE_REGEX).is_some() && site.flag(&registry::USE_REGEX);
    let denied = site.text(&registry::USE_REGEX) == Some("false");
    if denied && site.settings.target == Target::Alb {
        let message = "Alibaba's open controller reads paths as regular expressions all the same";
        let at = FieldPath::annotation(registry::USE_REGEX.key);
        site.say(site.at(&build::USE_REGEX_FALSE, at, message).help("take the annotation out"));
    }
    asked || site.text(&registry::REWRITE_TARGET).is_some()
}

/// The patterns of a path; `None` and an error for one that can't be.
///
/// | pathType | `/` | `/p`, `/p/` | with `*` or `?` |
/// |---|---|---|---|
/// | `Prefix` | `/*` | `/p` and `/p/*` | refused |
/// | `Prefix` with `use-regex` or `rewrite-target` | `/*` | `~*/p` | `~*…` |
/// | `Exact` | `/` | as it is | refused |
/// | `ImplementationSpecific` | as it is | as it is | wildcards; `~` and `~*` in front make a regular expression |
///
/// With `literal-paths` an `ImplementationSpecific` path has no wildcard but a `*` at its end.
///
/// Source: alibaba-load-balancer-controller, `buildPathPatterns`.
pub(crate) fn patterns(site: &mut Site<'_>, path: &PathRef<'_>, regex: bool) -> Option<Vec<Pattern>> {
    let text = path.text;
    let specific = path.path_type == "ImplementationSpecific";
    let is_path = text.starts_with('/') || (specific && text.starts_with('~'));
    if !is_path {
        let message = format!("a path begins with `/`, but is `{text}`");
        return refuse(site, path, message, &format!("write `/{text}`"));
    }
    let wild = text.contains(['*', '?']);
    match path.path_type {
        "ImplementationSpecific" if is_literal(site, &registry::LITERAL_PATHS, path.backend()) => {
            Some(vec![literal_prefix(site, path)])
        }
        "ImplementationSpecific" => Some(vec![Pattern::parse(text)]),
        "Prefix" if text == "/" => Some(vec![Pattern::Wildcard("/*".to_owned())]),
        "Prefix" if regex => Some(vec![Pattern::Regex { pattern: text.to_owned(), ignore_case: true }]),
        "Prefix" | "Exact" if wild => {
            let message =
                format!("`{text}` has a wildcard, which pathType `{}` doesn't take", path.path_type);
            refuse(site, path, message, "use `pathType: ImplementationSpecific`")
        }
        "Exact" => Some(vec![Pattern::Exact(text.to_owned())]),
        "Prefix" => {
            let stem = text.strip_suffix('/').unwrap_or(text);
            Some(vec![Pattern::Exact(stem.to_owned()), Pattern::Wildcard(format!("{stem}/*"))])
        }
        other => {
            let message =
                format!("pathType must be `Prefix`, `Exact` or `ImplementationSpecific`, but is `{other}`");
            refuse(site, path, message, "correct `pathType`")
        }
    }
}

/// A path in which only a `*` at the end is a wildcard.
fn literal_prefix(site: &mut Site<'_>, path: &PathRef<'_>) -> Pattern {
    let prefix = path.text.strip_suffix('*');
    if prefix.unwrap_or(path.text).contains(['*', '?']) {
        let message = format!("`{}` is literal, but to ALB its `*` and `?` are wildcards", path.text);
        site.say(site.limit(&build::LITERAL_WILDCARD, path.at().key("path"), message));
    }
    let Some(prefix) = prefix else { return Pattern::Exact(path.text.to_owned()) };
    if !prefix.contains(['*', '?']) {
        return Pattern::Wildcard(path.text.to_owned());
    }
    let mut pattern = "^".to_owned();
    for c in prefix.chars() {
        if r"\.+*?()|[]{}^$#&-~".contains(c) {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    Pattern::Regex { pattern, ignore_case: false }
}

fn refuse(site: &mut Site<'_>, path: &PathRef<'_>, message: String, help: &str) -> Option<Vec<Pattern>> {
    site.say(site.at(&build::BAD_PATH, path.at().key("path"), message).help(help));
    None
}
