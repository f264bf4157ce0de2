//! The table against a scan over its rules, on random rules, changes and requests.

use super::tests::notation::{LISTENER, fragment};
use super::*;
use net_alb_model::{
    Action, Backend, Condition, KeyPattern, Pattern, Priority, Rule, RuleId, ServerGroupId, StatusRange,
    Target,
};
use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;
use proptest::sample::select;

/// Texts from few letters, so that rules and requests meet often.
fn name() -> impl Strategy<Value = String> {
    "[ab]{0,2}|A|aB"
}

fn host() -> impl Strategy<Value = String> {
    select(vec!["a.x", "b.x", "A.x", "a.b.x", "c.y", "x", "", "aa.x"]).prop_map(str::to_owned)
}

fn path() -> impl Strategy<Value = String> {
    "(/[ab]{0,2}){1,3}"
}

fn host_pattern() -> impl Strategy<Value = Pattern> {
    let wild = select(vec!["*.x", "*", "*x", "a.*", "?.x", "*.B.x", "~^a", "~*X$"]);
    prop_oneof![3 => host().prop_map(Pattern::Exact), 2 => wild.prop_map(Pattern::parse)]
}

fn path_pattern() -> impl Strategy<Value = Pattern> {
    let wild = select(vec!["/*", "*", "/?", "/*/b", "~^/a+", "~*/A", "~b$"]);
    prop_oneof![
        2 => path().prop_map(Pattern::Exact),
        2 => path().prop_map(|path| Pattern::Wildcard(path + "*")),
        1 => wild.prop_map(Pattern::parse),
    ]
}

fn value_pattern() -> impl Strategy<Value = Pattern> {
    prop_oneof![4 => name().prop_map(Pattern::Exact), 1 => select(vec!["*", "a*", "?"]).prop_map(Pattern::wildcard)]
}

fn key_pattern() -> impl Strategy<Value = KeyPattern> {
    (value_pattern(), value_pattern()).prop_map(|(key, value)| KeyPattern { key, value })
}

fn header_name() -> impl Strategy<Value = String> {
    select(vec!["x", "X", "yy", "zzz"]).prop_map(str::to_owned)
}

fn condition() -> impl Strategy<Value = Condition> {
    prop_oneof![
        4 => vec(host_pattern(), 0..3).prop_map(Condition::Host),
        4 => vec(path_pattern(), 0..3).prop_map(Condition::Path),
        3 => (header_name(), vec(value_pattern(), 0..3)).prop_map(|(key, values)| Condition::Header { key, values }),
        2 => vec(key_pattern(), 0..3).prop_map(Condition::Cookie),
        1 => vec(key_pattern(), 1..3).prop_map(Condition::QueryString),
        1 => vec(select(vec!["GET", "PUT"]).prop_map(str::to_owned), 1..2).prop_map(Condition::Method),
        1 => vec(select(vec!["10.0.0.0/8", "10.1.2.3", "::1"]).prop_map(str::to_owned), 1..2)
            .prop_map(Condition::SourceIp),
    ]
}

fn response_condition() -> impl Strategy<Value = Condition> {
    prop_oneof![
        condition(),
        (header_name(), vec(value_pattern(), 1..3))
            .prop_map(|(key, values)| Condition::ResponseHeader { key, values }),
        (100..600u16, 0..300u16).prop_map(|(first, more)| Condition::ResponseStatusCode(vec![StatusRange {
            first,
            last: first + more
        }])),
    ]
}

type Parts = (u16, u32, bool, Vec<Condition>, Vec<Condition>);

fn parts() -> impl Strategy<Value = Parts> {
    (1..4u16, 0..3u32, prop::bool::weighted(0.2), vec(condition(), 0..4), vec(response_condition(), 0..3))
}

fn rule(ingress: &ObjectKey, position: usize, (order, index, response, request, extra): Parts) -> Rule {
    let backend = Backend { service: ingress.clone(), port: "80".to_owned() };
    let target = Target {
        server_group: ServerGroupId::Service {
            ingress: ingress.name.as_str().into(),
            backend: backend.into(),
        },
        weight: 1,
        headers: BTreeMap::new(),
    };
    let (direction, conditions) =
        if response { (Direction::Response, extra) } else { (Direction::Request, request) };
    Rule {
        id: RuleId(format!("{ingress}/{position}")),
        priority: Priority { order, ingress: ingress.clone(), index },
        direction,
        reason: String::new(),
        conditions,
        actions: vec![Action::ForwardGroup { targets: vec![target], sticky_seconds: None }],
    }
}

