#[path = "../../tests/gateway/notation.rs"]
pub(super) mod notation;

use super::*;
use net_alb_diag::Code;
use net_alb_diag::codes::{build, gateway as codes};
use notation::{LISTENER, backend, fragments};
use std::net::SocketAddr;

/// A request in words: `GET http://a.example/path?query name: value; name: value`.
struct Request {
    method: String,
    authority: String,
    path: String,
    query: Option<String>,
    headers: Vec<(String, String)>,
}

impl Request {
    fn new(text: &str) -> Request {
        let mut words = text.splitn(3, ' ');
        let method = words.next().unwrap().to_owned();
        let url = words.next().unwrap().trim_start_matches("http://");
        let (authority, rest) = url.split_at(url.find('/').unwrap());
        let (path, query) = rest.split_once('?').map_or((rest, None), |(path, query)| (path, Some(query)));
        let headers = words.next().into_iter().flat_map(|headers| headers.split("; "));
        let pair = |line: &str| line.split_once(": ").map(|(n, v)| (n.to_owned(), v.to_owned())).unwrap();
        Request {
            method,
            authority: authority.to_owned(),
            path: path.to_owned(),
            query: query.map(str::to_owned),
            headers: headers.map(pair).collect(),
        }
    }

    fn head(&self) -> RequestHead<'_> {
        RequestHead {
            method: &self.method,
            authority: &self.authority,
            path: &self.path,
            query: self.query.as_deref(),
            headers: Headers::pairs(&self.headers),
            client: [10, 1, 2, 3].into(),
        }
    }
}

fn put(table: &Table, text: &str) -> Outcome<Table> {
    let puts = fragments(text).into_iter();
    let puts: Vec<_> =
        puts.map(|fragment| Change::Put { ingress: fragment.ingress.clone(), fragment }).collect();
    table.apply(&puts, LISTENER)
}

fn table(text: &str) -> Table {
    let outcome = put(&Table::default(), text);
    assert_eq!(outcome.diagnostics, []);
    outcome.value
}

/// The rule that takes the request; index and scan must agree.
fn taken(table: &Table, request: &str) -> Option<String> {
    let request = Request::new(request);
    let rule = table.route(&request.head()).map(|rule| rule.rule().id.to_string());
    assert_eq!(table.explain(&request.head()).rule.map(|rule| rule.to_string()), rule);
    rule
}

#[track_caller]
fn takes(table: &Table, request: &str, rule: &str) {
    assert_eq!(taken(table, request).as_deref(), Some(rule), "{request}");
}

