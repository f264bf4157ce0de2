use super::*;
use proptest::prelude::*;

fn rules(kind: GrayKind, text: &str) -> Vec<GrayRule> {
    let read = decode(kind, text);
    assert_eq!(read.errors, [], "{text}");
    read.rules.into_iter().map(|(_, _, rule)| rule).collect()
}

fn errors(kind: GrayKind, text: &str) -> Vec<String> {
    decode(kind, text).errors.iter().map(ToString::to_string).collect()
}

fn rule(target: GrayTarget, pairs: &[(&str, &str)]) -> GrayRule {
    let pairs = pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
    GrayRule { target, pairs }
}

fn revision(name: &str) -> GrayTarget {
    GrayTarget::Revision(name.to_owned())
}

#[test]
fn reads_the_articles_text_to_the_letter() {
    assert_eq!(
        rules(GrayKind::Headers, "[{revision:helloworld-go-00002,headers:{demo:test}}]"),
        [rule(revision("helloworld-go-00002"), &[("demo", "test")])]
    );
    assert_eq!(
        rules(GrayKind::Cookies, "[{revision:helloworld-go-00002,cookies:{demo:always,cookie2:v2}}]"),
        [rule(revision("helloworld-go-00002"), &[("cookie2", "v2"), ("demo", "always")])]
    );
}

#[test]
fn reads_the_same_from_json_and_yaml() {
    let expected = [
        rule(revision("a-1"), &[("n", "1.10"), ("x", "y z")]),
        rule(GrayTarget::Tag("blue".into()), &[("t", "12:30")]),
    ];
    for text in [
        r#"[{"revision":"a-1","headers":{"x":"y z","n":"1.10"}},{"tag":"blue","headers":{"t":"12:30"}}]"#,
        r#"[{revision:a-1,headers:{x:"y z",n:1.10}},{tag:blue,headers:{t:12:30}}]"#,
        "[ {revision: a-1, headers: {x: y z, n: 1.10}} , {tag: blue, headers: {t: 12:30}} ]",
        "- revision: a-1\n  headers:\n    x: 'y z'  # why\n    n: 1.10\n- {tag:blue,headers:{t:12:30}}\n",
    ] {
        assert_eq!(rules(GrayKind::Headers, text), expected, "{text}");
    }
    for empty in ["", " ", "[]", "# nothing"] {
        assert_eq!(rules(GrayKind::Headers, empty), [], "{empty:?}");
    }
}

#[test]
fn names_a_bad_entry_and_keeps_the_others() {
    let text = "[{revision:a,headers:{x:y}},{revison:b,headers:{x:z}},{tag:c,headers:{x:w}}]";
    let read = decode(GrayKind::Headers, text);
    assert_eq!(read.rules.iter().map(|(index, ..)| *index).collect::<Vec<_>>(), [0, 2]);
    assert_eq!(
        errors(GrayKind::Headers, text),
        ["entry 2, column 30: unknown field `revison`; did you mean `revision`?"]
    );
}

#[test]
fn says_where_a_text_goes_wrong() {
    for (text, message) in [
        ("[{revision:a,headers:{x:y}}", "column 1: unclosed bracket '['"),
        (
            "{revision:a,headers:{x:y}}",
            "column 1: no list; expected `[{revision: NAME, headers: {name: value}}]`",
        ),
        ("[{headers:{x:y}}]", "entry 1, column 2: no `revision`: nobody gets the requests"),
        ("[{revision:a}]", "entry 1, column 2: no `headers`: it would match every request"),
        ("[{revision:a,headers:{}}]", "entry 1, column 22: `headers` is empty: it would match every request"),
        (
            "[{revision:a,headers:{x:y,x:z}}]",
            "entry 1, column 27: `x` is there twice, so that nothing matches",
        ),
        ("[{revision:a,headers:{x}}]", "entry 1, column 24: `x` has to have a text as its value"),
        ("[{revision:a,headers:x}]", "entry 1, column 22: `headers` has to be pairs: `{name: value}`"),
        (
            "[{revision:a,tag:b,headers:{x:y}}]",
            "entry 1, column 14: a second target; an entry has one `revision` or `tag`",
        ),
        (
            "[{revision:a,cookies:{x:y}}]",
            "entry 1, column 14: `cookies` belongs in the annotation `alicloud.serving.knative.dev/cookies`",
        ),
        ("[a]", "entry 1, column 2: no entry; expected `[{revision: NAME, headers: {name: value}}]`"),
        (
            "- revision: a\n  headers: &h {x: y}\n- *h\n",
            "line 3, column 3: an alias (`*name`) has no meaning here",
        ),
        ("[]\n---\n[]", "line 2, column 1: more follows after the end of the list"),
        ("[[[[[[[[[[[[]]]]]]]]]]]]", "column 8: nested too deep"),
    ] {
        assert_eq!(errors(GrayKind::Headers, text), [message], "{text}");
    }
}

fn any_rule(word: &'static str) -> impl Strategy<Value = GrayRule> {
    let target = prop_oneof![
        "[a-z0-9][-a-z0-9]{0,20}".prop_map(GrayTarget::Revision),
        "[a-z0-9][-a-z0-9]{0,20}".prop_map(GrayTarget::Tag),
    ];
    let pairs = proptest::collection::btree_map(word, word, 1..4);
    (target, pairs).prop_map(|(target, pairs)| GrayRule { target, pairs })
}

fn article_form(kind: GrayKind, rules: &[GrayRule]) -> String {
    let entries: Vec<String> = rules
        .iter()
        .map(|rule| {
            let field = match rule.target {
                GrayTarget::Revision(_) => "revision",
                GrayTarget::Tag(_) => "tag",
            };
            let pairs: Vec<String> = rule.pairs.iter().map(|(k, v)| format!("{k}:{v}")).collect();
            format!("{{{field}:{},{}:{{{}}}}}", rule.target.name(), kind.field(), pairs.join(","))
        })
        .collect();
    format!("[{}]", entries.join(","))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn encode_then_decode_is_identity(entries in proptest::collection::vec(any_rule("\\PC{1,12}"), 0..4)) {
        for kind in GrayKind::ALL {
            prop_assert_eq!(&rules(kind, &encode(kind, &entries)), &entries);
        }
    }

    #[test]
    fn the_articles_form_is_read_as_written(
        entries in proptest::collection::vec(any_rule("[A-Za-z][-_.:/=A-Za-z0-9]{0,10}[A-Za-z0-9]"), 0..4),
    ) {
        // A name can't hold a colon in this form; a value can.
        let entries: Vec<GrayRule> = entries
            .into_iter()
            .map(|rule| GrayRule {
                pairs: rule.pairs.into_iter().map(|(k, v)| (k.replace([':', '/'], "-"), v)).collect(),
                ..rule
            })
            .collect();
        for kind in GrayKind::ALL {
            prop_assert_eq!(&rules(kind, &article_form(kind, &entries)), &entries);
        }
    }

    #[test]
    fn no_text_makes_it_panic(text in r"[\[\]{}:,'\x22\\ \n*&a-c#-]{0,40}|\PC{0,40}") {
        for kind in GrayKind::ALL {
            let read = decode(kind, &text);
            prop_assert!(read.rules.iter().all(|(_, _, rule)| !rule.pairs.is_empty()));
        }
    }
}
