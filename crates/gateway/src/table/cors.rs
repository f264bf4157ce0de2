use super::pattern::{Case, Matcher};
use net_alb_model::{Cors, Pattern};

/// Cross-origin answers, worked out beforehand.
///
/// Source: ALB, action `Cors`; Fetch standard, "CORS protocol".
#[derive(Debug)]
pub(crate) struct CorsPolicy {
    any_origin: bool,
    origins: Box<[Matcher]>,
    credentials: bool,
    /// Lines of a preflight's answer.
    preflight: Box<[u8]>,
    /// Lines of every other answer to an allowed origin.
    actual: Box<[u8]>,
}

impl CorsPolicy {
    pub(crate) fn new(cors: &Cors) -> Result<CorsPolicy, regex::Error> {
        let line = |name: &str, values: &[String]| match values {
            [] => String::new(),
            values => format!("{name}: {}\r\n", values.join(", ")),
        };
        let mut preflight = line("access-control-allow-methods", &cors.allow_methods);
        preflight += &line("access-control-allow-headers", &cors.allow_headers);
        preflight += &line("access-control-max-age", &[cors.max_age_seconds.to_string()]);
        let origin = |text: &String| Matcher::new(&Pattern::wildcard(text), Case::Insensitive);
        Ok(CorsPolicy {
            any_origin: cors.allow_origins.iter().any(|origin| origin == "*"),
            origins: cors.allow_origins.iter().map(origin).collect::<Result<_, _>>()?,
            credentials: cors.allow_credentials,
            preflight: preflight.into_bytes().into(),
            actual: line("access-control-expose-headers", &cors.expose_headers).into_bytes().into(),
        })
    }

    /// Appends the lines by which `origin` may read the answer; nothing if it may not.
    ///
    /// With credentials a browser wants its own origin back, not `*`.
    pub(crate) fn allow(&self, origin: &[u8], preflight: bool, out: &mut Vec<u8>) {
        if !self.origins.iter().any(|allowed| allowed.matches(origin, Case::Insensitive)) {
            return;
        }
        let echo: &[u8] = if self.any_origin && !self.credentials { b"*" } else { origin };
        let credentials: &[u8] =
            if self.credentials { b"access-control-allow-credentials: true\r\n" } else { b"" };
        let vary: &[u8] = if echo == b"*" { b"" } else { b"vary: origin\r\n" };
        let more: &[u8] = if preflight { &self.preflight } else { &self.actual };
        for part in [b"access-control-allow-origin: ", echo, b"\r\n", credentials, vary, more] {
            out.extend_from_slice(part);
        }
    }

    /// Whether the policy, not the backend, decides about this header of an answer.
    pub(crate) fn owns(name: &[u8]) -> bool {
        const OURS: [&[u8]; 6] = [
            b"access-control-allow-origin",
            b"access-control-allow-credentials",
            b"access-control-allow-methods",
            b"access-control-allow-headers",
            b"access-control-max-age",
            b"access-control-expose-headers",
        ];
        OURS.iter().any(|ours| ours.eq_ignore_ascii_case(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(origins: &[&str], credentials: bool) -> CorsPolicy {
        let cors = Cors {
            allow_origins: origins.iter().map(ToString::to_string).collect(),
            allow_methods: vec!["GET".into(), "PUT".into()],
            allow_headers: vec!["X-A".into()],
            expose_headers: vec!["X-B".into()],
            allow_credentials: credentials,
            max_age_seconds: 60,
        };
        CorsPolicy::new(&cors).unwrap()
    }

    fn lines(policy: &CorsPolicy, origin: &str, preflight: bool) -> String {
        let mut out = Vec::new();
        policy.allow(origin.as_bytes(), preflight, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn an_allowed_origin_is_echoed_when_credentials_are() {
        let policy = policy(&["*"], true);
        assert_eq!(
            lines(&policy, "http://a", false),
            "access-control-allow-origin: http://a\r\naccess-control-allow-credentials: true\r\nvary: origin\r\n\
             access-control-expose-headers: X-B\r\n"
        );
    }

    #[test]
    fn a_preflight_says_what_may_be_sent() {
        assert_eq!(
            lines(&policy(&["*"], false), "http://a", true),
            "access-control-allow-origin: *\r\naccess-control-allow-methods: GET, PUT\r\n\
             access-control-allow-headers: X-A\r\naccess-control-max-age: 60\r\n"
        );
    }

    #[test]
    fn a_foreign_origin_gets_nothing() {
        let policy = policy(&["https://*.example.com"], false);
        assert_eq!(lines(&policy, "https://example.org", true), "");
        assert!(lines(&policy, "https://a.example.com", true).contains("https://a.example.com"));
    }
}