#[test]
fn the_smallest_priority_wins_whatever_is_more_specific() {
    let table = table(
        "a/z: host=*.example path=/* -> forward loose
         b/y@5: path=/first -> forward order
         b/x: host=a.example path=/ -> forward exact
         a-b/a: host=b.example path=/* -> forward tie",
    );
    takes(&table, "GET http://a.example/", "a/z host=*.example path=/*");
    takes(&table, "GET http://a.example/first", "b/y path=/first");
    // `a-b/a` < `a/z` as strings, although namespace `a` < `a-b`.
    takes(&table, "GET http://b.example/", "a-b/a host=b.example path=/*");
    assert_eq!(taken(&table, "GET http://example/"), None);
}

#[test]
fn hosts_ignore_case_port_and_final_dot() {
    let table = table("a/a: host=Hello.Example -> forward x");
    for host in ["hello.example", "HELLO.example:80", "hello.example.:8080"] {
        takes(&table, &format!("GET http://{host}/"), "a/a host=Hello.Example");
    }
    assert!(table.knows_host("hello.example") && !table.knows_host("other.example"));
}

#[test]
fn conditions_are_and_their_values_or() {
    let table = table(
        "a/a: host=a.example header=x-tag:blue|green header=x-two:* -> forward both
         a/a: host=a.example cookie=demo=always cookie=cookie2=v2 -> forward cookies
         a/a: host=a.example query=q=1|r=* method=POST|PUT -> forward query
         a/a: host=a.example ip=10.0.0.0/8 path=/in -> forward near
         a/a: host=a.example path=~^/v[0-9]+/ -> forward regex
         a/a: host=a.example path=~*^/upper -> forward folded",
    );
    takes(
        &table,
        "GET http://a.example/ X-Tag: green; x-two: ",
        "a/a host=a.example header=x-tag:blue|green header=x-two:*",
    );
    assert_eq!(taken(&table, "GET http://a.example/ X-Tag: Green; x-two: a"), None);
    assert_eq!(taken(&table, "GET http://a.example/ X-Tag: green"), None);
    let cookies = "a/a host=a.example cookie=demo=always cookie=cookie2=v2";
    takes(&table, "GET http://a.example/ Cookie: COOKIE2=\"V2\"; cookie: x=y;demo=Always", cookies);
    assert_eq!(taken(&table, "GET http://a.example/ Cookie: demo=always"), None);
    let query = "a/a host=a.example query=q=1|r=* method=POST|PUT";
    takes(&table, "PUT http://a.example/?a=b&R=", query);
    assert_eq!(taken(&table, "GET http://a.example/?q=1"), None);
    takes(&table, "GET http://a.example/in", "a/a host=a.example ip=10.0.0.0/8 path=/in");
    takes(&table, "GET http://a.example/v12/x", "a/a host=a.example path=~^/v[0-9]+/");
    takes(&table, "GET http://a.example/UPPER", "a/a host=a.example path=~*^/upper");
}

#[test]
fn a_changed_ingress_leaves_the_others_as_they_are() {
    let before = table(
        "a/a: host=a.example -> forward x 1, y 1
         a/a: host=b.example -> forward x
         b/b: host=b.example -> forward z",
    );
    let after =
        put(&before, "a/a: host=a.example -> forward x 1, y 1\n a/a: host=c.example -> forward x").value;
    takes(&before, "GET http://b.example/", "a/a host=b.example");
    takes(&after, "GET http://b.example/", "b/b host=b.example");
    takes(&after, "GET http://c.example/", "a/a host=c.example");
    let rule =
        |table: &Table| Arc::clone(table.route(&Request::new("GET http://a.example/").head()).unwrap());
    assert!(Arc::ptr_eq(&rule(&before), &rule(&after)), "an unchanged rule is the same object");
    let removed = after.apply(&[Change::Remove { ingress: ObjectKey::new("a", "a") }], LISTENER).value;
    assert_eq!((before.len(), after.len(), removed.len()), (3, 3, 1));
    assert_eq!(taken(&removed, "GET http://a.example/"), None);
}

#[test]
fn the_split_goes_on_when_something_else_of_the_rule_changes() {
    let head = Request::new("GET http://a.example/");
    let choose = |table: &Table| {
        let rule = Arc::clone(table.route(&head.head()).unwrap());
        match &rule.plan.end {
            action::End::Forward(forward) => forward.split.choose().unwrap(),
            _ => panic!("a forward"),
        }
    };
    let mut current = table("a/a: host=a.example -> forward x, y");
    let mut counts = [0usize, 0];
    for round in 0..100 {
        counts[choose(&current)] += 1;
        current = put(&current, &format!("a/a: host=a.example -> set x-round={round}; forward x, y")).value;
    }
    assert!(counts[0].abs_diff(counts[1]) <= 6, "{counts:?}");
}

#[test]
fn a_bad_rule_is_named_and_its_neighbours_serve() {
    let refused = |text: &str, code: &'static Code| {
        let outcome = put(&Table::default(), &format!("{text}\n a/a: host=ok.example -> forward x"));
        let codes: Vec<_> = outcome.diagnostics.iter().map(|diagnostic| diagnostic.code).collect();
        assert_eq!(codes, [code], "{text}");
        takes(&outcome.value, "GET http://ok.example/", "a/a host=ok.example");
        (outcome.value.len(), outcome.diagnostics[0].message.clone())
    };
    let (rules, message) = refused("a/a: path=~( -> forward x", &codes::BAD_REGEX);
    assert_eq!(rules, 1);
    assert!(
        message.starts_with("rule `a/a path=~(`: `(` can't be used as a regular expression: unclosed group")
    );
    assert_eq!(refused("a/a: ip=10.0.0.0/33 -> forward x", &build::BAD_CONDITION).0, 1);
    assert_eq!(refused("a/a: host=a -> set a=b", &build::NO_FINAL_ACTION).0, 1);
    assert_eq!(refused("a/a: host=a -> rewrite path=/${4}; forward x", &codes::BAD_TEMPLATE).0, 1);
    assert_eq!(refused("a/a: host=a -> fixed 302 text/plain no", &codes::BAD_FIXED_RESPONSE).0, 1);
    assert_eq!(refused("a/a: host=a -> set Content-Length=1; forward x", &codes::HEADER_EDIT_REFUSED).0, 2);
}

#[test]
fn explain_says_why_not_the_rules_before() {
    let table = table(
        "a/a: host=other.example -> forward o
         a/a: host=a.example header=knative-serving-tag:rev1 -> forward tag
         a/a: host=a.example cookie=demo=always cookie=cookie2=v2 -> forward cookie
         a/a: host=a.example path=/* -> forward v1 80, v2 20 +x-rev=v2",
    );
    table.registry.set(&backend("v1"), vec![SocketAddr::from(([127, 0, 0, 1], 1))]);
    let request = Request::new(
        "GET http://a.example/ Knative-Serving-Tag: rev2; Cookie: demo=always; Cookie: cookie2=v1",
    );
    let explanation = table.explain(&request.head());
    let whys: Vec<_> = explanation.skipped.iter().map(|skipped| skipped.why.as_str()).collect();
    assert_eq!(
        whys,
        ["header `knative-serving-tag` is `rev2`, not `rev1`", "cookie is `cookie2=v1`, not `cookie2=v2`"]
    );
    assert_eq!(explanation.other_hosts, 1);
    let Answer::Forward { targets } = explanation.answer else { panic!("a forward") };
    let shares: Vec<_> =
        targets.iter().map(|t| (t.server_group.as_str(), t.weight, t.total, t.endpoints)).collect();
    assert_eq!(shares, [("default/test/v1:80", 80, 100, 1), ("default/test/v2:80", 20, 100, 0)]);
    assert_eq!(targets[1].headers["x-rev"], "v2");
}

#[test]
fn two_thousand_header_rules_are_told_apart_without_a_scan() {
    let rules: Vec<_> = (0..2000)
        .map(|n| format!("a/i{n}: host=a.example header=shared:yes header=x-rule:{n} -> forward x"))
        .collect();
    let table = table(&rules.join("\n"));
    takes(
        &table,
        "GET http://a.example/ Shared: yes; X-Rule: 1234",
        "a/i1234 host=a.example header=shared:yes header=x-rule:1234",
    );
    let widest = table.requests.widest();
    assert!(widest <= 2, "some place holds {widest} rules");
}
