//! A rule before it is written down: what a request has to have, and what happens to it.

use super::headers::Headers;
use super::paths::Prefix;
use net_alb_diag::FieldPath;
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// Why a request takes a rule. Ordered: the more specific is tried first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Reason {
    /// A certificate authority asks whether a host is ours.
    AcmeChallenge,
    /// The client asks for a tag by header.
    TagHeader,
    /// Any other header, from the KIngress or from a gray annotation.
    Header,
    /// A cookie, from a gray annotation.
    Cookie,
    /// A path prefix.
    Path,
    /// Everything else of the host, by weight.
    Weight,
    /// Everything else of the host goes to HTTPS.
    Redirect,
}

impl Reason {
    /// The extension `rule-reason`'s word.
    pub(super) fn word(self) -> &'static str {
        match self {
            Reason::AcmeChallenge => "acme challenge",
            Reason::TagHeader => "tag header",
            Reason::Header => "header",
            Reason::Cookie => "cookie",
            Reason::Path => "path",
            Reason::Weight => "weight",
            Reason::Redirect => "redirect",
        }
    }
}

/// Headers and cookies that must all match, by name.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Matches {
    pub(super) headers: BTreeMap<String, String>,
    pub(super) cookies: BTreeMap<String, String>,
}

impl Matches {
    pub(super) fn len(&self) -> usize {
        self.headers.len() + self.cookies.len()
    }
}

/// What happens to a request.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Action {
    Forward(Forward),
    RedirectToHttps,
}

/// To one of the targets, changed as said.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Forward {
    /// Set whichever target is chosen.
    pub(super) headers: Headers,
    pub(super) rewrite_host: Option<String>,
    pub(super) targets: Vec<Target>,
}

/// A port of a Service and its share.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Target {
    pub(super) service: String,
    pub(super) port: u16,
    pub(super) weight: u32,
    /// Set only for this target.
    pub(super) headers: Headers,
}

/// Where a rule comes from, for messages.
#[derive(Debug, Clone)]
pub(super) struct Origin {
    /// A path of the KIngress, or an annotation.
    pub(super) place: FieldPath,
    /// Which entry of an annotation.
    pub(super) entry: Option<String>,
}

impl Origin {
    pub(super) fn path(place: FieldPath) -> Self {
        Origin { place, entry: None }
    }

    /// The message, with the entry that it is about.
    pub(super) fn say(&self, message: &str) -> String {
        self.entry.as_ref().map_or_else(|| message.to_owned(), |entry| format!("{entry}: {message}"))
    }

    /// The place of something in it. An annotation's value is one text, which has no places inside.
    pub(super) fn at(&self, inner: impl FnOnce(&FieldPath) -> FieldPath) -> FieldPath {
        if self.entry.is_some() { self.place.clone() } else { inner(&self.place) }
    }
}

/// One rule of a host.
#[derive(Debug, Clone)]
pub(super) struct Rule {
    /// What its action is called unless another needs the same name.
    pub(super) name: String,
    pub(super) origin: Origin,
    pub(super) reason: Reason,
    pub(super) path: Prefix,
    pub(super) matches: Matches,
    pub(super) action: Action,
}

/// All that a rule says: two rules of equal content can be one.
pub(super) type Content<'r> = (Reason, Reverse<usize>, Reverse<usize>, &'r Prefix, &'r Matches, &'r Action);

impl Rule {
    /// The content, ordered from specific to general.
    pub(super) fn content(&self) -> Content<'_> {
        let (conditions, length) = (self.matches.len(), self.path.text().len());
        (self.reason, Reverse(conditions), Reverse(length), &self.path, &self.matches, &self.action)
    }
}
