use regex::bytes::Captures;

/// A text with variables, as in rewrites and redirects: `${host}`, `${path}`, `${query}`, `${protocol}`, `${port}` and,
/// where the rule's path condition is a regular expression, `${1}` to `${3}`.
///
/// Source: ALB, "Advanced features of ALB Ingresses", rewrite and redirect.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Template(Box<[Piece]>);

#[derive(Debug, PartialEq, Eq)]
enum Piece {
    Text(Box<str>),
    Host,
    Path,
    Query,
    Protocol,
    Port,
    Capture(usize),
}

/// What the variables stand for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Variables<'a> {
    pub(crate) host: &'a str,
    pub(crate) path: &'a str,
    pub(crate) query: &'a str,
    pub(crate) protocol: &'a str,
    pub(crate) port: &'a str,
    pub(crate) captures: Option<&'a Captures<'a>>,
}

impl Template {
    /// Reads a template; the error is the variable that doesn't exist.
    pub(crate) fn parse(text: &str) -> Result<Template, String> {
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${") {
            let (name, after) = after.split_once('}').ok_or_else(|| format!("${{{after}"))?;
            if !before.is_empty() {
                pieces.push(Piece::Text(before.into()));
            }
            pieces.push(variable(name).ok_or_else(|| format!("${{{name}}}"))?);
            rest = after;
        }
        if !rest.is_empty() {
            pieces.push(Piece::Text(rest.into()));
        }
        Ok(Template(pieces.into()))
    }

    /// Whether `${1}`, `${2}` or `${3}` is in it.
    pub(crate) fn has_captures(&self) -> bool {
        self.0.iter().any(|piece| matches!(piece, Piece::Capture(_)))
    }

    /// Appends the text with the variables filled in. A group that took no part in the match is empty.
    pub(crate) fn expand(&self, variables: &Variables<'_>, out: &mut String) {
        for piece in &self.0 {
            match piece {
                Piece::Text(text) => out.push_str(text),
                Piece::Host => out.push_str(variables.host),
                Piece::Path => out.push_str(variables.path),
                Piece::Query => out.push_str(variables.query),
                Piece::Protocol => out.push_str(variables.protocol),
                Piece::Port => out.push_str(variables.port),
                Piece::Capture(number) => {
                    let group = variables.captures.and_then(|captures| captures.get(*number));
                    out.push_str(&String::from_utf8_lossy(group.map_or(b"", |group| group.as_bytes())));
                }
            }
        }
    }
}

fn variable(name: &str) -> Option<Piece> {
    Some(match name {
        "host" => Piece::Host,
        "path" => Piece::Path,
        "query" => Piece::Query,
        "protocol" => Piece::Protocol,
        "port" => Piece::Port,
        "1" => Piece::Capture(1),
        "2" => Piece::Capture(2),
        "3" => Piece::Capture(3),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::pattern::regex;

    #[test]
    fn variables_and_groups_are_filled_in() {
        let pattern = regex("^/([^/]+)/(.*)$", false).unwrap();
        let captures = pattern.captures(b"/v1/items/7").unwrap();
        let variables = Variables {
            host: "a.example",
            path: "/v1/items/7",
            query: "q=1",
            protocol: "http",
            port: "80",
            captures: Some(&captures),
        };
        let mut out = String::new();
        let text = "${protocol}://${host}:${port}/${2}/${1}${3}?${query}&p=${path}";
        Template::parse(text).unwrap().expand(&variables, &mut out);
        assert_eq!(out, "http://a.example:80/items/7/v1?q=1&p=/v1/items/7");
    }

    #[test]
    fn an_unknown_variable_is_named() {
        assert_eq!(Template::parse("/${4}").unwrap_err(), "${4}");
        assert_eq!(Template::parse("/${uri").unwrap_err(), "${uri");
    }
}
