//! Whatever stands in an annotation: reading it never panics, and what was read is written so that it's read again.
//! `cargo xtask fuzz annotation_decoding` runs this for long.

use net_alb_api::annotation::decode::{self, Source};
use net_alb_api::annotation::gray::{self, GrayKind, GrayRules};
use net_alb_api::config::Settings;
use net_alb_diag::ObjectRef;

/// Pieces of the annotations' JSON and YAML, right and wrong.
const PIECES: &[&str] = &[
    r#"[{"type":"Host","hostConfig":{"values":["a.example"]}}]"#,
    r#"[{"type":"Path","pathConfig":{"values":["/a/*","~*^/b"]}}]"#,
    r#"[{"type":"Header","headerConfig":{"key":"x","values":["y"]}}]"#,
    r#"[{"type":"Cookie","cookieConfig":{"values":[{"key":"x","value":"y"}]}}]"#,
    r#"[{"type":"forward","forwardConfig":{"serverGroups":[{"serviceName":"a","servicePort":80,"weight":1}]}}]"#,
    r#"[{"type":"FixedResponse","fixedResponseConfig":{"contentType":"text/plain","httpCode":"503","content":"x"}}]"#,
    r#"[{"type":"InsertHeader","insertHeaderConfig":{"key":"x","value":"y","valueType":"UserDefined"}}]"#,
    r#"[{"type":"TrafficLimit","trafficLimitConfig":{"qps":"1"}}]"#,
    "- revision: a-00001\n  headers:\n    x: y\n",
    "- revision: a-00001\n  cookies:\n  - x: y\n",
    "revisionName: ",
    "\"type\":",
    "\"values\":",
    "\"key\":",
    "\"weight\":",
    "\"qps\":",
    "\"Type\":\"Host\"",
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "\"",
    "\\u0000",
    "\\ud800",
    "\\",
    "null",
    "true",
    "-1",
    "1e400",
    "99999999999999999999",
    "0.5",
    "\n",
    "  ",
    "\t",
    "- ",
    "# ",
    "|",
    "&a ",
    "*a",
    "!!int ",
    "é",
    "\u{0}",
    "\u{2028}",
    "a",
];

fn object() -> ObjectRef {
    ObjectRef {
        group: "networking.k8s.io".into(),
        kind: "Ingress".into(),
        namespace: "default".into(),
        name: "web".into(),
    }
}

fn read(text: &str) {
    let (object, settings) = (object(), Settings::default());
    let source =
        Source { object: &object, key: "alb.ingress.kubernetes.io/conditions.web", settings: &settings };
    let actions = decode::actions(text, source);
    let written = serde_json::to_string(&actions.value).expect("actions are JSON");
    let again = decode::actions(&written, source);
    if actions.diagnostics.is_empty() {
        assert_eq!(again.value, actions.value, "{text:?}");
    }
    let conditions = decode::conditions(text, source);
    let written = serde_json::to_string(&conditions.value).expect("conditions are JSON");
    let again = decode::conditions(&written, source);
    if conditions.diagnostics.is_empty() {
        assert_eq!(again.value, conditions.value, "{text:?}");
    }
    for kind in [GrayKind::Headers, GrayKind::Cookies] {
        let rules = gray::decode(kind, text);
        let plain = |rules: GrayRules| rules.rules.into_iter().map(|(.., rule)| rule).collect::<Vec<_>>();
        let is_good = rules.errors.is_empty();
        let rules = plain(rules);
        let again = plain(gray::decode(kind, &gray::encode(kind, &rules)));
        if is_good {
            assert_eq!(again, rules, "{text:?}");
        }
    }
}

#[test]
fn annotation_decoding() {
    bolero::check!().with_type::<Vec<(u8, u8)>>().for_each(|choices: &Vec<(u8, u8)>| {
        let mut text = String::new();
        for (choice, place) in choices.iter().take(12) {
            let mut at = usize::from(*place) * text.len() / 256;
            while !text.is_char_boundary(at) {
                at -= 1;
            }
            // Half of the pieces are put into what is there: broken in the middle, nested, doubled.
            let at = if place % 2 == 0 { text.len() } else { at };
            text.insert_str(at, PIECES[usize::from(*choice) % PIECES.len()]);
        }
        read(&text);
    });
}
