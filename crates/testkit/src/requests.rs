/// One line of a `requests.txt`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// The line's number, from 1, and its text.
    pub line: (usize, String),
    /// To the cluster-local listener instead of the public one.
    pub local: bool,
    /// `GET`.
    pub method: String,
    /// The host, with a port if the line has one.
    pub host: String,
    /// Path and query, at least `/`.
    pub path: String,
    /// In order; a name may come twice.
    pub headers: Vec<(String, String)>,
    /// What must come of it.
    pub expect: Expect,
}

/// What a request must get.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expect {
    /// An answer of the gateway's own.
    Status(u16),
    /// Backends with their shares, in percent.
    Backends(Vec<(u32, String)>),
}

/// Reads a `requests.txt`:
///
/// ```text
/// # a comment
/// GET http://hello.default.example.com/ ; x-tag: green ; cookie: a=b -> 100 hello-green
/// local GET http://hello.default/ -> 50 hello-00001, 50 hello-00002
/// GET http://nobody.example.com/ -> 404
/// ```
pub fn parse_requests(text: &str) -> Vec<Request> {
    let lines = text.lines().enumerate().map(|(i, line)| (i + 1, line.trim()));
    lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#')).map(parse).collect()
}

fn parse((number, line): (usize, &str)) -> Request {
    let wrong = |what: &str| -> ! { panic!("requests.txt line {number}: {what}: `{line}`") };
    let (request, expect) = line.split_once("->").unwrap_or_else(|| wrong("no `->`"));
    let mut parts = request.split(" ; ").map(str::trim);
    let head = parts.next().unwrap_or_default();
    let (local, head) = head.strip_prefix("local ").map_or((false, head), |rest| (true, rest));
    let (method, url) = head.split_once(' ').unwrap_or_else(|| wrong("no method and URL"));
    let url = url.trim().strip_prefix("http://").unwrap_or_else(|| wrong("the URL begins with `http://`"));
    let (host, path) =
        url.split_once('/').map_or((url, String::new()), |(host, path)| (host, path.to_owned()));
    let header = |part: &str| {
        let (name, value) = part.split_once(':').unwrap_or_else(|| wrong("a header is `name: value`"));
        (name.trim().to_owned(), value.trim().to_owned())
    };
    Request {
        line: (number, line.to_owned()),
        local,
        method: method.to_owned(),
        host: host.to_owned(),
        path: format!("/{path}"),
        headers: parts.map(header).collect(),
        expect: parse_expect(expect.trim()).unwrap_or_else(|| wrong("`404` or `50 a, 50 b` after `->`")),
    }
}

fn parse_expect(text: &str) -> Option<Expect> {
    if let Ok(status) = text.parse() {
        return Some(Expect::Status(status));
    }
    let backend = |part: &str| {
        let (share, name) = part.trim().split_once(' ')?;
        Some((share.parse().ok()?, name.trim().to_owned()))
    };
    text.split(',').map(backend).collect::<Option<Vec<_>>>().map(Expect::Backends)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_headers_shares_and_the_listener() {
        let text = "# why\n\nlocal GET http://a.b ; x: 1 ; cookie: k=v -> 50 one, 50 two\nHEAD http://c:80/p?q -> 404\n";
        let requests = parse_requests(text);
        let shares = Expect::Backends(vec![(50, "one".into()), (50, "two".into())]);
        assert_eq!((requests[0].local, requests[0].path.as_str(), &requests[0].expect), (true, "/", &shares));
        assert_eq!(requests[0].headers, [("x".into(), "1".into()), ("cookie".into(), "k=v".into())]);
        assert_eq!((requests[1].host.as_str(), requests[1].path.as_str()), ("c:80", "/p?q"));
        assert_eq!(requests[1].expect, Expect::Status(404));
    }
}