fn change() -> impl Strategy<Value = Change> {
    let ingress = select(vec!["a/x", "a/x1", "a-b/x", "b/y"]).prop_map(|key| {
        let (namespace, name) = key.split_once('/').expect("a key");
        ObjectKey::new(namespace, name)
    });
    (ingress, of(vec(parts(), 0..12))).prop_map(|(ingress, rules)| match rules {
        None => Change::Remove { ingress },
        Some(rules) => {
            let rules = rules.into_iter().enumerate().map(|(at, parts)| rule(&ingress, at, parts)).collect();
            Change::Put { fragment: Arc::new(fragment(ingress.clone(), rules)), ingress }
        }
    })
}

#[derive(Debug, Clone)]
struct Request {
    method: &'static str,
    host: String,
    path: String,
    query: Option<String>,
    headers: Vec<(String, String)>,
    response: (u16, Vec<(String, String)>),
}

fn request() -> impl Strategy<Value = Request> {
    let field = || (header_name(), name());
    let cookie = vec((name(), name()), 0..3).prop_map(|pairs| {
        let pairs: Vec<_> = pairs.iter().map(|(name, value)| format!("{name}={value}")).collect();
        ("Cookie".to_owned(), pairs.join("; "))
    });
    let headers = vec(prop_oneof![3 => field().boxed(), 2 => cookie.boxed()], 0..5);
    let query = of(vec((name(), name()), 0..3).prop_map(|pairs| {
        let pairs: Vec<_> = pairs.iter().map(|(name, value)| format!("{name}={value}")).collect();
        pairs.join("&")
    }));
    let response = (100..600u16, vec(field(), 0..3));
    (select(vec!["GET", "PUT"]), host(), path(), query, headers, response).prop_map(
        |(method, host, path, query, headers, response)| Request {
            method,
            host,
            path,
            query,
            headers,
            response,
        },
    )
}

impl Request {
    fn head(&self) -> RequestHead<'_> {
        RequestHead {
            method: self.method,
            authority: &self.host,
            path: &self.path,
            query: self.query.as_deref(),
            headers: Headers::pairs(&self.headers),
            client: [10, 1, 2, 3].into(),
        }
    }

    fn response(&self) -> ResponseHead<'_> {
        ResponseHead { status: self.response.0, headers: Headers::pairs(&self.response.1) }
    }
}

/// What a scan finds.
fn scan<'t>(
    table: &'t Table,
    direction: Direction,
    request: &RequestHead<'_>,
    response: Option<&ResponseHead<'_>>,
) -> Option<&'t RuleId> {
    let rules = table.in_order(direction);
    let taken = rules.into_iter().find(|rule| naive::why_not(rule.rule(), request, response).is_ok());
    taken.map(|rule| &rule.rule().id)
}

fn agree(table: &Table, requests: &[Request]) -> Result<(), TestCaseError> {
    for request in requests {
        let (head, response) = (request.head(), request.response());
        let found = table.route(&head).map(|rule| &rule.rule().id);
        prop_assert_eq!(found, scan(table, Direction::Request, &head, None));
        let found = table.route_response(&head, &response).map(|rule| &rule.rule().id);
        prop_assert_eq!(found, scan(table, Direction::Response, &head, Some(&response)));
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    /// The index finds what a scan finds, after any sequence of changes; older tables stay what they were; a table
    /// without Ingresses is empty.
    #[test]
    fn index_equals_scan(changes in vec(change(), 1..8), requests in vec(request(), 1..12)) {
        let mut versions = vec![Table::default()];
        for change in &changes {
            let last = versions.last().expect("the empty table at least");
            let next = last.apply(std::slice::from_ref(change), LISTENER);
            prop_assert!(next.diagnostics.is_empty());
            versions.push(next.value);
        }
        for table in &versions {
            agree(table, &requests)?;
        }
        let last = versions.last().expect("the empty table at least");
        let all: Vec<_> = last.in_order(Direction::Request).into_iter().chain(last.in_order(Direction::Response)).map(|rule| Change::Remove { ingress: rule.ingress().clone() }).collect();
        let empty = last.apply(&all, LISTENER).value;
        prop_assert!(empty.is_empty() && empty.requests.is_empty() && empty.responses.is_empty());
    }

    /// Changes in one step or one by one come to the same.
    #[test]
    fn steps_do_not_matter(changes in vec(change(), 1..8), requests in vec(request(), 1..6)) {
        let at_once = Table::default().apply(&changes, LISTENER).value;
        let one_by_one = changes.chunks(1).fold(Table::default(), |table, change| table.apply(change, LISTENER).value);
        prop_assert_eq!(at_once.len(), one_by_one.len());
        for request in &requests {
            let id = |table: &Table| table.route(&request.head()).map(|rule| rule.rule().id.clone());
            prop_assert_eq!(id(&at_once), id(&one_by_one));
        }
    }
}
