//! Whatever stands in a file: reading it never panics, and what is said about it is said about a place in it.
//! `cargo xtask fuzz yaml_reading` runs this for long.

use super::{Reading, Text};
use net_alb_diag::Place;

/// Pieces of manifests, right and wrong.
const PIECES: &[&str] = &[
    "apiVersion: serving.knative.dev/v1\nkind: Service\nmetadata: {name: hello}\n",
    "spec:\n  template:\n    spec:\n      containers:\n      - image: x\n",
    "  traffic:\n  - {percent: 100, latestRevision: true}\n",
    "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: ConfigMap\n  metadata: {name: a}\n",
    "apiVersion: networking.internal.knative.dev/v1alpha1\nkind: Ingress\nmetadata: {name: a, namespace: b}\n",
    "{\"apiVersion\": \"v1\", \"kind\": \"Secret\", \"metadata\": {\"name\": \"s\"}}\n",
    "---\n",
    "...\n",
    "%YAML 1.1\n",
    "metadata:\n  annotations:\n    a: |\n      text\n",
    "data: {a: !!binary aGVsbG8=}\n",
    "&a [",
    "*a",
    "<<: *a\n",
    "? a\n: b\n",
    "- ",
    "  ",
    "\n",
    "\r\n",
    "\t",
    ": ",
    "{",
    "}",
    "[",
    "]",
    ",",
    "\"",
    "'",
    "|",
    ">",
    "# ",
    "~",
    "yes",
    "0x1f",
    "1_000",
    ".nan",
    "2001-01-01",
    "99999999999999999999",
    "name: ",
    "kind: Service\n",
    "é",
    "\u{0}",
    "\u{feff}",
    "\u{85}",
    "\u{2028}",
    "a",
];

fn read(text: &str) -> Reading {
    super::read(vec![Text { name: "f".to_owned(), bytes: text.as_bytes().to_vec() }])
}

#[test]
fn yaml_reading() {
    bolero::check!().with_type::<Vec<(u8, u8)>>().for_each(|choices: &Vec<(u8, u8)>| {
        let mut text = String::new();
        for (choice, place) in choices.iter().take(16) {
            let mut at = usize::from(*place) * text.len() / 256;
            while !text.is_char_boundary(at) {
                at -= 1;
            }
            let at = if place % 2 == 0 { text.len() } else { at };
            text.insert_str(at, PIECES[usize::from(*choice) % PIECES.len()]);
        }
        let reading = read(&text);
        let lines = text.lines().count().max(1) + text.matches(['\r', '\u{85}', '\u{2028}']).count() + 1;
        for diagnostic in &reading.diagnostics {
            if let Place::Text { line, .. } = &diagnostic.place {
                assert!(*line <= lines, "{diagnostic}\n{text:?}");
            }
        }
        assert_eq!(reading.objects.len(), read(&text).objects.len(), "{text:?}");
    });
}

#[test]
fn reading_of_any_bytes() {
    bolero::check!().for_each(|bytes: &[u8]| {
        let _ = super::read(vec![Text { name: "f".to_owned(), bytes: bytes.to_vec() }]);
    });
}
