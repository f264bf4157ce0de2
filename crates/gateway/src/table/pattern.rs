use net_alb_model::Pattern;
use regex::bytes::{Regex, RegexBuilder};

/// A compiled [`Pattern`].
#[derive(Debug)]
pub(crate) enum Matcher {
    Exact(Box<[u8]>),
    Wildcard(Box<[u8]>),
    Regex(Box<Regex>),
}

/// Whether the case of ASCII letters counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Case {
    Sensitive,
    Insensitive,
}

/// Bytes that one compiled regular expression may take, the lazy automaton that it grows while matching included.
const REGEX_BYTES: usize = 256 * 1024;

impl Matcher {
    pub(crate) fn new(pattern: &Pattern, case: Case) -> Result<Matcher, regex::Error> {
        Ok(match pattern {
            Pattern::Exact(text) => Matcher::Exact(fold(text.as_bytes(), case)),
            Pattern::Wildcard(text) => Matcher::Wildcard(fold(text.as_bytes(), case)),
            Pattern::Regex { pattern, ignore_case } => {
                Matcher::Regex(Box::new(regex(pattern, *ignore_case || case == Case::Insensitive)?))
            }
        })
    }

    pub(crate) fn matches(&self, text: &[u8], case: Case) -> bool {
        match (self, case) {
            (Matcher::Exact(exact), Case::Sensitive) => **exact == *text,
            (Matcher::Exact(exact), Case::Insensitive) => exact.eq_ignore_ascii_case(text),
            (Matcher::Wildcard(pattern), case) => wildcard(pattern, text, case),
            (Matcher::Regex(regex), _) => regex.is_match(text),
        }
    }
}

/// Compiles a regular expression with bounded memory. It's found anywhere unless anchored.
pub(crate) fn regex(pattern: &str, ignore_case: bool) -> Result<Regex, regex::Error> {
    RegexBuilder::new(pattern)
        .case_insensitive(ignore_case)
        .size_limit(REGEX_BYTES)
        .dfa_size_limit(REGEX_BYTES)
        .build()
}

fn fold(text: &[u8], case: Case) -> Box<[u8]> {
    match case {
        Case::Sensitive => text.into(),
        Case::Insensitive => text.to_ascii_lowercase().into(),
    }
}

/// `*` is any run of bytes, `?` is one. Takes time in the product of both lengths at worst: a star that has passed is
/// never tried again.
fn wildcard(pattern: &[u8], text: &[u8], case: Case) -> bool {
    let same = |a: u8, b: u8| a == b || (case == Case::Insensitive && a.eq_ignore_ascii_case(&b));
    let (mut p, mut t) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some(b'*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(&byte) if byte == b'?' || same(byte, text[t]) => {
                p += 1;
                t += 1;
            }
            _ => match star {
                Some((at, covered)) => {
                    star = Some((at, covered + 1));
                    p = at + 1;
                    t = covered + 1;
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|byte| *byte == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_match_as_alb_documents_them() {
        let cases = [
            ("*.example.com", "a.b.example.com", true),
            ("*.example.com", "example.com", false),
            ("/api/*", "/api/", true),
            ("/api/*", "/api/v1/x", true),
            ("/api/*", "/api", false),
            ("/?/x", "/a/x", true),
            ("/?/x", "/ab/x", false),
            ("a*b*c", "aXbYbZc", true),
            ("a*b*c", "aXbYbZ", false),
            ("*", "", true),
            ("?", "", false),
            ("**", "x", true),
        ];
        for (pattern, text, expected) in cases {
            let matcher = Matcher::new(&Pattern::wildcard(pattern), Case::Sensitive).unwrap();
            assert_eq!(matcher.matches(text.as_bytes(), Case::Sensitive), expected, "{pattern} {text}");
        }
        let host = Matcher::new(&Pattern::parse("*.Example.com"), Case::Insensitive).unwrap();
        assert!(host.matches(b"A.EXAMPLE.com", Case::Insensitive));
    }

    #[test]
    fn a_star_after_star_pattern_takes_no_exponential_time() {
        let pattern = "a*".repeat(64) + "b";
        let text = "a".repeat(4096);
        let matcher = Matcher::new(&Pattern::wildcard(&pattern), Case::Sensitive).unwrap();
        assert!(!matcher.matches(text.as_bytes(), Case::Sensitive));
    }

    #[test]
    fn an_enormous_regex_is_refused() {
        assert!(regex("(a{1000}){1000}", false).is_err());
        assert!(regex("(", false).is_err());
    }
}
