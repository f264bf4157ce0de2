//! Which rules of a host could take the same request.
//!
//! Every two rules of a host are compared, so names and values are numbered first: comparing two rules is then comparing a few
//! numbers and the beginnings of two paths.

use super::rule::Rule;
use std::collections::BTreeMap;

/// What a rule asks for, in numbers; names of headers are the same in any case of letters.
pub(super) struct Shape<'r> {
    path: &'r str,
    /// Names with values, by name.
    headers: Vec<(usize, usize)>,
    cookies: Vec<(usize, usize)>,
}

/// The shapes of the rules, in their order.
pub(super) fn shapes<'r>(rules: &[&'r Rule]) -> Vec<Shape<'r>> {
    let mut numbers = Numbers::default();
    let shape = |rule: &&'r Rule| {
        let headers = rule.matches.headers.iter().map(|(name, value)| (name.to_ascii_lowercase(), value));
        let mut headers: Vec<_> =
            headers.map(|(name, value)| (numbers.of(&name), numbers.of(value))).collect();
        let cookies = rule.matches.cookies.iter();
        let mut cookies: Vec<_> =
            cookies.map(|(name, value)| (numbers.of(name), numbers.of(value))).collect();
        headers.sort_unstable();
        cookies.sort_unstable();
        Shape { path: rule.path.text(), headers, cookies }
    };
    rules.iter().map(shape).collect()
}

#[derive(Default)]
struct Numbers(BTreeMap<String, usize>);

impl Numbers {
    fn of(&mut self, text: &str) -> usize {
        if let Some(number) = self.0.get(text) {
            return *number;
        }
        let number = self.0.len();
        self.0.insert(text.to_owned(), number);
        number
    }
}

impl Shape<'_> {
    /// Whether this rule takes every request that `later` could.
    pub(super) fn covers(&self, later: &Shape<'_>) -> bool {
        includes(&later.headers, &self.headers)
            && includes(&later.cookies, &self.cookies)
            && later.path.starts_with(self.path)
    }

    /// Whether some request could take either, so that their order matters. One header can't have two values; one cookie can, by
    /// being there twice.
    pub(super) fn overlaps(&self, other: &Shape<'_>) -> bool {
        !excludes(&self.headers, &other.headers)
            && (self.path.starts_with(other.path) || other.path.starts_with(self.path))
    }
}

/// Whether all of `few` is in `many`.
fn includes(many: &[(usize, usize)], few: &[(usize, usize)]) -> bool {
    few.len() <= many.len() && few.iter().all(|pair| many.binary_search(pair).is_ok())
}

/// Whether some name has one value here and another there.
fn excludes(left: &[(usize, usize)], right: &[(usize, usize)]) -> bool {
    left.iter().any(|(name, value)| {
        let at = right.partition_point(|(other, _)| other < name);
        right.get(at).is_some_and(|(other, wanted)| other == name && wanted != value)
    })
}
