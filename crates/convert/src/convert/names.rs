//! What actions are called: the backend name of a path, and the end of its annotations' keys.
//!
//! A name says what the rule is for (`forward-default`, `forward-tag-rev1`, `forward-header-helloworld-go-00002`). Where two rules
//! that do different things would have the same name, both end in a hash of their host, path and matches instead: of what
//! they are, so that a change of weights or of other rules renames nothing.

use super::arrange::Placed;
use std::collections::BTreeMap;

/// `net-alb.knative.dev/literal-conditions.NAME` is the longest key: 63 characters after the slash, 19 before NAME.
const LONGEST: usize = 44;
/// What an Ingress' name must not have: Alibaba's open controller gives such an Ingress no servers at first (seen by running it).
const HARMFUL: &str = "-listener-";
/// `-` and eight hexadecimal digits.
const HASH: usize = 9;

/// `PREFIX-NAME` as a DNS label: lower-case letters, digits and single dashes, at most [`LONGEST`].
pub(super) fn word(prefix: &str, name: &str) -> String {
    let mut label = prefix.to_owned();
    for part in name.split(|c: char| !c.is_ascii_alphanumeric()).filter(|part| !part.is_empty()) {
        label.push('-');
        label.push_str(&part.to_ascii_lowercase());
    }
    if label.len() <= LONGEST { label } else { with_hash(&label, &label) }
}

/// A KIngress' name as Ingresses may have it: the same, unless it would do harm. A hash keeps it from being another KIngress'.
pub(super) fn harmless(name: &str) -> String {
    if !name.contains(HARMFUL) {
        return name.to_owned();
    }
    format!("{}.{:08x}", name.replace(HARMFUL, "-listener."), fnv1a(name.as_bytes()))
}

/// The label, shortened if need be, with a hash of `of` at its end.
pub(super) fn with_hash(label: &str, of: &str) -> String {
    let kept = label[..label.len().min(LONGEST - HASH)].trim_end_matches('-');
    format!("{kept}-{:08x}", fnv1a(of.as_bytes()))
}

/// FNV-1a, folded to 32 bits (draft-eastlake-fnv).
fn fnv1a(bytes: &[u8]) -> u64 {
    let step = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    let hash = bytes.iter().fold(0xcbf2_9ce4_8422_2325_u64, step);
    (hash >> 32) ^ (hash & 0xffff_ffff)
}

/// A name for each rule; two rules have the same one only if all of their annotations are the same.
pub(super) fn names(rules: &[Placed<'_>]) -> Vec<String> {
    let mut wanted: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (index, placed) in rules.iter().enumerate() {
        wanted.entry(placed.name).or_default().push(index);
    }
    let mut names: Vec<String> = rules.iter().map(|placed| placed.name.to_owned()).collect();
    let mut taken: BTreeMap<String, usize> = BTreeMap::new();
    for indexes in wanted.values() {
        let is_one = indexes.iter().all(|index| is_same(&rules[*index], &rules[indexes[0]]));
        for index in indexes {
            let mut of = identity(&rules[*index]);
            if !is_one {
                names[*index] = with_hash(rules[*index].name, &of);
            }
            while taken.get(&names[*index]).is_some_and(|other| !is_same(&rules[*index], &rules[*other])) {
                of.push('+');
                names[*index] = with_hash(rules[*index].name, &of);
            }
            taken.insert(names[*index].clone(), *index);
        }
    }
    names
}

/// Whether the annotations of two rules are the same. The path and the first host are no part of them.
fn is_same(a: &Placed<'_>, b: &Placed<'_>) -> bool {
    let annotated = |placed: &Placed<'_>| (placed.rule.reason, placed.rule.path.has_wildcard());
    annotated(a) == annotated(b)
        && a.hosts.get(1..).unwrap_or_default() == b.hosts.get(1..).unwrap_or_default()
        && (&a.rule.matches, &a.rule.action) == (&b.rule.matches, &b.rule.action)
}

/// What no other rule of the Ingress has: a host, a path and what has to match.
fn identity(placed: &Placed<'_>) -> String {
    let mut identity = format!("{}{}", placed.hosts.first().unwrap_or(&"*"), placed.rule.path.text());
    for (name, value) in placed.rule.matches.headers.iter().chain(&placed.rule.matches.cookies) {
        for text in ["\n", name, ": ", value] {
            identity.push_str(text);
        }
    }
    identity
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_as_the_draft_does() {
        // The draft's vector for `a` is af63dc4c8601ec8c.
        assert_eq!(fnv1a(b"a"), 0xaf63_dc4c ^ 0x8601_ec8c);
    }

    #[test]
    fn a_harmful_name_is_changed() {
        assert_eq!(harmless("shop-listeners"), "shop-listeners");
        assert_eq!(harmless("a-listener-b-listener-c"), "a-listener.b-listener.c.6e070ca4");
        assert_eq!(harmless("a-listener-listener-b").matches("-listener-").count(), 0);
    }

    #[test]
    fn words_are_dns_labels() {
        assert_eq!(word("forward-tag", "rev1"), "forward-tag-rev1");
        assert_eq!(word("forward-path", "/Foo//b_ar/"), "forward-path-foo-b-ar");
        assert_eq!(word("forward-path", "/*"), "forward-path");
        let long = word("forward-header", "a-revision-with-a-name-that-goes-on-00001");
        assert_eq!(long, "forward-header-a-revision-with-a-na-85b5ee60");
        assert_eq!(long.len(), LONGEST);
        assert_eq!(word("forward-header", "äöü"), "forward-header");
    }
}
