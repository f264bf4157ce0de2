//! Names as Kubernetes and Knative check and make them.

use md5::{Digest, Md5};

/// The longest name of an object, and the longest label of a host.
const LONGEST: usize = 63;
/// The longest host.
const LONGEST_HOST: usize = 253;
/// What is left of a name when an MD5 in hexadecimal follows it.
const HEAD: usize = LONGEST - 32;

/// What is wrong with a DNS-1035 label, which is what Knative wants of the names of Services, revisions and tags.
/// Source: apimachinery `pkg/util/validation/validation.go`.
pub(super) fn check_label(name: &str) -> Result<(), String> {
    if !name.starts_with(|c: char| c.is_ascii_lowercase()) || !is_dns_1123(name) {
        let rule = "lower case letters, digits and `-`, a letter first and no `-` last";
        return Err(format!("`{}` is no DNS label ({rule})", shortened(name)));
    }
    check_length(name)
}

/// What is wrong with a host: at least two labels, each at most 63 characters long.
pub(super) fn check_host(host: &str) -> Result<(), String> {
    let labels: Vec<&str> = host.strip_suffix('.').unwrap_or(host).split('.').collect();
    if labels.contains(&"") {
        return Err("a label of it is empty".into());
    }
    if let Some(label) = labels.iter().find(|label| !is_dns_1123(label)) {
        let rule = "lower case letters, digits and `-`, with a letter or digit at both ends";
        return Err(format!("`{}` in it is no DNS label ({rule})", shortened(label)));
    }
    if labels.len() < 2 {
        return Err("it has one label, not two or more".into());
    }
    if host.len() > LONGEST_HOST {
        return Err(format!("it has {} characters, not {LONGEST_HOST} at most", host.len()));
    }
    labels.iter().try_for_each(|label| check_length(label))
}

fn is_dns_1123(label: &str) -> bool {
    let inner = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    !label.is_empty() && label.bytes().all(inner) && !label.starts_with('-') && !label.ends_with('-')
}

fn check_length(label: &str) -> Result<(), String> {
    match label.len() {
        ..=LONGEST => Ok(()),
        length => Err(format!("`{}` has {length} characters, not {LONGEST} at most", shortened(label))),
    }
}

/// A name for a message: nobody wants to read a million letters.
fn shortened(name: &str) -> String {
    const SHOWN: usize = 80;
    match name.char_indices().nth(SHOWN) {
        None => name.to_owned(),
        Some((end, _)) => format!("{}…", &name[..end]),
    }
}

/// A name made of a parent's name and a short suffix: too long a parent is cut and ends in its hash.
///
/// Source: pkg `kmeta/names.go`, `ChildName`, of which the branch for suffixes of 31 characters and more isn't needed.
pub(super) fn child_name(parent: &str, suffix: &str) -> String {
    format!("{}{suffix}", stem(parent, suffix.len()))
}

/// What stands before a suffix of this length.
pub(super) fn stem(parent: &str, suffix: usize) -> String {
    if parent.len() + suffix <= LONGEST {
        return parent.to_owned();
    }
    let hash = u128::from_be_bytes(Md5::digest(parent).into());
    let head = parent.get(..HEAD.saturating_sub(suffix)).unwrap_or_default();
    format!("{head}{hash:032x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_dns_1035() {
        for good in ["a", "hello-world", "v1", &"a".repeat(63)] {
            assert_eq!(check_label(good), Ok(()), "{good}");
        }
        for bad in ["", "1a", "-a", "a-", "A", "a.b", "a_b", "ä", &"a".repeat(64)] {
            assert!(check_label(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn hosts_have_two_labels_of_63_characters_at_most() {
        for good in ["hello.1", "1.2", "a.b.", &format!("{}.b", "a".repeat(63))] {
            assert_eq!(check_host(good), Ok(()), "{good}");
        }
        for bad in ["", "hello", "a..b", "-a.b", "a.B", "a.<no value>", &format!("{}.b", "a".repeat(64))] {
            assert!(check_host(bad).is_err(), "{bad}");
        }
        assert!(check_host(&["abcdefghi"; 26].join(".")).is_err());
    }

    #[test]
    fn child_names_are_knative_s() {
        assert_eq!(child_name("hello", "-00001"), "hello-00001");
        let long = "a-service-whose-name-leaves-no-room-for-the-revision-number";
        let name = child_name(long, "-00001");
        // As recorded in cases/expand-long-name.
        assert_eq!((name.len(), &name[..25], &name[57..]), (63, &long[..25], "-00001"));
    }
}
