//! A request as it is typed.

use net_alb_gateway::table::{Headers, RequestHead};
use std::net::{IpAddr, Ipv4Addr};

/// A request to ask about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Request {
    https: bool,
    method: String,
    /// Host and, if there is one, port.
    authority: String,
    /// The port in the URL, which a `Host` header doesn't change.
    port: Option<u16>,
    path: String,
    query: Option<String>,
    headers: Vec<(String, String)>,
}

impl Request {
    /// Reads `GET http://host/path?query`, headers as `name: value`, cookies as `a=b; c=d`. Says what is wrong with them.
    pub(super) fn parse(line: &str, headers: &[String], cookies: &[String]) -> Result<Request, String> {
        let (method, url) = match line.trim().split_once(char::is_whitespace) {
            Some((method, url)) => (method.to_ascii_uppercase(), url.trim()),
            None => ("GET".to_owned(), line.trim()),
        };
        let (https, rest) = match (url.strip_prefix("http://"), url.strip_prefix("https://")) {
            (Some(rest), _) => (false, rest),
            (_, Some(rest)) => (true, rest),
            _ => {
                return Err(format!(
                    "--request is a method and a URL, as 'GET http://host/path'; `{line}` is not"
                ));
            }
        };
        let rest = rest.split('#').next().unwrap_or_default();
        let (authority, target) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        if authority.is_empty() || target.contains(char::is_whitespace) {
            return Err(format!("`{url}` is no URL: http://host/path?query"));
        }
        let (path, query) = match target.split_once('?') {
            Some((path, query)) => (path, Some(query.to_owned())),
            None => (target, None),
        };
        let path = if path.is_empty() { "/" } else { path }.to_owned();
        let port = authority.rsplit_once(':').and_then(|(_, port)| port.parse().ok());
        let mut request = Request {
            https,
            method,
            authority: authority.to_owned(),
            port,
            path,
            query,
            headers: Vec::new(),
        };
        for field in headers {
            request.add_header(field)?;
        }
        if !cookies.is_empty() {
            request.headers.push(("cookie".to_owned(), cookies.join("; ")));
        }
        Ok(request)
    }

    /// As curl reads them: `name: value`, or `name;` for an empty value. `Host` is who is asked.
    fn add_header(&mut self, field: &str) -> Result<(), String> {
        let pair = field.split_once(':').or_else(|| field.strip_suffix(';').map(|name| (name, "")));
        let Some((name, value)) = pair.map(|(name, value)| (name.trim(), value.trim())) else {
            return Err(format!("a header is 'name: value'; `{field}` has no `:`"));
        };
        if name.eq_ignore_ascii_case("host") {
            value.clone_into(&mut self.authority);
        } else {
            self.headers.push((name.to_owned(), value.to_owned()));
        }
        Ok(())
    }

    pub(super) fn is_https(&self) -> bool {
        self.https
    }

    pub(super) fn port(&self) -> Option<u16> {
        self.port
    }

    pub(super) fn host(&self) -> String {
        self.with_head(|head| head.host().to_ascii_lowercase())
    }

    /// `GET http://host/path?query`.
    pub(super) fn line(&self) -> String {
        let scheme = if self.https { "https" } else { "http" };
        let query = self.query.as_ref().map_or(String::new(), |query| format!("?{query}"));
        format!("{} {scheme}://{}{}{query}", self.method, self.authority, self.path)
    }

    /// Looks at it as the gateway would see it.
    pub(super) fn with_head<T>(&self, look: impl FnOnce(&RequestHead<'_>) -> T) -> T {
        look(&RequestHead {
            method: &self.method,
            authority: &self.authority,
            path: &self.path,
            query: self.query.as_deref(),
            headers: Headers::pairs(&self.headers),
            client: IpAddr::V4(Ipv4Addr::LOCALHOST),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_curl_reads() {
        let headers = ["Host: b.example:81".to_owned(), "x-empty;".to_owned()];
        let cookies = ["a=1".to_owned(), "b=2; c=3".to_owned()];
        let request = Request::parse("put https://a.example:444/x?y#z", &headers, &cookies).unwrap();
        assert_eq!(request.line(), "PUT https://b.example:81/x?y");
        assert_eq!((request.port(), request.host().as_str()), (Some(444), "b.example"));
        let fields =
            [("x-empty", ""), ("cookie", "a=1; b=2; c=3")].map(|(n, v)| (n.to_owned(), v.to_owned()));
        assert_eq!(request.headers, fields);
        assert_eq!(Request::parse("http://a", &[], &[]).unwrap().line(), "GET http://a/");
        assert_eq!(Request::parse("http://a?q", &[], &[]).unwrap().line(), "GET http://a/?q");
    }

    #[test]
    fn says_what_is_wrong() {
        assert!(
            Request::parse("GET a.example/", &[], &[])
                .unwrap_err()
                .contains("--request is a method and a URL")
        );
        assert!(Request::parse("GET http://a/b c", &[], &[]).unwrap_err().contains("is no URL"));
        assert!(Request::parse("http://a", &["x".to_owned()], &[]).unwrap_err().contains("has no `:`"));
    }
}
